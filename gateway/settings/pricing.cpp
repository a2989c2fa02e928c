// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "gateway/base/text.h"
#include "gateway/settings/price_file.h"
#include "gateway/settings/sections.h"
#include "policy/catalogue.h"
#include "policy/price.h"

namespace gatehouse::settings {
namespace {

constexpr int million_places = 6;

bool is_upstream(const policy::RulesSpec& spec, std::string_view name) {
    return std::ranges::any_of(spec.upstreams, [&](const auto& upstream) { return upstream.name == name; });
}

/// Whether both rows would be asked about the same requests.
bool same_place(const policy::PriceOverride& left, const policy::PriceOverride& right) {
    if (left.upstream.empty() || left.upstream != right.upstream || left.model.empty()) return false;
    const auto builtin = policy::builtin_model(left.model);
    return to_lower(left.model) == to_lower(right.model) || (builtin && builtin == policy::builtin_model(right.model));
}

policy::PriceOverride read_override(Section& row, const policy::RulesSpec& spec) {
    policy::PriceOverride one;
    one.upstream = row.required_text("upstream").value_or("");
    if (!one.upstream.empty() && !is_upstream(spec, one.upstream))
        row.refuse("upstream", "names no upstream of this file");
    one.model = row.required_text("model").value_or("");
    one.rates.input = read_price(row, "input");
    one.rates.output = read_price(row, "output");
    one.rates.cache_read = read_price(row, "cache_read");
    one.rates.cache_write_5m = read_price(row, "cache_write");
    one.rates.cache_write_1h = one.rates.cache_write_5m;
    row.finish();
    return one;
}

std::vector<policy::PriceOverride> read_overrides(Section& pricing, const policy::RulesSpec& spec) {
    std::vector<policy::PriceOverride> overrides;
    for (Section& row : pricing.sections("overrides")) {
        // A row that is no mapping keeps its place, so that the others count as the file does.
        policy::PriceOverride one = row.present() ? read_override(row, spec) : policy::PriceOverride{};
        const auto earlier = std::ranges::find_if(overrides, [&](const auto& other) { return same_place(one, other); });
        if (earlier != overrides.end())
            row.refuse("model", "names the same model of the same upstream as overrides[" +
                                    std::to_string(earlier - overrides.begin()) + "]");
        overrides.push_back(std::move(one));
    }
    return overrides;
}

/// `line 12: models[3].input: …`
std::string in_file(const SettingsProblem& problem) {
    std::string text = problem.line > 0 ? "line " + std::to_string(problem.line) + ": " : "";
    if (!problem.path.empty()) text.append(problem.path).append(": ");
    return text.append(problem.message);
}

/// The built-in list unless a file replaces it.
policy::PriceList read_list(Section& pricing) {
    const auto path = pricing.text("file");
    if (!path) return policy::builtin_price_list();
    if (!path->starts_with('/')) {
        pricing.refuse("file", "must be an absolute path");
        return {};
    }
    errno = 0;
    std::ifstream stream(*path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (!stream.is_open() || stream.bad() || errno != 0) {
        pricing.refuse("file", std::string("cannot be read: ") + std::strerror(errno));
        return {};
    }
    Problems problems;
    policy::PriceList list = read_price_list(text, problems);
    for (const SettingsProblem& problem : problems.take())
        pricing.refuse("file", in_file(problem));
    return list;
}

/// What clients can ask for: the catalogue, retired models included.
std::vector<const policy::Model*> requestable(const policy::Rules& rules) {
    std::vector<const policy::Model*> models = rules.models_for(nullptr);
    for (const policy::Builtin& builtin : policy::builtins())
        if (const policy::Model* model = rules.resolve(builtin.id);
            model != nullptr && std::ranges::find(models, model) == models.end())
            models.push_back(model);
    return models;
}

/// Calls `visit` with each model at each upstream that serves it.
template <class Visit>
void each_route(const policy::Rules& rules, const Visit& visit) {
    for (const policy::Model* model : requestable(rules))
        for (std::size_t index = 0; index < rules.upstreams().size(); ++index)
            if (const auto id = rules.upstream_id(*model, index))
                visit(*model,
                      policy::PriceQuery{
                          .upstream = rules.upstreams()[index].name, .upstream_model = *id, .model = model->id});
}

bool is_used(const policy::PriceOverride& row, const policy::Rules& rules) {
    const policy::PriceBook alone(policy::PriceList{}, {row});
    bool used = false;
    each_route(rules, [&](const policy::Model&, const policy::PriceQuery& query) {
        used = used || alone.source(query) == policy::PriceSource::contract;
    });
    return used;
}

/// Where `models` maps the model to that upstream; empty for a built-in model that it does not mention.
std::string mapping_path(const YamlNode& root, const policy::PriceQuery& query) {
    const YamlNode* models = root.find("models");
    for (std::size_t index = 0; models != nullptr && index < models->items.size(); ++index) {
        const YamlNode* id = models->items[index].find("id");
        if (id != nullptr && id->text == query.model)
            return path_of(path_of(path_of("models", index), "upstream_model"), query.upstream);
    }
    return {};
}

std::string ids_of(const std::vector<const policy::Model*>& models) {
    std::string text;
    for (const policy::Model* model : models)
        text.append(text.empty() ? "" : ", ").append(model->id);
    return text;
}

}  // namespace

void read_pricing(Section& file, Settings& settings, const policy::RulesSpec& spec) {
    Section pricing = file.section("pricing");
    const auto multiplier = pricing.positive_decimal("multiplier", million_places, 10);
    std::vector<policy::PriceOverride> overrides = read_overrides(pricing, spec);
    settings.prices = std::make_shared<const policy::PriceBook>(read_list(pricing), std::move(overrides),
                                                                multiplier.value_or(policy::PriceBook::whole));
    if (pricing.present() && !settings.admin.enabled)
        pricing.refuse("", "needs an admin block: without one nothing is billed");
    pricing.finish();
}

std::vector<SettingsProblem> find_pricing_notices(const Settings& settings, const YamlNode& root) {
    std::vector<SettingsProblem> notices;
    const auto add = [&](const std::string& path, std::string message) {
        notices.push_back({line_of(root, path), path, std::move(message)});
    };
    if (!settings.admin.enabled) return notices;
    const policy::PriceBook& book = *settings.prices;
    if (book.multiplier() > policy::PriceBook::whole)
        add("pricing.multiplier", "is above 1: every request counts for more than its price");
    for (std::size_t index = 0; index < book.overrides().size(); ++index)
        if (!is_used(book.overrides()[index], *settings.rules))
            add(path_of("pricing.overrides", index),
                "is of no use: no model that this upstream serves is priced by it");
    std::vector<const policy::Model*> unlisted;
    each_route(*settings.rules, [&](const policy::Model& model, const policy::PriceQuery& query) {
        if (book.source(query) != policy::PriceSource::unknown) return;
        const std::string path = mapping_path(root, query);
        if (!path.empty())
            add(path, "has no price: billed at the rates for unknown models until pricing.overrides has a row for it");
        else if (unlisted.empty() || unlisted.back() != &model)
            unlisted.push_back(&model);
    });
    if (!unlisted.empty())
        add("pricing.file", "has no price for " + ids_of(unlisted) + ": billed at the rates for unknown models");
    return notices;
}

}  // namespace gatehouse::settings
