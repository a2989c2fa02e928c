// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/models.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "gateway/http/reply.h"
#include "tests/support/signed_in.h"

namespace gatehouse::messages {
namespace {

class ModelsList : public ::testing::Test {
  protected:
    ModelsList() {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.auto_include_builtin_models = false;
        for (const std::string_view id : {"a", "b", "c", "d", "claude-haiku-4-5"})
            spec.models.push_back({.id = std::string(id),
                                   .label = id == "a" ? "Model A" : "",
                                   .description = id == "a" ? "the first" : "",
                                   .upstream_model = {{"anthropic", "x"}}});
        spec.policies = {
            {.groups = {"few"}, .email_domain = {}, .cli = {{"availableModels", {"b", "claude-haiku-4-5"}}}},
            {.groups = {"none"}, .email_domain = {}, .cli = {{"availableModels", boost::json::array{}}}}};
        auto rules = policy::Rules::make(std::move(spec));
        EXPECT_TRUE(rules);
        if (rules) rules_ = *rules;
        route_.mount(router_);
    }

    static std::string ids(const Result<http::Response>& answer) {
        if (!answer) return answer.error().message;
        std::string result;
        const auto body = json::parse(answer->body);
        for (const auto& model : body->at("data").as_array())
            result += model.at("id").as_string().c_str() + std::string(" ");
        return result + (body->at("has_more").as_bool() ? "…" : "");
    }
    std::string page(std::string_view query) { return ids(list_models(*rules_, nullptr, query)); }
    std::string one(std::string_view path, std::string group = "other") {
        testing::SignedIn developer({"sub-1", "", "", {std::move(group)}});
        ModelsRoute route{{developer.authenticator, [this] { return rules_; }, developer.journal}};
        http::Router router;
        route.mount(router);
        const auto answer = developer.get(router, std::string(path));
        return answer ? answer->body
                      : std::string(http::inference_type(answer.error())) + ": " + answer.error().message;
    }

    policy::RulesPtr rules_;
    testing::SignedIn developer_{{"sub-1", "ada@example.com", "Ada", {"few"}}};
    http::Router router_;
    ModelsRoute route_{{developer_.authenticator, [this] { return rules_; }, developer_.journal}};
};

TEST_F(ModelsList, HasAnthropicsShapeAndTheCallersModelsOnly) {
    const auto answer = developer_.get(router_, "/v1/models");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.value("content-type"), "application/json;charset=utf-8");
    EXPECT_EQ(answer->body,
              R"({"data":[{"type":"model","id":"b","display_name":"b","created_at":"1970-01-01T00:00:00Z"},)"
              R"({"type":"model","id":"claude-haiku-4-5","display_name":"Claude Haiku 4.5",)"
              R"("created_at":"2025-10-15T00:00:00Z","max_input_tokens":200000}],)"
              R"("has_more":false,"first_id":"b","last_id":"claude-haiku-4-5"})");
}

TEST_F(ModelsList, IsEmptyForARoleThatMayUseNothing) {
    testing::SignedIn nobody({"sub-2", "", "", {"none"}});
    ModelsRoute route{{nobody.authenticator, [this] { return rules_; }, nobody.journal}};
    http::Router router;
    route.mount(router);
    const auto answer = nobody.get(router, "/v1/models");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
}

TEST_F(ModelsList, GivesEverythingWithoutALimit) {
    EXPECT_EQ(page("beta=true"), "a b c d claude-haiku-4-5 ");
}

TEST_F(ModelsList, PagesForwardsAndBackwards) {
    EXPECT_EQ(page("limit=2"), "a b …");
    EXPECT_EQ(page("limit=2&after_id=b"), "c d …");
    EXPECT_EQ(page("limit=2&after_id=d"), "claude-haiku-4-5 ");
    EXPECT_EQ(page("after_id=claude-haiku-4-5"), "");
    EXPECT_EQ(page("limit=2&before_id=d"), "b c …");
    EXPECT_EQ(page("limit=2&before_id=c"), "a b ");
    EXPECT_EQ(page("before_id=a"), "");
    EXPECT_EQ(page("limit=5"), "a b c d claude-haiku-4-5 ");
}

TEST_F(ModelsList, RefusesBadParametersByName) {
    for (const std::string_view limit : {"0", "1001", "-1", "x", "", "1.5", "99999999999999999999"})
        EXPECT_EQ(page("limit=" + std::string(limit)), "limit: must be a whole number from 1 to 1000") << limit;
    EXPECT_EQ(page("after_id=zz"), "after_id: no model with this id");
    EXPECT_EQ(page("before_id=zz"), "before_id: no model with this id");
    EXPECT_EQ(page("after_id=a&before_id=c"), "after_id and before_id exclude each other");
    const auto answer = developer_.get(router_, "/v1/models?limit=0");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::bad_request);
}

TEST_F(ModelsList, DoesNotTakeAModelThatTheCallerMayNotSeeAsACursor) {
    const auto answer = developer_.get(router_, "/v1/models?after_id=a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message, "after_id: no model with this id");
}

TEST_F(ModelsList, ShowsOneModelByAnySpelling) {
    const std::string haiku = R"({"type":"model","id":"claude-haiku-4-5","display_name":"Claude Haiku 4.5",)"
                              R"("created_at":"2025-10-15T00:00:00Z","max_input_tokens":200000})";
    EXPECT_EQ(one("/v1/models/claude-haiku-4-5-20251001"), haiku);
    EXPECT_EQ(one("/v1/models/claude-haiku-4-5%4020251001"), haiku);
    EXPECT_EQ(one("/v1/models/a"), R"({"type":"model","id":"a","display_name":"Model A",)"
                                   R"("created_at":"1970-01-01T00:00:00Z","description":"the first"})");
}

TEST_F(ModelsList, FindsNoModelThatIsUnknownOrNotAllowed) {
    for (const std::string_view path :
         {"/v1/models/zz", "/v1/models/", "/v1/models/a%zz", "/v1/models/a/b", "/v1/models/%"})
        EXPECT_EQ(one(path), "not_found_error: no model with this id") << path;
    EXPECT_EQ(one("/v1/models/a", "few"), "not_found_error: no model with this id");
}

TEST_F(ModelsList, RefusesACallerWithoutACredential) {
    for (const std::string path : {"/v1/models", "/v1/models/a"}) {
        const auto answer = developer_.get(router_, path, "");
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().fault, Fault::unauthenticated);
    }
    EXPECT_EQ(developer_.journal.events.size(), 2U);
}

}  // namespace
}  // namespace gatehouse::messages
