// SPDX-License-Identifier: Apache-2.0
#include "policy/decision.h"

#include "policy/brake_document.h"

namespace gatehouse::policy {
namespace {

/// The client's own spelling, short enough for an error message.
std::string quote(std::string_view asked) {
    constexpr std::size_t longest = 200;
    if (asked.size() <= longest) return std::string(asked);
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(asked[end]) & 0xC0U) == 0x80U)
        --end;  // never split a UTF-8 sequence
    return std::string(asked.substr(0, end)) + "…";
}

Error not_in_policy(std::string_view asked) {
    return Error::bad_request(Reason::model_not_in_policy,
                              "model " + quote(asked) + " is not in your role's availableModels allowlist");
}

/// Once for each upstream, as the reference words it.
Error not_in_catalogue(std::string_view asked, std::size_t upstreams) {
    const std::string once = "model " + quote(asked) + " is not in the operator's model allowlist";
    std::string message = once;
    for (std::size_t more = 1; more < upstreams; ++more)
        message.append("; ").append(once);
    return Error::bad_request(Reason::model_not_in_catalogue, std::move(message));
}

}  // namespace

Result<Permit> decide(RulesPtr rules, const Subject& subject, std::string_view asked_model) {
    const Policy* policy = rules->policy_for(subject);
    if (policy != nullptr && policy->available_models && !Rules::admits(*policy->available_models, asked_model))
        return fail(not_in_policy(asked_model));

    const Model* model = rules->resolve(asked_model);
    if (model == nullptr) return fail(not_in_catalogue(asked_model, rules->upstreams().size()));

    Permit permit;
    permit.model = model;
    if (policy != nullptr) {
        permit.policy = policy->name;
        permit.policy_groups = policy->groups;
    }
    permit.brakes = brakes_for(rules, policy, subject);
    permit.candidates.reserve(rules->upstreams().size());
    for (std::size_t upstream = 0; upstream < rules->upstreams().size(); ++upstream)
        if (const auto id = rules->upstream_id(*model, upstream))
            permit.candidates.push_back({upstream, std::string(*id)});
    permit.rules = std::move(rules);
    return permit;
}

std::shared_ptr<const Brakes> brakes_for(const RulesPtr& rules, const Policy* policy, const Subject& subject) {
    if (subject.limits == nullptr || subject.limits->empty()) {
        if (policy == nullptr || policy->brakes.is_empty()) return nullptr;
        return {rules, &policy->brakes};
    }
    const auto limits = merge_limits(policy != nullptr ? policy->limits : boost::json::object{}, *subject.limits);
    std::vector<Problem> none_left;  // both were checked when they were written
    const auto brakes = std::make_shared<const Brakes>(read_brakes(limits, "", none_left));
    return brakes->is_empty() ? nullptr : brakes;
}

}  // namespace gatehouse::policy
