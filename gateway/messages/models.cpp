// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/models.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/audit.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"

namespace gatehouse::messages {
namespace {

namespace bj = boost::json;

using Models = std::span<const policy::Model* const>;

constexpr std::string_view list_path = "/v1/models";
constexpr std::size_t largest_page = 1'000;

bj::object to_json(const policy::Model& model) {
    bj::object object{
        {"type", "model"}, {"id", model.id}, {"display_name", model.display_name}, {"created_at", model.created_at}};
    if (!model.description.empty()) object["description"] = model.description;
    if (model.max_input_tokens > 0) object["max_input_tokens"] = model.max_input_tokens;
    return object;
}

Error malformed(std::string message) {
    return Error::bad_request(Reason::malformed_request, std::move(message));
}

Result<std::size_t> read_limit(const http::Form& query) {
    const auto written = query.find("limit");
    if (!written) return largest_page;
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(written->data(), written->data() + written->size(), limit);
    if (error != std::errc{} || end != written->data() + written->size() || limit < 1 || limit > largest_page)
        return fail(malformed("limit: must be a whole number from 1 to 1000"));
    return limit;
}

/// Where in the list the cursor stands; nothing when the query has none.
Result<std::optional<std::size_t>> read_cursor(const http::Form& query, std::string_view name, Models models) {
    const auto written = query.find(name);
    if (!written) return std::nullopt;
    const auto found =
        std::ranges::find(models, *written, [](const policy::Model* model) -> std::string_view { return model->id; });
    if (found == models.end()) return fail(malformed(std::string(name) + ": no model with this id"));
    return static_cast<std::size_t>(found - models.begin());
}

struct Page {
    Models models;
    bool has_more = false;
};

Result<Page> read_page(const http::Form& query, Models all) {
    const auto limit = read_limit(query);
    if (!limit) return fail(limit.error());
    const auto after = read_cursor(query, "after_id", all);
    if (!after) return fail(after.error());
    const auto before = read_cursor(query, "before_id", all);
    if (!before) return fail(before.error());
    if (*after && *before) return fail(malformed("after_id and before_id exclude each other"));
    if (*before) {
        const std::size_t size = std::min(*limit, **before);
        return Page{all.subspan(**before - size, size), size < **before};
    }
    const Models rest = all.subspan(*after ? **after + 1 : 0);
    return Page{rest.first(std::min(*limit, rest.size())), rest.size() > *limit};
}

}  // namespace

Result<http::Response> list_models(const policy::Rules& rules, const policy::Policy* policy, std::string_view query) {
    const std::vector<const policy::Model*> models = rules.models_for(policy);
    const auto page = read_page(http::Form::parse(query), models);
    if (!page) return fail(page.error());
    bj::array data;
    for (const policy::Model* model : page->models)
        data.push_back(to_json(*model));
    const bool empty = page->models.empty();
    return http::json(200, bj::object{{"data", std::move(data)},
                                      {"has_more", page->has_more},
                                      {"first_id", empty ? bj::value(nullptr) : bj::value(page->models.front()->id)},
                                      {"last_id", empty ? bj::value(nullptr) : bj::value(page->models.back()->id)}});
}

Result<http::Response> show_model(const policy::Rules& rules, const policy::Policy* policy,
                                  std::string_view encoded_id) {
    const auto id = http::percent_decode(encoded_id);
    const bool allowed =
        id && (policy == nullptr || !policy->available_models || policy::Rules::admits(*policy->available_models, *id));
    const policy::Model* model = allowed ? rules.resolve(*id) : nullptr;
    if (model == nullptr) return fail(Error::not_found(Reason::not_found, "no model with this id"));
    return http::json(200, to_json(*model));
}

void ModelsRoute::mount(http::Router& router) {
    for (const std::string& path : {std::string(list_path), std::string(list_path) + "/*"})
        router.add(
            {.method = "GET",
             .path = path,
             .handler = auth::guard_credential(parts_.authenticator, parts_.journal,
                                               [this](http::Request& request, const auth::IdentityPtr& identity) {
                                                   return handle(request, identity);
                                               }),
             .render = http::render_inference,
             .label = "models"});
}

Task<http::Response> ModelsRoute::handle(http::Request& request, const auth::IdentityPtr& identity) {
    const policy::RulesPtr rules = parts_.rules();
    const auth::Person& person = identity->person();
    const policy::Policy* policy = rules->policy_for({person.subject, person.email, person.groups});
    if (request.path == list_path) co_return list_models(*rules, policy, request.query());
    co_return show_model(*rules, policy, std::string_view(request.path).substr(list_path.size() + 1));
}

}  // namespace gatehouse::messages
