// SPDX-License-Identifier: Apache-2.0
// Section: one mapping of gateway.yaml while it is being read. It remembers which keys were asked for, so that `finish`
// can name the unknown ones, and it reports wrong types where they stand. A value that is absent or wrong reads as
// nothing: the parser goes on and finds the next fault.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/url.h"
#include "gateway/settings/node.h"

namespace gatehouse::settings {

class Section {
  public:
    /// A null node is an absent section. `line` is where its absent members are reported.
    Section(Problems& problems, const YamlNode* node, std::string path, int line = 0);

    bool present() const { return node_ != nullptr; }
    int line() const { return line_; }
    const std::string& path() const { return path_; }

    /// The member, or null when it is absent, empty (reported) or could not be resolved (reported before).
    const YamlNode* find(std::string_view key);
    /// The same, and its absence is reported.
    const YamlNode* require(std::string_view key);
    bool has(std::string_view key) const { return node_ != nullptr && node_->find(key) != nullptr; }

    Section section(std::string_view key);
    /// The members as sections, for a list of mappings.
    std::vector<Section> sections(std::string_view key);

    /// A string that is not empty.
    std::optional<std::string> text(std::string_view key);
    std::optional<std::string> required_text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<long long> whole(std::string_view key, long long least,
                                   long long most = std::numeric_limits<long long>::max());
    std::optional<double> number(std::string_view key);
    /// A decimal number greater than 0 and at most `most`, as a whole count of 10^-places: no floating point on the
    /// way.
    std::optional<std::int64_t> positive_decimal(std::string_view key, int places, std::int64_t most);
    /// One of `words`.
    std::optional<std::string> word(std::string_view key, const std::vector<std::string_view>& words);
    /// A list of strings, at least one. An entry that was wrong, and reported, is empty, so that the others keep their
    /// places.
    std::optional<std::vector<std::string>> texts(std::string_view key);
    /// A string or a list of them.
    std::optional<std::vector<std::string>> text_or_texts(std::string_view key);
    /// A mapping of names to scalars, in file order.
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view key);
    std::optional<http::Url> url(std::string_view key);

    /// Reports a fault of a member, of the section itself when `key` is empty.
    void refuse(std::string_view key, std::string message);
    void refuse_item(std::string_view key, std::size_t index, std::string message);
    /// Reports members that nobody asked for.
    void finish();

  private:
    std::optional<std::string> read_text(const YamlNode& node, const std::string& path);
    std::optional<std::vector<std::string>> read_texts(const YamlNode& node, const std::string& path);

    Problems* problems_;
    const YamlNode* node_;
    std::string path_;
    int line_;
    std::vector<std::string> known_;
};

/// How YAML 1.2 (section 10.3, core schema) reads a plain scalar.
enum class Plain : std::uint8_t { null, boolean, integer, real, text };
Plain plain_type(std::string_view text);

/// Anything but visible ASCII: such a value must not become a header.
bool has_unsafe_letter(std::string_view text);

}  // namespace gatehouse::settings
