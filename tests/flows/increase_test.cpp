// SPDX-License-Identifier: Apache-2.0
// A blocked developer asks for more in the browser, an admin approves for a while, and the next prompt passes on every
// replica; the end of the grant needs nobody.
#include <gtest/gtest.h>

#include "gateway/base/timestamp.h"
#include "gateway/cli/credentials.h"
#include "tests/flows/two_gateways.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view write_key = "the-write-key-of-at-least-32-letters";
constexpr std::string_view requests = "/v1/organizations/spend_limit_increase_requests";

class IncreaseFlow : public TwoGatewaysFlow {
  protected:
    IncreaseFlow() {
        Config config = world_.config();
        config.more = "admin:\n  write_keys: [{ id: terraform, key: " + std::string(write_key) +
                      " }]\n  admin_groups: [admins]\n";
        serve(std::move(config));
        EXPECT_EQ(
            administer("POST", "/v1/organizations/spend_limits", R"({"scope":{"type":"organization"},"amount":"0"})")
                .status,
            200);
        EXPECT_TRUE(everywhere(429));
    }

    Answer administer(std::string_view method, std::string_view path, std::string_view body) const {
        return HttpConnection(one_->port())
            .ask(method, path, {{"x-api-key", write_key}, {"content-type", "application/json"}}, body);
    }
    /// Every shard of both replicas answers so: each follows by itself, and chance decides where a connection is.
    bool everywhere(int status) const {
        return eventually([&] {
            for (int count = 0; count < 8; ++count)
                for (const std::uint16_t port : {one_->port(), two_->port()})
                    if (post_messages(port, ada_).status != status) return false;
            return true;
        });
    }
    std::string open_request() const {
        const Answer list = administer("GET", std::string(requests) + "?status[]=pending", "");
        const auto body = json::parse(list.body);
        const auto& rows = body->at("data").as_array();
        return rows.size() == 1 ? std::string(*json::find_string(rows[0], "id")) : "not one: " + list.body;
    }
};

TEST_F(IncreaseFlow, ABlockedDeveloperAsksAndGoesOnForAsLongAsAnAdminSays) {
    Browser browser = world_.browse(two_->port(), "demo-ada");
    const std::string page = browser.get("/access").body;
    EXPECT_NE(page.find("$0.00 of $0.00</strong> monthly"), std::string::npos) << page;
    const std::string form =
        http::encode_form({{"reason", "the release is on Friday"}, {"amount", "25"}, {"period", ""}});
    ASSERT_EQ(browser.post("/access/increase", form).status, 302);
    EXPECT_EQ(browser.post("/access/increase", form).status, 409);
    EXPECT_NE(browser.get("/access").body.find("pending</strong> · monthly · the release is on Friday"),
              std::string::npos);

    const std::string id = open_request();
    const std::string path = std::string(requests) + "/" + id;
    const auto in = [](std::chrono::seconds span) { return to_timestamp(SystemClock().now() + span); };
    const std::string until = in(std::chrono::hours(1));
    EXPECT_EQ(HttpConnection(one_->port()).ask("POST", path + "/approve", ada_.bearer(), R"({"amount":"2500"})").status,
              401);
    const Answer approved =
        administer("POST", path + "/approve", R"({"amount":"2500","note":"good luck","expires_at":")" + until + "\"}");
    ASSERT_EQ(approved.status, 200) << approved.body;

    EXPECT_TRUE(everywhere(200));
    EXPECT_NE(browser.get("/access").body.find("Granted: $25.00 monthly until " + until + ". good luck"),
              std::string::npos);
    EXPECT_EQ(administer("POST", path + "/approve", R"({"amount":"9900"})").status, 409) << "decided already";
    EXPECT_EQ(administer("POST", path + "/deny", "").status, 400) << "as Anthropic's API";

    // Another one, which ends before long: it takes the first one's place and needs nobody to end.
    ASSERT_EQ(browser.post("/access/increase", http::encode_form({{"reason", "an hour more"}})).status, 302);
    const Answer brief = administer("POST", std::string(requests) + "/" + open_request() + "/approve",
                                    R"({"amount":"3000","expires_at":")" + in(std::chrono::seconds(3)) + "\"}");
    ASSERT_EQ(brief.status, 200) << brief.body;
    EXPECT_TRUE(everywhere(429));
}

TEST_F(IncreaseFlow, ADeveloperTakesTheirOwnRequestBackAndNobodyElseDoes) {
    Browser browser = world_.browse(one_->port(), "demo-ada");
    ASSERT_EQ(browser.post("/access/increase", http::encode_form({{"reason", "load tests"}})).status, 302);
    const std::string id = open_request();
    const std::string form = http::encode_form({{"request", id}});
    const Tokens carl = world_.sign_in(two_->port(), "demo-carl");
    const std::string path = "/v1/me/spend_limit_increase_requests/" + id + "/withdraw";
    EXPECT_EQ(HttpConnection(two_->port()).ask("POST", path, carl.bearer()).status, 404);
    EXPECT_EQ(world_.browse(two_->port(), "demo-carl").post("/access/increase/withdraw", form).status, 404);
    EXPECT_NE(browser.get("/access").body.find(id), std::string::npos);

    EXPECT_EQ(browser.post("/access/increase/withdraw", form).status, 302);

    EXPECT_NE(browser.get("/access").body.find("withdrawn</strong> · monthly · load tests"), std::string::npos);
    EXPECT_EQ(HttpConnection(two_->port()).ask("POST", path, ada_.bearer()).status, 409);
    EXPECT_EQ(administer("POST", std::string(requests) + "/" + id + "/approve", R"({"amount":"2500"})").status, 409);
    EXPECT_TRUE(everywhere(429));
    ASSERT_EQ(browser.post("/access/increase", http::encode_form({{"reason", "once more"}})).status, 302);
}

TEST_F(IncreaseFlow, AnAdminLearnsBeforehandThatAPoolWouldStillBlock) {
    ASSERT_EQ(administer("POST", "/v1/organizations/spend_limits",
                         R"({"scope":{"type":"group_pool","rbac_group_id":"engineering"},"amount":"0"})")
                  .status,
              200);
    const Answer asked = HttpConnection(one_->port())
                             .ask("POST", "/v1/me/spend_limit_increase_requests", ada_.bearer(),
                                  R"({"reason":"the release","amount":"2500"})");
    ASSERT_EQ(asked.status, 200) << asked.body;
    const std::string path = std::string(requests) + "/" + text_of(asked, "id");
    const auto blocking = [](const Answer& answer) {
        std::vector<std::string> found;
        const auto body = json::parse(answer.body);
        for (const auto& row : body->at("blocked_by").as_array())
            found.push_back(std::string(row.at("scope").at("type").as_string()) +
                            (row.at("lifted_by_approval").as_bool() ? " lifted" : " stays"));
        return found;
    };
    using Found = std::vector<std::string>;

    EXPECT_EQ(blocking(administer("GET", path, "")), (Found{"organization lifted", "group_pool stays"}));
    EXPECT_EQ(blocking(administer("POST", path + "/preview", R"({"amount":"2500"})")), Found{"group_pool stays"});

    const Answer approved = administer("POST", path + "/approve", R"({"amount":"2500"})");
    ASSERT_EQ(approved.status, 200) << approved.body;
    EXPECT_EQ(blocking(approved), Found{"group_pool stays"});
    EXPECT_EQ(post_messages(two_->port(), ada_).status, 429);
}

TEST_F(IncreaseFlow, ADeveloperAsksFromATerminal) {
    const std::string gateway = "http://127.0.0.1:" + std::to_string(two_->port());
    const Instant now = SystemClock().now();
    cli::Credentials signed_in;
    signed_in[gateway] = {.access_token = ada_.access,
                          .refresh_token = {},
                          .token_endpoint = gateway + "/oauth/token",
                          .revocation_endpoint = {},
                          .issued_at = now,
                          .expires_at = now + std::chrono::hours(1)};
    ASSERT_TRUE(cli::CredentialFile(world_.dir.file(".config/gatehouse")).save(signed_in));
    const auto run = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "request-increase");
        const auto process = world_.run(std::move(words));
        const int code = process->wait();
        return std::pair{code, process->out() + process->err()};
    };

    EXPECT_EQ(run({"--reason", "the release", "--amount", "0"}).first, 2) << "not more than now";
    const auto [code, said] = run({"--reason", "the release", "--amount", "25"});

    EXPECT_EQ(code, 0) << said;
    const std::string id = open_request();
    EXPECT_NE(said.find(id), std::string::npos) << said;
    EXPECT_NE(said.find(gateway + "/access"), std::string::npos) << said;
    EXPECT_EQ(text_of(administer("GET", std::string(requests) + "/" + id, ""), "requested_amount"), "2500");
    const auto [again, why] = run({"--reason", "the release"});
    EXPECT_EQ(again, 1);
    EXPECT_NE(why.find("still open"), std::string::npos) << why;
}

TEST_F(IncreaseFlow, ADeveloperSeesTheirOwnRequestsAlone) {
    const auto mine = [&](const Tokens& who) {
        return HttpConnection(two_->port()).get("/v1/me/spend_limit_increase_requests", who.bearer()).body;
    };
    const Answer asked = HttpConnection(one_->port())
                             .ask("POST", "/v1/me/spend_limit_increase_requests", ada_.bearer(),
                                  R"({"reason":"load tests","amount":"12345"})");
    ASSERT_EQ(asked.status, 200) << asked.body;
    const Tokens carl = world_.sign_in(two_->port(), "demo-carl");
    EXPECT_NE(mine(ada_).find("load tests"), std::string::npos);
    EXPECT_EQ(mine(carl), R"({"data":[],"next_page":null})");
    EXPECT_EQ(
        administer("POST", std::string(requests) + "/" + open_request() + "/deny", R"({"note":"next month"})").status,
        200);
    EXPECT_NE(mine(ada_).find(R"("note":"next month")"), std::string::npos);
    EXPECT_TRUE(everywhere(429));
}

}  // namespace
}  // namespace gatehouse::testing
