// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/user_search.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "policy/rules.h"

namespace gatehouse::admin {
namespace {

using namespace std::chrono_literals;

constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};

class UserSearchTest : public ::testing::Test {
  protected:
    UserSearchTest() {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.policies.resize(1);
        spec.policies[0].groups = {"contractors"};
        auto made = policy::Rules::make(std::move(spec));
        if (made)
            rules_ = *made;
        else
            ADD_FAILURE() << made.error().front().path << ": " << made.error().front().message;
        given("zoe", "Zoe", 3h, {"contractors"});
        given("ada", "Ada", 1h, {"engineering"});
        given("bob", "", 2h, {"engineering", "contractors"});
        people_.push_back({.id = "service:svk_1", .email = "ada@example.com", .groups = {}, .service = true});
    }

    void given(std::string id, std::string name, std::chrono::hours ago, std::vector<std::string> groups) {
        people_.push_back({.id = id,
                           .email = id + "@example.com",
                           .name = std::move(name),
                           .groups = std::move(groups),
                           .service = false,
                           .last_seen = noon - ago});
    }
    UserPage page_of(std::string_view query) const {
        const auto search = UserSearch::parse(query);
        EXPECT_TRUE(search) << describe(search.error());
        return search_users(people_, *rules_, *search);
    }
    std::vector<std::string> found(std::string_view query) const { return ids_of(page_of(query)); }
    static std::vector<std::string> ids_of(const UserPage& page) {
        std::vector<std::string> ids;
        for (const policy::Principal& person : page.people)
            ids.push_back(person.id);
        return ids;
    }
    static std::string refusal_of(std::string_view query) {
        const auto search = UserSearch::parse(query);
        return search ? "" : search.error().message;
    }
    using Ids = std::vector<std::string>;

    std::vector<policy::Principal> people_;
    policy::RulesPtr rules_;
};

TEST_F(UserSearchTest, FindsPeopleAndNoServiceKeysWhoWasSeenLastFirst) {
    EXPECT_EQ(found(""), (Ids{"ada", "bob", "zoe"}));
    EXPECT_EQ(page_of("").total, 3U);
    EXPECT_EQ(page_of("").next, "");
}

TEST_F(UserSearchTest, SortsByNameOrElseAddressWithoutCase) {
    given("x", "aaron", 9h, {});
    EXPECT_EQ(found("sort=name"), (Ids{"x", "ada", "bob", "zoe"}));
    EXPECT_EQ(found("sort=id"), (Ids{"ada", "bob", "x", "zoe"}));
}

TEST_F(UserSearchTest, NarrowsByWordsAddressGroupAndPolicy) {
    EXPECT_EQ(found("q=ZO"), (Ids{"zoe"}));
    EXPECT_EQ(found("q=ENGIN"), (Ids{"ada", "bob"}));
    EXPECT_EQ(found("q=contractors++BOB+"), (Ids{"bob"}));
    EXPECT_EQ(found("q=bob+ada"), (Ids{}));
    EXPECT_EQ(found("email=ADA%40example.com"), (Ids{"ada"}));
    EXPECT_EQ(found("email=ada"), (Ids{}));
    EXPECT_EQ(found("group=engineering"), (Ids{"ada", "bob"}));
    EXPECT_EQ(found("group=engineering&q=bob"), (Ids{"bob"}));
    const std::string contractors = rules_->policy_for({"zoe", "", people_[0].groups})->name;
    EXPECT_EQ(found("policy=" + contractors), (Ids{"bob", "zoe"}));
    EXPECT_EQ(found("policy=none-such"), (Ids{}));
}

TEST_F(UserSearchTest, TurnsPagesWithoutLosingOrRepeatingAnybody) {
    for (const std::string order : {"last_seen", "name", "id"}) {
        const UserPage first = page_of("limit=2&sort=" + order);
        EXPECT_EQ(first.people.size(), 2U);
        EXPECT_EQ(first.total, 3U);
        const UserPage second = page_of("limit=2&sort=" + order + "&page=" + first.next);
        EXPECT_EQ(ids_of(second), (Ids{"zoe"})) << order;
        EXPECT_EQ(second.total, 3U);
        EXPECT_EQ(second.next, "");
    }
}

TEST_F(UserSearchTest, GoesOnFromWhereSomebodyStoodWhenTheyAreSeenMeanwhile) {
    const std::string next = page_of("limit=2").next;
    for (policy::Principal& person : people_)
        if (person.id == "bob") person.last_seen = noon;
    EXPECT_EQ(found("limit=2&page=" + next), (Ids{"zoe"}));
}

TEST_F(UserSearchTest, TellsPeopleApartWhoWereSeenAtTheSameMoment) {
    for (policy::Principal& person : people_)
        person.last_seen = noon;
    const UserPage first = page_of("limit=1");
    EXPECT_EQ(ids_of(first), (Ids{"ada"}));
    EXPECT_EQ(found("limit=1&page=" + first.next), (Ids{"bob"}));
}

TEST_F(UserSearchTest, NamesTheParameterThatIsWrong) {
    EXPECT_EQ(refusal_of("sort=spend"), "sort: must be last_seen, name or id");
    EXPECT_EQ(refusal_of("limit=0"), "limit: must be a whole number from 1 to 1000");
    EXPECT_EQ(refusal_of("page=%25"), "page: is not a page of this list: begin without one");
    EXPECT_EQ(refusal_of("sort=name&page=" + page_of("limit=1").next),
              "page: is not a page of this list: begin without one");
    EXPECT_EQ(refusal_of("after_id=ada"),
              "after_id: is not known here: use email, q, group, policy, sort, limit or page");
}

}  // namespace
}  // namespace gatehouse::admin
