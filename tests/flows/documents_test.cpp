// SPDX-License-Identifier: Apache-2.0
// What two people with different policies are told, telemetry on its way to a collector, and who may connect at all.
#include <gtest/gtest.h>

#include "gateway/base/crypto.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class DocumentsFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        collector_ = std::make_unique<ScriptedUpstream>(Script::json(200, "{}"));
        Config config = world_->config();
        config.policies =
            "    - match: { groups: [contractors] }\n"
            "      cli: { availableModels: [claude-haiku-4-5], permissions: { deny: [WebSearch] } }\n"
            "    - match: { email_domain: demo.example, groups: [engineering] }\n"
            "      cli: { availableModels: [opus] }\n"
            "    - match: {}\n"
            "      cli: { availableModels: [sonnet], permissions: { deny: [WebFetch] }, env: { A: \"1\" } }\n";
        config.more = "telemetry:\n  forward_to:\n    - { url: \"" + collector_->url() +
                      "/otlp\", headers: { x-collector: \"of ours\" }, logs: true }\n";
        gateway_ = world_->serve(config);
        ada_ = world_->sign_in(gateway_->port(), "demo-ada");
        carl_ = world_->sign_in(gateway_->port(), "demo-carl");
        fiona_ = world_->sign_in(gateway_->port(), "demo-fiona");
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        collector_.reset();
        world_.reset();
    }

    static Answer get(std::string_view target, const http::Headers& headers) {
        return HttpConnection(gateway_->port()).get(target, headers);
    }
    static std::vector<std::string> models_of(const Tokens& who, std::string_view query = {}) {
        const Answer answer = get("/v1/models" + std::string(query), who.bearer());
        EXPECT_EQ(answer.status, 200);
        std::vector<std::string> ids;
        const auto list = json::parse(answer.body);
        for (const auto& entry : json::find(*list, "data")->as_array()) {
            EXPECT_EQ(json::find_string(entry, "type"), "model");
            EXPECT_TRUE(json::find_string(entry, "display_name"));
            EXPECT_TRUE(json::find_string(entry, "created_at"));
            ids.emplace_back(*json::find_string(entry, "id"));
        }
        return ids;
    }
    static json::bj::value settings_of(const Tokens& who) {
        const Answer answer = get("/managed/settings", who.bearer());
        EXPECT_EQ(answer.status, 200) << answer.body;
        const auto document = json::parse(answer.body);
        const auto* settings = json::find(document.value(), "settings");
        EXPECT_EQ(text_of(answer, "checksum"), "sha256:" + to_hex(sha256(json::to_canonical(*settings))));
        EXPECT_EQ(text_of(answer, "uuid"), text_of(answer, "checksum"));
        EXPECT_EQ(answer.header("etag"), "\"" + text_of(answer, "checksum") + "\"");
        EXPECT_EQ(answer.header("vary"), "User-Agent");
        EXPECT_EQ(answer.headers.count("cache-control"), 0U);
        return *settings;
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<ScriptedUpstream> collector_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
    static inline Tokens ada_, carl_, fiona_;
};

TEST_F(DocumentsFlow, ListsEachPersonsOwnModels) {
    EXPECT_EQ(models_of(carl_), std::vector<std::string>{"claude-haiku-4-5-20251001"});
    for (const std::string& id : models_of(ada_))
        EXPECT_NE(id.find("opus"), std::string::npos) << id;
    for (const std::string& id : models_of(fiona_))
        EXPECT_NE(id.find("sonnet"), std::string::npos) << id;
    EXPECT_GT(models_of(ada_).size(), 1U);
}

TEST_F(DocumentsFlow, PagesThroughTheModels) {
    const auto all = models_of(ada_);
    const auto first = models_of(ada_, "?limit=1");
    ASSERT_EQ(first.size(), 1U);
    const auto rest = models_of(ada_, "?after_id=" + first[0]);

    EXPECT_EQ(first[0], all[0]);
    EXPECT_EQ(rest, std::vector<std::string>(all.begin() + 1, all.end()));
    EXPECT_EQ(get("/v1/models?limit=0", ada_.bearer()).status, 400);
}

TEST_F(DocumentsFlow, ServesWhatItLists) {
    for (const auto& [who, model] :
         {std::pair{&carl_, "claude-haiku-4-5"}, {&ada_, "claude-opus-5"}, {&fiona_, "claude-sonnet-5"}}) {
        EXPECT_EQ(post_messages(gateway_->port(), *who, ask_for(model)).status, 200) << model;
    }
    EXPECT_EQ(post_messages(gateway_->port(), carl_, ask_for("claude-opus-5")).status, 400);
    EXPECT_EQ(post_messages(gateway_->port(), ada_, ask_for("claude-sonnet-5")).status, 400);
}

TEST_F(DocumentsFlow, MergesEachPersonsSettingsOverTheBase) {
    const auto carl = settings_of(carl_);
    const auto fiona = settings_of(fiona_);

    EXPECT_EQ(json::to_text(*json::find(carl, "availableModels")), R"(["claude-haiku-4-5"])");
    EXPECT_EQ(json::to_text(*json::find_path(carl, "/permissions/deny")), R"(["WebFetch","WebSearch"])");
    EXPECT_EQ(json::to_text(*json::find_path(fiona, "/permissions/deny")), R"(["WebFetch"])");
    for (const auto* settings : {&carl, &fiona}) {
        EXPECT_EQ(json::find_string(*json::find(*settings, "env"), "A"), "1");
        EXPECT_EQ(json::find_string(*json::find(*settings, "env"), "OTEL_EXPORTER_OTLP_ENDPOINT"), public_url);
        EXPECT_EQ(json::find_string(*json::find(*settings, "env"), "OTEL_LOGS_EXPORTER"), "otlp");
        EXPECT_EQ(json::find_string(*json::find(*settings, "env"), "OTEL_TRACES_EXPORTER"), "none");
    }
}

TEST_F(DocumentsFlow, SaysWhenNothingHasChanged) {
    const Answer first = get("/managed/settings", carl_.bearer());
    http::Headers again = carl_.bearer();
    again.add("if-none-match", first.header("etag"));
    http::Headers others = ada_.bearer();
    others.add("if-none-match", first.header("etag"));
    http::Headers weak = carl_.bearer();
    weak.add("if-none-match", "W/" + first.header("etag"));

    const Answer same = get("/managed/settings", again);

    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.headers.count("etag"), 0U);
    EXPECT_EQ(same.headers.count("x-cc-gateway-version"), 1U);
    EXPECT_EQ(get("/managed/settings", others).status, 200);
    EXPECT_EQ(get("/managed/settings", weak).status, 200);
}

TEST_F(DocumentsFlow, TellsStrangersNothing) {
    for (const char* target : {"/v1/models", "/v1/models/claude-opus-5", "/managed/settings"})
        EXPECT_EQ(get(target, {}).status, 401) << target;
    EXPECT_EQ(HttpConnection(gateway_->port()).ask("POST", "/v1/metrics", {}, "{}").status, 401);
    EXPECT_EQ(collector_->count(), 0U);
}

TEST_F(DocumentsFlow, RelaysTelemetryWithoutTheDeveloper) {
    http::Headers headers = ada_.bearer();
    headers.add("content-type", "application/x-protobuf");
    headers.add("content-encoding", "gzip");
    headers.add("user-agent", "claude-cli");
    const std::string body("\x1f\x8b\0binary\xff", 10);

    const Answer answer = HttpConnection(gateway_->port()).ask("POST", "/v1/logs?x=1", headers, body);

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "");
    ASSERT_TRUE(collector_->was_asked());
    const Asked asked = collector_->last();
    EXPECT_EQ(asked.line, "POST /otlp/v1/logs HTTP/1.1");
    EXPECT_EQ(asked.body, body);
    EXPECT_EQ(asked.headers.value("content-type"), "application/x-protobuf");
    EXPECT_EQ(asked.headers.value("content-encoding"), "gzip");
    EXPECT_EQ(asked.headers.value("x-collector"), "of ours");
    EXPECT_EQ(asked.headers.count("authorization"), 0U);
    EXPECT_EQ(asked.wire.find(ada_.access), std::string::npos);
    collector_->forget();
}

TEST_F(DocumentsFlow, DescribesItselfToClients) {
    const Answer answer = get("/.well-known/oauth-authorization-server", {});
    const auto document = json::parse(answer.body);

    ASSERT_TRUE(document) << answer.body;
    EXPECT_EQ(json::find_string(*document, "issuer"), public_url);
    for (const auto& [member, path] : {std::pair{"device_authorization_endpoint", "/oauth/device_authorization"},
                                       {"token_endpoint", "/oauth/token"},
                                       {"revocation_endpoint", "/oauth/revoke"}})
        EXPECT_EQ(json::find_string(*document, member), std::string(public_url) + path);
}

// ---- who may connect

class AccessControlFlow : public ::testing::Test {
  protected:
    void start(std::string_view listen, std::string_view access) {
        Config config = world_.config();
        config.listen = listen;
        config.more = access;
        gateway_ = world_.serve(config);
    }
    ~AccessControlFlow() override { EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err(); }

    int status(std::string_view target, const char* from, std::string_view forwarded_for = {}) {
        http::Headers headers;
        if (!forwarded_for.empty()) headers.add("x-forwarded-for", forwarded_for);
        const Answer answer = HttpConnection(gateway_->port(), from).get(target, headers);
        if (answer.status == 403) {
            EXPECT_EQ(answer.body, "forbidden");
        }
        return answer.status;
    }

    World world_;
    std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(AccessControlFlow, DeniesAnAddressEverything) {
    start("", "access_control: { deny_cidrs: [127.0.0.2] }\n");

    EXPECT_EQ(status("/healthz", "127.0.0.2"), 403);
    EXPECT_EQ(status("/v1/models", "127.0.0.2"), 403);
    EXPECT_EQ(status("/healthz", "127.0.0.1"), 200);
    EXPECT_EQ(status("/v1/models", "127.0.0.1"), 401);
    // Nobody is trusted to name another address.
    EXPECT_EQ(status("/healthz", "127.0.0.2", "127.0.0.1"), 403);
    EXPECT_EQ(status("/healthz", "127.0.0.1", "127.0.0.2"), 200);
}

TEST_F(AccessControlFlow, BelievesAProxyThatItTrusts) {
    start("  trusted_proxies: [127.0.0.1, 10.9.0.0/16]\n",
          "access_control: { allow_cidrs: [10.1.0.0/16], deny_cidrs: [10.1.6.6] }\n");

    EXPECT_EQ(status("/v1/models", "127.0.0.1", "10.1.2.3"), 401);            // allowed, and then asked who it is
    EXPECT_EQ(status("/v1/models", "127.0.0.1", "6.6.6.6, 10.1.2.3"), 401);   // read from the right
    EXPECT_EQ(status("/v1/models", "127.0.0.1", "10.1.2.3, 10.9.1.1"), 401);  // past a trusted hop
    EXPECT_EQ(status("/v1/models", "127.0.0.1", "10.1.2.3, 6.6.6.6"), 403);   // what the client claims to be
    EXPECT_EQ(status("/v1/models", "127.0.0.1", "10.1.6.6"), 403);            // denied wins
    EXPECT_EQ(status("/v1/models", "127.0.0.1", "unknown"), 403);             // unusable
    EXPECT_EQ(status("/v1/models", "127.0.0.1"), 403);                        // the proxy itself
    EXPECT_EQ(status("/v1/models", "127.0.0.2", "10.1.2.3"), 403);            // not a proxy of ours
    EXPECT_EQ(status("/healthz", "127.0.0.1"), 200);                          // probes need no place on the list
    EXPECT_EQ(status("/readyz", "127.0.0.1"), 200);
    EXPECT_EQ(status("/healthz", "127.0.0.1", "10.1.6.6"), 403);
}

TEST_F(AccessControlFlow, WritesTheClientsAddressIntoTheAuditTrail) {
    start("  trusted_proxies: [127.0.0.1]\n", "");

    status("/v1/models", "127.0.0.1", "10.1.2.3");

    const std::string line = gateway_->line_with(ChildProcess::Stream::out, R"("evt":"auth.denied")");
    EXPECT_NE(line.find(R"("address":"10.1.2.3")"), std::string::npos) << line;
}

}  // namespace
}  // namespace gatehouse::testing
