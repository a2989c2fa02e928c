// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/spend_limits.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <span>
#include <utility>

#include "auth/audit.h"
#include "gateway/admin/people.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view root = "/v1/organizations/spend_limits";
constexpr std::string_view scope = "spend_limits";
constexpr std::size_t usual_page = 20;

Error no_such_cap() {
    return Error::not_found(Reason::not_found, "spend limit not found");
}

std::string id_in(const http::Request& request) {
    return request.path.substr(root.size() + 1);
}

struct Listing {
    std::optional<policy::ScopeKind> kind;
    std::size_t limit = usual_page;
    std::optional<std::string> after;
    std::optional<std::string> before;
};

Result<Listing> read_listing(const Query& query) {
    Listing listing;
    const auto limit = query.limit(usual_page);
    if (!limit) return fail(limit.error());
    listing.limit = *limit;
    const auto kind = query.find("scope_type");
    if (!kind) return fail(kind.error());
    if (*kind) {
        listing.kind = policy::parse_scope_kind(**kind);
        if (!listing.kind)
            return fail(bad_field("scope_type", "must be one of organization, rbac_group, user, group_pool"));
    }
    auto after = query.find("after_id");
    if (!after) return fail(after.error());
    auto before = query.find("before_id");
    if (!before) return fail(before.error());
    if (*after && *before) return fail(bad_field("before_id", "and after_id exclude each other"));
    listing.after = std::move(*after);
    listing.before = std::move(*before);
    return listing;
}

struct Page {
    std::span<const policy::Cap* const> caps;
    bool has_more = false;
};

/// `caps` in order of creation. Going back, the page is the one right before the cursor, in the same order.
Result<Page> page_of(std::span<const policy::Cap* const> caps, const policy::CapBook& book, const Listing& listing) {
    const auto cut = [&](const std::string& id, std::string_view field) -> Result<const policy::Cap*> {
        const policy::Cap* cap = book.find(id);
        if (cap == nullptr) return fail(bad_field(field, "no spend limit with this id"));
        return cap;
    };
    if (listing.before) {
        const auto cap = cut(*listing.before, "before_id");
        if (!cap) return fail(cap.error());
        // The book is in order of creation, so addresses are too.
        const auto end = std::ranges::lower_bound(caps, *cap);
        const auto left = caps.first(static_cast<std::size_t>(end - caps.begin()));
        return Page{left.last(std::min(left.size(), listing.limit)), left.size() > listing.limit};
    }
    if (listing.after) {
        const auto cap = cut(*listing.after, "after_id");
        if (!cap) return fail(cap.error());
        caps = caps.subspan(static_cast<std::size_t>(std::ranges::upper_bound(caps, *cap) - caps.begin()));
    }
    return Page{caps.first(std::min(caps.size(), listing.limit)), caps.size() > listing.limit};
}

bj::object to_envelope(const Page& page) {
    bj::array data;
    for (const policy::Cap* cap : page.caps)
        data.push_back(policy::to_json(*cap));
    bj::object body{{"data", std::move(data)}, {"has_more", page.has_more}};
    body["first_id"] = page.caps.empty() ? bj::value() : bj::value(page.caps.front()->id);
    body["last_id"] = page.caps.empty() ? bj::value() : bj::value(page.caps.back()->id);
    return body;
}

/// The people whose effective cap this would be; of a pool: everyone in the group.
std::vector<policy::Principal> those_under(const policy::Cap& cap, const policy::CapBook& book,
                                           std::vector<policy::Principal> people, policy::GroupLimitMode mode,
                                           Instant now) {
    std::erase_if(people, [&](const policy::Principal& person) {
        if (cap.scope.kind == policy::ScopeKind::group_pool)
            return std::ranges::find(person.groups, cap.scope.id) == person.groups.end();
        const auto caps = book.effective(subject_of(person), mode, now);
        const auto* winner = std::ranges::find(caps, cap.period, &policy::EffectiveCap::period)->cap;
        return winner == nullptr || winner->id != cap.id;
    });
    std::ranges::sort(people, {}, &policy::Principal::id);
    return people;
}

void note_change(observe::Journal& journal, std::string_view event, const http::Request& request, const Caller& caller,
                 const policy::Cap& cap) {
    auth::audit_success(journal, event, request, caller.identity ? caller.identity->person() : auth::Person{},
                        {{"actor", caller.actor},
                         {"spend_limit_id", cap.id},
                         {"scope", std::string(policy::to_slug(cap.scope.kind))},
                         {"scope_id", cap.scope.id},
                         {"period", std::string(policy::to_slug(cap.period))},
                         {"amount", cap.amount.value_or("unlimited")}});
}

}  // namespace

void SpendLimitsRoute::mount(http::Router& router) {
    add(router, "GET", std::string(root), parts_.gate.guard(Right::read_spend, scope, this, &SpendLimitsRoute::list));
    add(router, "POST", std::string(root), parts_.gate.guard(Right::write, scope, this, &SpendLimitsRoute::put));
    add(router, "POST", std::string(root) + "/preview",
        parts_.gate.guard(Right::read_settings, scope, this, &SpendLimitsRoute::preview));
    add(router, "GET", std::string(root) + "/*",
        parts_.gate.guard(Right::read_spend, scope, this, &SpendLimitsRoute::get));
    add(router, "DELETE", std::string(root) + "/*",
        parts_.gate.guard(Right::write, scope, this, &SpendLimitsRoute::remove));
}

void SpendLimitsRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .label = "spend_limits"});
}

Task<http::Response> SpendLimitsRoute::list(http::Request& request) {
    const auto listing = read_listing(Query(request));
    if (!listing) co_return fail(listing.error());
    const auto book = co_await caps_.book(parts_.clock.now());
    if (!book) co_return fail(book.error());
    std::vector<const policy::Cap*> caps;
    for (const policy::Cap& cap : (*book)->caps())
        if (!listing->kind || cap.scope.kind == *listing->kind) caps.push_back(&cap);
    const auto page = page_of(caps, **book, *listing);
    if (!page) co_return fail(page.error());
    co_return reply(request, to_envelope(*page));
}

/// The body, with the person it may name by e-mail found.
Task<CapOrder> SpendLimitsRoute::read_order(const http::Request& request) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    auto order = parse_cap_order(*body, parts_.clock.now());
    if (!order) co_return fail(order.error());
    if (order->user_email.empty()) co_return std::move(*order);
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    const auto person = find_by_email(*people, order->user_email, "scope.user_email");
    if (!person) co_return fail(person.error());
    order->scope.id = (*person)->id;
    order->user_email.clear();
    co_return std::move(*order);
}

Task<http::Response> SpendLimitsRoute::put(http::Request& request, const Caller& caller) {
    auto order = co_await read_order(request);
    if (!order) co_return fail(order.error());
    const auto cap = co_await caps_.put(std::move(*order), caller.actor, parts_.clock.now());
    if (!cap) co_return fail(cap.error());
    note_change(parts_.journal, "admin.limit.upsert", request, caller, *cap);
    co_return reply(request, policy::to_json(*cap));
}

Task<http::Response> SpendLimitsRoute::get(http::Request& request) {
    const auto cap = co_await caps_.find(id_in(request), parts_.clock.now());
    if (!cap) co_return fail(cap.error());
    if (!*cap) co_return fail(no_such_cap());
    co_return reply(request, policy::to_json(**cap));
}

Task<http::Response> SpendLimitsRoute::remove(http::Request& request, const Caller& caller) {
    const auto removed = co_await caps_.remove(id_in(request), caller.actor, parts_.clock.now());
    if (!removed) co_return fail(removed.error());
    if (!*removed) co_return fail(no_such_cap());
    note_change(parts_.journal, "admin.limit.delete", request, caller, **removed);
    co_return reply(request, bj::object{{"type", "spend_limit_deleted"}, {"id", (*removed)->id}});
}

/// Those of them who have nothing left under that cap. A pool is one account for all.
Task<std::vector<Spender>> SpendLimitsRoute::blocked_by(policy::Cap cap, std::vector<policy::Principal> people) {
    const Instant now = parts_.clock.now();
    auto spenders = co_await read_spenders(parts_.standings, std::move(people), {cap.period}, now);
    if (!spenders) co_return fail(spenders.error());
    if (cap.scope.kind == policy::ScopeKind::group_pool) {
        const policy::Limit pool{policy::pool_account(cap.scope.id), cap.period, Money(), true};
        const auto shared = co_await parts_.standings({pool}, now);
        if (!shared) co_return fail(shared.error());
        if (!is_reached(cap, shared->at(0))) spenders->clear();
    } else {
        std::erase_if(*spenders, [&](const Spender& each) { return !is_reached(cap, each.standings[0]); });
    }
    co_return std::move(spenders);
}

Task<http::Response> SpendLimitsRoute::preview(http::Request& request) {
    const auto order = co_await read_order(request);
    if (!order) co_return fail(order.error());
    const Instant now = parts_.clock.now();
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    const std::string id = policy::cap_id(order->scope, order->period, order->expires_at.has_value());
    const policy::Cap* present = (*book)->find(id);
    const policy::Cap cap = make_cap(*order, present, now);
    const auto mode = parts_.settings()->group_limit_mode;
    const auto under = those_under(cap, (*book)->with(cap), *people, mode, now);
    const auto blocked = co_await blocked_by(cap, under);
    if (!blocked) co_return fail(blocked.error());

    bj::array would_block;
    for (const Spender& spender : *blocked) {
        bj::object row{{"actor", actor_of(spender.who)}};
        add_standing(row, spender.standings[0]);
        would_block.push_back(std::move(row));
    }
    bj::object body{{"type", "spend_limit_preview"}, {"spend_limit", policy::to_json(cap)}};
    body["replaces"] = present != nullptr ? bj::value(policy::to_json(*present)) : bj::value();
    body["known_people"] = people->size();
    body["applies_to"] = under.size();
    body["would_block"] = std::move(would_block);
    co_return reply(request, body);
}

}  // namespace gatehouse::admin
