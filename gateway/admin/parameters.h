// SPDX-License-Identifier: Apache-2.0
// Parameters: the query of an admin endpoint. Lists come as `name[]=a&name[]=b`, or without brackets separated by
// commas. What an endpoint does not know is refused: a misspelt filter would silently be a wrong figure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/http/form.h"

namespace gatehouse::admin {

class Parameters {
  public:
    /// Faults: bad_request for more fields than a query may have, for a name that is not in `known` (without brackets),
    /// and for one that is not in `lists` and given twice.
    static Result<Parameters> parse(std::string_view query, std::span<const std::string_view> known,
                                    std::span<const std::string_view> lists);

    /// Empty when absent.
    std::string_view value(std::string_view name) const { return form_.value(name); }
    bool has(std::string_view name) const { return form_.find(name).has_value(); }
    std::vector<std::string> list(std::string_view name) const;
    /// RFC 3339, or a date alone for its midnight in UTC. Nothing when absent.
    Result<std::optional<Instant>> moment(std::string_view name) const;
    Result<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most,
                               std::int64_t otherwise) const;
    Result<bool> flag(std::string_view name) const;

  private:
    explicit Parameters(http::Form form) : form_(std::move(form)) {}

    http::Form form_;
};

/// "a, b or c"
std::string alternatives(std::span<const std::string_view> words);

}  // namespace gatehouse::admin
