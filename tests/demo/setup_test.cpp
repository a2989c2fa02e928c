// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/setup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/fixed_random.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::demo {
namespace {

class DemoSetup : public ::testing::Test {
  protected:
    testing::TemporaryDir scratch_;
    const std::string& directory_ = scratch_.path();
    testing::FixedRandom random_;
};

DemoPlan plan() {
    return {.gateway_url = "http://127.0.0.1:8080",
            .directory = "/var/demo \"dir\"",
            .issuer = "http://127.0.0.1:8081",
            .provider_url = "http://127.0.0.1:8082",
            .binary = "/opt/gatehouse"};
}

TEST_F(DemoSetup, MakesItsSecretsOnceAndKeepsThemForTheOwnerAlone) {
    const auto first = load_demo_secrets(directory_ + "/new/demo", random_);
    const auto second = load_demo_secrets(directory_ + "/new/demo", random_);
    struct stat file{};

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->session, second->session);
    EXPECT_EQ(first->client, second->client);
    EXPECT_EQ(first->provider, second->provider);
    EXPECT_GE(first->session.reveal().size(), 32U);
    ASSERT_EQ(::stat((directory_ + "/new/demo/secrets.json").c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST_F(DemoSetup, RefusesADamagedSecretsFileRatherThanReplacingIt) {
    std::ofstream(directory_ + "/secrets.json") << "{\"client\":\"x\"}";

    const auto secrets = load_demo_secrets(directory_, random_);

    ASSERT_FALSE(secrets);
    EXPECT_NE(secrets.error().message.find("secrets.json is damaged"), std::string::npos);
}

TEST_F(DemoSetup, SaysWhichDirectoryCannotBeMade) {
    std::ofstream(directory_ + "/file") << "in the way";

    const auto secrets = load_demo_secrets(directory_ + "/file/demo", random_);

    ASSERT_FALSE(secrets);
    EXPECT_NE(secrets.error().message.find(directory_ + "/file/demo"), std::string::npos);
}

TEST_F(DemoSetup, WritesNoSecretIntoItsConfiguration) {
    const auto secrets = load_demo_secrets(directory_, random_);
    ASSERT_TRUE(secrets);

    const std::string yaml = demo_yaml(plan());
    const auto environment = demo_environment(*secrets, [](std::string_view) { return std::nullopt; });

    std::size_t variables = 0;
    for (std::size_t at = yaml.find("${"); at != std::string::npos; at = yaml.find("${", at + 1)) {
        const std::string name = yaml.substr(at + 2, yaml.find('}', at) - at - 2);
        EXPECT_TRUE(environment(name)) << name;
        ++variables;
    }
    EXPECT_EQ(variables, 3U);
    for (const Secret* secret : {&secrets->client, &secrets->session, &secrets->provider})
        EXPECT_EQ(yaml.find(secret->reveal()), std::string::npos);
}

TEST_F(DemoSetup, QuotesADirectoryWithOddCharacters) {
    EXPECT_NE(demo_yaml(plan()).find(R"(dir: "/var/demo \"dir\"/store")"), std::string::npos);
}

TEST_F(DemoSetup, ForwardsToTheRealApiWhenThereIsNoDemoProvider) {
    DemoPlan real = plan();
    real.provider_url.clear();

    const std::string yaml = demo_yaml(real);

    EXPECT_NE(yaml.find("api_key: ${ANTHROPIC_API_KEY}"), std::string::npos);
    EXPECT_EQ(yaml.find("base_url"), std::string::npos);
    EXPECT_NE(demo_banner(real).find("real API"), std::string::npos);
}

TEST_F(DemoSetup, PrintsTheLinesThatConnectClaudeCode) {
    const std::string banner = demo_banner(plan());

    EXPECT_NE(banner.find(R"({"forceLoginMethod":"gateway","forceLoginGatewayUrl":"http://127.0.0.1:8080")"),
              std::string::npos);
    EXPECT_NE(banner.find("ANTHROPIC_BASE_URL=http://127.0.0.1:8080"), std::string::npos);
    EXPECT_NE(banner.find("/opt/gatehouse token http://127.0.0.1:8080"), std::string::npos);
    for (const char* name : {"Ada Engineer", "Carl Contractor", "Fiona Finance"})
        EXPECT_NE(banner.find(name), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::demo
