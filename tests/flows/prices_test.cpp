// SPDX-License-Identifier: Apache-2.0
// The price book as an operator meets it: printed, replaced by a file, read again on SIGHUP.
#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class PricesFlow : public ::testing::Test {
  protected:
    /// What the command prints, having ended well.
    std::string printed(std::vector<std::string> words) const {
        words.insert(words.begin(), "prices");
        const auto process = world_.run(std::move(words));
        EXPECT_EQ(process->wait(), 0) << process->err();
        return process->out();
    }
    std::string printed_list(std::vector<std::string> words) const {
        words.emplace_back("--json");
        const auto document = json::parse(printed(std::move(words)));
        const json::bj::value* list = document ? json::find(*document, "list") : nullptr;
        EXPECT_NE(list, nullptr);
        return list == nullptr ? "" : json::to_text(*list);
    }
    /// A configuration whose list is `file`.
    std::string config_with(const std::string& pricing) const {
        Config config = world_.config();
        config.more = "admin: {}\npricing: " + pricing + "\n";
        return world_.write(config);
    }

    World world_;
};

TEST_F(PricesFlow, PrintsTheListOfTheBinary) {
    const std::string table = printed({});

    EXPECT_TRUE(table.starts_with("Price book 2026-11-25: ")) << table;
    EXPECT_NE(table.find("\nclaude-haiku-4-5 "), std::string::npos) << table;
}

TEST_F(PricesFlow, PrintsTheBookOfAConfiguration) {
    const std::string table =
        printed({"--config",
                 config_with("{ multiplier: 0.85, overrides: [{ upstream: anthropic, model: claude-opus-5, input: 3.30,"
                             " output: 16.50, cache_read: 0.33, cache_write: 4.125 }] }")});

    EXPECT_NE(table.find("Multiplier 0.85,"), std::string::npos) << table;
    EXPECT_NE(table.find("anthropic  claude-opus-5   3.30   16.50        0.33        4.125\n"), std::string::npos)
        << table;
}

TEST_F(PricesFlow, TakesBackTheListThatItPrinted) {
    const std::string list = printed_list({});
    const std::string file = world_.dir.write("prices.json", list);

    EXPECT_EQ(printed_list({"--config", config_with("{ file: " + file + " }")}), list);
}

TEST_F(PricesFlow, NamesEveryFaultOfTheConfigurationAndExitsWithTwo) {
    const auto process = world_.run({"prices", "--config", config_with("{ multiplier: 0, file: prices.yaml }")});

    EXPECT_EQ(process->wait(), 2);
    EXPECT_EQ(process->out(), "");
    EXPECT_NE(process->err().find(": pricing.multiplier: "), std::string::npos) << process->err();
    EXPECT_NE(process->err().find(": pricing.file: "), std::string::npos) << process->err();
}

TEST_F(PricesFlow, ReadsTheFileAgainOnSighup) {
    const std::string file = world_.dir.write("prices.json", printed_list({}));
    config_with("{ file: " + file + " }");
    const auto gateway = world_.run({"serve", "--config", world_.dir.file("gateway.yaml")});
    gateway->port();
    world_.dir.write("prices.json", "version: \"2\"\nmodels:\n  - { model: claude-opus-5, from: soon }\n");
    const std::size_t before = gateway->err().size();

    gateway->signal(SIGHUP);

    gateway->line_with(ChildProcess::Stream::err, "configuration not reloaded", before);
    EXPECT_NE(gateway->err().find("pricing.file: line 3: models[0].from: must be a day"), std::string::npos)
        << gateway->err();
    EXPECT_EQ(gateway->terminate(), 0);
}

}  // namespace
}  // namespace gatehouse::testing
