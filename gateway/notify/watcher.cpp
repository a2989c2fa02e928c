// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/watcher.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/notify/payload.h"
#include "policy/charge.h"

namespace gatehouse::notify {
namespace {

constexpr std::size_t most_at_once = 200;

/// A cap on an account that was charged.
struct Bound {
    policy::Limit limit;
    std::string cap_id;
};

void add_bound(std::vector<Bound>& bounds, const std::string& account, policy::Period period, const policy::Cap* cap,
               bool pool) {
    const auto amount = cap == nullptr ? std::nullopt : cap->limit();
    if (amount) bounds.push_back({{account, period, *amount, pool}, cap->id});
}

std::vector<std::string> told(const NotificationSettings& settings, policy::AlertKind kind) {
    std::vector<std::string> names;
    for (const Webhook& webhook : settings.webhooks)
        if (webhook.events.empty() || std::ranges::find(webhook.events, kind) != webhook.events.end())
            names.push_back(webhook.name);
    return names;
}

}  // namespace

/// An account that was charged, whose it is, and the caps on it.
struct Watcher::Watched {
    std::string account;
    policy::Principal who;  ///< nobody of a pool
    std::string group;      ///< empty: a person's account
    std::vector<Bound> bounds;
};

Task<std::vector<Watcher::Watched>> Watcher::watch(std::vector<policy::Touched> touched, Instant now) {
    std::vector<std::string> ids;
    for (const policy::Touched& each : touched)
        if (auto user = policy::user_of(each.account)) ids.push_back(std::move(*user));
    const auto people = co_await parts_.rollups.find_principals(std::move(ids));
    if (!people) co_return fail(people.error());
    const policy::CapBookPtr book = parts_.caps();
    std::vector<Watched> watched;
    for (const policy::Touched& each : touched) {
        Watched one{
            .account = each.account, .who = {}, .group = policy::pool_of(each.account).value_or(""), .bounds = {}};
        if (const auto user = policy::user_of(each.account)) {
            const auto known = std::ranges::find(*people, *user, &policy::Principal::id);
            one.who.id = *user;
            if (known != people->end()) one.who = *known;
            const policy::Subject subject{one.who.id, one.who.email, one.who.groups};
            for (const auto& [period, cap] : book->effective(subject, parts_.mode(), now))
                add_bound(one.bounds, one.account, period, cap, false);
        } else if (!one.group.empty()) {
            for (const policy::Cap* pool : book->pools({.id = {}, .email = {}, .groups = {&one.group, 1}}, now))
                add_bound(one.bounds, one.account, pool->period, pool, true);
        }
        watched.push_back(std::move(one));
    }
    co_return watched;
}

Task<> Watcher::offer(policy::Alert alert, std::string key, bool silent,
                      std::shared_ptr<const NotificationSettings> settings) {
    policy::Notice notice{.key = key, .remembered = policy::remembered(alert.period), .id = event_id(key)};
    notice.event = boost::json::serialize(to_event(alert, notice.id));
    if (!silent) notice.to = told(*settings, alert.kind);
    const std::string id = notice.id;
    const auto fresh = co_await parts_.outbox.offer(std::move(notice), alert.at);
    if (!fresh) co_return fail(fresh.error());
    if (*fresh && !silent)
        log::info("alert", {{"event", policy::to_slug(alert.kind)},
                            {"event_id", id},
                            {"user", alert.who.id},
                            {"group", alert.group},
                            {"percent", static_cast<long long>(alert.percent)}});
    co_return Result<>{};
}

Task<> Watcher::raise_thresholds(std::vector<Watched> watched, std::shared_ptr<const NotificationSettings> settings,
                                 Instant day) {
    const Instant now = parts_.clock.now();
    std::vector<policy::Limit> limits;
    for (const Watched& each : watched)
        for (const Bound& bound : each.bounds)
            limits.push_back(bound.limit);
    if (limits.empty()) co_return Result<>{};
    const auto standings = co_await parts_.ledger.standings(std::move(limits), day);
    if (!standings) co_return fail(standings.error());
    std::size_t at = 0;
    for (const Watched& each : watched) {
        for (const Bound& bound : each.bounds) {
            const Money spent = (*standings)[at++].spent;
            const auto percents = policy::reached(settings->rules.thresholds, spent, bound.limit.amount);
            for (const std::int64_t percent : percents) {
                policy::Alert alert{.kind = policy::AlertKind::threshold,
                                    .who = each.who,
                                    .group = each.group,
                                    .at = now,
                                    .spent = spent,
                                    .cap_id = bound.cap_id,
                                    .period = bound.limit.period,
                                    .percent = percent,
                                    .limit = bound.limit.amount,
                                    .resets_at = policy::period_end(bound.limit.period, day)};
                // Of several at once the highest says it all; the others must not follow later.
                const bool silent = percent != percents.back();
                auto key = policy::threshold_key(each.account, bound.limit.period, day, percent);
                const auto offered = co_await offer(std::move(alert), std::move(key), silent, settings);
                if (!offered) co_return fail(offered.error());
            }
        }
    }
    co_return Result<>{};
}

Task<> Watcher::raise_spikes(std::vector<Watched> watched, std::shared_ptr<const NotificationSettings> settings,
                             Instant day) {
    const Instant now = parts_.clock.now();
    if (!settings->rules.spike) co_return Result<>{};
    std::erase_if(watched, [](const Watched& each) { return !each.group.empty(); });
    std::vector<policy::Limit> limits;
    for (const Watched& each : watched)
        limits.push_back({each.account, policy::Period::daily, Money(), false});
    if (limits.empty()) co_return Result<>{};
    const auto spends = co_await parts_.ledger.standings(std::move(limits), day);
    if (!spends) co_return fail(spends.error());
    for (std::size_t at = 0; at < watched.size(); ++at) {
        const Money spent = (*spends)[at].spent;
        if (spent < settings->rules.spike->minimum) continue;
        const auto before = co_await parts_.outbox.days_before(watched[at].account, day, policy::SpikeRule::days);
        if (!before) co_return fail(before.error());
        const auto usual = policy::usual_if_spike(*settings->rules.spike, spent, *before);
        if (!usual) continue;
        policy::Alert alert{.kind = policy::AlertKind::spike,
                            .who = watched[at].who,
                            .at = now,
                            .spent = spent,
                            .resets_at = policy::period_end(policy::Period::daily, day),
                            .usual = *usual};
        auto key = policy::spike_key(watched[at].account, day);
        const auto offered = co_await offer(std::move(alert), std::move(key), false, settings);
        if (!offered) co_return fail(offered.error());
    }
    co_return Result<>{};
}

/// Accounts that were charged on the same day.
Task<> Watcher::look_at_day(std::vector<policy::Touched> touched,
                            std::shared_ptr<const NotificationSettings> settings) {
    const Instant day = touched.front().day;
    const auto watched = co_await watch(touched, parts_.clock.now());
    if (!watched) co_return fail(watched.error());
    const auto thresholds = co_await raise_thresholds(*watched, settings, day);
    if (!thresholds) co_return fail(thresholds.error());
    const auto spikes = co_await raise_spikes(*watched, settings, day);
    if (!spikes) co_return fail(spikes.error());
    // Last: whoever dies before leaves them for the next look.
    co_return co_await parts_.outbox.looked_at(std::move(touched));
}

Task<> Watcher::look() {
    const auto settings = parts_.settings();
    if (settings->webhooks.empty()) co_return Result<>{};
    const auto touched = co_await parts_.outbox.touched(most_at_once);
    if (!touched) co_return fail(touched.error());
    // What was settled late, or right before midnight, counts in a period that may be over.
    std::map<Instant, std::vector<policy::Touched>> days;
    for (const policy::Touched& each : *touched)
        days[each.day].push_back(each);
    for (const auto& [day, accounts] : days) {
        const auto looked = co_await look_at_day(accounts, settings);
        if (!looked) co_return fail(looked.error());
    }
    co_return Result<>{};
}

}  // namespace gatehouse::notify
