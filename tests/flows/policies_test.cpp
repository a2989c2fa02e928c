// SPDX-License-Identifier: Apache-2.0
// Policies that admins change while gateways run: two replicas that share one Redis and `managed.source: store`.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "gateway/store/redis_records.h"
#include "policy/policy_document.h"
#include "policy/policy_version.h"
#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view policies_path = "/v1/organizations/policies";
constexpr std::string_view admin_key = "the-admin-key-of-thirty-two-characters";
constexpr std::string_view sonnet_alone = R"({"policies":[{"match":{},"cli":{"availableModels":["sonnet"]}}])";
constexpr std::string_view haiku_alone = R"({"policies":[{"match":{},"cli":{"availableModels":["haiku"]}}])";

http::Headers admin_headers(std::string_view if_match = {}) {
    http::Headers headers{{"x-api-key", std::string(admin_key)}};
    if (!if_match.empty()) headers.add("if-match", std::string(if_match));
    return headers;
}

Answer put_policies(std::uint16_t gateway, std::string_view policies, std::string_view if_match,
                    std::string_view query = {}) {
    const std::string body = std::string(policies).append(R"(,"reason":"a reason"})");
    return HttpConnection(gateway).ask("PUT", std::string(policies_path).append(query), admin_headers(if_match), body);
}

Answer get_policies(std::uint16_t gateway) {
    return HttpConnection(gateway).get(policies_path, admin_headers());
}

long long number_of(const Answer& answer, std::string_view member) {
    const auto value = json::parse(answer.body);
    return value ? json::find_integer(*value, member).value_or(-1) : -1;
}

class PoliciesFlow : public ::testing::Test {
  protected:
    PoliciesFlow() {
        config_ = world_.config();
        config_.store = redis_.section();
        config_.managed = "  source: store\n";
        config_.policies = "    - cli: { availableModels: [sonnet, haiku] }\n";
        config_.more = "admin:\n  write_keys: [{ id: terraform, key: " + std::string(admin_key) + " }]\n";
    }
    ~PoliciesFlow() override {
        for (auto& gateway : gateways_)
            if (gateway) EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
    }

    void given_replicas() {
        for (std::size_t index = 0; index < gateways_.size(); ++index) {
            files_[index] = std::to_string(index) + ".yaml";
            gateways_[index] = world_.serve(config_, files_[index]);
        }
        ada_ = world_.sign_in(one(), "demo-ada");
    }
    void restart_first() {
        EXPECT_EQ(gateways_[0]->terminate(), 0) << gateways_[0]->err();
        gateways_[0] = world_.serve(config_, files_[0]);
    }
    std::uint16_t one() { return gateways_[0]->port(); }
    std::uint16_t two() { return gateways_[1]->port(); }
    int ask_for_model(std::uint16_t gateway, std::string_view model) {
        return post_messages(gateway, ada_, ask_for(model)).status;
    }
    /// The line with `outcome` that the gateway writes when it reads its file again.
    std::string reload(std::size_t index, std::string_view outcome = "configuration reloaded") {
        const std::size_t before = gateways_[index]->err().size();
        gateways_[index]->signal(SIGHUP);
        return gateways_[index]->line_with(ChildProcess::Stream::err, outcome, before);
    }
    /// A version as a replica could have written it that knows more than these.
    void given_version_of_the_future(std::int64_t number) {
        boost::asio::io_context context(1);
        store::RedisSettings settings;
        settings.socket = redis_.socket();
        store::RedisClient redis(context.get_executor(), settings);
        store::RedisRecords records(redis);
        policy::PolicyVersion version;
        version.number = number;
        version.base = number - 1;
        version.document = json::parse(R"({"policies":[{"match":{},"cli":{"inTheFuture":1}}]})")->as_object();
        std::vector<policy::RecordWrite> writes(2);
        writes[0] = {.kind = std::string(policy::version_record_kind),
                     .id = policy::version_id(number),
                     .document = policy::to_record(version),
                     .expected = {},
                     .audit = {}};
        writes[1] = {.kind = std::string(policy::current_record_kind),
                     .id = std::string(policy::current_record_id),
                     .document = std::to_string(number),
                     .expected = {},
                     .audit = {}};
        const auto written = testing::run(context, records.write(std::move(writes)));
        ASSERT_TRUE(written) << describe(written.error());
    }

    World world_;
    SharedRedis redis_;
    Config config_;
    std::array<std::string, 2> files_;
    std::array<std::unique_ptr<GatehouseProcess>, 2> gateways_;
    Tokens ada_;
};

TEST_F(PoliciesFlow, ChangedAtOneReplicaHoldAtTheOtherWithinASecond) {
    given_replicas();
    EXPECT_EQ(ask_for_model(two(), "claude-haiku-4-5"), 200);
    HttpConnection kept(two());
    EXPECT_EQ(kept.get("/v1/models", ada_.bearer()).status, 200);

    // A gateway asks for policies by itself at no time at all: the feed has to tell it. How long that took is in the
    // test's report, for machines differ.
    constexpr std::chrono::seconds patience{20};
    const auto began = std::chrono::steady_clock::now();
    const Answer changed = put_policies(one(), sonnet_alone, "\"v1\"");

    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(number_of(changed, "in_force_version"), 2);
    EXPECT_EQ(ask_for_model(one(), "claude-haiku-4-5"), 400) << "at once where it was written";
    EXPECT_TRUE(eventually([&] { return ask_for_model(two(), "claude-haiku-4-5") == 400; }, patience));
    const auto took = std::chrono::steady_clock::now() - began;
    RecordProperty("microseconds_until_in_force",
                   std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    EXPECT_EQ(kept.get("/v1/models", ada_.bearer()).body.find("haiku"), std::string::npos);
    EXPECT_NE(kept.get("/managed/settings", ada_.bearer()).body.find(R"("availableModels":["sonnet"])"),
              std::string::npos);
    EXPECT_NE(HttpConnection(two()).get("/metrics").body.find("gatehouse_policy_version 2\n"), std::string::npos);
}

TEST_F(PoliciesFlow, BeginWithTheFilesAsVersionOneWhicheverReplicaIsFirst) {
    given_replicas();
    const Answer shown = get_policies(two());
    EXPECT_EQ(shown.header("etag"), "\"v1\"");
    EXPECT_EQ(text_of(shown, "author"), "gateway.yaml");
    EXPECT_EQ(number_of(shown, "in_force_version"), 1);
    EXPECT_EQ(HttpConnection(one()).get("/v1/organizations/policies/versions/2", admin_headers()).status, 404);
}

TEST_F(PoliciesFlow, LeaveARequestThatStreamsItsOwnVersion) {
    given_replicas();
    world_.upstream.next(Script::stream().chunk(answer_events()[0]).pause().chunk(answer_events().back()).end());
    HttpConnection client(one());
    client.send("POST", "/v1/messages", ada_.bearer(), ask_for("claude-sonnet-5"));
    client.read_head();
    client.read_chunks_until("message_start");

    ASSERT_EQ(put_policies(one(), haiku_alone, "\"v1\"").status, 200);
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 400);
    world_.upstream.resume();

    EXPECT_EQ(client.read_chunks_to_end(), answer_events().back());
    EXPECT_EQ(client.ask("POST", "/v1/messages", ada_.bearer(), ask_for("claude-sonnet-5")).status, 400)
        << "the next one on the same connection is under the new version";
}

TEST_F(PoliciesFlow, GoBackInOneCall) {
    given_replicas();
    ASSERT_EQ(put_policies(one(), haiku_alone, "\"v1\"").status, 200);
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 400);

    const Answer back = HttpConnection(two()).ask("POST", std::string(policies_path) + "/rollback",
                                                  admin_headers("\"v2\""), R"({"version":1,"reason":"too early"})");

    ASSERT_EQ(back.status, 200) << back.body;
    EXPECT_EQ(number_of(back, "version"), 3);
    EXPECT_EQ(ask_for_model(two(), "claude-sonnet-5"), 200);
    EXPECT_TRUE(eventually([&] { return ask_for_model(one(), "claude-sonnet-5") == 200; }));
    const Answer versions = HttpConnection(one()).get("/v1/organizations/policies/versions", admin_headers());
    EXPECT_NE(versions.body.find("too early"), std::string::npos) << versions.body;
}

TEST_F(PoliciesFlow, LetTwoEditorsOfOneVersionNotBothWin) {
    given_replicas();
    ASSERT_EQ(put_policies(one(), haiku_alone, "\"v1\"").status, 200);

    const Answer second = put_policies(two(), sonnet_alone, "\"v1\"");

    EXPECT_EQ(second.status, 412);
    EXPECT_EQ(second.header("content-type"), "application/json;charset=utf-8");
    EXPECT_NE(second.body.find("the policies are at version 2, not at 1"), std::string::npos) << second.body;
}

TEST_F(PoliciesFlow, SayInADryRunWhoWouldBeTouchedAndChangeNothing) {
    given_replicas();
    const Answer preview = put_policies(one(), haiku_alone, "", "?dry_run=true");
    EXPECT_EQ(preview.status, 200) << preview.body;
    EXPECT_EQ(text_of(preview, "type"), "policy_preview");
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 200);
    EXPECT_EQ(get_policies(one()).header("etag"), "\"v1\"");
}

TEST_F(PoliciesFlow, OutliveARestartAndAreNotTheFilesAgain) {
    given_replicas();
    ASSERT_EQ(put_policies(one(), haiku_alone, "\"v1\"").status, 200);

    restart_first();

    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 400) << "from the first request on";
    EXPECT_EQ(ask_for_model(one(), "claude-haiku-4-5"), 200);
    EXPECT_EQ(number_of(get_policies(one()), "in_force_version"), 2);
}

TEST_F(PoliciesFlow, GoOnWithAFileThatLostAModelAndSayWhichEntryAdmitsNothing) {
    const std::string model = "models: [{ id: ours, upstream_model: { anthropic: theirs } }]\n";
    const std::string admin = config_.more;
    config_.more = admin + model;
    given_replicas();
    const std::string_view with_ours = R"({"policies":[{"match":{},"cli":{"availableModels":["sonnet","ours"]}}])";
    ASSERT_EQ(put_policies(one(), with_ours, "\"v1\"").status, 200);
    EXPECT_EQ(ask_for_model(one(), "ours"), 200);
    config_.more = admin;
    world_.write(config_, files_[0]);

    const std::size_t before = gateways_[0]->err().size();
    reload(0);

    EXPECT_EQ(ask_for_model(one(), "ours"), 400);
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 200);
    EXPECT_EQ(ask_for_model(one(), "claude-haiku-4-5"), 400) << "the stored version, not the file's policies";
    const auto odd = ChildProcess::lines_with(gateways_[0]->err().substr(before), "odd in the policies");
    ASSERT_EQ(odd.size(), 1U);
    EXPECT_NE(odd[0].find("policies[0].cli.availableModels[1]"), std::string::npos) << odd[0];
    EXPECT_EQ(ask_for_model(two(), "ours"), 200) << "whose file still has it";
}

TEST_F(PoliciesFlow, StayAsTheyAreWhenAVersionDoesNotFitAndNameItsFaults) {
    given_replicas();
    const std::size_t before = gateways_[0]->err().size();

    given_version_of_the_future(2);

    const std::string line =
        gateways_[0]->line_with(ChildProcess::Stream::err, "the running ones stay in force", before);
    EXPECT_NE(line.find("policy version 2 does not fit this configuration: policies[0].cli.inTheFuture: "),
              std::string::npos)
        << line;
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 200);
    const Answer shown = get_policies(one());
    EXPECT_EQ(number_of(shown, "version"), 2);
    EXPECT_EQ(number_of(shown, "in_force_version"), 1);
    EXPECT_NE(HttpConnection(one()).get("/metrics").body.find("gatehouse_policy_loads_total{result=\"refused\"} 1"),
              std::string::npos);
    reload(0);
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 200);

    ASSERT_EQ(put_policies(one(), haiku_alone, "\"v2\"").status, 200);

    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 400);
    EXPECT_TRUE(eventually([&] { return ask_for_model(two(), "claude-sonnet-5") == 400; }));
}

TEST_F(PoliciesFlow, ThatDoNotFitKeepAGatewayFromStarting) {
    given_replicas();
    given_version_of_the_future(2);

    const auto third = world_.run({"serve", "--config", world_.write(config_, "third.yaml")});

    EXPECT_EQ(third->wait(), 1);
    EXPECT_NE(third->err().find("policies[0].cli.inTheFuture"), std::string::npos) << third->err();
}

TEST_F(PoliciesFlow, ReachEveryReplicaAfterAnOutageOfTheStore) {
    given_replicas();
    redis_.end();
    EXPECT_TRUE(eventually([&] { return get_policies(one()).status == 500; }));
    EXPECT_EQ(ask_for_model(one(), "claude-sonnet-5"), 200) << "by the rules that it has";
    redis_.start();
    EXPECT_TRUE(eventually([&] { return all_shards_are_ready(one()) && all_shards_are_ready(two()); }));
    EXPECT_TRUE(eventually([&] { return put_policies(one(), haiku_alone, "\"v1\"").status == 200; }));
    EXPECT_TRUE(eventually([&] { return ask_for_model(two(), "claude-sonnet-5") == 400; }));
}

TEST_F(PoliciesFlow, OfTheFileAreReadOnly) {
    config_.managed = "";
    given_replicas();

    const Answer refused = put_policies(one(), haiku_alone, "\"v0\"");

    EXPECT_EQ(refused.status, 409);
    EXPECT_NE(refused.body.find("the policies come from gateway.yaml"), std::string::npos) << refused.body;
    const Answer shown = get_policies(one());
    EXPECT_EQ(text_of(shown, "source"), "file");
    EXPECT_EQ(shown.header("etag"), "\"v0\"");
}

TEST_F(PoliciesFlow, MoveToTheStoreAtARestart) {
    config_.managed = "";
    given_replicas();
    config_.managed = "  source: store\n";
    world_.write(config_, files_[0]);

    const std::size_t before = gateways_[0]->err().size();
    reload(0);

    EXPECT_NE(gateways_[0]->err().substr(before).find(R"("setting":"managed.source")"), std::string::npos);
    EXPECT_EQ(text_of(get_policies(one()), "source"), "file");
    restart_first();
    EXPECT_EQ(text_of(get_policies(one()), "source"), "store");
}

}  // namespace
}  // namespace gatehouse::testing
