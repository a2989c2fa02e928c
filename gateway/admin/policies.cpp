// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/policies.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "gateway/admin/policy_views.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/http/form.h"
#include "policy/policy_difference.h"
#include "policy/policy_document.h"
#include "policy/policy_preview.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view root = "/v1/organizations/policies";
constexpr std::string_view versions_root = "/v1/organizations/policies/versions";
constexpr std::string_view scope = "policies";
constexpr std::string_view update_action = "policy.update";
constexpr std::string_view rollback_action = "policy.rollback";
constexpr std::size_t largest_document = std::size_t{1} << 20U;
constexpr std::size_t largest_order = std::size_t{16} << 10U;
constexpr std::size_t longest_reason = 1'000;
constexpr std::int64_t largest_page = 100;
constexpr std::int64_t usual_page = 20;

std::optional<std::int64_t> read_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

/// Takes the reason out of the body; what is left belongs to the caller.
Result<std::string> take_reason(bj::object& body, bool required) {
    const auto written = json::find_string(body, "reason");
    if (!written && body.contains("reason")) return fail(bad_field("reason", "must be a string"));
    std::string reason(trim(written.value_or(""), " \t\r\n"));
    if (reason.empty() && required)
        return fail(bad_field("reason", "is required: say why, for those who will read the history"));
    if (reason.size() > longest_reason) return fail(bad_field("reason", "must have at most 1000 characters"));
    body.erase("reason");
    return reason;
}

Result<bool> read_dry_run(const http::Request& request) {
    const auto query = http::Form::parse(request.query());
    const auto written = query.find("dry_run");
    if (!written || *written == "false") return false;
    if (*written == "true") return true;
    return fail(bad_field("dry_run", "must be true or false"));
}

/// The version that the editor has read. Only exactly one tag: an editor who does not know what they overwrite, which
/// is what `*` says, is whom the header is there to stop.
Result<std::optional<std::int64_t>> read_if_match(const http::Request& request, bool required) {
    const auto written = request.headers.find("if-match");
    if (!written && !required) return std::nullopt;
    if (!written)
        return fail(bad_field("If-Match",
                              "is required: send the ETag of the version that you have read, such as "
                              "\"v7\""));
    std::string_view tag = trim(*written);
    const bool quoted = tag.size() > 3 && tag.starts_with("\"v") && tag.ends_with('"');
    const auto number = quoted ? read_number(tag.substr(2, tag.size() - 3)) : std::nullopt;
    if (!number) return fail(bad_field("If-Match", "must be one ETag of this resource, such as \"v7\""));
    return number;
}

/// What every change of the policies says of itself.
struct Order {
    bool dry_run = false;
    std::optional<std::int64_t> if_match;
    bj::object body;  ///< without the reason
    std::string reason;
};

Result<Order> read_order(const http::Request& request) {
    const auto dry = read_dry_run(request);
    if (!dry) return fail(dry.error());
    const auto if_match = read_if_match(request, !*dry);
    if (!if_match) return fail(if_match.error());
    auto body = parse_body(request);
    if (!body) return fail(body.error());
    auto reason = take_reason(*body, !*dry);
    if (!reason) return fail(reason.error());
    return Order{*dry, *if_match, std::move(*body), std::move(*reason)};
}

Error stale(std::int64_t present, std::int64_t read) {
    std::string message = "If-Match: the policies are at version ";
    message.append(std::to_string(present)).append(", not at ").append(std::to_string(read));
    return Error::precondition_failed(Reason::version_stale, message.append(": read them again"));
}

Error no_such_version() {
    return Error::not_found(Reason::not_found, "no policy version with this number");
}

struct Page {
    std::int64_t limit = usual_page;
    std::int64_t below = 0;  ///< only versions with smaller numbers; 0: from the newest
};

Result<Page> read_page(const http::Request& request) {
    const auto query = http::Form::parse(request.query());
    Page page;
    if (const auto written = query.find("limit")) {
        page.limit = read_number(*written).value_or(0);
        if (page.limit < 1 || page.limit > largest_page)
            return fail(bad_field("limit", "must be a whole number from 1 to 100"));
    }
    if (const auto written = query.find("after_id")) {
        page.below = read_number(*written).value_or(0);
        if (page.below < 1) return fail(bad_field("after_id", "must be the number of a version"));
    }
    return page;
}

}  // namespace

/// What an editor wants, checked as far as it can be without the store.
struct PoliciesRoute::Change {
    Caller caller;
    bj::object document;
    std::string reason;
    std::string action;
    std::optional<std::int64_t> if_match;
    bool dry_run = false;
};

void PoliciesRoute::mount(http::Router& router) {
    Gate& gate = parts_.gate;
    add(router, "GET", std::string(root), gate.guard(Right::read_settings, scope, this, &PoliciesRoute::show),
        largest_order);
    add(router, "PUT", std::string(root), gate.guard(Right::write, scope, this, &PoliciesRoute::replace),
        largest_document);
    add(router, "POST", std::string(root) + "/rollback",
        gate.guard(Right::write, scope, this, &PoliciesRoute::roll_back), largest_order);
    add(router, "GET", std::string(versions_root), gate.guard(Right::read_settings, scope, this, &PoliciesRoute::list),
        largest_order);
    add(router, "GET", std::string(versions_root) + "/*",
        gate.guard(Right::read_settings, scope, this, &PoliciesRoute::below_versions), largest_order);
}

void PoliciesRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler,
                        std::size_t max_body) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .max_body = max_body,
                .label = "policies"});
}

Task<http::Response> PoliciesRoute::show(http::Request& request) {
    const PolicyStanding standing = parts_.here.standing();
    if (standing.source == policy::PolicySource::file) co_return show_file(request, *standing.file);
    const auto version = co_await present();
    if (!version) co_return fail(version.error());
    bj::object body = to_json(**version);
    body["in_force_version"] = standing.version;
    co_return reply_version(request, std::move(body), **version);
}

/// Nobody edits while the file holds the policies.
Result<> PoliciesRoute::check_editable() const {
    if (parts_.here.standing().source != policy::PolicySource::file) return {};
    return fail(Error::conflict(Reason::policies_in_file,
                                "the policies come from gateway.yaml (managed.source: file): change them there, or set "
                                "managed.source to store"));
}

Task<http::Response> PoliciesRoute::replace(http::Request& request, const Caller& caller) {
    const auto editable = check_editable();
    if (!editable) co_return fail(editable.error());
    auto order = read_order(request);
    if (!order) co_return fail(order.error());
    co_return co_await make(request, {.caller = caller,
                                      .document = std::move(order->body),
                                      .reason = std::move(order->reason),
                                      .action = std::string(update_action),
                                      .if_match = order->if_match,
                                      .dry_run = order->dry_run});
}

Task<http::Response> PoliciesRoute::roll_back(http::Request& request, const Caller& caller) {
    const auto editable = check_editable();
    if (!editable) co_return fail(editable.error());
    auto order = read_order(request);
    if (!order) co_return fail(order.error());
    for (const auto& member : order->body)
        if (member.key() != "version")
            co_return fail(bad_field(member.key(), "is not a member of a rollback: version and reason are"));
    const auto number = json::find_integer(order->body, "version").value_or(0);
    if (number < 1) co_return fail(bad_field("version", "must be the number of a version"));
    const auto version = co_await find(number);
    if (!version) co_return fail(version.error());
    co_return co_await make(request, {.caller = caller,
                                      .document = (*version)->document,
                                      .reason = std::move(order->reason),
                                      .action = std::string(rollback_action),
                                      .if_match = order->if_match,
                                      .dry_run = order->dry_run});
}

Task<http::Response> PoliciesRoute::make(http::Request& request, Change change) {
    auto base = co_await present();
    if (!base) co_return fail(base.error());
    const std::int64_t number = (*base)->number;
    if (change.if_match.value_or(number) != number) co_return fail(stale(number, *change.if_match));
    auto rules = policy::make_rules(*parts_.here.standing().file, change.document);
    if (!rules) co_return fail(Error::bad_request(Reason::malformed_request, policy::to_lines(rules.error())));
    change.document = policy::to_document(policy::parse_policies(change.document).policies);
    if (change.dry_run) co_return co_await dry_run(request, std::move(change), std::move(*base), std::move(*rules));
    policy::PolicyVersionPtr version = *base;
    if (change.document != version->document) {
        const std::string actor = change.caller.actor;
        const bool rolled_back = change.action == rollback_action;
        const auto added = co_await parts_.here.versions.add({.base = std::move(*base),
                                                              .document = std::move(change.document),
                                                              .author = actor,
                                                              .reason = std::move(change.reason),
                                                              .action = change.action});
        if (!added) co_return fail(added.error());
        version = *added;
        parts_.here.take(version);
        parts_.journal.write(observe::SecurityEvent{rolled_back ? "admin.policy.rollback" : "admin.policy.update",
                                                    {{"result", "success"},
                                                     {"actor", actor},
                                                     {"version", std::to_string(version->number)},
                                                     {"address", request.peer.address},
                                                     {"request_id", request.id}}});
    }
    bj::object body = to_json(*version);
    body["in_force_version"] = parts_.here.standing().version;
    body["notices"] = to_json((*rules)->notices());
    co_return reply_version(request, std::move(body), *version);
}

Task<http::Response> PoliciesRoute::dry_run(http::Request& request, Change change, policy::PolicyVersionPtr base,
                                            policy::RulesPtr rules) {
    const auto people = co_await parts_.people();
    if (!people) co_return fail(people.error());
    const auto effects = policy::preview(*parts_.here.standing().rules, *rules, *people);
    bj::object body = to_json(effects, people->size());
    body["base_version"] = base->number;
    body["differences"] = policy::to_json(policy::find_differences(base->document, change.document));
    body["notices"] = to_json(rules->notices());
    co_return reply(request, body);
}

/// A version that must be there. Faults: not_found.
Task<policy::PolicyVersionPtr> PoliciesRoute::find(std::int64_t number) {
    auto version = co_await parts_.here.versions.find(number);
    if (version && *version == nullptr) co_return fail(no_such_version());
    co_return std::move(version);
}

/// There from the first start with `managed.source: store` on.
Task<policy::PolicyVersionPtr> PoliciesRoute::present() {
    auto version = co_await parts_.here.versions.current();
    if (version && *version == nullptr) co_return fail(Error::internal("the store holds no policy version"));
    co_return std::move(version);
}

Task<http::Response> PoliciesRoute::list(http::Request& request) {
    const auto page = read_page(request);
    if (!page) co_return fail(page.error());
    const auto newest = co_await parts_.here.versions.newest();
    if (!newest) co_return fail(newest.error());
    std::int64_t number = page->below > 0 ? std::min(page->below - 1, *newest) : *newest;
    bj::array data;
    for (; number > 0 && std::cmp_less(data.size(), page->limit); --number) {
        const auto version = co_await find(number);
        if (!version) co_return fail(version.error());
        bj::object row = to_json(**version);
        row.erase("document");
        data.push_back(std::move(row));
    }
    const auto id_of = [&](std::size_t index) {
        return bj::value(std::to_string(data[index].as_object()["version"].as_int64()));
    };
    const bool empty = data.empty();
    bj::object body{{"has_more", number > 0},
                    {"first_id", empty ? bj::value(nullptr) : id_of(0)},
                    {"last_id", empty ? bj::value(nullptr) : id_of(data.size() - 1)}};
    body["data"] = std::move(data);
    co_return reply(request, body);
}

/// `…/versions/{n}` and `…/versions/{n}/diff`.
Task<http::Response> PoliciesRoute::below_versions(http::Request& request) {
    std::string_view rest = std::string_view(request.path).substr(versions_root.size() + 1);
    const bool is_diff = rest.ends_with("/diff");
    if (is_diff) rest.remove_suffix(std::string_view("/diff").size());
    const auto number = read_number(rest);
    if (!number || *number < 1) co_return fail(no_such_version());
    const auto version = co_await find(*number);
    if (!version) co_return fail(version.error());
    if (is_diff) co_return co_await compare(request, *version);
    co_return reply_version(request, to_json(**version), **version);
}

Task<http::Response> PoliciesRoute::compare(http::Request& request, policy::PolicyVersionPtr version) {
    const auto query = http::Form::parse(request.query());
    const auto written = query.find("against");
    const auto against = written ? read_number(*written) : std::optional(version->base);
    if (!against) co_return fail(bad_field("against", "must be the number of a version, or 0 for nothing at all"));
    bj::object before;
    if (*against > 0) {
        const auto other = co_await find(*against);
        if (!other) co_return fail(other.error());
        before = (*other)->document;
    }
    co_return reply(request,
                    bj::object{{"type", "policy_difference"},
                               {"version", version->number},
                               {"against", *against},
                               {"differences", policy::to_json(policy::find_differences(before, version->document))}});
}

}  // namespace gatehouse::admin
