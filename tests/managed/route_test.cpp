// SPDX-License-Identifier: Apache-2.0
#include "gateway/managed/route.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "gateway/http/reply.h"
#include "tests/support/signed_in.h"

namespace gatehouse::managed {
namespace {

policy::PolicySpec policy_of(std::vector<std::string> groups, std::string_view cli) {
    return {.groups = std::move(groups), .email_domain = {}, .cli = json::parse(cli)->as_object()};
}

class Managed : public ::testing::Test {
  protected:
    Managed() { route_.mount(router_); }

    void given_rules(std::vector<policy::PolicySpec> policies, bool telemetry = false) {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.managed_configured = !policies.empty();
        spec.policies = std::move(policies);
        if (telemetry) spec.telemetry_env = {{"CLAUDE_CODE_ENABLE_TELEMETRY", "1"}};
        auto rules = policy::Rules::make(std::move(spec));
        ASSERT_TRUE(rules);
        rules_ = *rules;
    }
    http::Response get(http::Headers headers = {}) {
        auto answer = developer_.get(router_, "/managed/settings", testing::SignedIn::credential, std::move(headers));
        EXPECT_TRUE(answer);
        return answer ? std::move(*answer) : http::Response{};
    }

    testing::SignedIn developer_{{"sub-1", "ada@example.com", "Ada", {"engineering"}}};
    policy::RulesPtr rules_;
    http::Router router_;
    ManagedRoute route_{{developer_.authenticator, [this] { return rules_; }, developer_.journal}};
};

TEST_F(Managed, ServesTheCallersPolicyMergedOverTheBase) {
    given_rules({policy_of({"engineering"}, R"({"model":"opus"})"), policy_of({}, R"({"env":{"A":"1"}})")});

    const http::Response answer = get();

    EXPECT_EQ(answer.status, 200);
    const std::string checksum(*json::find_string(*json::parse(answer.body), "checksum"));
    EXPECT_EQ(answer.body, R"({"uuid":")" + checksum + R"(","checksum":")" + checksum +
                               R"(","settings":{"env":{"A":"1"},"model":"opus"}})");
    EXPECT_EQ(checksum, "sha256:" + to_hex(sha256(R"({"env":{"A":"1"},"model":"opus"})")));
    EXPECT_EQ(answer.headers.value("etag"), "\"" + checksum + "\"");
    EXPECT_EQ(answer.headers.value("vary"), "User-Agent");
    EXPECT_EQ(answer.headers.value("content-type"), "application/json;charset=utf-8");
    EXPECT_EQ(answer.headers.value("x-cc-gateway-version"), GATEHOUSE_VERSION);
    EXPECT_FALSE(answer.headers.find("cache-control"));
}

TEST_F(Managed, ServesAnEmptyPolicyAsAnEmptyDocument) {
    given_rules({policy_of({}, "{}")});
    EXPECT_NE(get().body.find(R"("settings":{}})"), std::string::npos);
}

TEST_F(Managed, AnswersNotModifiedToExactlyItsOwnTag) {
    given_rules({policy_of({}, R"({"model":"opus"})")});
    const std::string tag(get().headers.value("etag"));

    const http::Response same = get({{"If-None-Match", tag}});

    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, "");
    EXPECT_FALSE(same.headers.find("etag"));
    EXPECT_FALSE(same.headers.find("content-type"));
    EXPECT_FALSE(same.headers.find("cache-control"));
    EXPECT_EQ(same.headers.value("vary"), "User-Agent");
    EXPECT_EQ(same.headers.value("x-cc-gateway-version"), GATEHOUSE_VERSION);
    for (const std::string& other :
         {std::string("*"), "W/" + tag, tag + ", \"x\"", tag.substr(1, tag.size() - 2), std::string("\"sha256:0\"")})
        EXPECT_EQ(get({{"If-None-Match", other}}).status, 200) << other;
}

TEST_F(Managed, TellsNoPolicyFromNoConfiguration) {
    given_rules({policy_of({"others"}, "{}")});
    const http::Response unmatched = get();
    given_rules({});
    const http::Response unconfigured = get();

    EXPECT_EQ(unmatched.status, 404);
    EXPECT_EQ(unmatched.body, "no policy matched");
    EXPECT_EQ(unconfigured.status, 404);
    EXPECT_EQ(unconfigured.body, "not configured");
    for (const http::Response& answer : {unmatched, unconfigured}) {
        EXPECT_EQ(answer.headers.value("cache-control"), "no-store");
        EXPECT_EQ(answer.headers.value("content-type"), "text/plain;charset=utf-8");
        EXPECT_EQ(answer.headers.value("x-cc-gateway-version"), GATEHOUSE_VERSION);
    }
}

TEST_F(Managed, PushesTelemetryToThoseWithoutAPolicy) {
    given_rules({}, true);
    const http::Response answer = get();
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find(R"("settings":{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1"}}})"), std::string::npos);
}

TEST_F(Managed, FollowsAReload) {
    given_rules({policy_of({}, R"({"model":"opus"})")});
    const std::string before(get().headers.value("etag"));
    given_rules({policy_of({}, R"({"model":"haiku"})")});
    EXPECT_EQ(get({{"If-None-Match", before}}).status, 200);
}

TEST_F(Managed, RefusesAndAuditsACallerWithoutAGoodCredential) {
    given_rules({policy_of({}, "{}")});
    for (const std::string_view token : {"", "wrong"}) {
        const auto answer = developer_.get(router_, "/managed/settings", token);
        ASSERT_FALSE(answer) << token;
        EXPECT_EQ(answer.error().fault, Fault::unauthenticated);
    }
    ASSERT_EQ(developer_.journal.events.size(), 2U);
    EXPECT_EQ(developer_.journal.events[0].name, "auth.denied");
}

}  // namespace
}  // namespace gatehouse::managed
