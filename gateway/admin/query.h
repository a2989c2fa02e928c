// SPDX-License-Identifier: Apache-2.0
// Query: the parameters of an admin request's URL. A name that may stand once and stands twice is refused rather than
// guessed at; names nobody asks for are ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/http/form.h"
#include "gateway/http/message.h"

namespace gatehouse::admin {

class Query {
  public:
    explicit Query(const http::Request& request);

    /// Faults: bad_request when it is given twice.
    Result<std::optional<std::string>> find(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const { return form_.all(name); }
    /// `limit`: 1 to 1000.
    Result<std::size_t> limit(std::size_t usual) const;

  private:
    http::Form form_;
};

/// A whole number without a sign; nothing when it is anything else.
std::optional<std::int64_t> parse_number(std::string_view text);

/// The opaque `page` of a list: what it holds, as text that a URL can carry.
std::string to_page_token(std::string_view what);
std::optional<std::string> parse_page_token(std::string_view token);

}  // namespace gatehouse::admin
