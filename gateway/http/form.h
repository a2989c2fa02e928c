// SPDX-License-Identifier: Apache-2.0
// application/x-www-form-urlencoded, for queries and form bodies (WHATWG URL, section 5).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::http {

class Form {
  public:
    /// At most `most_fields` are kept (is_complete); a malformed percent escape is kept as written.
    static Form parse(std::string_view text, std::size_t most_fields = 64);
    /// The only value of that name; nothing when absent or given more than once (RFC 6749, section 3.2: parameters
    /// must not be repeated).
    std::optional<std::string_view> find(std::string_view name) const;
    /// Every value of that name, in order; for the names that are made to be repeated (`period[]`).
    std::vector<std::string> all(std::string_view name) const;
    /// The only value of that name, or "".
    std::string_view value(std::string_view name) const { return find(name).value_or(std::string_view{}); }
    /// All of them, as they were written.
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
    /// False when there were more than are kept.
    bool is_complete() const { return complete_; }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
    bool complete_ = true;
};

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text);
/// Nothing when an escape is malformed. A plus stays a plus: this is for paths and the other parts of a URL.
std::optional<std::string> percent_decode(std::string_view text);
/// `name=value&…`, percent-encoded.
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace gatehouse::http
