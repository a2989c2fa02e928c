// SPDX-License-Identifier: Apache-2.0
// Headers: an ordered list of HTTP header lines in one block of memory. Names compare without case (RFC 9110,
// section 5.1). Parsing a head costs two allocations; views stay valid until the next add/set/remove.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::http {

struct Header {
    std::string_view name;
    std::string_view value;
};

class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<Header> lines);

    void reserve(std::size_t lines, std::size_t bytes);
    void add(std::string_view name, std::string_view value);
    /// Replaces every line of that name by one.
    void set(std::string_view name, std::string_view value);
    /// How many lines went.
    std::size_t remove(std::string_view name);

    std::size_t size() const { return slots_.size(); }
    bool empty() const { return slots_.empty(); }
    Header at(std::size_t index) const;
    /// The first line of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    /// The first value of that name, or "".
    std::string_view value(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    /// Every line of that name as one list (RFC 9110, section 5.3): a proxy may append a line instead of a value.
    std::string joined(std::string_view name) const;
    /// Whether a comma-separated list header (`Connection`, `Transfer-Encoding`) holds this token, in any line.
    bool has_token(std::string_view name, std::string_view token) const;
    /// Appends `Name: value\r\n` for every line.
    void append_to(std::string& wire) const;

    class Iterator {
      public:
        Iterator(const Headers* headers, std::size_t index) : headers_(headers), index_(index) {}
        Header operator*() const { return headers_->at(index_); }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

      private:
        const Headers* headers_;
        std::size_t index_;
    };
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, slots_.size()}; }

  private:
    struct Slot {
        std::uint32_t name, name_size, value, value_size;
    };
    std::string_view name_of(const Slot& slot) const { return {block_.data() + slot.name, slot.name_size}; }
    std::string_view value_of(const Slot& slot) const { return {block_.data() + slot.value, slot.value_size}; }

    std::string block_;
    std::vector<Slot> slots_;
};

/// ASCII comparison without case.
bool same_token(std::string_view left, std::string_view right);

}  // namespace gatehouse::http
