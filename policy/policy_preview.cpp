// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_preview.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

std::set<std::string_view> models_of(const Rules& rules, const Policy* policy) {
    std::set<std::string_view> ids;
    for (const Model* model : rules.models_for(policy))
        ids.insert(model->id);
    return ids;
}

std::vector<std::string> missing_in(const std::set<std::string_view>& there, const std::set<std::string_view>& from) {
    std::vector<std::string> result;
    for (const std::string_view id : from)
        if (!there.contains(id)) result.emplace_back(id);
    return result;
}

const bj::object& settings_of(const Rules& rules, const Policy* policy) {
    static const bj::object none;
    if (policy == nullptr) policy = rules.telemetry_only();
    return policy == nullptr ? none : policy->settings;
}

const bj::object& limits_of(const Policy* policy) {
    static const bj::object none;
    return policy == nullptr ? none : policy->limits;
}

std::vector<std::string> changed_keys(const bj::object& before, const bj::object& after) {
    std::set<std::string> keys;
    for (const auto& member : before) {
        const bj::value* other = after.if_contains(member.key());
        if (other == nullptr || *other != member.value()) keys.emplace(member.key());
    }
    for (const auto& member : after)
        if (!before.contains(member.key())) keys.emplace(member.key());
    return {keys.begin(), keys.end()};
}

PolicyEffect compare(const Rules& before, const Policy* from, const Rules& after, const Policy* to) {
    PolicyEffect effect;
    if (from != nullptr) effect.policy_before = from->name;
    if (to != nullptr) effect.policy_after = to->name;
    effect.policy_changed = (from == nullptr ? "" : from->label) != (to == nullptr ? "" : to->label);
    const auto had = models_of(before, from);
    const auto has = models_of(after, to);
    effect.models_gained = missing_in(had, has);
    effect.models_lost = missing_in(has, had);
    effect.settings_changed = changed_keys(settings_of(before, from), settings_of(after, to));
    effect.limits_changed = changed_keys(limits_of(from), limits_of(to));
    return effect;
}

bool is_nothing(const PolicyEffect& effect) {
    return !effect.policy_changed && effect.models_gained.empty() && effect.models_lost.empty() &&
           effect.settings_changed.empty() && effect.limits_changed.empty();
}

}  // namespace

std::vector<PolicyEffect> preview(const Rules& before, const Rules& after, std::span<const Principal> people) {
    std::vector<PolicyEffect> effects;
    // What changes depends on the two policies alone, and thousands of people share a few.
    std::map<std::pair<const Policy*, const Policy*>, PolicyEffect> known;
    for (const Principal& person : people) {
        const Subject subject{person.id, person.email, person.groups};
        const Policy* from = before.policy_for(subject);
        const Policy* to = after.policy_for(subject);
        auto found = known.find({from, to});
        if (found == known.end()) found = known.emplace(std::pair{from, to}, compare(before, from, after, to)).first;
        if (is_nothing(found->second)) continue;
        effects.push_back(found->second);
        effects.back().who = person;
    }
    return effects;
}

}  // namespace gatehouse::policy
