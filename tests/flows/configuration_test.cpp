// SPDX-License-Identifier: Apache-2.0
// `check` and `serve` before anything listens: exit codes and what they say.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class ConfigurationFlow : public ::testing::Test {
  protected:
    /// Faults in three sections, and a secret that no message may show.
    std::string faulty() const {
        Config config = world_.config();
        config.listen = "  drain_grace_seconds: soon\n";
        config.store = "  postgres_url: postgres://user:hunter2@db/gateway\n";
        config.more = "admin: {}\npricing: { multiplier: 11 }\n";
        return world_.write(config, "faulty.yaml");
    }
    std::unique_ptr<GatehouseProcess> run(std::vector<std::string> words) { return world_.run(std::move(words)); }

    World world_;
};

TEST_F(ConfigurationFlow, CheckSaysThatAGoodFileIsGood) {
    const std::string path = world_.write(world_.config());

    const auto check = run({"check", "--config", path});

    EXPECT_EQ(check->wait(), 0);
    EXPECT_EQ(check->out(), path + ": no problems found\n");
    EXPECT_EQ(check->err(), "");
}

TEST_F(ConfigurationFlow, CheckNeedsNoNetwork) {
    world_.idp.set_down(true);

    EXPECT_EQ(run({"check", "--config", world_.write(world_.config())})->wait(), 0);
}

TEST_F(ConfigurationFlow, CheckPrintsOneLineForEachFaultWithItsPlace) {
    const std::string path = faulty();

    const auto check = run({"check", "--config", path});

    EXPECT_EQ(check->wait(), 2);
    EXPECT_EQ(check->out(), "");
    const std::string said = check->err();
    EXPECT_EQ(std::ranges::count(said, '\n'), 3) << said;
    EXPECT_NE(said.find(path + ":5: listen.drain_grace_seconds: "), std::string::npos) << said;
    EXPECT_NE(said.find(path + ":14: store.postgres_url: "), std::string::npos) << said;
    EXPECT_NE(said.find(": pricing.multiplier: must be a decimal number"), std::string::npos) << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
}

TEST_F(ConfigurationFlow, ServeRefusesTheSameFaultsBeforeItListens) {
    const std::string path = faulty();

    const auto serve = run({"serve", "--config", path});

    EXPECT_EQ(serve->wait(), 2);
    EXPECT_EQ(ChildProcess::lines_with(serve->err(), path + ":").size(), 3U) << serve->err();
    EXPECT_EQ(serve->err().find("listening"), std::string::npos);
}

TEST_F(ConfigurationFlow, NamesAVariableThatIsNotSetAndAFileThatIsNotThere) {
    Config config = world_.config();
    config.more = "login_notice: ${NOBODY_SET_THIS}\n";
    const auto check = run({"check", "--config", world_.write(config)});
    const auto missing = run({"check", "--config", world_.dir.file("nothing.yaml")});

    EXPECT_EQ(check->wait(), 2);
    EXPECT_NE(check->err().find("login_notice: "), std::string::npos) << check->err();
    EXPECT_NE(check->err().find("NOBODY_SET_THIS"), std::string::npos) << check->err();
    EXPECT_EQ(missing->wait(), 2);
    EXPECT_NE(missing->err().find("nothing.yaml:1: cannot be read: "), std::string::npos) << missing->err();
}

TEST_F(ConfigurationFlow, ServeNamesAnIdentityProviderThatDoesNotAnswer) {
    const ReservedPort nobody;
    std::string text = world_.yaml(world_.config());
    text.replace(text.find(world_.idp.issuer()), world_.idp.issuer().size(), nobody.url());

    const auto serve = run({"serve", "--config", world_.dir.write("gateway.yaml", text)});

    EXPECT_EQ(serve->wait(), 1);
    EXPECT_NE(serve->err().find(nobody.url()), std::string::npos) << serve->err();
    EXPECT_EQ(serve->err().find(R"("msg":"listening")"), std::string::npos);
}

TEST_F(ConfigurationFlow, ServeNamesAnIdentityProviderThatFails) {
    world_.idp.set_down(true);

    const auto serve = run({"serve", "--config", world_.write(world_.config())});

    EXPECT_EQ(serve->wait(), 1);
    EXPECT_NE(serve->err().find(world_.idp.issuer()), std::string::npos) << serve->err();
}

TEST_F(ConfigurationFlow, RefusesLoopbackTargetsUnlessTheyAreAllowed) {
    std::vector<std::string> environment = world_.environment();
    std::erase(environment, "GATEHOUSE_ALLOW_LOOPBACK=1");

    GatehouseProcess check({"check", "--config", world_.write(world_.config())}, environment);

    EXPECT_EQ(check.wait(), 2);
    EXPECT_NE(check.err().find("oidc.issuer: "), std::string::npos) << check.err();
    EXPECT_NE(check.err().find("upstreams[0].base_url: "), std::string::npos) << check.err();
}

}  // namespace
}  // namespace gatehouse::testing
