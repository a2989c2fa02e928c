// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_difference.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

boost::json::object policies(std::string_view list) {
    return document(std::string(R"({"policies":[)").append(list).append("]}"));
}

std::string differences(std::string_view before, std::string_view after) {
    return json::to_text(to_json(find_differences(policies(before), policies(after))));
}

constexpr std::string_view devs = R"({"match":{"groups":["devs"]},"cli":{"model":"opus"}})";
constexpr std::string_view ops = R"({"match":{"groups":["ops"]},"cli":{"model":"haiku"}})";
constexpr std::string_view everyone = R"({"match":{},"cli":{}})";

std::string list(std::initializer_list<std::string_view> entries) {
    std::string text;
    for (const std::string_view entry : entries)
        text.append(text.empty() ? "" : ",").append(entry);
    return text;
}

TEST(PolicyDifference, OfEqualDocumentsIsNothing) {
    EXPECT_EQ(differences(list({devs, ops}), list({devs, ops})), "[]");
    EXPECT_EQ(differences(R"({"match":{},"cli":{"a":1,"b":2}})", R"({"cli":{"b":2,"a":1},"match":{}})"), "[]");
}

TEST(PolicyDifference, NamesTheDeepestMemberThatChanged) {
    EXPECT_EQ(differences(R"({"match":{},"cli":{"env":{"A":"1","B":"2"},"model":"opus"}})",
                          R"({"match":{},"cli":{"env":{"A":"3","C":"4"},"model":"opus"}})"),
              R"([{"path":"policies[0].cli.env.A","before":"1","after":"3"},)"
              R"({"path":"policies[0].cli.env.B","before":"2"},{"path":"policies[0].cli.env.C","after":"4"}])");
}

TEST(PolicyDifference, ShowsAListAsAWhole) {
    EXPECT_EQ(differences(R"({"match":{},"cli":{"availableModels":["opus"]}})",
                          R"({"match":{},"cli":{"availableModels":["haiku","opus"]}})"),
              R"([{"path":"policies[0].cli.availableModels","before":["opus"],"after":["haiku","opus"]}])");
}

TEST(PolicyDifference, FollowsAPolicyThatANewOneMovedDown) {
    EXPECT_EQ(differences(list({devs, everyone}),
                          list({ops, R"({"match":{"groups":["devs"]},"cli":{"model":"x"}})", everyone})),
              R"([{"path":"policies[0]","after":)" + std::string(ops) +
                  R"(},{"path":"policies[1].cli.model","before":"opus","after":"x"}])");
}

TEST(PolicyDifference, SaysWhereAPolicyWasThatIsGone) {
    EXPECT_EQ(differences(list({devs, ops, everyone}), list({devs, everyone})),
              R"([{"path":"policies[1]","before":)" + std::string(ops) + "}]");
}

TEST(PolicyDifference, ShowsAnEditedMatchAsAnEditAndNotAsAnotherPolicy) {
    EXPECT_EQ(differences(list({devs, everyone}),
                          list({R"({"match":{"groups":["devs","qa"]},"cli":{"model":"opus"}})", everyone})),
              R"([{"path":"policies[0].match.groups","before":["devs"],"after":["devs","qa"]}])");
}

TEST(PolicyDifference, SeesThatTheOrderChanged) {
    EXPECT_EQ(differences(list({devs, ops}), list({ops, devs})),
              R"([{"path":"policies[0]","before":)" + std::string(devs) + R"(},{"path":"policies[1]","after":)" +
                  std::string(devs) + "}]");
}

TEST(PolicyDifference, OfTheFirstVersionIsEverythingInIt) {
    EXPECT_EQ(find_differences({}, policies(list({devs, ops}))).size(), 2U);
}

TEST(PolicyDifference, GoesToTheAuditTrailBySides) {
    const auto found = find_differences(policies(R"({"match":{},"cli":{"env":{"A":"1"}}})"),
                                        policies(R"({"match":{},"cli":{"env":{"A":"2","B":"3"}}})"));
    EXPECT_EQ(to_audit_text(6, found, Side::before), R"({"version":6,"values":{"policies[0].cli.env.A":"1"}})");
    EXPECT_EQ(to_audit_text(7, found, Side::after),
              R"({"version":7,"values":{"policies[0].cli.env.A":"2","policies[0].cli.env.B":"3"}})");
}

TEST(PolicyDifference, GoesToTheAuditTrailAsPathsAloneWhenItIsLong) {
    boost::json::object env;
    for (int index = 0; index < 200; ++index)
        env["V" + std::to_string(1000 + index)] = std::string(1'000, 'x');
    boost::json::object policy{{"match", boost::json::object{}}, {"cli", {{"env", env}}}};
    const auto found =
        find_differences(policies(R"({"match":{},"cli":{"env":{}}})"), {{"policies", boost::json::array{policy}}});

    const std::string text = to_audit_text(7, found, Side::after);

    EXPECT_LT(text.size(), 16'384U);
    const auto row = json::parse(text);
    ASSERT_TRUE(row);
    EXPECT_EQ(json::find_integer(*row, "differences"), 200);
    EXPECT_EQ(json::find(*row, "paths")->as_array().size(), 100U);
    EXPECT_EQ(json::find(*row, "values"), nullptr);
}

}  // namespace
}  // namespace gatehouse::policy
