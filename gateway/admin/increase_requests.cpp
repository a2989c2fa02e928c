// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/increase_requests.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "auth/audit.h"
#include "gateway/admin/people.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::IncreaseRequest;

constexpr std::string_view root = "/v1/organizations/spend_limit_increase_requests";
constexpr std::string_view of_mine = "/v1/me/spend_limit_increase_requests";
constexpr std::string_view approval = "/approve";
constexpr std::string_view denial = "/deny";
constexpr std::string_view look_ahead = "/preview";
constexpr std::string_view withdrawal = "/withdraw";
/// As the Admin API names the right.
constexpr std::string_view scope = "spend_limits";

/// An actor of the audit trail as the Admin API shows one: a person, by name if they are known here, or a key.
bj::value resolver_of(const std::string& actor, const std::vector<policy::Principal>& people) {
    constexpr std::string_view person = "oidc:";
    constexpr std::string_view key = "admin-key:";
    if (actor.starts_with(key))
        return bj::object{{"type", "scoped_api_key_actor"}, {"scoped_api_key_id", actor.substr(key.size())}};
    if (!actor.starts_with(person)) return {};
    policy::Principal stranger;
    stranger.id = actor.substr(person.size());
    const policy::Principal* known = find_by_id(people, stranger.id);
    return actor_of(known != nullptr ? *known : stranger);
}

/// What its author may see of it.
bj::object to_own_json(const IncreaseRequest& request, Instant now) {
    bj::object body{{"type", "spend_limit_increase_request"},
                    {"id", request.id},
                    {"status", policy::to_slug(policy::status_at(request, now))},
                    {"period", policy::to_slug(request.period)},
                    {"created_at", to_timestamp(request.created_at)},
                    {"resolved_at", json::or_null(request.resolved_at)},
                    {"reason", request.reason},
                    {"requested_amount", json::or_null(request.wished)},
                    {"granted_amount", json::or_null(request.granted)},
                    {"granted_until", json::or_null(request.granted_until)},
                    {"note", json::text_or_null(request.note)}};
    body["granted_period"] = request.granted_period ? bj::value(policy::to_slug(*request.granted_period)) : bj::value();
    body["spend_limit_when_requested"] = request.about ? bj::value(policy::to_json(*request.about)) : bj::value();
    return body;
}

bj::array to_json(const std::vector<policy::Obstacle>& obstacles) {
    bj::array rows;
    for (const auto& [cap, lifted, why] : obstacles) {
        const auto document = policy::to_json(*cap);
        bj::object row{{"spend_limit_id", cap->id}, {"scope", document.at("scope")}, {"period", document.at("period")}};
        row["amount"] = document.at("amount");
        row["lifted_by_approval"] = lifted;
        row["why"] = why.empty() ? bj::value() : bj::value(why);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// The requests of one page, newest first, and whether there are more.
Result<std::pair<std::vector<IncreaseRequest>, bool>> page_of(std::vector<IncreaseRequest> all,
                                                              const IncreaseListing& listing, Instant now) {
    if (!listing.after.empty()) {
        // Before anything is left out: what the last page ended with may have been decided since.
        const auto last = std::ranges::find(all, listing.after, &IncreaseRequest::id);
        if (last == all.end()) return fail(bad_field("page", "is not a page of this list"));
        all.erase(all.begin(), last + 1);
    }
    std::erase_if(all, [&](const IncreaseRequest& request) { return !listing.fits(request, now); });
    const bool more = all.size() > listing.limit;
    if (more) all.erase(all.begin() + static_cast<std::ptrdiff_t>(listing.limit), all.end());
    return std::pair{std::move(all), more};
}

/// As they were last seen, at work or asking: their groups may have changed between the two, and who is blocked is not
/// seen at work.
policy::Principal author_of(const IncreaseRequest& request, const std::vector<policy::Principal>& people) {
    const policy::Principal* present = find_by_id(people, request.who.id);
    return present != nullptr && present->last_seen > request.created_at ? *present : request.who;
}

/// What stands between the two.
std::string id_in(const http::Request& request, std::string_view after, std::string_view before = root) {
    const std::size_t begin = before.size() + 1;
    return request.path.substr(begin, request.path.size() - begin - after.size());
}

}  // namespace

void IncreaseRequestsRoute::mount(http::Router& router) {
    using Route = IncreaseRequestsRoute;
    using http::Access;
    Gate& gate = parts_.gate;
    const std::string all(root);
    add(router, "GET", all, gate.guard(Right::read_spend, scope, this, &Route::list));
    add(router, "GET", all + "/*", gate.guard(Right::read_spend, scope, this, &Route::get));
    const std::string one = all + "/*";
    add(router, "POST", one + std::string(approval), gate.guard(Right::write, scope, this, &Route::approve));
    add(router, "POST", one + std::string(denial), gate.guard(Right::write, scope, this, &Route::deny));
    add(router, "POST", one + std::string(look_ahead), gate.guard(Right::read_settings, scope, this, &Route::preview));
    const std::string mine(of_mine);
    add(router, "POST", mine, gate.guard(Access::person, this, &Route::ask));
    add(router, "GET", mine, gate.guard(Access::person, this, &Route::own));
    add(router, "POST", mine + "/*" + std::string(withdrawal), gate.guard(Access::person, this, &Route::withdraw));
}

void IncreaseRequestsRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .label = "increase_requests"});
}

void IncreaseRequestsRoute::note(std::string_view event, const http::Request& request, const Caller& caller,
                                 const IncreaseRequest& increase) const {
    auth::audit_success(parts_.journal, event, request, caller.identity ? caller.identity->person() : auth::Person{},
                        {{"actor", caller.actor},
                         {"increase_request_id", increase.id},
                         {"user", increase.who.id},
                         {"amount", increase.granted.value_or("")}});
}

/// The cap that holds for somebody under that book, what they spent, and which caps are reached.
Task<bj::object> IncreaseRequestsRoute::money_of(policy::CapBookPtr book, policy::Principal who,
                                                 policy::Period period) {
    const Instant now = parts_.clock.now();
    const auto mode = parts_.settings()->group_limit_mode;
    const policy::Subject subject = subject_of(who);
    auto limits = book->limits(subject, mode, now);
    limits.push_back({policy::user_account(who.id), period, Money(), false});
    const auto standings = co_await read_standings(parts_.standings, limits, now);
    if (!standings) co_return fail(standings.error());
    limits.pop_back();
    const auto caps = book->effective(subject, mode, now);
    bj::object summary{{"scope", {{"type", "user"}, {"user_id", who.id}}}, {"actor", actor_of(who)}};
    add_cap(summary, period, std::ranges::find(caps, period, &policy::EffectiveCap::period)->cap);
    add_standing(summary, standings->back());
    bj::object money{{"spend_summary", std::move(summary)}};
    money["blocked_by"] = to_json(policy::obstacles(*book, subject, mode, limits, *standings, period, now));
    co_return money;
}

Task<bj::array> IncreaseRequestsRoute::to_rows(std::vector<IncreaseRequest> requests) {
    const Instant now = parts_.clock.now();
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    bj::array rows;
    for (const IncreaseRequest& request : requests) {
        auto money = co_await money_of(*book, author_of(request, *people), request.period);
        if (!money) co_return fail(money.error());
        bj::object row = to_own_json(request, now);
        row["actor"] = actor_of(request.who);
        row["resolved_by"] = resolver_of(request.resolved_by, *people);
        for (auto& member : *money)
            row.insert(std::move(member));
        rows.push_back(std::move(row));
    }
    co_return rows;
}

Task<http::Response> IncreaseRequestsRoute::list(http::Request& request) {
    const auto listing = parse_increase_listing(Query(request));
    if (!listing) co_return fail(listing.error());
    auto all = co_await parts_.desk.all();
    if (!all) co_return fail(all.error());
    auto found = page_of(std::move(*all), *listing, parts_.clock.now());
    if (!found) co_return fail(found.error());
    auto& [page, more] = *found;
    const std::string last = more ? page.back().id : std::string();
    auto rows = co_await to_rows(std::move(page));
    if (!rows) co_return fail(rows.error());
    bj::object body{{"data", std::move(*rows)}};
    body["next_page"] = more ? bj::value(to_page_token(last)) : bj::value();
    co_return reply(request, std::move(body));
}

Task<http::Response> IncreaseRequestsRoute::get(http::Request& request) {
    auto found = co_await parts_.desk.find(id_in(request, ""));
    if (!found) co_return fail(found.error());
    std::vector<IncreaseRequest> one;
    one.push_back(std::move(*found));
    auto rows = co_await to_rows(std::move(one));
    if (!rows) co_return fail(rows.error());
    co_return reply(request, std::move(rows->at(0)));
}

/// What an approval would do, for those who may look.
Task<http::Response> IncreaseRequestsRoute::preview(http::Request& request) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto grant = parse_increase_grant(*body, parts_.clock.now());
    if (!grant) co_return fail(grant.error());
    const auto prospect = co_await parts_.desk.preview(id_in(request, look_ahead), std::move(*grant));
    if (!prospect) co_return fail(prospect.error());
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    auto money = co_await money_of(prospect->book, author_of(prospect->request, *people), prospect->cap.period);
    if (!money) co_return fail(money.error());
    bj::object answer{{"type", "spend_limit_increase_preview"}, {"spend_limit", policy::to_json(prospect->cap)}};
    answer["replaces"] = prospect->replaces ? bj::value(policy::to_json(*prospect->replaces)) : bj::value();
    for (auto& member : *money)
        answer.insert(std::move(member));
    co_return reply(request, std::move(answer));
}

Task<http::Response> IncreaseRequestsRoute::approve(http::Request& request, const Caller& caller) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto grant = parse_increase_grant(*body, parts_.clock.now());
    if (!grant) co_return fail(grant.error());
    auto approved = co_await parts_.desk.approve(id_in(request, approval), std::move(*grant), caller.actor);
    if (!approved) co_return fail(approved.error());
    note("admin.increase.approve", request, caller, approved->request);
    std::vector<IncreaseRequest> one;
    one.push_back(std::move(approved->request));
    auto rows = co_await to_rows(std::move(one));
    if (!rows) co_return fail(rows.error());
    bj::object answer = std::move(rows->at(0).get_object());
    answer["spend_limit"] = policy::to_json(approved->cap);
    co_return reply(request, std::move(answer));
}

Task<http::Response> IncreaseRequestsRoute::deny(http::Request& request, const Caller& caller) {
    std::string words;
    if (!request.body.view().empty()) {
        const auto body = parse_body(request);
        if (!body) co_return fail(body.error());
        auto said = parse_increase_note(*body);
        if (!said) co_return fail(said.error());
        words = std::move(*said);
    }
    auto denied = co_await parts_.desk.deny(id_in(request, denial), std::move(words), caller.actor);
    if (!denied) co_return fail(denied.error());
    note("admin.increase.deny", request, caller, *denied);
    std::vector<IncreaseRequest> one;
    one.push_back(std::move(*denied));
    auto rows = co_await to_rows(std::move(one));
    if (!rows) co_return fail(rows.error());
    co_return reply(request, std::move(rows->at(0)));
}

Task<http::Response> IncreaseRequestsRoute::ask(http::Request& request, const auth::Identity& identity) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto ask = parse_increase_ask(*body);
    if (!ask) co_return fail(ask.error());
    const auth::Person& person = identity.person();
    policy::Principal who{person.subject, person.email, person.name, person.groups, false, {}};
    const auto asked = co_await parts_.desk.ask(std::move(who), std::move(*ask));
    if (!asked) {
        auth::audit_failure(parts_.journal, "increase.request", request, asked.error(), person);
        co_return fail(asked.error());
    }
    auth::audit_success(parts_.journal, "increase.request", request, person, {{"increase_request_id", asked->id}});
    co_return reply(request, to_own_json(*asked, parts_.clock.now()));
}

Task<http::Response> IncreaseRequestsRoute::own(http::Request& request, const auth::Identity& identity) {
    const auto listing = parse_increase_listing(Query(request));
    if (!listing) co_return fail(listing.error());
    const Instant now = parts_.clock.now();
    // One more than the page holds, if there is one.
    auto found = co_await parts_.desk.of(identity.person().subject, listing->after, listing->limit + 1,
                                         [&](const IncreaseRequest& each) { return listing->fits_status(each, now); });
    if (!found) co_return fail(found.error());
    const bool more = found->size() > listing->limit;
    if (more) found->pop_back();
    bj::array data;
    for (const IncreaseRequest& each : *found)
        data.push_back(to_own_json(each, now));
    bj::object body{{"data", std::move(data)}};
    body["next_page"] = more ? bj::value(to_page_token(found->back().id)) : bj::value();
    co_return reply(request, std::move(body));
}

Task<http::Response> IncreaseRequestsRoute::withdraw(http::Request& request, const auth::Identity& identity) {
    const std::string id = id_in(request, withdrawal, of_mine);
    const auth::Person& person = identity.person();
    const auto withdrawn = co_await parts_.desk.withdraw(id, person.subject);
    if (!withdrawn) {
        auth::audit_failure(parts_.journal, "increase.withdraw", request, withdrawn.error(), person);
        co_return fail(withdrawn.error());
    }
    auth::audit_success(parts_.journal, "increase.withdraw", request, person, {{"increase_request_id", id}});
    co_return reply(request, to_own_json(*withdrawn, parts_.clock.now()));
}

}  // namespace gatehouse::admin
