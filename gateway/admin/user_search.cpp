// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/user_search.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <tuple>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/people.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr auto parameters = std::to_array<std::string_view>({"email", "q", "group", "policy", "sort", "limit", "page"});
constexpr auto orders = std::to_array<std::string_view>({"last_seen", "name", "id"});
constexpr std::int64_t most_on_a_page = 1'000;

std::string first_of(const policy::Principal& person) {
    if (!person.name.empty()) return person.name;
    return person.email.empty() ? person.id : person.email;
}

/// Text that sorts as the order wants it. Later moments come first.
std::string key_of(const policy::Principal& person, UserOrder order) {
    switch (order) {
        case UserOrder::last_seen: {
            constexpr std::int64_t end_of_time = 9'999'999'999'999;
            std::array<char, 24> digits{};
            std::snprintf(digits.data(), digits.size(), "%013lld",
                          static_cast<long long>(end_of_time - person.last_seen.time_since_epoch().count()));
            return digits.data();
        }
        case UserOrder::name:
            return to_lower(first_of(person));
        case UserOrder::id:
            break;
    }
    return {};
}

std::string to_token(const UserCursor& cursor, UserOrder order) {
    return to_page_token(bj::serialize(
        bj::object{{"sort", orders[static_cast<std::size_t>(order)]}, {"key", cursor.key}, {"after", cursor.id}}));
}

Result<UserCursor> parse_cursor(std::string_view token, UserOrder order) {
    const auto text = parse_page_token(token);
    const auto what = text ? json::parse(*text) : std::nullopt;
    const auto sort = what ? json::find_string(*what, "sort") : std::nullopt;
    const auto key = what ? json::find_string(*what, "key") : std::nullopt;
    const auto after = what ? json::find_string(*what, "after") : std::nullopt;
    if (!sort || !key || !after || *sort != orders[static_cast<std::size_t>(order)])
        return fail(bad_field("page", "is not a page of this list: begin without one"));
    return UserCursor{std::string(*after), std::string(*key)};
}

bool has_word(const policy::Principal& person, std::string_view word) {
    const std::string wanted = to_lower(word);
    return mentions(person, word) || std::ranges::any_of(person.groups, [&](const std::string& group) {
               return to_lower(group).contains(wanted);
           });
}

/// Every word, in any order: "lovelace ada".
bool has_words(const policy::Principal& person, std::string_view text) {
    for (text = trim(text); !text.empty();) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (!has_word(person, text.substr(0, end))) return false;
        text = trim(text.substr(end));
    }
    return true;
}

bool fits(const policy::Principal& person, const policy::Rules& rules, const UserSearch& search) {
    if (person.service) return false;
    if (!search.email.empty() && to_lower(person.email) != to_lower(search.email)) return false;
    if (!search.text.empty() && !has_words(person, search.text)) return false;
    if (!search.group.empty() && std::ranges::find(person.groups, search.group) == person.groups.end()) return false;
    if (search.policy.empty()) return true;
    const policy::Policy* holds = rules.policy_for(subject_of(person));
    return holds != nullptr && holds->name == search.policy;
}

}  // namespace

Result<UserSearch> UserSearch::parse(std::string_view query) {
    const auto given = Parameters::parse(query, parameters, {});
    if (!given) return fail(given.error());
    UserSearch search;
    search.text = given->value("q");
    search.email = given->value("email");
    search.group = given->value("group");
    search.policy = given->value("policy");
    if (given->has("sort")) {
        const auto found = std::ranges::find(orders, given->value("sort"));
        if (found == orders.end()) return fail(bad_field("sort", "must be " + alternatives(orders)));
        search.order = static_cast<UserOrder>(found - orders.begin());
    }
    const auto limit = given->whole("limit", 1, most_on_a_page, static_cast<std::int64_t>(search.limit));
    if (!limit) return fail(limit.error());
    search.limit = static_cast<std::size_t>(*limit);
    if (!given->has("page")) return search;
    auto after = parse_cursor(given->value("page"), search.order);
    if (!after) return fail(after.error());
    search.after = std::move(*after);
    return search;
}

UserPage search_users(std::vector<policy::Principal> people, const policy::Rules& rules, const UserSearch& search) {
    UserPage page;
    std::vector<std::pair<UserCursor, policy::Principal*>> found;
    for (policy::Principal& person : people) {
        if (!fits(person, rules, search)) continue;
        ++page.total;
        UserCursor place{person.id, key_of(person, search.order)};
        const bool ahead =
            !search.after || std::tie(place.key, place.id) > std::tie(search.after->key, search.after->id);
        if (ahead) found.emplace_back(std::move(place), &person);
    }
    const std::size_t size = std::min(found.size(), search.limit);
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(size);
    std::ranges::partial_sort(found, end, {}, [](const auto& each) { return std::tie(each.first.key, each.first.id); });
    for (auto each = found.begin(); each != end; ++each)
        page.people.push_back(std::move(*each->second));
    if (found.size() > size) page.next = to_token(found[size - 1].first, search.order);
    return page;
}

}  // namespace gatehouse::admin
