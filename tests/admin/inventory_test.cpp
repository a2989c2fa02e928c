// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/inventory.h"

#include "policy/policy_document.h"
#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using Column = std::vector<std::string>;

class Inventory : public AdminWorld {
  protected:
    Inventory() {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}, {"own", "anthropic"}};
        spec.auto_include_builtin_models = false;
        spec.models = {{"claude-haiku-4-5", "", "quick", {{"own", "haiku"}}},
                       {"house-coder", "House coder", "", {{"own", "coder-v2"}}}};
        policy::PolicySpec nobody_may;
        nobody_may.cli = {{"availableModels", boost::json::array{}}};
        spec.policies = {nobody_may};
        auto made = policy::Rules::make(std::move(spec));
        EXPECT_TRUE(made) << (made ? "" : policy::to_lines(made.error()));
        if (made) rules = *made;
        route.mount(router);
    }
    static constexpr const char* of_groups = "/v1/organizations/groups";
    static constexpr const char* of_models = "/v1/organizations/models";

    policy::RulesPtr rules;
    InventoryRoute route{{.gate = gate, .rollups = rollups, .rules = [this] { return rules; }}};
};

TEST_F(Inventory, CountsPeopleAndServiceKeysOfEachGroupByName) {
    given_person("ada", "ada@example.com", {"platform", "engineering"});
    given_person("ben", "ben@example.com", {"engineering"});
    given_person("svc", "", {"engineering", "ci"});
    rollups.people.back().service = true;

    EXPECT_EQ(json::to_text(get(of_groups).body),
              R"({"data":[{"type":"rbac_group","rbac_group_id":"ci","people":0,"service_keys":1},)"
              R"({"type":"rbac_group","rbac_group_id":"engineering","people":2,"service_keys":1},)"
              R"({"type":"rbac_group","rbac_group_id":"platform","people":1,"service_keys":0}]})");
}

TEST_F(Inventory, HasNoGroupsBeforeAnybodyWasAtWork) {
    EXPECT_EQ(json::to_text(get(of_groups).body), R"({"data":[]})");
}

TEST_F(Inventory, ListsModelsThatNoPolicyGivesToAnybodyAndWhereTheyAreServed) {
    const Answer answer = get(of_models);

    EXPECT_EQ(answer.column("id"), (Column{R"("claude-haiku-4-5")", R"("house-coder")"}));
    EXPECT_EQ(answer.column("display_name").at(1), R"("House coder")");
    EXPECT_EQ(answer.column("description"), (Column{R"("quick")", R"("")"}));
    EXPECT_EQ(answer.column("builtin"), (Column{"true", "false"}));
    EXPECT_EQ(answer.column("upstreams"), (Column{R"(["anthropic","own"])", R"(["own"])"}));
}

TEST_F(Inventory, IsForFinanceTooAndNotForStrangers) {
    for (const char* path : {of_groups, of_models}) {
        EXPECT_EQ(get_as_person(path).status, 200) << path;
        EXPECT_EQ(get(path, "wrong").status, 401) << path;
    }
}

}  // namespace
}  // namespace gatehouse::admin
