// SPDX-License-Identifier: Apache-2.0
// What a good file becomes. What a bad one is told is in cases/.
#include "gateway/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "policy/decision.h"
#include "tests/settings/environment.h"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;

const std::string idp = "oidc: { issuer: https://idp.example.com, client_id: gateway, client_secret: \"${SECRET}\" }\n";
const std::string session = "session: { jwt_secret: \"${JWT_SECRET}\" }\n";
const std::string provider = "upstreams: [{ provider: anthropic, auth: { api_key: \"${API_KEY}\" } }]\n";
const std::string local = "listen: { host: 127.0.0.1 }\n";

Settings parse(const std::string& yaml, const Environment& environment = testing::environment_with()) {
    auto settings = parse_settings(yaml, environment);
    if (settings) return std::move(*settings);
    ADD_FAILURE() << format_problems("gateway.yaml", settings.error());
    return {};
}

std::string problems(const std::string& yaml, const Environment& environment = testing::environment_with()) {
    const auto settings = parse_settings(yaml, environment);
    return settings ? "" : format_problems("f", settings.error());
}

Settings parse_full() {
    auto settings = load_settings(std::string(GATEHOUSE_SOURCE_DIR) + "/tests/settings/cases/good_full.yaml",
                                  testing::environment_with());
    if (settings) return std::move(*settings);
    ADD_FAILURE() << format_problems("good_full.yaml", settings.error());
    return {};
}

TEST(Settings, FillsInDefaults) {
    const Settings settings = parse(local + idp + session + provider);
    EXPECT_EQ(settings.listen.host, "127.0.0.1");
    EXPECT_EQ(settings.listen.port, 8080);
    EXPECT_EQ(settings.public_url.origin(), "http://127.0.0.1:8080");
    EXPECT_EQ(settings.sign_in.public_url.origin(), "http://127.0.0.1:8080");
    EXPECT_EQ(settings.traffic.max_request_bytes, std::size_t{32} << 20U);
    EXPECT_EQ(settings.traffic.upstream_ttfb, 120s);
    EXPECT_EQ(settings.traffic.drain_grace, 25s);
    EXPECT_EQ(settings.oidc.id_token_alg, "RS256");
    EXPECT_EQ(settings.oidc.scopes, (std::vector<std::string>{"openid", "profile", "email", "offline_access"}));
    EXPECT_TRUE(settings.oidc.use_pkce);
    EXPECT_EQ(settings.session.ttl, 1h);
    EXPECT_EQ(settings.sign_in.device_authorization.max, 30);
    EXPECT_EQ(settings.store.embedded_dir, "/state/gatehouse");
    EXPECT_FALSE(settings.store.redis);
    EXPECT_EQ(settings.upstreams.at(0).name, "anthropic");
    EXPECT_EQ(settings.upstreams.at(0).base_url.origin(), "https://api.anthropic.com");
    EXPECT_EQ(settings.upstreams.at(0).api_key.reveal(), "sk-ant-1");
    EXPECT_EQ(settings.log_level, log::Level::info);
    EXPECT_FALSE(settings.rules->managed_configured());
    EXPECT_FALSE(settings.metrics_listen);
    EXPECT_TRUE(settings.notices.empty());
}

TEST(Settings, ReadsListenTrafficAndSignIn) {
    const Settings settings = parse_full();
    EXPECT_EQ(settings.listen.port, 8443);
    EXPECT_EQ(settings.public_url.origin(), "https://claude.corp.example");
    EXPECT_TRUE(contains(settings.traffic.trusted_proxies, "10.1.9.9"));
    EXPECT_TRUE(contains(settings.traffic.trusted_proxies, "fd12::1"));
    EXPECT_TRUE(contains(settings.traffic.allow_cidrs, "10.9.9.9"));
    EXPECT_TRUE(contains(settings.traffic.deny_cidrs, "10.6.6.6"));
    EXPECT_EQ(settings.traffic.max_request_bytes, 67'108'864U);
    EXPECT_EQ(settings.traffic.max_header_bytes, 65'536U);
    EXPECT_EQ(settings.traffic.max_url_length, 4'096U);
    EXPECT_EQ(settings.traffic.upstream_ttfb, 60s);
    EXPECT_EQ(settings.traffic.header_timeout, 5s);
    EXPECT_EQ(settings.traffic.body_timeout, 20s);
    EXPECT_EQ(settings.traffic.idle_timeout, 30s);
    EXPECT_EQ(settings.sign_in.device_authorization.max, 300);
    EXPECT_EQ(settings.sign_in.device_authorization.window, 60s);
    EXPECT_EQ(settings.sign_in.device_verify.max, 20);
    EXPECT_EQ(settings.sign_in.device_verify.window, 120s);
    EXPECT_EQ(settings.sign_in.login_notice, "Authorized use only");
    EXPECT_EQ(settings.log_level, log::Level::debug);
}

TEST(Settings, ReadsTheIdentityProviderAndTheSession) {
    const Settings settings = parse_full();
    EXPECT_EQ(settings.oidc.issuer, "https://login.corp.example/oauth2/default");
    EXPECT_EQ(settings.oidc.client_secret.reveal(), "s3cr3t/with:reserved@letters");
    EXPECT_EQ(settings.oidc.allowed_email_domains, (std::vector<std::string>{"corp.example", "sub.corp.example"}));
    EXPECT_EQ(settings.oidc.allowed_groups, std::vector<std::string>{"claude-users"});
    EXPECT_TRUE(settings.oidc.userinfo_fallback);
    EXPECT_EQ(settings.oidc.scopes.size(), 5U);
    EXPECT_EQ(settings.oidc.extra_auth_params,
              (std::vector<std::pair<std::string, std::string>>{{"access_type", "offline"}, {"max_age", "3600"}}));
    EXPECT_EQ(settings.oidc.groups_claim, "/resource_access/gateway/roles");
    EXPECT_EQ(settings.oidc.email_claims, (std::vector<std::string>{"email", "upn"}));
    ASSERT_EQ(settings.session.jwt_secrets.size(), 2U);
    EXPECT_EQ(settings.session.jwt_secrets[0].reveal(), "0123456789abcdef0123456789abcdef");
    EXPECT_EQ(settings.session.ttl, 8h);
}

TEST(Settings, ReadsTheOtherIdentityProviderKeys) {
    const std::string yaml = R"(
oidc:
  issuer: https://idp.example.com
  client_id: "12345"
  client_secret: ${SECRET}
  use_pkce: false
  use_proxy: true
  clock_skew_seconds: 30
  token_endpoint_auth_method: client_secret_post
  id_token_signed_response_alg: ES256
  additional_authorized_parties: [broker]
  discovery_url: https://proxy.example.com/.well-known/openid-configuration
  form_action_origins: ["https://ADFS.example.com:443/"]
  ca_cert_pem: |
    -----BEGIN CERTIFICATE-----
    AAAA
    -----END CERTIFICATE-----
)";
    const Settings settings = parse(local + yaml + session + provider);
    EXPECT_EQ(settings.oidc.client_id, "12345");
    EXPECT_FALSE(settings.oidc.use_pkce);
    EXPECT_TRUE(settings.oidc.use_proxy);
    EXPECT_EQ(settings.oidc.clock_skew, 30s);
    EXPECT_EQ(settings.oidc.token_endpoint_auth_method, "client_secret_post");
    EXPECT_EQ(settings.oidc.id_token_alg, "ES256");
    EXPECT_EQ(settings.oidc.additional_authorized_parties, std::vector<std::string>{"broker"});
    EXPECT_EQ(settings.oidc.discovery_url, "https://proxy.example.com/.well-known/openid-configuration");
    EXPECT_EQ(settings.oidc.form_action_origins, std::vector<std::string>{"https://adfs.example.com"});
    EXPECT_TRUE(settings.oidc.ca_cert_pem.starts_with("-----BEGIN CERTIFICATE-----\nAAAA\n"));
}

TEST(Settings, ReadsUpstreamsAndTheirModels) {
    const Settings settings = parse_full();
    ASSERT_EQ(settings.upstreams.size(), 2U);
    EXPECT_EQ(settings.upstreams[1].name, "fallback");
    EXPECT_EQ(settings.upstreams[1].base_url.path, "/anthropic");
    EXPECT_TRUE(settings.upstreams[1].forward_user_identity);
    EXPECT_EQ(settings.upstreams[1].oauth_token.reveal(), "sk-ant-1");
    EXPECT_TRUE(settings.upstreams[1].api_key.empty());
    const policy::Model* opus = settings.rules->resolve("claude-opus-4-8");
    ASSERT_NE(opus, nullptr);
    EXPECT_EQ(opus->display_name, "Opus for everyone");
    EXPECT_EQ(opus->description, "The large one");
    EXPECT_EQ(settings.rules->upstream_id(*opus, 1), "prod-opus");
}

TEST(Settings, ReadsPoliciesAndPushesTelemetry) {
    const Settings settings = parse_full();
    const std::vector<std::string> groups{"contractors"};
    const auto* policy = settings.rules->policy_for({.id = "u", .email = "", .groups = groups});
    ASSERT_NE(policy, nullptr);
    EXPECT_EQ(
        policy->settings_text,
        R"({"availableModels":["claude-haiku-4-5"],"cleanupPeriodDays":14,"enforceAvailableModels":true,"env":{)"
        R"("CLAUDE_CODE_ENABLE_TELEMETRY":"1","DISABLE_UPDATES":"1","HTTP_PROXY":"http://proxy.corp.example:8080",)"
        R"("OTEL_EXPORTER_OTLP_ENDPOINT":"https://claude.corp.example","OTEL_EXPORTER_OTLP_PROTOCOL":"http/protobuf",)"
        R"("OTEL_LOGS_EXPORTER":"otlp","OTEL_METRICS_EXPORTER":"otlp","OTEL_TRACES_EXPORTER":"none"},)"
        R"("hooks":{"PostToolUse":[{"hooks":[{"command":"${CLAUDE_PROJECT_DIR}/audit.sh ${HOOK:-x}",)"
        R"("type":"command"}],"matcher":"Edit|Write"}]},)"
        R"("permissions":{"allow":["Read","Grep"],"deny":["WebFetch"]}})");
    const std::vector<std::string> research{"research"};
    const auto* alias = settings.rules->policy_for({.id = "u", .email = "x@lab.corp.example", .groups = research});
    ASSERT_NE(alias, nullptr);
    EXPECT_EQ(alias->available_models, (std::vector<std::string>{"opus", "corp-tuned"}));
    ASSERT_EQ(settings.telemetry.forward_to.size(), 1U);
    EXPECT_EQ(settings.telemetry.forward_to[0].url.path, "");
    EXPECT_EQ(settings.telemetry.forward_to[0].headers[0].second, "Bearer s3cr3t/with:reserved@letters");
    EXPECT_TRUE(settings.telemetry.forward_to[0].metrics);
    EXPECT_TRUE(settings.telemetry.forward_to[0].logs);
    EXPECT_FALSE(settings.telemetry.forward_to[0].traces);
}

TEST(Settings, ReadsOurOwnListenKeys) {
    const Settings settings = parse(
        "listen: { host: '::1', port: 0, max_connections: 100, drain_grace_seconds: 0, metrics: { port: 9100 } }\n" +
        idp + session + provider);
    EXPECT_EQ(settings.public_url.host, "::1");
    EXPECT_EQ(settings.traffic.max_connections, 100U);
    EXPECT_EQ(settings.traffic.drain_grace, 0s);
    ASSERT_TRUE(settings.metrics_listen);
    EXPECT_EQ(settings.metrics_listen->host, "127.0.0.1");
    EXPECT_EQ(settings.metrics_listen->port, 9100);
}

TEST(Settings, AcceptsATrailingSlashOfThePublicUrl) {
    const Settings settings =
        parse("listen: { public_url: \"https://Gateway.example.com/\" }\n" + idp + session + provider);
    EXPECT_EQ(settings.public_url.origin(), "https://gateway.example.com");
    EXPECT_EQ(settings.public_url.path, "");
}

TEST(Settings, ReadsNumbersAndSwitchesFromVariables) {
    const auto environment = testing::environment_with({{"PORT", "9000"}, {"PKCE", "false"}, {"ID", "42"}});
    const Settings settings = parse(
        "listen: { host: 127.0.0.1, port: \"${PORT}\" }\n"
        "oidc: { issuer: https://idp.example.com, client_id: \"${ID}\", client_secret: x, use_pkce: \"${PKCE}\" }\n" +
            session + provider,
        environment);
    EXPECT_EQ(settings.listen.port, 9000);
    EXPECT_FALSE(settings.oidc.use_pkce);
    EXPECT_EQ(settings.oidc.client_id, "42");
}

class SettingsFile : public ::testing::Test {
  protected:
    SettingsFile() {
        const int file = ::mkstemp(name_.data());
        if (file >= 0) ::close(file);
    }
    ~SettingsFile() override { ::unlink(name_.c_str()); }
    void write(std::string_view text) { std::ofstream(name_, std::ios::binary) << text; }
    std::string name_ = "/tmp/gatehouse_settings_XXXXXX";
};

TEST_F(SettingsFile, TakesASecretFromAFileWithoutItsLineEnd) {
    write("  secret from a file\n\n");
    const Settings settings =
        parse(local + "oidc: { issuer: https://idp.example.com, client_id: g, client_secret: \"${file:" + name_ +
              "}\" }\n" + session + provider);
    EXPECT_EQ(settings.oidc.client_secret.reveal(), "secret from a file");
}

TEST_F(SettingsFile, SaysSoWhenTheFileOfASecretIsEmpty) {
    write("\n");
    EXPECT_EQ(problems(local + idp + "session: { jwt_secret: \"${file:" + name_ + "}\" }\n" + provider),
              "f:3: session.jwt_secret: " + name_ + " is empty\n");
}

TEST_F(SettingsFile, SaysSoWhenTheConfigurationItselfIsMissing) {
    const auto settings = load_settings("/no/such/gateway.yaml", testing::environment_with());
    ASSERT_FALSE(settings);
    EXPECT_EQ(format_problems("/no/such/gateway.yaml", settings.error()),
              "/no/such/gateway.yaml:1: cannot be read: No such file or directory\n");
}

StoreSettings store_of(const std::string& block, const Environment& environment = testing::environment_with()) {
    return parse(local + idp + session + provider + block, environment).store;
}

TEST(SettingsStore, ReadsARedisUrlWithEverything) {
    const auto redis = store_of("store: { redis_url: \"rediss://us%40er:p%2Fw@Redis.example.com:6380/3\" }\n").redis;
    ASSERT_TRUE(redis);
    EXPECT_TRUE(redis->tls);
    EXPECT_EQ(redis->user, "us@er");
    EXPECT_EQ(redis->password.reveal(), "p/w");
    EXPECT_EQ(redis->host, "Redis.example.com");
    EXPECT_EQ(redis->port, 6380);
    EXPECT_EQ(redis->database, 3);
}

TEST(SettingsStore, ReadsAPasswordThatWasPutInUnencoded) {
    const auto redis = parse_full().store.redis;
    ASSERT_TRUE(redis);
    EXPECT_EQ(redis->user, "gatehouse");
    EXPECT_EQ(redis->password.reveal(), "s3cr3t/with:reserved@letters");
    EXPECT_EQ(redis->host, "redis.corp.example");
    EXPECT_EQ(redis->database, 2);
}

TEST(SettingsStore, ReadsTheShortForms) {
    const auto plain = store_of("store: { redis_url: redis://127.0.0.1 }\n").redis;
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->tls);
    EXPECT_EQ(plain->host, "127.0.0.1");
    EXPECT_EQ(plain->port, 6379);
    const auto six = store_of("store: { redis_url: \"redis://:pw@[::1]:7000/\" }\n").redis;
    ASSERT_TRUE(six);
    EXPECT_EQ(six->host, "::1");
    EXPECT_EQ(six->port, 7000);
    EXPECT_EQ(six->user, "");
    EXPECT_EQ(six->password.reveal(), "pw");
}

TEST(SettingsStore, ReadsUnixSockets) {
    const auto redis = store_of("store: { redis_url: \"unix://u:p@/run/redis@1/redis.sock?db=4\" }\n").redis;
    ASSERT_TRUE(redis);
    EXPECT_EQ(redis->socket, "/run/redis@1/redis.sock");
    EXPECT_EQ(redis->host, "");
    EXPECT_EQ(redis->user, "u");
    EXPECT_EQ(redis->database, 4);
}

TEST(SettingsStore, RefusesWhatIsNoRedisUrl) {
    const std::string before = local + idp + session + provider;
    for (const std::string url :
         {"redis://", "redis://host:port", "redis://host:99999", "redis://host/x", "redis://[::1", "redis://host:0",
          "unix://relative", "unix:///a?x=1", "redis://a%zz@host", "host:6379"})
        EXPECT_NE(problems(std::string(before).append("store: { redis_url: \"").append(url).append("\" }\n")), "")
            << url;
}

TEST(SettingsStore, PutsTheEmbeddedStoreWhereStateBelongs) {
    EXPECT_EQ(store_of("store: { embedded: { dir: /data } }\n").embedded_dir, "/data");
    EXPECT_EQ(store_of("store: { embedded: {} }\n").embedded_dir, "/state/gatehouse");
    const Environment nothing = [](std::string_view name) -> std::optional<std::string> {
        if (name == "HOME") return "/home/dev";
        return name == "SECRET" || name == "API_KEY" ? "x" : std::string(32, 'j');
    };
    const Environment home = [&](std::string_view name) -> std::optional<std::string> {
        return name == "XDG_STATE_HOME" || name.ends_with("LOG_LEVEL") ? std::nullopt : nothing(name);
    };
    EXPECT_EQ(store_of("", home).embedded_dir,
              ::geteuid() == 0 ? "/var/lib/gatehouse" : "/home/dev/.local/state/gatehouse");
}

TEST(Settings, AllowsLoopbackOnlyWhenTold) {
    const std::string yaml =
        "listen: { host: 127.0.0.1, public_url: \"http://127.0.0.1:8080\" }\n"
        "oidc: { issuer: \"http://127.0.0.1:9\", client_id: g, client_secret: x }\n" +
        session +
        "upstreams: [{ provider: anthropic, base_url: \"http://localhost:1\", auth: { api_key: k } }]\n"
        "telemetry: { forward_to: [{ url: \"http://[::1]:4318\" }] }\n";
    EXPECT_NE(problems(yaml), "");
    EXPECT_NE(problems(yaml, testing::environment_with({{"GATEHOUSE_ALLOW_LOOPBACK", "0"}})), "");
    for (const char* name : {"GATEHOUSE_ALLOW_LOOPBACK", "CLAUDE_GATEWAY_ALLOW_LOOPBACK"})
        EXPECT_TRUE(parse(yaml, testing::environment_with({{name, "1"}})).allow_loopback) << name;
}

TEST(Settings, TakesTheLogLevelFromTheEnvironmentFirst) {
    const std::string yaml = local + idp + session + provider + "log_level: error\n";
    EXPECT_EQ(parse(yaml).log_level, log::Level::error);
    EXPECT_EQ(parse(yaml, testing::environment_with({{"CLAUDE_GATEWAY_LOG_LEVEL", "warn"}})).log_level,
              log::Level::warn);
    EXPECT_EQ(
        parse(yaml, testing::environment_with({{"CLAUDE_GATEWAY_LOG_LEVEL", "warn"}, {"GATEHOUSE_LOG_LEVEL", "debug"}}))
            .log_level,
        log::Level::debug);
    EXPECT_EQ(problems(yaml, testing::environment_with({{"GATEHOUSE_LOG_LEVEL", "loud"}})),
              "f:1: GATEHOUSE_LOG_LEVEL: must be one of debug, info, warn, error\n");
}

TEST(Settings, NoticesPoliciesThatDoNothing) {
    const Settings settings = parse(local + idp + session + provider + R"(
managed:
  policies:
    - match: { groups: [none] }
      cli: { availableModels: [] }
    - cli: { model: opus }
    - match: { groups: [late] }
)");
    ASSERT_EQ(settings.notices.size(), 2U);
    EXPECT_EQ(settings.notices[0].path, "managed.policies[0].cli.availableModels");
    EXPECT_EQ(settings.notices[0].line, 9);
    EXPECT_EQ(settings.notices[1].path, "managed.policies[2]");
}

std::string document_of(const std::string& cli) {
    const Settings settings =
        parse(local + idp + session + provider + "managed:\n  policies:\n    - cli: " + cli + "\n");
    if (!settings.rules) return "";
    return settings.rules->policy_for({.id = "u", .email = "", .groups = {}})->settings_text;
}

TEST(SettingsDocument, TypesPlainScalarsAsYaml12Does) {
    EXPECT_EQ(document_of("{ sandbox: { a: true, b: \"true\", c: yes, d: 12, e: 0.50, f: 1e3, g: ~, h: null, i: 007,"
                          " j: -3, k: 18446744073709551615, l: 1.0, m: '5', n: on, o: +4, p: 1_000, q: .5 } }"),
              R"({"sandbox":{"a":true,"b":"true","c":"yes","d":12,"e":0.5,"f":1000,"g":null,"h":null,"i":7,)"
              R"("j":-3,"k":18446744073709551615,"l":1,"m":"5","n":"on","o":4,"p":"1_000","q":0.5}})");
}

TEST(SettingsDocument, KeepsEnvironmentValuesAsWritten) {
    EXPECT_EQ(document_of("{ env: { A: 1, B: true, C: 1.50, D: text } }"),
              R"({"env":{"A":"1","B":"true","C":"1.50","D":"text"}})");
}

std::string text_of(const std::string& name) {
    std::ifstream stream(std::string(GATEHOUSE_SOURCE_DIR) + "/" + name, std::ios::binary);
    EXPECT_TRUE(stream.is_open()) << name;
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Environment example_environment() {
    return testing::environment_with({{"OIDC_CLIENT_SECRET", "x"},
                                      {"GATEWAY_JWT_SECRET", std::string(44, 'j')},
                                      {"ANTHROPIC_API_KEY", "k"},
                                      {"ANTHROPIC_API_KEY_SPARE", "k"},
                                      {"REDIS_PASSWORD", "r"},
                                      {"GATEWAY_ADMIN_WRITE_KEY", std::string(44, 'w')},
                                      {"GATEWAY_ADMIN_READ_KEY", std::string(44, 'r')},
                                      {"SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x"},
                                      {"SIEM_WEBHOOK_SECRET", "whsec_" + std::string(43, 'A')},
                                      {"OTEL_TOKEN", "o"}});
}

TEST(SettingsExample, IsAccepted) {
    EXPECT_TRUE(parse(text_of("deploy/gateway.example.yaml"), example_environment()).notices.empty());
}

TEST(SettingsExample, IsAcceptedWithEveryCommentedKeyAsWell) {
    // A key that is commented out has no blank after its #, or two within a block; a sentence has one.
    std::istringstream lines(text_of("deploy/gateway.example.yaml"));
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t mark = line.find_first_not_of(' ');
        const bool comment = mark != std::string::npos && line[mark] == '#';
        const std::string rest = comment ? line.substr(mark + 1) : "";
        if (comment && rest.starts_with(' ') && !rest.starts_with("  ")) continue;
        if (rest.find("tls") != std::string::npos) continue;  // names files that only a server has
        all += (comment ? line.substr(0, mark) + rest : line) + "\n";
    }
    const Settings settings = parse(all, example_environment());
    EXPECT_EQ(settings.upstreams.size(), 2U);
    EXPECT_TRUE(settings.store.redis);
    EXPECT_TRUE(settings.metrics_listen);
    EXPECT_EQ(settings.telemetry.forward_to.size(), 1U);
}

TEST(SettingsYaml, UnderstandsBlockStylesCommentsAndMarkers) {
    const Settings settings = parse("%YAML 1.2\n---\n# a comment\n" + local + idp + session + provider +
                                    "login_notice: >\n  two\n  lines\n...\n");
    EXPECT_EQ(settings.sign_in.login_notice, "two lines\n");
}

TEST(SettingsYaml, RefusesBrokenTextWithItsLine) {
    EXPECT_EQ(problems("listen: { host: 127.0.0.1\n"), "f:1: is not valid YAML: end of map flow not found\n");
    EXPECT_EQ(problems("a: b\n  c: d\n"), "f:2: is not valid YAML: illegal map value\n");
    EXPECT_EQ(problems("listen: 'x\n"), "f:1: is not valid YAML: a quoted string has no end\n");
    EXPECT_EQ(problems(""), "f:1: the file must be a mapping of sections\n");
    EXPECT_EQ(problems("- a\n- b\n"), "f:1: the file must be a mapping of sections\n");
    EXPECT_EQ(problems("just text\n"), "f:1: the file must be a mapping of sections\n");
}

TEST(SettingsYaml, SurvivesDeepNesting) {
    EXPECT_NE(problems(std::string(20'000, '[')), "");
    EXPECT_NE(problems("a: " + std::string(20'000, '{')), "");
}

}  // namespace
}  // namespace gatehouse
