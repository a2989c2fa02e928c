// SPDX-License-Identifier: Apache-2.0
#include "policy/cap.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "policy/charge.h"

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};  // 2026-11-25T12:00:00Z
const std::vector<std::string> two_groups{"eng", "ops"};
const Subject ada{.id = "ada", .email = "ada@example.com", .groups = two_groups};

Cap cap(std::string id, Scope scope, std::optional<std::string> amount, Period period = Period::monthly) {
    return {std::move(id), std::move(scope), std::move(amount), period, noon - 24h, noon - 24h, {}};
}
Cap until(Cap one, Instant end) {
    one.expires_at = end;
    return one;
}
Scope user(std::string id) {
    return {ScopeKind::user, std::move(id)};
}
Scope group(std::string id) {
    return {ScopeKind::rbac_group, std::move(id)};
}
Scope pool(std::string id) {
    return {ScopeKind::group_pool, std::move(id)};
}
const Scope organization{ScopeKind::organization, {}};

/// The id of the cap that holds for ada in a month; empty: none.
std::string held_by(const std::vector<Cap>& caps, GroupLimitMode mode = GroupLimitMode::min, Instant now = noon) {
    const CapBook book(caps);
    const Cap* holding = book.effective(ada, mode, now).at(2).cap;
    return holding == nullptr ? "" : holding->id;
}

TEST(CapBook, LeavesACallerWithoutACapAlone) {
    const CapBook book({cap("bob", user("bob"), "1"), cap("hr", group("hr"), "1"), cap("pool", pool("hr"), "1")});

    EXPECT_EQ(held_by({}), "");
    for (const auto& [period, holding] : book.effective(ada, GroupLimitMode::min, noon))
        EXPECT_EQ(holding, nullptr) << to_slug(period);
    EXPECT_TRUE(book.limits(ada, GroupLimitMode::min, noon).empty());
    EXPECT_EQ(book.accounts(ada, noon), std::vector<std::string>{user_account("ada")});
}

TEST(CapBook, PrefersTheNearestScopeWhateverItsAmount) {
    const Cap everyone = cap("org", organization, "1");
    const Cap engineers = cap("eng", group("eng"), "500");
    const Cap own = cap("own", user("ada"), "9000");

    EXPECT_EQ(held_by({everyone}), "org");
    EXPECT_EQ(held_by({everyone, engineers}), "eng");
    EXPECT_EQ(held_by({everyone, engineers, own}), "own");
    EXPECT_EQ(held_by({everyone, own}), "own");
}

TEST(CapBook, TakesAnUnlimitedOverrideForADecision) {
    const CapBook book({cap("org", organization, "100"), cap("own", user("ada"), std::nullopt)});

    EXPECT_EQ(book.effective(ada, GroupLimitMode::min, noon).at(2).cap->id, "own");
    EXPECT_TRUE(book.limits(ada, GroupLimitMode::min, noon).empty());
}

TEST(CapBook, CombinesGroupsAsTheModeSays) {
    const Cap small = cap("eng", group("eng"), "99");
    const Cap large = cap("ops", group("ops"), "100");
    const Cap boundless = cap("ops-unlimited", group("ops"), std::nullopt);

    EXPECT_EQ(held_by({small, large}, GroupLimitMode::min), "eng");
    EXPECT_EQ(held_by({small, large}, GroupLimitMode::max), "ops");
    EXPECT_EQ(held_by({small, boundless}, GroupLimitMode::min), "eng");
    EXPECT_EQ(held_by({small, boundless}, GroupLimitMode::max), "ops-unlimited");
}

TEST(CapBook, ComparesAmountsAsNumbers) {
    EXPECT_EQ(held_by({cap("eng", group("eng"), "900"), cap("ops", group("ops"), "1000")}), "eng");
}

TEST(CapBook, KeepsPeriodsApart) {
    const CapBook book({cap("d", organization, "10", Period::daily), cap("w", user("ada"), "20", Period::weekly)});

    const auto caps = book.effective(ada, GroupLimitMode::min, noon);

    ASSERT_EQ(caps.size(), 3U);
    EXPECT_EQ(caps[0].period, Period::daily);
    EXPECT_EQ(caps[0].cap->id, "d");
    EXPECT_EQ(caps[1].cap->id, "w");
    EXPECT_EQ(caps[2].cap, nullptr);
}

TEST(CapBook, LetsATemporaryCapCoverThePermanentOneWhileItLasts) {
    const std::vector<Cap> caps{until(cap("raise", user("ada"), "900"), noon), cap("own", user("ada"), "100")};

    EXPECT_EQ(held_by(caps, GroupLimitMode::min, noon - 1ms), "raise");
    EXPECT_EQ(held_by(caps, GroupLimitMode::min, noon), "own");
}

TEST(CapBook, TakesAnExpiredCapForDeleted) {
    const std::vector<Cap> caps{until(cap("raise", user("ada"), "900"), noon), cap("org", organization, "100")};

    EXPECT_EQ(held_by(caps, GroupLimitMode::min, noon - 1ms), "raise");
    EXPECT_EQ(held_by(caps, GroupLimitMode::min, noon), "org");
}

TEST(CapBook, LetsATemporaryGroupCapCompeteWithTheOtherGroupsOnes) {
    const std::vector<Cap> caps{cap("eng", group("eng"), "100"), until(cap("sprint", group("eng"), "300"), noon + 1h),
                                cap("ops", group("ops"), "200")};

    EXPECT_EQ(held_by(caps, GroupLimitMode::min), "ops");
    EXPECT_EQ(held_by(caps, GroupLimitMode::max), "sprint");
    EXPECT_EQ(held_by(caps, GroupLimitMode::min, noon + 1h), "eng");
}

/// What one scope holds in the test below.
enum class Kept : std::uint8_t { nothing, permanent, unlimited, temporary_too, expired_too, expired_alone };
constexpr std::array every_kept{Kept::nothing,       Kept::permanent,   Kept::unlimited,
                                Kept::temporary_too, Kept::expired_too, Kept::expired_alone};

/// A scope under test: what is kept there, and which cap of it should count.
struct KeptScope {
    Scope scope;
    std::string permanent_amount;
    std::string temporary_amount;
};

void add(std::vector<Cap>& caps, const KeptScope& one, Kept kept) {
    const std::string name = std::string(to_slug(one.scope.kind)) + one.scope.id;
    if (kept == Kept::permanent || kept == Kept::temporary_too || kept == Kept::expired_too)
        caps.push_back(cap(name, one.scope, one.permanent_amount));
    if (kept == Kept::unlimited) caps.push_back(cap(name, one.scope, std::nullopt));
    if (kept == Kept::temporary_too)
        caps.push_back(until(cap(name + "+", one.scope, one.temporary_amount), noon + 1ms));
    if (kept == Kept::expired_too || kept == Kept::expired_alone)
        caps.push_back(until(cap(name + "-", one.scope, one.temporary_amount), noon));
}

/// The amount that should count there: nothing: no cap; "": unlimited.
std::optional<std::string> counting(const KeptScope& one, Kept kept) {
    switch (kept) {
        case Kept::nothing:
        case Kept::expired_alone:
            return std::nullopt;
        case Kept::permanent:
        case Kept::expired_too:
            return one.permanent_amount;
        case Kept::unlimited:
            return "";
        case Kept::temporary_too:
            return one.temporary_amount;
    }
    return std::nullopt;
}

/// Of two groups' amounts, by the words of docs/caps.md; amounts in this test have the same number of digits.
std::optional<std::string> combined(const std::optional<std::string>& left, const std::optional<std::string>& right,
                                    GroupLimitMode mode) {
    if (!left) return right;
    if (!right) return left;
    const bool left_is_less = !left->empty() && (right->empty() || *left < *right);
    return left_is_less == (mode == GroupLimitMode::min) ? left : right;
}

TEST(CapBook, DecidesEveryCombinationOfScopesAsDocumented) {
    const KeptScope own{user("ada"), "50", "51"};
    const KeptScope eng{group("eng"), "20", "40"};
    const KeptScope ops{group("ops"), "30", "10"};
    const KeptScope all{organization, "60", "61"};
    for (const Kept of_user : every_kept)
        for (const Kept of_eng : every_kept)
            for (const Kept of_ops : every_kept)
                for (const Kept of_all : every_kept)
                    for (const GroupLimitMode mode : {GroupLimitMode::min, GroupLimitMode::max}) {
                        std::vector<Cap> caps;
                        add(caps, all, of_all);
                        add(caps, ops, of_ops);
                        add(caps, eng, of_eng);
                        add(caps, own, of_user);
                        auto expected = counting(own, of_user);
                        if (!expected) expected = combined(counting(eng, of_eng), counting(ops, of_ops), mode);
                        if (!expected) expected = counting(all, of_all);

                        const CapBook book(caps);
                        const Cap* holding = book.effective(ada, mode, noon).at(2).cap;
                        const auto contest = book.contest(ada, mode, Period::monthly, noon);
                        const auto limits = book.limits(ada, mode, noon);

                        ASSERT_EQ(holding != nullptr, expected.has_value());
                        if (expected) ASSERT_EQ(holding->amount.value_or(""), *expected);
                        ASSERT_EQ(limits.size(), expected && !expected->empty() ? 1U : 0U);
                        ASSERT_EQ(contest.size(), caps.size());
                        for (const Contender& each : contest)
                            ASSERT_EQ(each.outcome == Outcome::holds, each.cap == holding);
                    }
}

TEST(CapBook, SaysWhatBecameOfEveryCapThatNamesTheCaller) {
    const CapBook book({cap("org", organization, "1"), cap("eng", group("eng"), "5"), cap("ops", group("ops"), "7"),
                        until(cap("sprint", group("eng"), "6"), noon + 1h), until(cap("old", user("ada"), "8"), noon),
                        cap("bob", user("bob"), "9"), cap("day", organization, "2", Period::daily)});

    std::vector<std::pair<std::string, Outcome>> told;
    for (const auto& [one, outcome] : book.contest(ada, GroupLimitMode::min, Period::monthly, noon))
        told.emplace_back(one->id, outcome);

    const std::vector<std::pair<std::string, Outcome>> expected{{"sprint", Outcome::holds},
                                                                {"old", Outcome::expired},
                                                                {"eng", Outcome::covered_by_temporary},
                                                                {"ops", Outcome::another_group},
                                                                {"org", Outcome::nearer_scope}};
    EXPECT_EQ(told, expected);
}

TEST(CapBook, ChecksAgainstOwnCapsAndThePoolsOfTheGroups) {
    const CapBook book({cap("pool", pool("ops"), "700"), cap("pool-day", pool("ops"), "70", Period::daily),
                        cap("boundless", pool("eng"), std::nullopt), cap("strangers", pool("hr"), "1"),
                        cap("own", user("ada"), "100"), cap("day", organization, "10", Period::daily)});

    const std::vector<Limit> expected{{user_account("ada"), Period::daily, Money::cents(10), false},
                                      {user_account("ada"), Period::monthly, Money::cents(100), false},
                                      {pool_account("ops"), Period::daily, Money::cents(70), true},
                                      {pool_account("ops"), Period::monthly, Money::cents(700), true}};
    EXPECT_EQ(book.limits(ada, GroupLimitMode::min, noon), expected);
    EXPECT_EQ(book.accounts(ada, noon),
              (std::vector<std::string>{user_account("ada"), pool_account("eng"), pool_account("ops")}));
}

TEST(CapBook, ForgetsAPoolThatExpired) {
    const CapBook book({until(cap("pool", pool("ops"), "700"), noon)});

    EXPECT_EQ(book.accounts(ada, noon - 1ms).size(), 2U);
    EXPECT_EQ(book.accounts(ada, noon), std::vector<std::string>{user_account("ada")});
    EXPECT_TRUE(book.limits(ada, GroupLimitMode::min, noon).empty());
}

TEST(CapBook, CountsAGroupThatIsNamedTwiceOnce) {
    const std::vector<std::string> twice{"ops", "ops"};
    const Subject doubled{.id = "ada", .email = {}, .groups = twice};
    const CapBook book({cap("pool", pool("ops"), "700"), cap("ops", group("ops"), "7")});

    EXPECT_EQ(book.accounts(doubled, noon).size(), 2U);
    EXPECT_EQ(book.limits(doubled, GroupLimitMode::min, noon).size(), 2U);
    EXPECT_EQ(book.contest(doubled, GroupLimitMode::min, Period::monthly, noon).size(), 1U);
}

TEST(CapBook, DoesNotTakeAGroupForAUserOfTheSameName) {
    EXPECT_EQ(held_by({cap("a", group("ada"), "1"), cap("b", user("eng"), "2"), cap("c", pool("eng"), "3")}), "");
}

TEST(CapBook, IsInOrderOfCreation) {
    Cap first = cap("z", organization, "1");
    first.created_at = noon - 48h;
    const CapBook book({cap("b", user("b"), "1"), cap("a", user("a"), "1"), first});

    std::vector<std::string> ids;
    for (const Cap& each : book.caps())
        ids.push_back(each.id);
    EXPECT_EQ(ids, (std::vector<std::string>{"z", "a", "b"}));
    EXPECT_EQ(book.find("a")->scope, user("a"));
    EXPECT_EQ(book.find("c"), nullptr);
}

TEST(Cap, HasALimitInMoneyThatSaturates) {
    EXPECT_EQ(cap("a", organization, "0").limit(), Money());
    EXPECT_EQ(cap("a", organization, "50000").limit(), Money::dollars(500));
    EXPECT_EQ(cap("a", organization, "999999999999999999").limit(), Money::most());
    EXPECT_FALSE(cap("a", organization, std::nullopt).limit());
}

TEST(Cap, IsWrittenAsTheContractShowsIt) {
    EXPECT_EQ(to_document(cap("spl_1", user("ada \"x\""), "100", Period::daily)),
              R"({"type":"spend_limit","id":"spl_1","created_at":"2026-11-24T12:00:00.000Z",)"
              R"("updated_at":"2026-11-24T12:00:00.000Z","scope":{"type":"user","user_id":"ada \"x\""},)"
              R"("amount":"100","currency":"USD","period":"daily"})");
    EXPECT_EQ(to_document(until(cap("spl_2", organization, std::nullopt), noon)),
              R"({"type":"spend_limit","id":"spl_2","created_at":"2026-11-24T12:00:00.000Z",)"
              R"("updated_at":"2026-11-24T12:00:00.000Z","scope":{"type":"organization"},)"
              R"("amount":null,"currency":"USD","period":"monthly","expires_at":"2026-11-25T12:00:00.000Z"})");
}

TEST(Cap, IsReadBackAsItWasWritten) {
    for (const Scope& scope : {organization, user("ada"), group("eng"), pool("eng")})
        for (const auto& amount : {std::optional<std::string>("0"), std::optional<std::string>()})
            for (const Period period : every_period) {
                const Cap permanent = cap("spl_1", scope, amount, period);
                EXPECT_EQ(parse_cap(to_document(permanent)), permanent);
                EXPECT_EQ(parse_cap(to_document(until(permanent, noon + 1ms))), until(permanent, noon + 1ms));
            }
}

/// The document of a good cap with one text replaced.
std::string spoiled(std::string_view what, std::string_view with) {
    std::string document = to_document(until(cap("spl_1", user("ada"), "100"), noon));
    const std::size_t found = document.find(what);
    if (found == std::string::npos) throw std::invalid_argument(std::string(what));
    return document.replace(found, what.size(), with);
}

TEST(Cap, IsNotReadFromAnythingElse) {
    EXPECT_TRUE(parse_cap(spoiled("ada", "bob")));
    EXPECT_FALSE(parse_cap(""));
    EXPECT_FALSE(parse_cap("[]"));
    EXPECT_FALSE(parse_cap(spoiled("\"spend_limit\"", "\"api_key\"")));
    EXPECT_FALSE(parse_cap(spoiled("\"id\"", "\"no\"")));
    EXPECT_FALSE(parse_cap(spoiled("\"user\"", "\"team\"")));
    EXPECT_FALSE(parse_cap(spoiled("\"user_id\"", "\"rbac_group_id\"")));
    EXPECT_FALSE(parse_cap(spoiled("\"ada\"", "\"\"")));
    EXPECT_FALSE(parse_cap(spoiled("\"100\"", "100")));
    EXPECT_FALSE(parse_cap(spoiled("\"amount\"", "\"sum\"")));
    EXPECT_FALSE(parse_cap(spoiled("USD", "EUR")));
    EXPECT_FALSE(parse_cap(spoiled("monthly", "yearly")));
    EXPECT_FALSE(parse_cap(spoiled("2026-11-25T12", "tomorrow")));
    EXPECT_FALSE(parse_cap(spoiled("\"created_at\"", "\"made_at\"")));
}

TEST(Cap, IsLeftOutOfTheBookWhenItsDocumentCannotBeRead) {
    const CapBookPtr book = read_caps({{"spl_1", to_document(cap("spl_1", organization, "1"))}, {"spl_2", "{}"}});

    ASSERT_EQ(book->caps().size(), 1U);
    EXPECT_EQ(book->caps()[0].id, "spl_1");
}

TEST(CapId, FollowsFromWhatTheCapIsFor) {
    std::set<std::string> ids;
    for (const Scope& scope : {organization, user("eng"), user("ops"), group("eng"), pool("eng")})
        for (const Period period : every_period)
            for (const bool temporary : {false, true}) {
                EXPECT_EQ(cap_id(scope, period, temporary), cap_id(scope, period, temporary));
                ids.insert(cap_id(scope, period, temporary));
            }

    EXPECT_EQ(ids.size(), 30U);
    EXPECT_TRUE(ids.begin()->starts_with("spl_"));
    EXPECT_EQ(ids.begin()->size(), 36U);
}

TEST(Cents, AreOneToEighteenDigitsWithoutLeadingZeros) {
    EXPECT_EQ(parse_cents("0"), "0");
    EXPECT_EQ(parse_cents("000"), "0");
    EXPECT_EQ(parse_cents("0012300"), "12300");
    EXPECT_EQ(parse_cents("999999999999999999"), "999999999999999999");
    for (const char* text : {"", "1000000000000000000", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "ten"})
        EXPECT_FALSE(parse_cents(text)) << text;
}

TEST(Scope, IsSpelledAsTheContractDoes) {
    for (const char* slug : {"user", "rbac_group", "organization", "group_pool"})
        EXPECT_EQ(to_slug(*parse_scope_kind(slug)), slug);
    EXPECT_FALSE(parse_scope_kind("team"));
}

}  // namespace
}  // namespace gatehouse::policy
