// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/increase_requests.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <initializer_list>
#include <utility>

#include "auth/audit.h"
#include "gateway/admin/people.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::IncreaseRequest;

constexpr std::string_view root = "/v1/organizations/spend_limit_increase_requests";
constexpr std::string_view of_mine = "/v1/me/spend_limit_increase_requests";
constexpr std::string_view approval = "/approve";
constexpr std::string_view denial = "/deny";
/// As the Admin API names the right.
constexpr std::string_view scope = "spend_limits";
constexpr std::size_t usual_page = 20;
constexpr std::size_t longest_words = 1'000;

bj::value text_or_null(const std::string& text) {
    return text.empty() ? bj::value() : bj::value(text);
}
bj::value or_null(const std::optional<std::string>& text) {
    return text ? bj::value(*text) : bj::value();
}
bj::value or_null(const std::optional<Instant>& when) {
    return when ? bj::value(to_timestamp(*when)) : bj::value();
}

/// An actor of the audit trail as the Admin API shows one: a person, or a key.
bj::value resolver_of(const std::string& actor) {
    constexpr std::string_view person = "oidc:";
    constexpr std::string_view key = "admin-key:";
    if (actor.starts_with(person))
        return bj::object{{"type", "user_actor"},
                          {"user_id", actor.substr(person.size())},
                          {"name", nullptr},
                          {"email_address", nullptr},
                          {"deleted", false}};
    if (actor.starts_with(key))
        return bj::object{{"type", "scoped_api_key_actor"}, {"scoped_api_key_id", actor.substr(key.size())}};
    return {};
}

/// What its author may see of it.
bj::object to_own_json(const IncreaseRequest& request) {
    bj::object body{{"type", "spend_limit_increase_request"},
                    {"id", request.id},
                    {"status", policy::to_slug(request.status)},
                    {"period", policy::to_slug(request.period)},
                    {"created_at", to_timestamp(request.created_at)},
                    {"resolved_at", or_null(request.resolved_at)},
                    {"reason", request.reason},
                    {"requested_amount", or_null(request.wished)},
                    {"granted_amount", or_null(request.granted)},
                    {"granted_until", or_null(request.granted_until)},
                    {"note", text_or_null(request.note)}};
    return body;
}

bj::object to_json(const IncreaseRequest& request) {
    bj::object body = to_own_json(request);
    body["actor"] = actor_of(request.who);
    body["resolved_by"] = resolver_of(request.resolved_by);
    return body;
}

Result<> check_members(const bj::object& body, std::initializer_list<std::string_view> known) {
    for (const auto& member : body)
        if (std::ranges::find(known, std::string_view(member.key())) == known.end())
            return fail(bad_field(printable(member.key(), 60), "is not a field of this request"));
    return {};
}

Result<std::string> read_words(const bj::object& body, std::string_view key, bool required) {
    const bj::value* value = body.if_contains(key);
    if ((value == nullptr || value->is_null()) && !required) return std::string();
    if (value == nullptr || !value->is_string() || trim(value->get_string()).empty())
        return fail(bad_field(key, required ? "is required: why do you need more?" : "must be a string"));
    if (value->get_string().size() > longest_words) return fail(bad_field(key, "must have at most 1000 bytes"));
    return std::string(value->get_string());
}

Result<std::optional<policy::Period>> read_period(const bj::object& body) {
    const bj::value* value = body.if_contains("period");
    if (value == nullptr || value->is_null()) return std::nullopt;
    const auto period =
        value->is_string() ? policy::parse_period(value->get_string()) : std::optional<policy::Period>{};
    if (!period) return fail(bad_field("period", "must be one of daily, weekly, monthly"));
    return period;
}

Result<std::optional<std::string>> read_amount(const bj::object& body) {
    const bj::value* value = body.if_contains("amount");
    if (value == nullptr || value->is_null()) return std::nullopt;
    auto amount = value->is_string() ? policy::parse_cents(value->get_string()) : std::nullopt;
    if (!amount) return fail(bad_field("amount", "must be a string of 1 to 18 digits, in whole cents"));
    return amount;
}

Result<IncreaseAsk> parse_ask(const bj::object& body) {
    if (const auto known = check_members(body, {"reason", "amount", "period"}); !known) return fail(known.error());
    auto reason = read_words(body, "reason", true);
    if (!reason) return fail(reason.error());
    const auto period = read_period(body);
    if (!period) return fail(period.error());
    auto amount = read_amount(body);
    if (!amount) return fail(amount.error());
    return IncreaseAsk{*period, std::move(*amount), std::move(*reason)};
}

Result<std::optional<Instant>> read_expiry(const bj::object& body, Instant now) {
    const bj::value* value = body.if_contains("expires_at");
    if (value == nullptr || value->is_null()) return std::nullopt;
    const auto until = value->is_string() ? parse_timestamp(value->get_string()) : std::nullopt;
    if (!until) return fail(bad_field("expires_at", "must be null or a time such as 2027-01-31T00:00:00Z"));
    if (*until <= now) return fail(bad_field("expires_at", "must be in the future"));
    return until;
}

/// Members that nobody knows are ignored here: a client written for Anthropic's API may send `suppress_notification`.
Result<IncreaseGrant> parse_grant(const bj::object& body, Instant now) {
    auto amount = read_amount(body);
    if (!amount) return fail(amount.error());
    if (!*amount) return fail(bad_field("amount", "is required: the new cap, in whole cents"));
    const auto period = read_period(body);
    if (!period) return fail(period.error());
    const auto until = read_expiry(body, now);
    if (!until) return fail(until.error());
    auto note = read_words(body, "note", false);
    if (!note) return fail(note.error());
    return IncreaseGrant{std::move(**amount), *period, *until, std::move(*note)};
}

struct Listing {
    std::vector<policy::IncreaseStatus> statuses;  ///< empty: any
    std::vector<std::string> users;                ///< empty: anybody's
    std::size_t limit = usual_page;
    std::string after;  ///< the last one of the page before

    bool fits(const IncreaseRequest& request) const {
        const bool status = statuses.empty() || std::ranges::find(statuses, request.status) != statuses.end();
        return status && (users.empty() || std::ranges::find(users, request.who.id) != users.end());
    }
};

Result<Listing> read_listing(const Query& query) {
    Listing listing;
    for (const std::string& text : query.all("status[]")) {
        const auto status = policy::parse_increase_status(text);
        if (!status) return fail(bad_field("status[]", "must be one of pending, approved, denied"));
        listing.statuses.push_back(*status);
    }
    listing.users = query.all("actor_ids[]");
    const auto limit = query.limit(usual_page);
    if (!limit) return fail(limit.error());
    listing.limit = *limit;
    const auto page = query.find("page");
    if (!page) return fail(page.error());
    if (!*page) return listing;
    const auto after = parse_page_token(**page);
    if (!after) return fail(bad_field("page", "is not a page of this list"));
    listing.after = *after;
    return listing;
}

/// The requests of one page, newest first, and whether there are more.
std::pair<std::vector<IncreaseRequest>, bool> page_of(std::vector<IncreaseRequest> all, const Listing& listing) {
    std::erase_if(all, [&](const IncreaseRequest& request) { return !listing.fits(request); });
    auto begin = all.begin();
    if (!listing.after.empty()) {
        const auto last = std::ranges::find(all, listing.after, &IncreaseRequest::id);
        begin = last == all.end() ? last : last + 1;
    }
    std::vector<IncreaseRequest> page;
    for (; begin != all.end() && page.size() < listing.limit; ++begin)
        page.push_back(std::move(*begin));
    return {std::move(page), begin != all.end()};
}

}  // namespace

void IncreaseRequestsRoute::mount(http::Router& router) {
    add(router, "GET", std::string(root), &IncreaseRequestsRoute::list);
    add(router, "GET", std::string(root) + "/*", &IncreaseRequestsRoute::get);
    add(router, "POST", std::string(root) + "/*", &IncreaseRequestsRoute::decide);
    add(router, "POST", std::string(of_mine), &IncreaseRequestsRoute::ask);
    add(router, "GET", std::string(of_mine), &IncreaseRequestsRoute::mine);
}

void IncreaseRequestsRoute::add(http::Router& router, std::string method, std::string path, Step step) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = http::ReplyHandler([this, step](http::Request& request) { return (this->*step)(request); }),
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

/// Each with the cap that holds for its author now, what they spent under it, and which caps are reached: an own cap
/// would not help against a pool that is.
Task<bj::array> IncreaseRequestsRoute::to_rows(std::vector<IncreaseRequest> requests) {
    const Instant now = parts_.clock.now();
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    const auto mode = parts_.settings()->group_limit_mode;
    bj::array rows;
    for (const IncreaseRequest& request : requests) {
        // Their groups may have changed since they asked.
        const policy::Principal* present = find_by_id(*people, request.who.id);
        const policy::Principal& who = present != nullptr ? *present : request.who;
        auto limits = (*book)->limits(subject_of(who), mode, now);
        limits.push_back({policy::user_account(who.id), request.period, Money(), false});
        const auto standings = co_await read_standings(parts_.standings, limits, now);
        if (!standings) co_return fail(standings.error());
        limits.pop_back();
        bj::object row = to_json(request);
        const auto caps = (*book)->effective(subject_of(who), mode, now);
        bj::object summary{{"scope", {{"type", "user"}, {"user_id", who.id}}}, {"actor", actor_of(who)}};
        add_cap(summary, request.period, std::ranges::find(caps, request.period, &policy::EffectiveCap::period)->cap);
        add_standing(summary, standings->back());
        row["spend_summary"] = std::move(summary);
        row["blocked_by"] = reached_caps(**book, who, limits, *standings, mode, now);
        rows.push_back(std::move(row));
    }
    co_return rows;
}

Task<http::Response> IncreaseRequestsRoute::list(http::Request& request) {
    const auto caller = co_await parts_.gate.admit(request, Right::read_spend, scope);
    if (!caller) co_return fail(caller.error());
    const auto listing = read_listing(Query(request));
    if (!listing) co_return fail(listing.error());
    auto all = co_await parts_.desk.all();
    if (!all) co_return fail(all.error());
    auto [page, more] = page_of(std::move(*all), *listing);
    const std::string last = more ? page.back().id : std::string();
    auto rows = co_await to_rows(std::move(page));
    if (!rows) co_return fail(rows.error());
    bj::object body{{"data", std::move(*rows)}};
    body["next_page"] = more ? bj::value(to_page_token(last)) : bj::value();
    co_return reply(request, std::move(body));
}

Task<http::Response> IncreaseRequestsRoute::get(http::Request& request) {
    const auto caller = co_await parts_.gate.admit(request, Right::read_spend, scope);
    if (!caller) co_return fail(caller.error());
    auto found = co_await parts_.desk.find(request.path.substr(root.size() + 1));
    if (!found) co_return fail(found.error());
    std::vector<IncreaseRequest> one;
    one.push_back(std::move(*found));
    auto rows = co_await to_rows(std::move(one));
    if (!rows) co_return fail(rows.error());
    co_return reply(request, std::move(rows->at(0)));
}

Task<http::Response> IncreaseRequestsRoute::decide(http::Request& request) {
    auto caller = co_await parts_.gate.admit(request, Right::write, scope);
    if (!caller) co_return fail(caller.error());
    std::string id = request.path.substr(root.size() + 1);
    const bool approves = id.ends_with(approval);
    if (!approves && !id.ends_with(denial)) co_return fail(Error::not_found());
    id.resize(id.size() - (approves ? approval.size() : denial.size()));
    auto step = approves ? approve(request, std::move(*caller), std::move(id))
                         : deny(request, std::move(*caller), std::move(id));
    auto answered = co_await std::move(step);
    co_return answered;
}

Task<http::Response> IncreaseRequestsRoute::approve(http::Request& request, Caller caller, std::string id) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto grant = parse_grant(*body, parts_.clock.now());
    if (!grant) co_return fail(grant.error());
    auto approved = co_await parts_.desk.approve(std::move(id), std::move(*grant), caller.actor);
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

Task<http::Response> IncreaseRequestsRoute::deny(http::Request& request, Caller caller, std::string id) {
    std::string words;
    if (!request.body.view().empty()) {
        const auto body = parse_body(request);
        if (!body) co_return fail(body.error());
        auto said = read_words(*body, "note", false);
        if (!said) co_return fail(said.error());
        words = std::move(*said);
    }
    auto denied = co_await parts_.desk.deny(std::move(id), std::move(words), caller.actor);
    if (!denied) co_return fail(denied.error());
    note("admin.increase.deny", request, caller, *denied);
    std::vector<IncreaseRequest> one;
    one.push_back(std::move(*denied));
    auto rows = co_await to_rows(std::move(one));
    if (!rows) co_return fail(rows.error());
    co_return reply(request, std::move(rows->at(0)));
}

Task<http::Response> IncreaseRequestsRoute::ask(http::Request& request) {
    const auto identity = co_await auth::identify_audited(parts_.authenticator, parts_.journal, request);
    if (!identity) co_return fail(identity.error());
    if (!(*identity)->service_key_id().empty())
        co_return fail(Error::forbidden(Reason::admin_right_missing,
                                        "a service key cannot ask for more: its owner asks an administrator"));
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto ask = parse_ask(*body);
    if (!ask) co_return fail(ask.error());
    const auth::Person& person = (*identity)->person();
    policy::Principal who{person.subject, person.email, person.name, person.groups, false, {}};
    const auto asked = co_await parts_.desk.ask(std::move(who), std::move(*ask));
    if (!asked) co_return fail(asked.error());
    auth::audit_success(parts_.journal, "increase.request", request, person, {{"increase_request_id", asked->id}});
    co_return reply(request, to_own_json(*asked));
}

Task<http::Response> IncreaseRequestsRoute::mine(http::Request& request) {
    const auto identity = co_await auth::identify_audited(parts_.authenticator, parts_.journal, request);
    if (!identity) co_return fail(identity.error());
    auto listing = read_listing(Query(request));
    if (!listing) co_return fail(listing.error());
    listing->users = {(*identity)->person().subject};
    auto all = co_await parts_.desk.all();
    if (!all) co_return fail(all.error());
    const auto [page, more] = page_of(std::move(*all), *listing);
    bj::array data;
    for (const IncreaseRequest& each : page)
        data.push_back(to_own_json(each));
    bj::object body{{"data", std::move(data)}};
    body["next_page"] = more ? bj::value(to_page_token(page.back().id)) : bj::value();
    co_return reply(request, std::move(body));
}

}  // namespace gatehouse::admin
