// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/arguments.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

namespace gatehouse::cli {
namespace {

std::expected<Action, Notice> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "gatehouse");
    return parse_arguments(static_cast<int>(words.size()), words.data());
}

template <class T>
T parsed(std::vector<const char*> words) {
    const auto action = parse(std::move(words));
    EXPECT_TRUE(action) << action.error().text;
    EXPECT_TRUE(action && std::holds_alternative<T>(*action));
    return action && std::holds_alternative<T>(*action) ? std::get<T>(*action) : T{};
}

TEST(Arguments, BecomeOneActionEach) {
    EXPECT_EQ(parsed<Serve>({"serve", "--config", "g.yaml"}).config, "g.yaml");
    EXPECT_EQ(parsed<Serve>({"serve", "-c", "g.yaml"}).config, "g.yaml");
    EXPECT_EQ(parsed<Check>({"check", "--config=h.yaml"}).config, "h.yaml");
    EXPECT_EQ(parsed<Demo>({"demo"}).port, 8080);
    EXPECT_EQ(parsed<Demo>({"demo", "--port", "9000", "--dir", "/d"}).port, 9000);
    EXPECT_TRUE(parsed<Demo>({"demo"}).sample);
    EXPECT_FALSE(parsed<Demo>({"demo", "--no-sample"}).sample);
    EXPECT_EQ(parsed<Demo>({"demo", "--dir", "/d"}).directory, "/d");
    EXPECT_EQ(parsed<Prices>({"prices"}).config, "");
    EXPECT_FALSE(parsed<Prices>({"prices"}).json);
    EXPECT_EQ(parsed<Prices>({"prices", "-c", "g.yaml", "--json"}).config, "g.yaml");
    EXPECT_TRUE(parsed<Prices>({"prices", "--json"}).json);
    EXPECT_EQ(parsed<Login>({"login", "https://g"}).url, "https://g");
    EXPECT_EQ(parsed<Token>({"token"}).url, "");
    EXPECT_EQ(parsed<Token>({"token", "https://g"}).url, "https://g");
    EXPECT_EQ(parsed<Logout>({"logout"}).url, "");
    EXPECT_EQ(parsed<RequestIncrease>({"request-increase", "--reason", "why"}).reason, "why");
    EXPECT_EQ(parsed<RequestIncrease>({"request-increase", "-r", "why", "https://g"}).url, "https://g");
    EXPECT_EQ(parsed<RequestIncrease>({"request-increase", "-r", "why", "--amount", "$25"}).amount, "$25");
    EXPECT_EQ(parsed<RequestIncrease>({"request-increase", "-r", "why", "--period", "daily"}).period, "daily");
    EXPECT_EQ(parsed<Backup>({"backup", "-c", "g.yaml"}).config, "g.yaml");
    EXPECT_EQ(parsed<Backup>({"backup", "-c", "g.yaml"}).output, "");
    EXPECT_EQ(parsed<Backup>({"backup", "-c", "g.yaml", "--output", "b.jsonl"}).output, "b.jsonl");
    EXPECT_EQ(parsed<Restore>({"restore", "-c", "g.yaml", "b.jsonl"}).file, "b.jsonl");
    EXPECT_FALSE(parsed<Restore>({"restore", "-c", "g.yaml", "b.jsonl"}).replace);
    EXPECT_TRUE(parsed<Restore>({"restore", "b.jsonl", "--replace", "-c", "g.yaml"}).replace);
    parsed<Version>({"version"});
    parsed<Version>({"--version"});
}

TEST(Arguments, MakeTheDemosDirectoryAbsolute) {
    const auto here = std::filesystem::current_path();

    EXPECT_EQ(parsed<Demo>({"demo", "--dir", "data/../d"}).directory, (here / "d").string());
    EXPECT_EQ(parsed<Demo>({"demo"}).directory, "");
}

TEST(Arguments, ExplainEverySubcommandOnRequest) {
    for (const char* name : {"serve", "check", "demo", "prices", "login", "token", "logout", "request-increase",
                             "backup", "restore", "version"}) {
        const auto help = parse({name, "--help"});
        ASSERT_FALSE(help) << name;
        EXPECT_EQ(help.error().exit_code, 0) << name;
        EXPECT_NE(help.error().text.find(name), std::string::npos) << help.error().text;
    }
    const auto main_help = parse({"--help"});
    ASSERT_FALSE(main_help);
    EXPECT_EQ(main_help.error().exit_code, 0);
    EXPECT_NE(main_help.error().text.find("Exit codes"), std::string::npos);
}

TEST(Arguments, ShowAnExampleWithEverySubcommandThatTakesSome) {
    for (const char* name :
         {"serve", "check", "demo", "prices", "login", "token", "logout", "request-increase", "backup", "restore"}) {
        const auto help = parse({name, "--help"});
        ASSERT_FALSE(help);
        EXPECT_NE(help.error().text.find("Example"), std::string::npos) << name;
    }
}

TEST(Arguments, RefuseWhatTheyDoNotKnowWithExitCodeTwo) {
    const std::vector<std::vector<const char*>> wrong = {{},
                                                         {"serv"},
                                                         {"serve"},
                                                         {"serve", "--config"},
                                                         {"check", "--config", "a", "b"},
                                                         {"backup"},
                                                         {"restore", "-c", "g.yaml"},
                                                         {"restore", "b.jsonl"},
                                                         {"login"},
                                                         {"login", "a", "b"},
                                                         {"request-increase"},
                                                         {"request-increase", "-r", "x", "--period", "yearly"},
                                                         {"demo", "--port", "0"},
                                                         {"demo", "--port", "65534"},
                                                         {"demo", "--port", "x"},
                                                         {"serve", "--config", "a", "--verbose"},
                                                         {"version", "token"}};
    for (const auto& words : wrong) {
        const auto action = parse(words);
        ASSERT_FALSE(action) << (words.empty() ? "nothing" : words.front());
        EXPECT_EQ(action.error().exit_code, 2);
        EXPECT_FALSE(action.error().text.empty());
    }
}

TEST(Arguments, NameTheOptionThatIsMissing) {
    const auto action = parse({"serve"});

    ASSERT_FALSE(action);
    EXPECT_NE(action.error().text.find("--config"), std::string::npos) << action.error().text;
}

}  // namespace
}  // namespace gatehouse::cli
