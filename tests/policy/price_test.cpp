// SPDX-License-Identifier: Apache-2.0
// Worked examples: every expected figure was computed by hand, as the comment beside it shows. A rate of R dollars per
// million tokens is R × 1000 nano-dollars per token.
#include "policy/price.h"

#include <gtest/gtest.h>

#include <limits>

#include "policy/catalogue.h"

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant today = std::chrono::sys_days{2026y / 11 / 25};
constexpr std::int64_t dollar = 1'000'000'000;

constexpr Instant day(std::chrono::year_month_day date) {
    return std::chrono::sys_days{date};
}

/// A request that goes to the provider under its own id.
PriceQuery of(std::string_view model) {
    return {.upstream = "anthropic", .upstream_model = model, .model = model};
}

std::int64_t cost_of(std::string_view model, const Usage& usage, Speed speed = Speed::standard) {
    return builtin_price_book()->price(of(model), usage, speed, today).cost.nano();
}

/// A list of one model whose tokens cost as many nano-dollars per million as the arguments say.
PriceList tiny_list(std::int64_t input, std::int64_t output = 0) {
    return {.version = "test",
            .rows = {{.model = "claude-tiny", .from = {}, .standard = {.input = input, .output = output}}},
            .unknown = {.model = {}, .standard = {.input = 7 * dollar}}};
}

std::int64_t tiny_cost(std::int64_t rate, std::int64_t tokens, std::int64_t multiplier = PriceBook::whole) {
    const PriceBook book(tiny_list(rate), {}, multiplier);
    return book.price(of("claude-tiny"), {.input = tokens}, Speed::standard, today).cost.nano();
}

TEST(Price, OfOneCachedHaikuTokenIsATenthOfAMicroDollar) {
    EXPECT_EQ(cost_of("claude-haiku-4-5", {.cache_read = 1}), 100);
}

TEST(Price, AddsEveryCounterAtItsOwnRate) {
    // Sonnet 4.6, 3 / 15 / 0.30 / 3.75 / 6: 1,200 × 3,000 + 850 × 15,000 + 40,000 × 300 + 2,000 × 3,750 + 500 × 6,000
    //   = 3,600,000 + 12,750,000 + 12,000,000 + 7,500,000 + 3,000,000 = 38,850,000
    EXPECT_EQ(
        cost_of("claude-sonnet-4-6",
                {.input = 1'200, .output = 850, .cache_read = 40'000, .cache_write_5m = 2'000, .cache_write_1h = 500}),
        38'850'000);
}

TEST(Price, OfACacheWriteForAnHourIsTwiceTheInputs) {
    EXPECT_EQ(cost_of("claude-opus-5", {.cache_write_1h = 1'000'000}), 10 * dollar);
    EXPECT_EQ(cost_of("claude-opus-5", {.cache_write_5m = 1'000'000}), 6'250'000'000);
    EXPECT_EQ(cost_of("claude-opus-5", {.input = 1'000'000}), 5 * dollar);
}

TEST(Price, OfAWebSearchIsACent) {
    // 3 × 10,000,000 + 10 × 5,000
    EXPECT_EQ(cost_of("claude-opus-5", {.input = 10, .web_searches = 3}), 30'050'000);
}

TEST(Price, OfAFastAnswerIsTheModelsFastRate) {
    // Opus 5.5: 4 / 20, fast 8 / 40. 1,000 × 8,000 + 100 × 40,000 = 12,000,000; standard half of it.
    const Usage usage{.input = 1'000, .output = 100};
    const Priced fast = builtin_price_book()->price(of("claude-opus-5-5"), usage, Speed::fast, today);

    EXPECT_EQ(fast.cost.nano(), 12'000'000);
    EXPECT_EQ(fast.tier, Tier::fast);
    EXPECT_EQ(cost_of("claude-opus-5-5", usage), 6'000'000);
}

TEST(Price, SaysWhatOfItIsForWhatTheModelWrote) {
    const PriceBook dearer(builtin_price_list(), {}, 1'500'000);
    // Opus 5.5: 4 / 20, fast 8 / 40: 100 × 20,000 × 1.5, and of a fast answer 100 × 40,000 × 1.5.
    const Usage usage{.input = 1'000, .output = 100, .web_searches = 2};

    EXPECT_EQ(dearer.price(of("claude-opus-5-5"), usage, Speed::standard, today).written.nano(), 3'000'000);
    EXPECT_EQ(dearer.price(of("claude-opus-5-5"), usage, Speed::fast, today).written.nano(), 6'000'000);
    EXPECT_EQ(dearer.price(of("claude-opus-5-5"), {.input = 1'000}, Speed::standard, today).written, Money());
}

TEST(Price, OfAFastAnswerIsTheSameHoweverLongThePrompt) {
    // Opus 5 fast, 10 / 50: 300,000 × 10,000
    EXPECT_EQ(cost_of("claude-opus-5", {.input = 300'000}, Speed::fast), 3 * dollar);
}

TEST(Price, OfAFastAnswerOfAModelWithoutSuchARateIsTheStandardOne) {
    const Priced priced = builtin_price_book()->price(of("claude-haiku-4-5"), {.input = 1}, Speed::fast, today);

    EXPECT_EQ(priced.cost.nano(), 1'000);
    EXPECT_EQ(priced.tier, Tier::fast) << "what it was is kept, for a book that knows better";
}

TEST(Price, OfALongPromptIsTheLongRateForEveryTokenOfTheRequest) {
    // Haiku 5.5: 0.10 / 0.50 / read 0.01, above 100,000 prompt tokens 0.50 / 2.50 / 0.05 / writes 0.625 and 1.
    const auto price = [](const Usage& usage) {
        return builtin_price_book()->price(of("claude-haiku-5-5"), usage, Speed::standard, today);
    };
    // 20,000 × 100 + 80,000 × 10 + 1,000 × 500 = 2,000,000 + 800,000 + 500,000
    const Priced at = price({.input = 20'000, .output = 1'000, .cache_read = 80'000});
    // 20,001 × 500 + 80,000 × 50 + 1,000 × 2,500 = 10,000,500 + 4,000,000 + 2,500,000
    const Priced above = price({.input = 20'001, .output = 1'000, .cache_read = 80'000});

    EXPECT_EQ(at.cost.nano(), 3'300'000);
    EXPECT_EQ(at.tier, Tier::standard);
    EXPECT_EQ(above.cost.nano(), 16'500'500);
    EXPECT_EQ(above.tier, Tier::long_context);
    // Written to the cache is read, too: 100,001 × 625, and 60,000 × 625 + 40,001 × 1,000.
    EXPECT_EQ(price({.cache_write_5m = 100'001}).cost.nano(), 62'500'625);
    EXPECT_EQ(price({.cache_write_5m = 60'000, .cache_write_1h = 40'001}).cost.nano(), 77'501'000);
    // What the model wrote is no part of the prompt: 200,000 × 500.
    EXPECT_EQ(price({.output = 200'000}).tier, Tier::standard);
    EXPECT_EQ(price({.output = 200'000}).cost.nano(), 100'000'000);
}

TEST(Price, OfALongPromptIsTheStandardRateWhereTheModelHasNoOther) {
    const Priced priced = builtin_price_book()->price(of("claude-opus-5"), {.input = 900'000}, Speed::standard, today);

    EXPECT_EQ(priced.cost.nano(), 4'500'000'000);  // 900,000 × 5,000
    EXPECT_EQ(priced.tier, Tier::standard);
}

TEST(Price, TakesTheNearestTierThatTheModelHas) {
    PriceList list = tiny_list(1'000'000);
    PriceRow& row = list.rows.front();
    row.long_above = 10;
    row.long_context = Rates{.input = 2'000'000};
    const auto price = [&](std::int64_t tokens, Speed speed) {
        return PriceBook(list).price(of("claude-tiny"), {.input = tokens}, speed, today);
    };

    // 11 tokens at 1, 2, 3, 4 nano-dollars each.
    EXPECT_EQ(price(10, Speed::standard).cost.nano(), 10);
    EXPECT_EQ(price(11, Speed::standard).cost.nano(), 22);
    EXPECT_EQ(price(11, Speed::fast).cost.nano(), 22);
    EXPECT_EQ(price(11, Speed::fast).tier, Tier::fast_long_context);
    row.fast = Rates{.input = 3'000'000};
    EXPECT_EQ(price(10, Speed::fast).cost.nano(), 30);
    EXPECT_EQ(price(11, Speed::fast).cost.nano(), 33);
    row.fast_long_context = Rates{.input = 4'000'000};
    EXPECT_EQ(price(10, Speed::fast).cost.nano(), 30);
    EXPECT_EQ(price(11, Speed::fast).cost.nano(), 44);
    EXPECT_EQ(price(11, Speed::fast).tier, Tier::fast_long_context);
}

TEST(Price, IsRoundedOnceHalfUpToWholeNanoDollars) {
    EXPECT_EQ(tiny_cost(499'999, 1), 0);    // 0.499999
    EXPECT_EQ(tiny_cost(500'000, 1), 1);    // 0.5
    EXPECT_EQ(tiny_cost(1'499'999, 1), 1);  // 1.499999
    EXPECT_EQ(tiny_cost(1'500'000, 1), 2);  // 1.5
    // Two halves are one, not two that were rounded each: 1 × 0.5 + 1 × 0.5.
    const PriceBook book(tiny_list(500'000, 500'000));
    EXPECT_EQ(book.price(of("claude-tiny"), {.input = 1, .output = 1}, Speed::standard, today).cost.nano(), 1);
}

TEST(Price, IsMultipliedBeforeItIsRounded) {
    EXPECT_EQ(tiny_cost(1'000'000, 100, 850'000), 85);  // 100 × 0.85
    EXPECT_EQ(tiny_cost(1'000'000, 10, 850'000), 9);    // 8.5
    EXPECT_EQ(tiny_cost(1'000'000, 10, 849'999), 8);    // 8.49999
    EXPECT_EQ(tiny_cost(600'000, 1, 500'000), 0);       // 0.3; rounded first it would be 1, then 0.5, then 1
    EXPECT_EQ(tiny_cost(1'000'000, 10, 10'000'000), 100);
}

TEST(Price, MultipliesWebSearchesToo) {
    const PriceBook book(builtin_price_list(), {}, 850'000);

    EXPECT_EQ(book.price(of("claude-opus-5"), {.web_searches = 1}, Speed::standard, today).cost.nano(), 8'500'000);
}

TEST(Price, CountsWhatIsNegativeAsNothing) {
    EXPECT_EQ(cost_of("claude-haiku-4-5", {.input = -1'000'000, .output = 2, .web_searches = -5}), 10'000);
    // Nor does it hide a long prompt.
    EXPECT_EQ(builtin_price_book()
                  ->price(of("claude-haiku-5-5"), {.input = 100'001, .cache_read = -50'000}, Speed::standard, today)
                  .tier,
              Tier::long_context);
}

TEST(Price, StopsAtTheGreatestAmountThereIs) {
    constexpr std::int64_t many = std::numeric_limits<std::int64_t>::max();
    const PriceBook dear(builtin_price_list(), {}, 10'000'000);
    const Usage endless{many, many, many, many, many, many};

    EXPECT_EQ(dear.price(of("claude-opus-5"), endless, Speed::fast, today).cost, Money::most());
    EXPECT_EQ(tiny_cost(many, many), many);
    EXPECT_EQ(tiny_cost(many, many, many), many);
    // The last amount that fits, and the first that does not: (2^63 - 1) × 1 and × 1.000001.
    EXPECT_EQ(tiny_cost(1'000'000, many), many);
    EXPECT_EQ(tiny_cost(1'000'000, many - 1), many - 1);
    EXPECT_EQ(tiny_cost(1'000'001, many), many);
}

TEST(Price, OfAnUnknownModelIsNeverNothing) {
    const Priced priced = builtin_price_book()->price(
        {.upstream = "foundry", .upstream_model = "prod-1", .model = "corp-tuned"},
        {.input = 1, .output = 1, .cache_read = 1, .cache_write_5m = 1, .cache_write_1h = 1, .web_searches = 1},
        Speed::standard, today);

    // 5,000 + 25,000 + 500 + 6,250 + 10,000 + 10,000,000
    EXPECT_EQ(priced.cost.nano(), 10'046'750);
    EXPECT_EQ(priced.source, PriceSource::unknown);
}

TEST(Price, KeepsWhetherAnUnknownModelsAnswerWasFastOrItsPromptLong) {
    const auto tier = [](std::int64_t prompt, Speed speed) {
        return builtin_price_book()->price(of("claude-opus-9"), {.input = prompt}, speed, today).tier;
    };

    EXPECT_EQ(tier(200'000, Speed::standard), Tier::standard);
    EXPECT_EQ(tier(200'001, Speed::standard), Tier::long_context);
    EXPECT_EQ(tier(200'001, Speed::fast), Tier::fast_long_context);
}

TEST(Price, IsFoundByTheUpstreamsIdFirstAndByTheCataloguesWhereThatSaysNothing) {
    const auto price = [](std::string_view upstream_model, std::string_view model) {
        return builtin_price_book()->price({.upstream = "u", .upstream_model = upstream_model, .model = model},
                                           {.input = 1}, Speed::standard, today);
    };

    EXPECT_EQ(price("claude-opus-4-1-20250805", "claude-haiku-4-5").cost.nano(), 15'000);
    EXPECT_EQ(price("claude-opus-4-1-20250805", "claude-haiku-4-5").source, PriceSource::upstream_model);
    const char* application = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3";
    EXPECT_EQ(price(application, "claude-haiku-4-5").cost.nano(), 1'000);
    EXPECT_EQ(price(application, "claude-haiku-4-5").source, PriceSource::catalogue_model);
    EXPECT_EQ(price("prod-haiku", "claude-haiku-4-5-20251001").cost.nano(), 1'000);
}

TEST(Price, HasASourceThatDoesNotDependOnTheRequest) {
    EXPECT_EQ(builtin_price_book()->source(of("claude-opus-5")), PriceSource::upstream_model);
    EXPECT_EQ(builtin_price_book()->source(of("gpt")), PriceSource::unknown);
    EXPECT_EQ(to_slug(PriceSource::contract), "contract");
    EXPECT_EQ(to_slug(PriceSource::catalogue_model), "catalogue_model");
}

TEST(PricedModel, IsTheSameInEveryProvidersSpelling) {
    for (const char* id : {
             "claude-haiku-4-5",
             "Claude-Haiku-4-5",
             "claude-haiku-4-5[1m]",
             "claude-haiku-4-5-latest",
             "claude-haiku-4-5-20251001",
             "claude-haiku-4-5@20251001",
             "claude-haiku-4-5@default",
             "anthropic.claude-haiku-4-5",
             "anthropic.claude-haiku-4-5-20251001-v1:0",
             "anthropic.claude-haiku-4-5-20251001-v1:0:200k",
             "us.anthropic.claude-haiku-4-5-20251001-v1:0",
             "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
             "apac.anthropic.claude-haiku-4-5-20251001-v1:0",
             "us-gov.anthropic.claude-haiku-4-5-20251001-v1:0",
             "global.anthropic.claude-haiku-4-5-20251001-v1:0",
             "EU.Anthropic.Claude-Haiku-4-5-20251001-v1:0",
             "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
             "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
             "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.anthropic.claude-haiku-4-5-20251001-v1:0",
             "publishers/anthropic/models/claude-haiku-4-5@20251001",
             "projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001",
             "anthropic/claude-haiku-4-5",
             "anthropic/claude-haiku-4.5",
         })
        EXPECT_EQ(priced_model(id), "claude-haiku-4-5") << id;
}

TEST(Price, IsFoundByTheModelsNameInADeploymentsName) {
    const auto input = [](std::string_view deployment) {
        return builtin_price_book()->price({.upstream = "foundry", .upstream_model = deployment, .model = "corp"},
                                           {.input = 1}, Speed::standard, today);
    };

    for (const char* deployment : {"prod-claude-opus-5-5", "claude-opus-5-5-eu", "Team_Claude-Opus-5-5_2",
                                   "x.claude-opus-5-5.y", "claude-opus-5-5-20260922-eu"})
        EXPECT_EQ(input(deployment).cost.nano(), 4'000) << deployment;
    // Another version, part of a longer word, no name at all.
    for (const char* deployment :
         {"claude-opus-5-7", "prod-claude-opus-5-6-eu", "claude-opus-5x", "myclaude-opus-5", "opus-5"})
        EXPECT_EQ(input(deployment).source, PriceSource::unknown) << deployment;
}

TEST(PricedModel, LeavesWhatItDoesNotKnow) {
    EXPECT_EQ(priced_model("prod-claude-haiku-4-5"), "prod-claude-haiku-4-5");
    EXPECT_EQ(priced_model("claude-haiku-4-5-eu"), "claude-haiku-4-5-eu");
    EXPECT_EQ(priced_model("claude-haiku-4-51"), "claude-haiku-4-51");
    EXPECT_EQ(priced_model("Prod-Haiku:2"), "prod-haiku:2");
    EXPECT_EQ(priced_model(""), "");
    EXPECT_EQ(priced_model("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"), "");
    EXPECT_EQ(priced_model("arn:aws:bedrock:eu-west-1:1:provisioned-model/abc"), "");
}

TEST(PricedModel, KnowsTheOtherNamesOfAGenerationsFirst) {
    EXPECT_EQ(priced_model("claude-opus-4-0"), "claude-opus-4");
    EXPECT_EQ(priced_model("claude-sonnet-4-0"), "claude-sonnet-4");
    EXPECT_EQ(priced_model("claude-3-5-sonnet@20240620"), "claude-3-5-sonnet");
    EXPECT_EQ(priced_model("anthropic.claude-3-haiku-20240307-v1:0:48k"), "claude-3-haiku");
}

TEST(BuiltinPrices, CoverEveryModelOfTheCatalogueInEverySpelling) {
    for (const Builtin& model : builtins()) {
        for (const std::string_view form : {model.id, model.dateless, model.bedrock, model.vertex}) {
            EXPECT_EQ(priced_model(form), model.dateless);
            EXPECT_EQ(builtin_price_book()->source(of(form)), PriceSource::upstream_model) << form;
        }
    }
}

TEST(BuiltinPrices, AreNeverNothingAndHoldTogether) {
    for (const PriceRow& row : builtin_price_list().rows) {
        for (const auto& rates : {std::optional(row.standard), row.fast, row.long_context, row.fast_long_context}) {
            if (!rates) continue;
            EXPECT_GT(rates->input, 0) << row.model;
            EXPECT_GT(rates->output, rates->input) << row.model;
            EXPECT_GT(rates->cache_read, 0) << row.model;
            EXPECT_LT(rates->cache_read, rates->input) << row.model;
            EXPECT_GT(rates->cache_write_5m, rates->input) << row.model;
            EXPECT_EQ(rates->cache_write_1h, 2 * rates->input) << row.model;
        }
        EXPECT_EQ(row.web_search, Money::cents(1)) << row.model;
        EXPECT_EQ(priced_model(row.model), row.model);
    }
}

/// Dollars per million tokens, as docs/pricing.md has them, in thousandths.
struct Listed {
    const char* model;
    std::int64_t input, output, read, write_5m, write_1h;
    std::int64_t fast_input = 0, fast_output = 0, fast_read = 0, fast_write_5m = 0, fast_write_1h = 0;
};

TEST(BuiltinPrices, AreAnthropicsOfToday) {
    for (const Listed& listed : std::initializer_list<Listed>{
             {"claude-fable-5-2", 8'000, 40'000, 200, 10'000, 16'000, 16'000, 80'000, 400, 20'000, 32'000},
             {"claude-fable-5-1", 10'000, 50'000, 250, 12'500, 20'000},
             {"claude-fable-5", 10'000, 50'000, 1'000, 12'500, 20'000},
             {"claude-opus-5-5", 4'000, 20'000, 200, 5'000, 8'000, 8'000, 40'000, 400, 10'000, 16'000},
             {"claude-opus-5", 5'000, 25'000, 500, 6'250, 10'000, 10'000, 50'000, 1'000, 12'500, 20'000},
             {"claude-opus-4-8", 5'000, 25'000, 500, 6'250, 10'000, 10'000, 50'000, 1'000, 12'500, 20'000},
             {"claude-opus-4-7", 5'000, 25'000, 500, 6'250, 10'000, 30'000, 150'000, 3'000, 37'500, 60'000},
             {"claude-opus-4-6", 5'000, 25'000, 500, 6'250, 10'000, 30'000, 150'000, 3'000, 37'500, 60'000},
             {"claude-opus-4-5", 5'000, 25'000, 500, 6'250, 10'000},
             {"claude-opus-4-1", 15'000, 75'000, 1'500, 18'750, 30'000},
             {"claude-opus-4", 15'000, 75'000, 1'500, 18'750, 30'000},
             {"claude-sonnet-5-5", 2'000, 10'000, 100, 2'500, 4'000},
             {"claude-sonnet-5", 2'000, 10'000, 200, 2'500, 4'000},
             {"claude-sonnet-4-6", 3'000, 15'000, 300, 3'750, 6'000},
             {"claude-sonnet-4-5", 3'000, 15'000, 300, 3'750, 6'000},
             {"claude-sonnet-4", 3'000, 15'000, 300, 3'750, 6'000},
             {"claude-3-7-sonnet", 3'000, 15'000, 300, 3'750, 6'000},
             {"claude-3-5-sonnet", 3'000, 15'000, 300, 3'750, 6'000},
             {"claude-haiku-5-5", 100, 500, 10, 125, 200},
             {"claude-haiku-4-5", 1'000, 5'000, 100, 1'250, 2'000},
             {"claude-3-5-haiku", 800, 4'000, 80, 1'000, 1'600},
         }) {
        const auto thousandths = [&](const Usage& usage, Speed speed) {
            return cost_of(listed.model, usage, speed);  // one token: thousandths of a dollar per million are nano
        };
        const auto expect = [&](Speed speed, std::int64_t in, std::int64_t out, std::int64_t read, std::int64_t write,
                                std::int64_t hour) {
            EXPECT_EQ(thousandths({.input = 1}, speed), in) << listed.model;
            EXPECT_EQ(thousandths({.output = 1}, speed), out) << listed.model;
            EXPECT_EQ(thousandths({.cache_read = 1}, speed), read) << listed.model;
            EXPECT_EQ(thousandths({.cache_write_5m = 1}, speed), write) << listed.model;
            EXPECT_EQ(thousandths({.cache_write_1h = 1}, speed), hour) << listed.model;
        };
        expect(Speed::standard, listed.input, listed.output, listed.read, listed.write_5m, listed.write_1h);
        if (listed.fast_input == 0) continue;
        expect(Speed::fast, listed.fast_input, listed.fast_output, listed.fast_read, listed.fast_write_5m,
               listed.fast_write_1h);
    }
}

TEST(EffectiveDates, PutEachRequestUnderTheRowOfItsDay) {
    const auto read_on = [](Instant when) {
        return builtin_price_book()
            ->price(of("claude-sonnet-5-5"), {.cache_read = 1}, Speed::standard, when)
            .cost.nano();
    };

    EXPECT_EQ(read_on(day(2026y / 9 / 28)), 200);
    EXPECT_EQ(read_on(day(2026y / 10 / 7) - 1ms), 200);
    EXPECT_EQ(read_on(day(2026y / 10 / 7)), 100);
    EXPECT_EQ(read_on(today), 100);
    EXPECT_EQ(read_on(day(2020y / 1 / 1)), 200) << "before its first row: early, not unknown";
}

TEST(EffectiveDates, DoNotDependOnTheOrderOfTheRows) {
    PriceList list = tiny_list(1'000'000);
    list.rows.front().from = day(2026y / 3 / 1);
    for (const auto& [from, rate] : {std::pair(day(2026y / 2 / 1), 2), std::pair(day(2026y / 4 / 1), 3)})
        list.rows.push_back({.model = "claude-tiny", .from = from, .standard = {.input = rate * 1'000'000}});
    const PriceBook book(std::move(list));
    const auto input_on = [&](Instant when) {
        return book.price(of("claude-tiny"), {.input = 1}, Speed::standard, when).cost.nano();
    };

    EXPECT_EQ(input_on(day(2026y / 2 / 28)), 2);
    EXPECT_EQ(input_on(day(2026y / 3 / 31)), 1);
    EXPECT_EQ(input_on(day(2026y / 4 / 1)), 3);
}

constexpr Rates flat(std::int64_t dollars) {
    return {dollars * dollar, dollars * dollar, dollars * dollar, dollars * dollar, dollars * dollar};
}

PriceBook with_overrides(std::vector<PriceOverride> overrides) {
    return PriceBook(builtin_price_list(), std::move(overrides));
}

TEST(Overrides, PreferTheUpstreamsOwnStringThenTheAskedIdThenTheBuiltInModel) {
    const PriceQuery query{.upstream = "eu", .upstream_model = "eu.anthropic.claude-opus-5", .model = "big-one"};
    const PriceOverride built_in{"eu", "claude-opus-5", flat(3)};
    const PriceOverride asked{"eu", "Big-One", flat(2)};
    const PriceOverride sent{"eu", "EU.anthropic.Claude-Opus-5", flat(1)};
    const auto input_with = [&](std::vector<PriceOverride> overrides) {
        const Priced priced = with_overrides(std::move(overrides)).price(query, {.input = 1}, Speed::standard, today);
        EXPECT_EQ(priced.source, PriceSource::contract);
        return priced.cost.nano();
    };

    EXPECT_EQ(input_with({built_in, asked, sent}), 1'000);
    EXPECT_EQ(input_with({built_in, asked}), 2'000);
    EXPECT_EQ(input_with({built_in}), 3'000);
}

TEST(Overrides, OfABuiltInModelHoldInEverySpelling) {
    for (const char* row : {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-haiku-4-5@20251001",
                            "us.anthropic.claude-haiku-4-5-20251001-v1:0", "CLAUDE-HAIKU-4-5"}) {
        const PriceBook book = with_overrides({{"u", row, flat(2)}});
        const auto source = [&](std::string_view upstream_model, std::string_view model) {
            return book.source({.upstream = "u", .upstream_model = upstream_model, .model = model});
        };
        EXPECT_EQ(source("claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"), PriceSource::contract) << row;
        EXPECT_EQ(source("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "x"), PriceSource::contract) << row;
        EXPECT_EQ(source("arn:aws:bedrock:eu-west-1:1:application-inference-profile/a", "claude-haiku-4-5"),
                  PriceSource::contract)
            << row;
        EXPECT_EQ(source("claude-haiku-5-5", "claude-haiku-5-5"), PriceSource::upstream_model) << row;
    }
}

TEST(Overrides, HoldForTheirUpstreamOnly) {
    const PriceBook book = with_overrides({{"eu", "claude-opus-5", flat(3)}});

    EXPECT_EQ(book.source({.upstream = "us", .upstream_model = "claude-opus-5", .model = "claude-opus-5"}),
              PriceSource::upstream_model);
    EXPECT_EQ(book.source({.upstream = "EU", .upstream_model = "claude-opus-5", .model = "claude-opus-5"}),
              PriceSource::upstream_model);
}

TEST(Overrides, MeterFastAndLongRequestsAtTheSameRatesAndSearchesAtTheLists) {
    const PriceBook book(builtin_price_list(), {{"anthropic", "claude-haiku-5-5", flat(2)}}, 500'000);
    const auto price = [&](Speed speed) {
        return book.price(of("claude-haiku-5-5"), {.input = 150'000, .cache_write_1h = 50'000, .web_searches = 2},
                          speed, today);
    };

    // (200,000 × 2,000 + 2 × 10,000,000) / 2
    EXPECT_EQ(price(Speed::standard).cost.nano(), 210'000'000);
    EXPECT_EQ(price(Speed::fast).cost.nano(), 210'000'000);
    EXPECT_EQ(price(Speed::standard).tier, Tier::long_context) << "for a book without this row";
}

TEST(Overrides, ReachModelsThatTheListDoesNotKnow) {
    const PriceBook book = with_overrides({{"u", "arn:aws:bedrock:eu-west-1:1:provisioned-model/Abc", flat(1)}});
    const PriceQuery query{
        .upstream = "u", .upstream_model = "arn:aws:bedrock:eu-west-1:1:provisioned-model/abc", .model = "corp-tuned"};

    // 1,000 + 10,000,000
    EXPECT_EQ(book.price(query, {.input = 1, .web_searches = 1}, Speed::standard, today).cost.nano(), 10'001'000);
}

TEST(Cost, OfStoredCountersIsTheirTiers) {
    // A day's sum, far above any one prompt: 5,000,000 × 100 as standard, × 500 as long.
    const Usage day_sum{.input = 5'000'000};
    const auto cost = [&](Tier tier) {
        return builtin_price_book()->cost(of("claude-haiku-5-5"), day_sum, tier, today).nano();
    };

    EXPECT_EQ(cost(Tier::standard), 500'000'000);
    EXPECT_EQ(cost(Tier::long_context), 2'500'000'000);
    EXPECT_EQ(cost(Tier::fast), 500'000'000) << "it has no fast rates";
    EXPECT_EQ(cost(Tier::fast_long_context), 2'500'000'000);
}

TEST(TokenCost, IsRoundedUpAndMultiplied) {
    const PriceBook list_price(builtin_price_list());
    const PriceBook contract(tiny_list(1'500'000, 10'000'000), {}, 850'000);

    const TokenCost opus = list_price.token_cost(of("claude-opus-5"), 1'000, Speed::fast, today);
    EXPECT_EQ(opus.input.nano(), 10'000);
    EXPECT_EQ(opus.output.nano(), 50'000);
    EXPECT_EQ(list_price.token_cost(of("claude-haiku-5-5"), 100'001, Speed::standard, today).input.nano(), 500);
    const TokenCost tiny = contract.token_cost(of("claude-tiny"), 1, Speed::standard, today);
    EXPECT_EQ(tiny.input.nano(), 2);   // 1.275
    EXPECT_EQ(tiny.output.nano(), 9);  // 8.5
}

}  // namespace
}  // namespace gatehouse::policy
