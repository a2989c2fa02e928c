// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/query.h"

#include <charconv>

#include "gateway/admin/reply.h"
#include "gateway/base/crypto.h"

namespace gatehouse::admin {
namespace {

/// More than a URL of any length that gets here can hold of `user_ids[]=x`.
constexpr std::size_t most_fields = 8'192;
constexpr std::int64_t largest_page = 1'000;

}  // namespace

Query::Query(const http::Request& request) : form_(http::Form::parse(request.query(), most_fields)) {}

Result<std::optional<std::string>> Query::find(std::string_view name) const {
    auto values = form_.all(name);
    if (values.empty()) return std::nullopt;
    if (values.size() > 1) return fail(bad_field(name, "must be given once"));
    return std::move(values.front());
}

Result<std::size_t> Query::limit(std::size_t usual) const {
    const auto text = find("limit");
    if (!text) return fail(text.error());
    if (!*text) return usual;
    const auto number = parse_number(**text);
    if (!number || *number < 1 || *number > largest_page) return fail(bad_field("limit", "must be between 1 and 1000"));
    return static_cast<std::size_t>(*number);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || text.front() == '-' || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string to_page_token(std::string_view what) {
    return to_base64url(what);
}

std::optional<std::string> parse_page_token(std::string_view token) {
    return from_base64url(token);
}

}  // namespace gatehouse::admin
