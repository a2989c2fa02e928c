// SPDX-License-Identifier: Apache-2.0
#include "gateway/live.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/log.h"
#include "gateway/upstream/anthropic.h"
#include "policy/policy_document.h"

namespace gatehouse {
namespace {

std::shared_ptr<Live> make_live(Settings settings) {
    auto upstreams = std::make_shared<messages::Upstreams>();
    upstreams->rules = settings.rules;
    upstreams->max_request_bytes = settings.traffic.max_request_bytes;
    upstreams->first_byte_timeout = settings.traffic.upstream_ttfb;
    upstreams->attribution = {settings.admin.billing_group_tag, settings.admin.project_header};
    for (const upstream::AnthropicSettings& anthropic : settings.upstreams)
        upstreams->providers.push_back(std::make_shared<const upstream::Anthropic>(anthropic));
    auto live = std::make_shared<Live>();
    live->settings = std::move(settings);
    live->upstreams = std::move(upstreams);
    return live;
}

/// The providers stay the ones they are: requests under way and those to come share their connections.
void put_in_force(Live& live, policy::RulesPtr rules, policy::PolicyVersionPtr version) {
    auto upstreams = std::make_shared<messages::Upstreams>(*live.upstreams);
    upstreams->rules = rules;
    live.upstreams = std::move(upstreams);
    live.settings.rules = std::move(rules);
    live.policies = std::move(version);
}

Error misfit(const policy::PolicyVersion& version, const std::vector<policy::Problem>& problems) {
    return Error::of(Fault::internal, Reason::configuration_invalid,
                     "policy version " + std::to_string(version.number) +
                         " does not fit this configuration: " + policy::to_lines(problems));
}

void log_in_force(const Live& live) {
    log::info("policies in force",
              {{"version", static_cast<long long>(live.policies->number)}, {"author", live.policies->author}});
    for (const policy::Problem& notice : live.settings.rules->notices())
        log::warn("odd in the policies", {{"version", static_cast<long long>(live.policies->number)},
                                          {"path", notice.path},
                                          {"notice", notice.message}});
}

}  // namespace

LiveState::LiveState(Settings settings, observe::Metrics& metrics)
    : metrics_(metrics), snapshot_(make_live(std::move(settings))) {}

void LiveState::store(LivePtr live) {
    if (live->policies) log_in_force(*live);
    metrics_.policy_version(live->policies ? live->policies->number : 0);
    snapshot_.store(std::move(live));
}

Result<> LiveState::reload(Settings next) {
    const std::scoped_lock lock(writing_);
    const LivePtr now = load();
    next.policy_source = now->settings.policy_source;
    const std::shared_ptr<Live> live = make_live(std::move(next));
    live->newest = now->newest;
    Result<> fits;
    for (const auto& version : {now->newest, now->policies}) {
        if (version == nullptr) break;
        auto rules = policy::make_rules(live->settings.rules_spec, version->document);
        if (rules) {
            put_in_force(*live, std::move(*rules), version);
            break;
        }
        fits = fail(misfit(*version, rules.error()));
        log::error("policies not taken over", {{"error", fits.error().message}});
        metrics_.policies_loaded(false);
    }
    if (now->policies && !live->policies) return fits;
    store(live);
    return {};
}

bool LiveState::claim(std::int64_t version) {
    const LivePtr now = load();
    if (now->newest && now->newest->number >= version) return false;
    std::int64_t claimed = claimed_.load();
    while (claimed < version)
        if (claimed_.compare_exchange_weak(claimed, version)) return true;
    return false;
}

void LiveState::give_up(std::int64_t version) {
    claimed_.compare_exchange_strong(version, 0);
}

Result<> LiveState::take(policy::PolicyVersionPtr version) {
    const std::scoped_lock lock(writing_);
    const LivePtr now = load();
    if (now->newest && now->newest->number >= version->number) return {};
    const auto live = std::make_shared<Live>(*now);
    live->newest = version;
    auto rules = policy::make_rules(now->settings.rules_spec, version->document);
    metrics_.policies_loaded(rules.has_value());
    if (!rules) {
        const Error error = misfit(*version, rules.error());
        log::error("policies not taken over: the running ones stay in force", {{"error", error.message}});
        snapshot_.store(live);
        return fail(error);
    }
    put_in_force(*live, std::move(*rules), std::move(version));
    store(live);
    return {};
}

}  // namespace gatehouse
