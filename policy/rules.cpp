// SPDX-License-Identifier: Apache-2.0
#include "policy/rules.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <unordered_map>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "policy/brake_document.h"
#include "policy/catalogue.h"
#include "policy/merge.h"
#include "policy/rules_check.h"

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

/// Lets string_view keys be looked up without making a string.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// One catalogue entry and what belongs to it.
struct Offer {
    Model model;
    bool listed = true;
    std::vector<std::optional<std::string>> upstream_ids;  ///< by upstream index
};

std::string domain_of(std::string_view email) {
    const std::size_t at = email.rfind('@');
    return at == std::string_view::npos ? std::string{} : to_lower(email.substr(at + 1));
}

std::string label_of(const PolicySpec& spec) {
    if (spec.is_base()) return "everyone";
    std::string label;
    for (const std::string& group : spec.groups) {
        if (&group != spec.groups.data()) label += ", ";
        label += group;
    }
    if (spec.email_domain.empty()) return label;
    return label.append(spec.groups.empty() ? "@" : " @").append(spec.email_domain);
}

Policy make_policy(bj::object settings, const RulesSpec& spec) {
    Policy policy;
    add_environment(settings, spec.telemetry_env);
    if (const bj::value* list = settings.if_contains("availableModels"); list != nullptr && list->is_array()) {
        policy.available_models.emplace();
        for (const bj::value& entry : list->get_array())
            policy.available_models->emplace_back(std::string_view(entry.get_string()));
    }
    policy.settings_text = json::to_canonical(settings);
    policy.checksum = "sha256:" + to_hex(sha256(policy.settings_text));
    policy.settings = std::move(settings);
    return policy;
}

Offer make_builtin(const Builtin& builtin, std::size_t upstreams) {
    Offer offer;
    offer.model = {.id = std::string(builtin.id),
                   .display_name = std::string(builtin.display_name),
                   .description = {},
                   .created_at = std::string(builtin.released),
                   .max_input_tokens = builtin.max_input_tokens,
                   .builtin = true};
    offer.listed = builtin.listed;
    offer.upstream_ids.assign(upstreams, std::string(builtin.id));
    return offer;
}

Offer make_custom(std::size_t upstreams) {
    Offer offer;
    offer.model.created_at = "1970-01-01T00:00:00Z";
    offer.upstream_ids.resize(upstreams);
    return offer;
}

bool same_letter(char left, char right) {
    return to_lower(left) == to_lower(right);
}

bool same_start(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && std::ranges::equal(text.substr(0, start.size()), start, same_letter);
}

bool is_family(std::string_view entry) {
    for (const std::string_view family : {"opus", "sonnet", "haiku", "fable"})
        if (entry.size() == family.size() && same_start(entry, family)) return true;
    return false;
}

bool is_word_break(char letter) {
    return letter == '-' || letter == '.' || letter == '@' || letter == ':' || letter == '/' || letter == '_';
}

/// Whether `word` stands in `text` between separators or its ends.
bool has_word(std::string_view text, std::string_view word) {
    for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
        const std::size_t after = at + word.size();
        if ((at == 0 || is_word_break(text[at - 1])) && (after == text.size() || is_word_break(text[after])) &&
            same_start(text.substr(at), word))
            return true;
    }
    return false;
}

/// Words that Claude Code resolves by itself: they admit nothing here, and that is no slip.
bool is_client_alias(std::string_view entry) {
    return entry == "default" || entry == "best" || entry == "opusplan";
}

std::string_view without_context_mark(std::string_view entry) {
    if (entry.ends_with("[1m]")) entry.remove_suffix(4);
    return entry;
}

}  // namespace

struct Rules::State {
    RulesSpec spec;
    std::vector<Offer> offers;         ///< configured ones first, then built-ins
    ByText<std::size_t> custom;        ///< lower-case custom id → offer
    std::vector<std::size_t> builtin;  ///< built-in index → offer, `none` when not offered
    std::vector<Policy> policies;      ///< as in the spec, merged
    ByText<std::vector<std::size_t>> by_group;
    std::vector<std::size_t> without_groups;  ///< policies that match on no group
    std::optional<Policy> telemetry_only;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    /// Index of the caller's policy, or `none`.
    std::size_t first_policy(const Subject& subject) const;
    void add_models();
    void add_configured(const ModelSpec& model);
    void add_policies();
    bool has_model_for(std::string_view entry) const;
    void notice_models(const PolicySpec& policy, const std::string& path, std::vector<Problem>& notices) const;
    bool admits_domain(std::size_t policy, const std::string& domain) const {
        const std::string& wanted = spec.policies[policy].email_domain;
        return wanted.empty() || wanted == domain;
    }
};

void Rules::State::add_configured(const ModelSpec& model) {
    const auto known = find_builtin(to_lower(model.id));
    Offer offer = known ? make_builtin(builtins()[*known], spec.upstreams.size()) : make_custom(spec.upstreams.size());
    offer.listed = true;
    offer.model.id = model.id;
    offer.model.description = model.description;
    if (!model.label.empty()) offer.model.display_name = model.label;
    if (offer.model.display_name.empty()) offer.model.display_name = model.id;
    for (const auto& [upstream, id] : model.upstream_model)
        for (std::size_t index = 0; index < spec.upstreams.size(); ++index)
            if (spec.upstreams[index].name == upstream) offer.upstream_ids[index] = id;
    if (known)
        builtin[*known] = offers.size();
    else
        custom.emplace(to_lower(model.id), offers.size());
    offers.push_back(std::move(offer));
}

void Rules::State::add_models() {
    builtin.assign(builtins().size(), none);
    for (const ModelSpec& model : spec.models)
        add_configured(model);
    if (!spec.auto_include_builtin_models) return;
    for (std::size_t index = 0; index < builtins().size(); ++index) {
        if (builtin[index] != none) continue;
        builtin[index] = offers.size();
        offers.push_back(make_builtin(builtins()[index], spec.upstreams.size()));
    }
}

void Rules::State::add_policies() {
    const auto base = std::ranges::find_if(spec.policies, &PolicySpec::is_base);
    for (std::size_t index = 0; index < spec.policies.size(); ++index) {
        const PolicySpec& policy = spec.policies[index];
        const bool layered = base != spec.policies.end() && !policy.is_base();
        policies.push_back(make_policy(layered ? merge_documents(base->cli, policy.cli) : policy.cli, spec));
        policies.back().label = label_of(policy);
        policies.back().name = "policies[" + std::to_string(index) + "]: " + policies.back().label;
        policies.back().groups = policy.groups;
        policies.back().limits = layered ? merge_limits(base->limits, policy.limits) : policy.limits;
        std::vector<Problem> none_left;  // find_problems has seen them all
        policies.back().brakes = read_brakes(policies.back().limits, "", none_left);
        for (const std::string& group : policy.groups)
            by_group[group].push_back(index);
        if (policy.groups.empty()) without_groups.push_back(index);
    }
    if (!spec.telemetry_env.empty()) telemetry_only = make_policy({}, spec);
}

std::expected<std::shared_ptr<const Rules>, std::vector<Problem>> Rules::make(RulesSpec spec) {
    normalize(spec);
    std::vector<Problem> problems = find_problems(spec);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    auto state = std::make_unique<State>();
    state->spec = std::move(spec);
    state->add_models();
    state->add_policies();
    return std::shared_ptr<const Rules>(new Rules(std::move(state)));
}

Rules::Rules(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rules::~Rules() = default;

std::size_t Rules::State::first_policy(const Subject& subject) const {
    const std::string domain = domain_of(subject.email);
    std::size_t first = none;
    const auto consider = [&](const std::vector<std::size_t>& candidates) {
        for (const std::size_t policy : candidates) {
            if (policy >= first) return;
            if (admits_domain(policy, domain)) first = policy;
        }
    };
    consider(without_groups);
    for (const std::string& group : subject.groups)
        if (const auto found = by_group.find(group); found != by_group.end()) consider(found->second);
    return first;
}

const Policy* Rules::policy_for(const Subject& subject) const {
    const std::size_t first = state_->first_policy(subject);
    return first == State::none ? nullptr : &state_->policies[first];
}

PolicyMatch Rules::match(const Subject& subject) const {
    PolicyMatch match;
    const std::size_t first = state_->first_policy(subject);
    if (first == State::none) return match;
    match.policy = &state_->policies[first];
    const PolicySpec& spec = state_->spec.policies[first];
    match.email_domain = spec.email_domain;
    const auto is_theirs = [&](const std::string& group) {
        return std::ranges::find(subject.groups, group) != subject.groups.end();
    };
    const auto named = std::ranges::find_if(spec.groups, is_theirs);
    if (named != spec.groups.end()) match.group = *named;
    return match;
}

const Policy* Rules::telemetry_only() const {
    return state_->telemetry_only ? &*state_->telemetry_only : nullptr;
}

bool Rules::managed_configured() const {
    return state_->spec.managed_configured;
}

std::vector<const Model*> Rules::models_for(const Policy* policy) const {
    std::vector<const Model*> result;
    for (const Offer& offer : state_->offers) {
        if (!offer.listed) continue;
        if (policy != nullptr && policy->available_models && !admits(*policy->available_models, offer.model.id))
            continue;
        result.push_back(&offer.model);
    }
    return result;
}

const Model* Rules::resolve(std::string_view asked) const {
    if (asked.size() > 512) return nullptr;
    const std::string spelling = to_lower(asked);
    if (const auto known = find_builtin(spelling)) {
        const std::size_t offer = state_->builtin[*known];
        return offer == State::none ? nullptr : &state_->offers[offer].model;
    }
    const auto found = state_->custom.find(spelling);
    return found == state_->custom.end() ? nullptr : &state_->offers[found->second].model;
}

bool Rules::admits(std::span<const std::string> available_models, std::string_view asked) {
    return std::ranges::any_of(available_models, [&](std::string_view entry) {
        if (is_family(entry)) return has_word(asked, entry);
        return same_start(asked, entry) && (asked.size() == entry.size() || asked[entry.size()] == '-');
    });
}

std::optional<std::string_view> Rules::upstream_id(const Model& model, std::size_t upstream) const {
    for (const Offer& offer : state_->offers) {
        if (&offer.model != &model) continue;
        if (upstream >= offer.upstream_ids.size()) return std::nullopt;
        return offer.upstream_ids[upstream];
    }
    return std::nullopt;
}

std::span<const UpstreamSpec> Rules::upstreams() const {
    return state_->spec.upstreams;
}

/// Whether this entry of an allow-list admits any spelling of any model of the catalogue.
bool Rules::State::has_model_for(std::string_view entry) const {
    const std::string spelling = to_lower(entry);
    if (const auto known = find_builtin(spelling); custom.contains(spelling) || (known && builtin[*known] != none))
        return true;
    const std::array<std::string, 1> list{std::string(entry)};
    const auto admitted = [&](std::string_view spelling) { return admits(list, spelling); };
    for (std::size_t index = 0; index < builtin.size(); ++index) {
        if (builtin[index] == none) continue;
        const Builtin& known = builtins()[index];
        if (admitted(known.id) || admitted(known.dateless) || admitted(known.bedrock) || admitted(known.vertex))
            return true;
    }
    return std::ranges::any_of(offers, [&](const Offer& offer) { return admitted(offer.model.id); });
}

void Rules::State::notice_models(const PolicySpec& policy, const std::string& path,
                                 std::vector<Problem>& notices) const {
    const bj::value* models = policy.cli.if_contains("availableModels");
    if (models == nullptr) return;
    const bj::array& list = models->get_array();
    const std::string here = path + ".cli.availableModels";
    if (list.empty()) notices.push_back({here, "is empty: every request of this role will be refused"});
    for (std::size_t index = 0; index < list.size(); ++index) {
        const std::string_view entry = without_context_mark(std::string_view(list[index].get_string()));
        if (!is_client_alias(entry) && !has_model_for(entry))
            notices.push_back({here + "[" + std::to_string(index) + "]", "admits no model that this gateway offers"});
    }
}

std::vector<Problem> Rules::notices() const {
    std::vector<Problem> notices;
    bool caught_all = false;
    for (std::size_t index = 0; index < state_->spec.policies.size(); ++index) {
        const PolicySpec& policy = state_->spec.policies[index];
        const std::string path = "policies[" + std::to_string(index) + "]";
        if (caught_all)
            notices.push_back({path,
                               "is never reached: a policy without a match stands before it and matches "
                               "everyone"});
        caught_all = caught_all || policy.is_base();
        state_->notice_models(policy, path, notices);
    }
    return notices;
}

}  // namespace gatehouse::policy
