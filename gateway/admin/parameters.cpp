// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/parameters.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

std::string_view without_brackets(std::string_view name) {
    if (name.ends_with("[]")) name.remove_suffix(2);
    return name;
}

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

std::size_t occurrences(const http::Form& form, std::string_view name) {
    return static_cast<std::size_t>(
        std::ranges::count_if(form.fields(), [&](const auto& field) { return field.first == name; }));
}

}  // namespace

std::string alternatives(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t index = 0; index < words.size(); ++index) {
        if (index > 0) text += index + 1 == words.size() ? " or " : ", ";
        text += words[index];
    }
    return text;
}

Result<Parameters> Parameters::parse(std::string_view query, std::span<const std::string_view> known,
                                     std::span<const std::string_view> lists) {
    http::Form form = http::Form::parse(query);
    if (!form.is_complete()) return fail(bad_field("query", "has too many parameters: 64 are the most"));
    for (const auto& [name, value] : form.fields()) {
        const bool is_list = is_one_of(lists, without_brackets(name));
        const std::string shown = printable(name, 60);
        if (!is_list && !is_one_of(known, name)) {
            std::vector<std::string_view> all(known.begin(), known.end());
            all.insert(all.end(), lists.begin(), lists.end());
            return fail(bad_field(shown, "is not known here: use " + alternatives(all)));
        }
        if (!is_list && occurrences(form, name) > 1) return fail(bad_field(shown, "is given more than once"));
    }
    return Parameters(std::move(form));
}

std::vector<std::string> Parameters::list(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [field, value] : form_.fields()) {
        if (without_brackets(field) != name) continue;
        if (field.ends_with("[]")) {
            values.push_back(value);
            continue;
        }
        for (std::string_view rest = value;;) {
            const std::size_t comma = rest.find(',');
            values.emplace_back(rest.substr(0, comma));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return values;
}

Result<std::optional<Instant>> Parameters::moment(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    const std::string text(value(name));
    auto when = parse_timestamp(text);
    if (!when) when = parse_timestamp(text + "T00:00:00Z");
    if (!when) return fail(bad_field(name, "must be an RFC 3339 timestamp such as 2026-11-01T00:00:00Z"));
    return when;
}

Result<std::int64_t> Parameters::whole(std::string_view name, std::int64_t least, std::int64_t most,
                                       std::int64_t otherwise) const {
    if (!has(name)) return otherwise;
    const std::string_view text = value(name);
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || number < least || number > most)
        return fail(
            bad_field(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most)));
    return number;
}

Result<bool> Parameters::flag(std::string_view name) const {
    const std::string_view text = value(name);
    if (text == "true") return true;
    if (text == "false" || !has(name)) return false;
    return fail(bad_field(name, "must be true or false"));
}

}  // namespace gatehouse::admin
