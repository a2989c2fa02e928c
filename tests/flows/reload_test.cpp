// SPDX-License-Identifier: Apache-2.0
// SIGHUP: what a changed file changes, and what a faulty one does not.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class ReloadFlow : public ::testing::Test {
  protected:
    ReloadFlow() : gateway_(world_.serve(world_.config())), ada_(world_.sign_in(gateway_->port(), "demo-ada")) {}
    ~ReloadFlow() override { EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err(); }

    /// The line with `outcome` that the gateway writes on it.
    std::string reload(std::string_view outcome = "configuration reloaded") {
        const std::size_t before = gateway_->err().size();
        gateway_->signal(SIGHUP);
        return gateway_->line_with(ChildProcess::Stream::err, outcome, before);
    }
    Answer ask(HttpConnection& client, std::string_view model) const {
        return client.ask("POST", "/v1/messages", ada_.bearer(), ask_for(model));
    }

    World world_;
    std::unique_ptr<GatehouseProcess> gateway_;
    Tokens ada_;
};

TEST_F(ReloadFlow, AppliesAPolicyToTheNextRequestOnTheSameConnection) {
    HttpConnection client(gateway_->port());
    EXPECT_EQ(ask(client, "claude-opus-5").status, 400);
    EXPECT_EQ(ask(client, "claude-sonnet-5").status, 200);
    Config changed = world_.config();
    changed.policies = "    - cli: { availableModels: [opus] }\n";
    world_.write(changed);

    reload();

    EXPECT_EQ(ask(client, "claude-opus-5").status, 200);
    EXPECT_EQ(ask(client, "claude-sonnet-5").status, 400);
    EXPECT_EQ(client.get("/v1/models", ada_.bearer()).body.find("sonnet"), std::string::npos);
    EXPECT_NE(client.get("/managed/settings", ada_.bearer()).body.find("opus"), std::string::npos);
}

TEST_F(ReloadFlow, AppliesUpstreamsModelsLimitsAndTheLogLevel) {
    ScriptedUpstream other(Script::json(200, R"({"from":"other"})"));
    HttpConnection client(gateway_->port());
    EXPECT_EQ(ask(client, "ours").status, 400);
    Config changed = world_.config();
    changed.upstreams = World::upstream_entry("other", other.url());
    changed.policies = "    - cli: { availableModels: [ours] }\n";
    changed.more =
        "models: [{ id: ours, upstream_model: { other: theirs } }]\n"
        "limits: { max_request_bytes: 1000 }\nlog_level: error\n";
    world_.write(changed);

    gateway_->signal(SIGHUP);

    EXPECT_TRUE(eventually([&] { return ask(client, "ours").body == R"({"from":"other"})"; }));
    EXPECT_EQ(other.last().body, ask_for("theirs"));
    HttpConnection large(gateway_->port());
    EXPECT_EQ(large.ask("POST", "/v1/messages", ada_.bearer(), std::string(1'001, ' ')).status, 413);
    EXPECT_EQ(gateway_->err().find("configuration reloaded"), std::string::npos) << "written below the new level";
}

TEST_F(ReloadFlow, RefusesAFaultyFileAndGoesOnAsBefore) {
    HttpConnection client(gateway_->port());
    Config faulty = world_.config();
    faulty.policies = "    - cli: { availableModels: [opus] }\n    - match: { groups: [] }\n      cli: {}\n";
    faulty.more = "no_such_section: 1\n";
    const std::string path = world_.write(faulty);
    const std::size_t before = gateway_->err().size();

    reload("configuration not reloaded");

    const std::string said = gateway_->err().substr(before);
    EXPECT_EQ(ChildProcess::lines_with(said, path + ":").size(), 2U) << said;
    EXPECT_NE(said.find("managed.policies[1].match.groups: "), std::string::npos) << said;
    EXPECT_NE(said.find("no_such_section: "), std::string::npos) << said;
    EXPECT_EQ(ask(client, "claude-opus-5").status, 400);
    EXPECT_EQ(ask(client, "claude-sonnet-5").status, 200);
    EXPECT_NE(client.get("/metrics").body.find("gatehouse_config_reloads_total{result=\"refused\"} 1"),
              std::string::npos);
}

TEST_F(ReloadFlow, CutsNoStream) {
    world_.upstream.next(Script::stream().chunk(answer_events()[0]).pause().chunk(answer_events().back()).end());
    HttpConnection client(gateway_->port());
    client.send("POST", "/v1/messages", ada_.bearer(), ask_for("claude-sonnet-5"));
    client.read_head();
    client.read_chunks_until("message_start");
    Config changed = world_.config();
    changed.upstreams = World::upstream_entry("gone", "http://127.0.0.1:9");
    changed.policies = "    - cli: { availableModels: [] }\n";
    world_.write(changed);

    reload();
    world_.upstream.resume();

    EXPECT_EQ(client.read_chunks_to_end(), answer_events().back());
}

TEST_F(ReloadFlow, NamesWhatAppliesAfterARestartOnly) {
    std::string text = world_.yaml(world_.config());
    const std::string_view secret = "jwt_secret: ${SESSION_SECRET}\n";
    text.insert(text.find(secret) + secret.size(), "  ttl_hours: 2\n");
    world_.dir.write("gateway.yaml", text);
    const std::size_t before = gateway_->err().size();

    reload();

    const auto lines = ChildProcess::lines_with(gateway_->err().substr(before), "applies after a restart only");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find(R"("setting":"session")"), std::string::npos) << lines[0];
}

TEST_F(ReloadFlow, NamesAListenerForMetricsThatItCannotOpenAnyMore) {
    Config changed = world_.config();
    changed.listen = "  metrics: { port: 0 }\n";
    world_.write(changed);

    const std::string line = reload("applies after a restart only");

    EXPECT_NE(line.find(R"("setting":"listen.metrics")"), std::string::npos) << line;
}

TEST_F(ReloadFlow, NamesNothingWhenTheFileIsTheSame) {
    const std::size_t before = gateway_->err().size();

    reload();

    EXPECT_TRUE(ChildProcess::lines_with(gateway_->err().substr(before), "restart").empty());
}

TEST_F(ReloadFlow, AppliesAccessControlAndRateLimits) {
    HttpConnection client(gateway_->port());
    EXPECT_EQ(client.get("/v1/models", ada_.bearer()).status, 200);
    std::string text = world_.yaml(world_.config());
    const std::string_view rate = "device_authorization: { max: 10000";
    text.replace(text.find(rate), rate.size(), "device_authorization: { max: 1");
    world_.dir.write("gateway.yaml", text);

    reload();

    EXPECT_TRUE(eventually([&] {
        const Answer answer = HttpConnection(gateway_->port()).ask("POST", "/oauth/device_authorization");
        return answer.status == 429 && text_of(answer, "error") == "slow_down";
    }));
    world_.dir.write("gateway.yaml", text + "access_control: { deny_cidrs: [127.0.0.0/8] }\n");
    reload();
    EXPECT_EQ(client.get("/v1/models", ada_.bearer()).status, 403);
}

}  // namespace
}  // namespace gatehouse::testing
