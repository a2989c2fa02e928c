// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/effective.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/admin/people.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view scope = "spend_limits";
constexpr std::size_t usual_page = 20;
/// How many people's spend is read at a time while a page is filled.
constexpr std::size_t batch = 200;

/// Where the next page begins: behind this person. `spent` is in it when the order is by spend.
struct Cursor {
    std::string after;
    std::optional<Money> spent;
};

std::string to_token(const Cursor& cursor) {
    bj::object what{{"after", cursor.after}};
    if (cursor.spent) what["spent"] = cursor.spent->nano();
    return to_page_token(bj::serialize(what));
}

Result<Cursor> parse_cursor(std::string_view token, bool by_spend) {
    const auto text = parse_page_token(token);
    const auto what = text ? json::parse(*text) : std::nullopt;
    const auto after = what ? json::find_string(*what, "after") : std::nullopt;
    const auto spent = what ? json::find_integer(*what, "spent") : std::nullopt;
    if (!after || spent.has_value() != by_spend) return fail(bad_field("page", "is not a page of this list"));
    return Cursor{std::string(*after), spent ? std::optional(Money::nano(*spent)) : std::nullopt};
}

/// Most spent first; equals by id, so that pages have an order to go on from.
bool ranks_before(Money left_spent, std::string_view left, Money right_spent, std::string_view right) {
    return left_spent != right_spent ? left_spent > right_spent : left < right;
}

Result<std::vector<policy::Period>> read_periods(const Query& query) {
    std::vector<policy::Period> periods;
    for (const std::string& text : query.all("period[]")) {
        const auto period = policy::parse_period(text);
        if (!period) return fail(bad_field("period[]", "must be one of daily, weekly, monthly"));
        if (std::ranges::find(periods, *period) == periods.end()) periods.push_back(*period);
    }
    if (periods.empty()) periods.assign(policy::every_period.begin(), policy::every_period.end());
    return periods;
}

Result<bool> read_order(const Query& query) {
    const auto sort = query.find("sort");
    if (!sort) return fail(sort.error());
    if (!*sort) return false;
    if (**sort != "spend_desc") return fail(bad_field("sort", "must be spend_desc"));
    if (query.all("period[]").size() != 1) return fail(bad_field("sort", "spend_desc needs exactly one period[]"));
    return true;
}

bj::array to_rows(const Spender& spender, const std::vector<policy::Period>& periods, const policy::CapBook& book,
                  policy::GroupLimitMode mode, Instant now) {
    const auto caps = book.effective(subject_of(spender.who), mode, now);
    bj::array rows;
    for (std::size_t at = 0; at < periods.size(); ++at) {
        bj::object row;
        row["scope"] = {{"type", "user"}, {"user_id", spender.who.id}};
        row["kind"] = kind_of(spender.who);
        row["groups"] = groups_of(spender.who);
        row["actor"] = actor_of(spender.who);
        add_cap(row, periods[at], std::ranges::find(caps, periods[at], &policy::EffectiveCap::period)->cap);
        add_standing(row, spender.standings[at]);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

/// What one request of `effective` looks for.
struct EffectiveRoute::Search {
    std::vector<std::string> user_ids;
    std::vector<policy::Period> periods;
    bool by_spend = false;
    std::string text;
    std::size_t limit = usual_page;
    std::optional<Cursor> after;
    Instant now;
    std::vector<policy::Principal> people;  ///< everyone known, by id

    static Result<Search> read(const Query& query);
    bool fits(const policy::Principal& person) const { return text.empty() || mentions(person, text); }
};

Result<EffectiveRoute::Search> EffectiveRoute::Search::read(const Query& query) {
    Search search;
    search.user_ids = query.all("user_ids[]");
    auto periods = read_periods(query);
    if (!periods) return fail(periods.error());
    search.periods = std::move(*periods);
    const auto by_spend = read_order(query);
    if (!by_spend) return fail(by_spend.error());
    search.by_spend = *by_spend;
    const auto text = query.find("q");
    if (!text) return fail(text.error());
    search.text = text->value_or("");
    const auto limit = query.limit(usual_page);
    if (!limit) return fail(limit.error());
    search.limit = *limit;
    const auto page = query.find("page");
    if (!page) return fail(page.error());
    if (!*page) return search;
    auto cursor = parse_cursor(**page, search.by_spend);
    if (!cursor) return fail(cursor.error());
    search.after = std::move(*cursor);
    return search;
}

void EffectiveRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/organizations/spend_limits/effective",
                .handler = parts_.gate.guard(Right::read_spend, scope, this, &EffectiveRoute::effective),
                .render = render_admin_error,
                .label = "spend_limits"});
    router.add({.method = "GET",
                .path = "/v1/organizations/spend_limits/pools",
                .handler = parts_.gate.guard(Right::read_spend, scope, this, &EffectiveRoute::pools),
                .render = render_admin_error,
                .label = "spend_limits"});
}

Task<http::Response> EffectiveRoute::effective(http::Request& request) {
    auto search = Search::read(Query(request));
    if (!search) co_return fail(search.error());
    search->now = parts_.clock.now();
    auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    std::ranges::sort(*people, {}, &policy::Principal::id);
    search->people = std::move(*people);
    const auto book = co_await caps_.book(search->now);
    if (!book) co_return fail(book.error());
    const std::size_t limit = search->user_ids.empty() ? search->limit : search->user_ids.size();
    const bool by_spend = search->by_spend;
    const auto periods = search->periods;
    const Instant now = search->now;

    Task<std::vector<Spender>> looking = !search->user_ids.empty() ? named(std::move(*search))
                                         : by_spend                ? top(std::move(*search))
                                                                   : ascending(std::move(*search));
    auto found = co_await std::move(looking);
    if (!found) co_return fail(found.error());
    bj::object body{{"data", bj::array()}, {"next_page", nullptr}};
    if (found->size() > limit) {
        found->resize(limit);
        const Spender& last = found->back();
        body["next_page"] =
            to_token({last.who.id, by_spend ? std::optional(last.standings.front().spent) : std::nullopt});
    }
    bj::array& data = body["data"].get_array();
    const auto mode = parts_.settings()->group_limit_mode;
    for (const Spender& spender : *found)
        for (bj::value& row : to_rows(spender, periods, **book, mode, now))
            data.push_back(std::move(row));
    co_return reply(request, body);
}

/// Those who were asked for by id, in that order and whether or not they spent anything; all on one page.
Task<std::vector<Spender>> EffectiveRoute::named(Search search) {
    std::vector<policy::Principal> wanted;
    for (const std::string& id : search.user_ids) {
        const policy::Principal* known = find_by_id(search.people, id);
        policy::Principal stranger;
        stranger.id = id;
        const policy::Principal& person = known != nullptr ? *known : stranger;
        if (search.fits(person) && find_by_id(wanted, id) == nullptr) wanted.push_back(person);
    }
    auto spenders = co_await read_spenders(parts_.standings, std::move(wanted), search.periods, search.now);
    if (spenders && search.by_spend)
        std::ranges::sort(*spenders, [](const Spender& left, const Spender& right) {
            return ranks_before(left.standings[0].spent, left.who.id, right.standings[0].spent, right.who.id);
        });
    co_return std::move(spenders);
}

/// One more than the page holds, if there is one.
Task<std::vector<Spender>> EffectiveRoute::top(Search search) {
    std::vector<policy::Principal> people;
    for (policy::Principal& person : search.people)
        if (search.fits(person)) people.push_back(std::move(person));
    auto spenders = co_await read_spenders(parts_.standings, std::move(people), search.periods, search.now);
    if (!spenders) co_return fail(spenders.error());
    std::erase_if(*spenders, [&](const Spender& each) {
        if (!each.has_any()) return true;
        const auto& after = search.after;
        return after && !ranks_before(*after->spent, after->after, each.standings[0].spent, each.who.id);
    });
    const std::size_t count = std::min(spenders->size(), search.limit + 1);
    std::ranges::partial_sort(*spenders, spenders->begin() + static_cast<std::ptrdiff_t>(count),
                              [](const Spender& left, const Spender& right) {
                                  return ranks_before(left.standings[0].spent, left.who.id, right.standings[0].spent,
                                                      right.who.id);
                              });
    spenders->resize(count);
    co_return std::move(spenders);
}

/// One more than the page holds, if there is one. Reads no further than it must.
Task<std::vector<Spender>> EffectiveRoute::ascending(Search search) {
    std::vector<Spender> page;
    auto next = search.after ? std::ranges::upper_bound(search.people, search.after->after, {}, &policy::Principal::id)
                             : search.people.begin();
    while (next != search.people.end() && page.size() <= search.limit) {
        std::vector<policy::Principal> some;
        for (; next != search.people.end() && some.size() < batch; ++next)
            if (search.fits(*next)) some.push_back(std::move(*next));
        auto spenders = co_await read_spenders(parts_.standings, std::move(some), search.periods, search.now);
        if (!spenders) co_return fail(spenders.error());
        for (Spender& spender : *spenders)
            if (spender.has_any() && page.size() <= search.limit) page.push_back(std::move(spender));
    }
    co_return std::move(page);
}

Task<http::Response> EffectiveRoute::pools(http::Request& request) {
    const Instant now = parts_.clock.now();
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    std::vector<const policy::Cap*> caps;
    std::vector<policy::Limit> limits;
    for (const policy::Cap& cap : (*book)->caps()) {
        if (cap.scope.kind != policy::ScopeKind::group_pool) continue;
        if ((*book)->in_force(cap.scope.kind, cap.scope.id, cap.period, now) != &cap) continue;
        caps.push_back(&cap);
        limits.push_back({policy::pool_account(cap.scope.id), cap.period, Money(), true});
    }
    const auto standings = co_await read_standings(parts_.standings, std::move(limits), now);
    if (!standings) co_return fail(standings.error());
    bj::array data;
    for (std::size_t at = 0; at < caps.size(); ++at) {
        bj::object row;
        add_cap(row, caps[at]->period, caps[at]);
        add_standing(row, (*standings)[at]);
        data.push_back(std::move(row));
    }
    co_return reply(request, bj::object{{"data", std::move(data)}});
}

}  // namespace gatehouse::admin
