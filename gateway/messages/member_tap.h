// SPDX-License-Identifier: Apache-2.0
// MemberTap: copies one top-level member's value out of a JSON object that streams by, in any chunking. Used by the
// usage meter, so that metering a long answer neither buffers nor parses it. Trusts the text to be JSON: on anything
// else it finds nothing or something that does not parse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::messages {

class MemberTap {
  public:
    static constexpr std::size_t largest_value = std::size_t{64} << 10U;

    /// `key` is compared with the key's bytes as written, without escapes.
    explicit MemberTap(std::string_view key) : key_(key) {}
    void feed(std::string_view bytes);
    /// The value's text, complete; the last one when the member repeats. Empty while absent, unfinished or too large.
    const std::string& value() const { return value_; }

  private:
    enum class Place : std::uint8_t { outside, key, value };

    std::size_t skip_string(std::string_view bytes, std::size_t from);
    void take_mark(char mark);
    void end_value();

    std::string key_;
    std::string current_key_;
    std::string capture_;
    std::string value_;
    int depth_ = 0;
    Place place_ = Place::outside;
    bool in_string_ = false;
    bool escaped_ = false;
    bool captures_ = false;
};

}  // namespace gatehouse::messages
