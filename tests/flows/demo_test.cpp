// SPDX-License-Identifier: Apache-2.0
// `gatehouse demo`: what its banner promises.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

/// Three ports in a row, as the demo wants them.
struct PortsInARow {
    std::unique_ptr<ReservedPort> first, second, third;

    PortsInARow() {
        for (int tries = 0; tries < 100; ++tries) {
            try {
                first = std::make_unique<ReservedPort>();
                second = std::make_unique<ReservedPort>(static_cast<std::uint16_t>(first->port() + 1));
                third = std::make_unique<ReservedPort>(static_cast<std::uint16_t>(first->port() + 2));
                return;
            } catch (const std::runtime_error&) {
                continue;
            }
        }
        throw std::runtime_error("no three free ports in a row");
    }
};

class DemoFlow : public ::testing::Test {
  protected:
    std::unique_ptr<GatehouseProcess> start(const std::vector<std::string>& more = {}) {
        std::vector<std::string> words{"demo", "--port", std::to_string(port()), "--dir", dir_.file("demo")};
        words.insert(words.end(), more.begin(), more.end());
        auto demo = std::make_unique<GatehouseProcess>(
            words, std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                            "HOME=" + dir_.path()});
        demo->line_with(ChildProcess::Stream::out, "Gatehouse demo is ready at " + url());
        return demo;
    }
    std::uint16_t port() const { return ports_.first->port(); }
    std::string url() const { return ports_.first->url(); }
    Tokens sign_in(std::string_view person) {
        HttpConnection terminal(port());
        const Answer begun = terminal.ask("POST", "/oauth/device_authorization");
        Browser browser(port(), url());
        const Answer approved =
            browser.post("/device", http::encode_form({{"user_code", text_of(begun, "user_code")}}));
        EXPECT_EQ(browser.sign_in_at(ports_.second->port(), approved, person).status, 200);
        const Answer answer =
            terminal.ask("POST", "/oauth/token", {},
                         http::encode_form({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                            {"device_code", text_of(begun, "device_code")}}));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return {text_of(answer, "access_token"), text_of(answer, "refresh_token")};
    }

    boost::json::value get(const Tokens& who, const std::string& path) {
        const Answer answer = HttpConnection(port()).get(path, who.bearer());
        EXPECT_EQ(answer.status, 200) << path << answer.body;
        return json::parse(answer.body).value_or(nullptr);
    }
    std::int64_t requests_of_last_month(const Tokens& who) {
        return get(who, "/v1/organizations/spend_summary").at("last_month").at("requests").as_int64();
    }

    TemporaryDir dir_;
    PortsInARow ports_;
};

TEST_F(DemoFlow, GivesThreePeopleWhatItSaysThatTheyMayUse) {
    const auto demo = start();
    struct Case {
        const char* person;
        std::vector<const char*> may;
        std::vector<const char*> may_not;
    };
    const std::vector<Case> cases{
        {"demo-ada", {"claude-sonnet-5", "claude-opus-5", "claude-haiku-4-5"}, {}},
        {"demo-carl", {"claude-haiku-4-5"}, {"claude-sonnet-5", "claude-opus-5"}},
        {"demo-fiona", {"claude-sonnet-5", "claude-haiku-4-5"}, {"claude-opus-5"}},
    };
    for (const Case& each : cases) {
        const Tokens tokens = sign_in(each.person);
        for (const char* model : each.may) {
            const Answer answer = post_messages(port(), tokens, ask_for(model));
            EXPECT_EQ(answer.status, 200) << each.person << " " << model;
            EXPECT_NE(answer.body.find("event: message_stop"), std::string::npos) << answer.body;
        }
        for (const char* model : each.may_not)
            EXPECT_EQ(post_messages(port(), tokens, ask_for(model)).status, 400) << each.person << " " << model;
    }
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

TEST_F(DemoFlow, KeepsASessionWhenItIsStartedAgain) {
    Tokens ada;
    {
        const auto demo = start();
        ada = sign_in("demo-ada");
        demo->signal(SIGKILL);
        demo->wait();
    }
    const auto demo = start();

    EXPECT_EQ(post_messages(port(), ada).status, 200);
    const Answer refreshed = HttpConnection(port()).ask(
        "POST", "/oauth/token", {},
        http::encode_form({{"grant_type", "refresh_token"}, {"refresh_token", ada.refresh}}));
    EXPECT_EQ(refreshed.status, 200) << refreshed.body;
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

TEST_F(DemoFlow, SaysThatItRunsAlreadyAndDoesTheOtherNoHarm) {
    const auto demo = start();
    const Tokens ada = sign_in("demo-ada");

    GatehouseProcess second({"demo", "--port", std::to_string(port()), "--dir", dir_.file("demo")},
                            {"PATH=/usr/bin:/bin", "HOME=" + dir_.path()});

    EXPECT_EQ(second.wait(), 1);
    EXPECT_NE(second.err().find("another gateway (process " + std::to_string(demo->pid())), std::string::npos)
        << second.err();
    for (int count = 0; count < 20; ++count)
        EXPECT_EQ(HttpConnection(port()).get("/v1/models", ada.bearer()).status, 200);
    EXPECT_EQ(post_messages(port(), ada).status, 200);
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

TEST_F(DemoFlow, BeginsWithUsageThatItSaysIsASample) {
    const auto demo = start();
    const Tokens fiona = sign_in("demo-fiona");

    EXPECT_TRUE(get(fiona, "/v1/me").at("gateway").at("sample").as_bool());
    EXPECT_GT(requests_of_last_month(fiona), 500);
    EXPECT_EQ(get(fiona, "/v1/organizations/spend_limits/pools").at("data").as_array().size(), 2U);
    EXPECT_EQ(get(fiona, "/v1/organizations/service_keys").at("data").as_array().size(), 1U);
    const auto waiting = get(fiona, "/v1/organizations/spend_limit_increase_requests?status[]=pending");
    ASSERT_EQ(waiting.at("data").as_array().size(), 1U);
    EXPECT_EQ(waiting.at("data").at(0).at("actor").at("user_id"), "sample-noah");
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

TEST_F(DemoFlow, AddsASampleOnceHoweverOftenItStarts) {
    std::int64_t before = 0;
    {
        const auto demo = start();
        before = requests_of_last_month(sign_in("demo-fiona"));
        EXPECT_EQ(demo->terminate(), 0) << demo->err();
    }
    const auto demo = start();
    const Tokens fiona = sign_in("demo-fiona");

    EXPECT_EQ(requests_of_last_month(fiona), before);
    EXPECT_EQ(get(fiona, "/v1/organizations/service_keys").at("data").as_array().size(), 1U);
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

TEST_F(DemoFlow, BeginsEmptyWithoutASample) {
    const auto demo = start({"--no-sample"});
    const Tokens fiona = sign_in("demo-fiona");

    EXPECT_FALSE(get(fiona, "/v1/me").at("gateway").at("sample").as_bool());
    EXPECT_EQ(requests_of_last_month(fiona), 0);
    EXPECT_TRUE(get(fiona, "/v1/organizations/spend_limits").at("data").as_array().empty());
    EXPECT_EQ(demo->terminate(), 0) << demo->err();
}

}  // namespace
}  // namespace gatehouse::testing
