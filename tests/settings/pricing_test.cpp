// SPDX-License-Identifier: Apache-2.0
// What a good `pricing` section becomes, and what is noticed about it. What a bad one is told is in cases/.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "gateway/settings.h"
#include "gateway/settings/price_file.h"
#include "tests/settings/environment.h"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;
using policy::PriceSource;

constexpr Instant today = std::chrono::sys_days{2026y / 11 / 25};

const std::string base = R"(
listen: { host: 127.0.0.1 }
oidc: { issuer: https://idp.example.com, client_id: gateway, client_secret: "${SECRET}" }
session: { jwt_secret: "${JWT_SECRET}" }
upstreams:
  - { provider: anthropic, auth: { api_key: "${API_KEY}" } }
  - { name: eu, provider: anthropic, auth: { api_key: "${API_KEY}" } }
)";

Settings parse(const std::string& more) {
    auto settings = parse_settings(base + more, testing::environment_with());
    if (settings) return std::move(*settings);
    ADD_FAILURE() << format_problems("gateway.yaml", settings.error());
    return {};
}

Settings parse_good() {
    auto settings = load_settings(std::string(GATEHOUSE_SOURCE_DIR) + "/tests/settings/cases/good_pricing.yaml",
                                  testing::environment_with());
    if (settings) return std::move(*settings);
    ADD_FAILURE() << format_problems("good_pricing.yaml", settings.error());
    return {};
}

/// `path: message` of each.
std::string notices(const Settings& settings) {
    std::string text;
    for (const SettingsProblem& notice : settings.notices)
        text.append(std::to_string(notice.line))
            .append(" ")
            .append(notice.path)
            .append(": ")
            .append(notice.message + "\n");
    return text;
}

TEST(Pricing, IsTheBuiltInListWithoutTheSection) {
    const Settings settings = parse("");

    ASSERT_TRUE(settings.prices);
    EXPECT_EQ(settings.prices->list(), policy::builtin_price_list());
    EXPECT_EQ(settings.prices->multiplier(), policy::PriceBook::whole);
    EXPECT_TRUE(settings.prices->overrides().empty());
}

TEST(Pricing, ReadsDecimalsExactly) {
    const policy::PriceBookPtr kept = parse_good().prices;
    ASSERT_TRUE(kept);
    const policy::PriceBook& book = *kept;

    EXPECT_EQ(book.multiplier(), 850'000);
    ASSERT_EQ(book.overrides().size(), 2U);
    EXPECT_EQ(book.overrides()[0],
              (policy::PriceOverride{
                  "eu", "claude-opus-5", {3'300'000'000, 16'500'000'000, 330'000'000, 4'125'000'000, 4'125'000'000}}));
    EXPECT_EQ(book.overrides()[1].rates,
              (policy::Rates{1, 1'000'000'000'000'000, 1'000'000'000, 7'000'000'000, 7'000'000'000}));
}

TEST(Pricing, LetsAFileReplaceTheList) {
    const policy::PriceBookPtr kept = parse_good().prices;
    ASSERT_TRUE(kept);
    const policy::PriceBook& book = *kept;
    const auto input_cost = [&](std::string_view model, std::int64_t tokens, policy::Speed speed, Instant when) {
        return book
            .price({.upstream = "anthropic", .upstream_model = model, .model = model}, {.input = tokens}, speed, when)
            .cost.nano();
    };

    EXPECT_EQ(book.list().version, "corp-7");
    ASSERT_EQ(book.list().rows.size(), 3U);
    EXPECT_EQ(book.list().rows[1].model, "claude-opus-5");
    EXPECT_EQ(book.list().rows[0].web_search, Money::cents(2));
    EXPECT_EQ(book.list().rows[1].web_search, Money::cents(3));
    EXPECT_EQ(book.list().unknown.web_search, Money::cents(2));
    // Times 0.85: 100 × 5,000; 300,001 × 6,000; 100 × 10,000; 300,001 × 11,000; 100 × 4,000 a year later.
    EXPECT_EQ(input_cost("us.anthropic.claude-opus-5", 100, policy::Speed::standard, today), 425'000);
    EXPECT_EQ(input_cost("claude-opus-5", 300'001, policy::Speed::standard, today), 1'530'005'100);
    EXPECT_EQ(input_cost("claude-opus-5", 100, policy::Speed::fast, today), 850'000);
    EXPECT_EQ(input_cost("claude-opus-5", 300'001, policy::Speed::fast, today), 2'805'009'350);
    EXPECT_EQ(input_cost("claude-opus-5", 100, policy::Speed::standard, std::chrono::sys_days{2027y / 1 / 1}), 340'000);
    EXPECT_EQ(input_cost("Prod-2", 1'000, policy::Speed::standard, today), 850);
    // The built-in list is gone, the rates for unknown models are not: 100 × 5,000.
    EXPECT_EQ(input_cost("claude-haiku-4-5", 100, policy::Speed::standard, today), 425'000);
}

TEST(Pricing, IsNoticedWhenItSeemsOdd) {
    const Settings settings = parse(R"(
models:
  - { id: corp-tuned, upstream_model: { eu: prod-1 } }
  - { id: corp-large, upstream_model: { eu: prod-2 } }
admin: {}
pricing:
  multiplier: 1.1
  overrides:
    - { upstream: eu, model: prod-1, input: 1, output: 1, cache_read: 1, cache_write: 1 }
    - { upstream: anthropic, model: prod-1, input: 1, output: 1, cache_read: 1, cache_write: 1 }
    - { upstream: eu, model: claude-mythos-5, input: 1, output: 1, cache_read: 1, cache_write: 1 }
    - { upstream: anthropic, model: claude-opus-4, input: 1, output: 1, cache_read: 1, cache_write: 1 }
    - { upstream: eu, model: claude-haiku-4-5@20251001, input: 1, output: 1, cache_read: 1, cache_write: 1 }
)");

    EXPECT_EQ(notices(settings),
              "14 pricing.multiplier: is above 1: every request counts for more than its price\n"
              "17 pricing.overrides[1]: is of no use: no model that this upstream serves is priced by it\n"
              "18 pricing.overrides[2]: is of no use: no model that this upstream serves is priced by it\n"
              "11 models[1].upstream_model.eu: has no price: billed at the rates for unknown models until "
              "pricing.overrides has a row for it\n");
}

TEST(Pricing, NamesBuiltInModelsThatTheFileLeavesOut) {
    const Settings settings = parse(
        "auto_include_builtin_models: false\n"
        "models:\n"
        "  - { id: claude-opus-5-5, upstream_model: { anthropic: claude-opus-5-5 } }\n"
        "  - { id: claude-opus-5, upstream_model: { anthropic: claude-opus-5 } }\n"
        "admin: {}\n"
        "pricing: { file: \"${PRICES}/good.json\" }\n");
    const Settings all = parse("admin: {}\npricing: { file: \"${PRICES}/good.json\" }\n");

    EXPECT_EQ(notices(settings),
              "10 models[0].upstream_model.anthropic: has no price: billed at the rates for unknown models until "
              "pricing.overrides has a row for it\n"
              "10 models[0].upstream_model.eu: has no price: billed at the rates for unknown models until "
              "pricing.overrides has a row for it\n");
    EXPECT_EQ(all.notices.size(), 1U);
    EXPECT_NE(notices(all).find("9 pricing.file: has no price for claude-fable-5-2, claude-haiku-5-5, "),
              std::string::npos)
        << notices(all);
    EXPECT_EQ(notices(all).find("claude-opus-5,"), std::string::npos) << notices(all);
}

TEST(Pricing, TakesTheExampleOfTheDocumentation) {
    std::ifstream stream(std::string(GATEHOUSE_SOURCE_DIR) + "/docs/pricing.md");
    const std::string page((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    const std::size_t begin = page.find("```yaml\n") + 8;
    settings::Problems problems;

    const policy::PriceList list =
        settings::read_price_list(page.substr(begin, page.find("```", begin) - begin), problems);

    EXPECT_EQ(format_problems("pricing.md", problems.take()), "");
    ASSERT_EQ(list.rows.size(), 1U);
    policy::PriceRow listed = policy::builtin_price_list().rows.at(1);
    ASSERT_EQ(listed.model, "claude-haiku-5-5");
    listed.fast = policy::Rates{200'000'000, 1'000'000'000, 20'000'000, 250'000'000, 400'000'000};
    EXPECT_EQ(list.rows[0], listed);
}

TEST(Pricing, IsNotSpokenOfWhereNothingIsBilled) {
    EXPECT_EQ(notices(parse("models: [{ id: corp-tuned, upstream_model: { eu: prod-1 } }]\n")), "");
}

}  // namespace
}  // namespace gatehouse
