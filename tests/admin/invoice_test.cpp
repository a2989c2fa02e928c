// SPDX-License-Identifier: Apache-2.0
// The invoice check: reading what providers send, and the comparison, as an API client sees it.
#include "gateway/admin/invoice.h"

#include <gtest/gtest.h>

#include "tests/admin/reports_fixture.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;
using admin::billed_model;
using admin::parse_invoice;

TEST(BilledModel, IsOneNameForEverySpelling) {
    for (const std::string_view words :
         {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "Claude Haiku 4.5", "claude-haiku-4-5@20251001",
          "anthropic.claude-haiku-4-5-20251001-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0",
          "USE1-Claude4.5Haiku-input-tokens", "EUC1-Claude4.5Haiku-cache-write-input-token-count-1h",
          "Claude Haiku 4.5 (Amazon Bedrock Edition)", "USE1-anthropic.claude-haiku-4-5-mantle-input-tokens-standard",
          "USE1-InputTokenCount-anthropic.claude-haiku-4-5-20251001-v1:0", "CLAUDE-HAIKU-4-5[1m]",
          "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0"})
        EXPECT_EQ(billed_model(words), "claude-haiku-4-5") << words;
    for (const std::string_view words :
         {"claude-3-7-sonnet-20250219", "Claude Sonnet 3.7", "Claude3.7Sonnet", "claude-3-7-sonnet@20250219"})
        EXPECT_EQ(billed_model(words), "claude-sonnet-3-7") << words;
    for (const std::string_view words : {"claude-opus-5", "Claude Opus 5", "claude-opus-5[1m]", "claude-opus-5-v1:0",
                                         "USE1-Claude5Opus-1h-cache-writes", "claude-opus-5-1h-cache"})
        EXPECT_EQ(billed_model(words), "claude-opus-5") << words;
    EXPECT_EQ(billed_model("claude-opus-4-20250514"), "claude-opus-4");
    EXPECT_EQ(billed_model("claude-3-opus-20240229-v1:0"), "claude-opus-3");
    for (const std::string_view words : {"", "claude", "Claude Platform on AWS", "gpt-5", "BoxUsage:p4d.24xlarge"})
        EXPECT_EQ(billed_model(words), "") << words;
}

std::string message_of(std::string_view type, std::string_view body) {
    const auto invoice = parse_invoice(type, body);
    return invoice ? "" : invoice.error().message;
}

std::string report(std::string_view results) {
    return R"({"data":[{"starting_at":"2026-11-02T00:00:00Z","ending_at":"2026-11-03T00:00:00Z","results":[)" +
           std::string(results) + R"(]}],"has_more":false,"next_page":null})";
}

TEST(Invoice, ReadsACostReport) {
    const auto invoice = parse_invoice(
        "application/json; charset=utf-8",
        report(R"({"amount":"123.78912","currency":"USD","model":"claude-opus-5","cost_type":"tokens",)"
               R"("description":"Claude Opus 5 Usage - Input Tokens"},)"
               R"({"amount":"10","currency":"USD","model":null,"cost_type":"web_search","description":null})"));

    ASSERT_TRUE(invoice) << invoice.error().message;
    EXPECT_EQ(invoice->format, "anthropic_cost_report");
    ASSERT_EQ(invoice->rows.size(), 2U);
    EXPECT_EQ(invoice->rows[0].amount.text(), "1.2378912");
    EXPECT_EQ(invoice->rows[0].model, "claude-opus-5");
    EXPECT_EQ(invoice->rows[0].day, moment(2026, 11, 2));
    EXPECT_EQ(invoice->rows[1].model, "");
    EXPECT_EQ(invoice->rows[1].description, "web_search");
    EXPECT_EQ(invoice->days, (std::vector<Instant>{moment(2026, 11, 2)}));
}

TEST(Invoice, ReadsSeveralPages) {
    const std::string page = report(R"({"amount":"1","model":"claude-opus-5"})");
    const auto invoice = parse_invoice("application/json", "[" + page + "," + page + "]");
    ASSERT_TRUE(invoice);
    EXPECT_EQ(invoice->rows.size(), 2U);
    EXPECT_EQ(invoice->days.size(), 1U);
}

TEST(Invoice, ReadsACsvOfTheConsole) {
    const auto invoice = parse_invoice(
        "text/csv",
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
        "inference_geo,speed,api_key_id,api_key_status\n"
        "2026-11-02,Claude Haiku 4.5,Default,key,message,\xE2\x89\xA4 200k,input_no_cache,0.05,0.05,token,"
        "not_available,,apikey_1,active\n"
        "2026-11-03,,Default,key,message,,,0.01,0.01,web_search,not_available,,apikey_1,active\n");

    ASSERT_TRUE(invoice) << invoice.error().message;
    EXPECT_EQ(invoice->format, "anthropic_console_csv");
    ASSERT_EQ(invoice->rows.size(), 2U);
    EXPECT_EQ(invoice->rows[0].model, "claude-haiku-4-5");
    EXPECT_EQ(invoice->rows[0].amount.text(), "0.05");
    EXPECT_EQ(invoice->rows[0].description, "Claude Haiku 4.5, input_no_cache, token");
    EXPECT_EQ(invoice->rows[1].description, "web_search");
    EXPECT_EQ(invoice->days.size(), 2U);
}

TEST(Invoice, ReadsAnAwsReportInEitherSpelling) {
    for (const std::string_view head :
         {"line_item_usage_start_date,line_item_product_code,line_item_usage_type,line_item_unblended_cost,"
          "line_item_currency_code,line_item_line_item_type,product_product_name\n",
          "lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UnblendedCost,"
          "lineItem/CurrencyCode,lineItem/LineItemType,product/ProductName\n"}) {
        const auto invoice = parse_invoice(
            "text/csv", std::string(head) +
                            "2026-11-02T05:00:00Z,AmazonBedrock,USE1-Claude4.5Haiku-input-tokens,1.2E-7,USD,Usage,\n"
                            "2026-11-02 06:00:00.000,ab12,USE1-MP:USE1_OutputTokenCount-Units,0.5,USD,Usage,"
                            "Claude Opus 5 (Amazon Bedrock Edition)\n"
                            "2026-11-02T00:00:00Z,AmazonBedrock,USE1-Guardrail-units,0.25,USD,Usage,\n"
                            "2026-11-02T00:00:00Z,AmazonBedrock,USE1-Claude5Opus-input-tokens,-0.5,USD,Credit,\n"
                            "2026-11-02T00:00:00Z,AmazonEC2,BoxUsage,9,USD,Usage,Amazon EC2\n");

        ASSERT_TRUE(invoice) << invoice.error().message;
        EXPECT_EQ(invoice->format, "aws_cur_csv");
        ASSERT_EQ(invoice->rows.size(), 4U);
        EXPECT_EQ(invoice->rows[0].amount.text(), "0.00000012");
        EXPECT_EQ(invoice->rows[0].model, "claude-haiku-4-5");
        EXPECT_EQ(invoice->rows[1].model, "claude-opus-5");
        EXPECT_EQ(invoice->rows[2].model, "");
        EXPECT_EQ(invoice->rows[3].description, "Credit, USE1-Claude5Opus-input-tokens");
        EXPECT_EQ(invoice->ignored_rows, 1U);
        EXPECT_EQ(invoice->days, (std::vector<Instant>{moment(2026, 11, 2)}));
    }
}

TEST(Invoice, WhatItCannotReadIsNamed) {
    EXPECT_EQ(message_of("text/plain", ""), "content-type: must be application/json or text/csv");
    EXPECT_EQ(message_of("", ""), "content-type: must be application/json or text/csv");
    EXPECT_EQ(message_of("application/json", "{"), "invalid JSON");
    EXPECT_EQ(message_of("application/json", "{}"), "data: must be the list of a cost report");
    EXPECT_EQ(message_of("application/json", "[{}]"), "[0].data: must be the list of a cost report");
    EXPECT_EQ(message_of("application/json", R"({"data":[]})"), "body: holds no cost of Claude");
    EXPECT_EQ(message_of("application/json", R"({"data":[{"starting_at":"2026-11-02T00:00:00Z",)"
                                             R"("ending_at":"2026-12-01T00:00:00Z","results":[]}]})"),
              "data[0]: must begin and end at midnight UTC, a day apart: use bucket_width=1d");
    EXPECT_EQ(message_of("application/json", R"({"data":[{"starting_at":"2026-11-02T00:00:00Z",)"
                                             R"("ending_at":"2026-11-03T00:00:00Z"}]})"),
              "data[0].results: must be a list");
    // A JSON number is a double in most hands.
    EXPECT_EQ(message_of("application/json", report(R"({"amount":1.5})")),
              "data[0].results[0].amount: must be a string of decimal cents");
    EXPECT_EQ(message_of("application/json", report(R"({"amount":"1,5"})")),
              "data[0].results[0].amount: '1,5' is no decimal number");
    EXPECT_EQ(message_of("application/json", report(R"({"amount":"1","currency":"EUR"})")),
              "data[0].results[0].currency: 'EUR' is not USD");
    EXPECT_EQ(message_of("text/csv", ""), "body: is empty");
    EXPECT_EQ(message_of("text/csv", "a,b\n1,2\n"),
              "body: has neither the column usage_date_utc of the Anthropic console nor line_item_usage_start_date of "
              "an AWS Cost and Usage Report");
    EXPECT_EQ(message_of("text/csv", "usage_date_utc,cost_usd\n"),
              "body: a CSV of the Anthropic console needs usage_date_utc, model and cost_usd");
    EXPECT_EQ(message_of("text/csv", "usage_date_utc,model,cost_usd\nNov 2,Claude Opus 5,1\n"),
              "line 2, usage_date_utc: 'Nov 2' is no date");
    EXPECT_EQ(message_of("text/csv", "usage_date_utc,model,cost_usd\n2026-11-02,Claude Opus 5,$1\n"),
              "line 2, cost_usd: '$1' is no decimal number");
    EXPECT_EQ(message_of("text/csv", "line_item_usage_start_date\n"),
              "body: an AWS Cost and Usage Report needs line_item_usage_start_date, line_item_usage_type and "
              "line_item_unblended_cost");
    EXPECT_EQ(message_of("text/csv",
                         "line_item_usage_start_date,line_item_usage_type,line_item_unblended_cost,"
                         "line_item_currency_code\n2026-11-02,Claude5Opus,1,CNY\n"),
              "line 2, line_item_currency_code: 'CNY' is not USD");
}

using InvoiceCheck = ReportsTest;

TEST_F(InvoiceCheck, ShowsTheirsOursAndTheDifference) {
    given({.when = moment(2026, 11, 2, 3h), .nano = 1'000'000'000});
    given({.when = moment(2026, 11, 2, 4h), .user = "sub-bob", .nano = 237'891'200});
    given({.when = moment(2026, 11, 2, 4h), .model = "claude-haiku-4-5-20251001", .nano = 77});
    given({.when = moment(2026, 11, 3, 4h), .nano = 99});  // a day that the invoice is not about

    const auto answer = post_invoice(
        "application/json", report(R"({"amount":"100.5","model":"claude-opus-5"},)"
                                   R"({"amount":"23.28912000001","model":"claude-opus-5"},)"
                                   R"({"amount":"7","model":"claude-sonnet-5","description":"Claude Sonnet 5"},)"
                                   R"({"amount":"2","cost_type":"web_search"})"));

    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto found = answer.json();
    EXPECT_EQ(found.at("format"), "anthropic_cost_report");
    EXPECT_EQ(found.at("first_date"), "2026-11-02");
    const auto& results = found.at("results").as_array();
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].at("date"), "2026-11-02");
    EXPECT_EQ(results[0].at("model"), "claude-opus-5");
    EXPECT_EQ(results[0].at("theirs_usd"), "1.2378912000001");
    EXPECT_EQ(results[0].at("ours_usd"), "1.2378912");
    EXPECT_EQ(results[0].at("difference_usd"), "0.0000000000001");
    const auto& theirs = found.at("unmatched").at("theirs").as_array();
    ASSERT_EQ(theirs.size(), 2U);
    EXPECT_TRUE(theirs[0].at("model").is_null());
    EXPECT_EQ(theirs[0].at("description"), "web_search");
    EXPECT_EQ(theirs[1].at("theirs_usd"), "0.07");
    const auto& ours = found.at("unmatched").at("ours").as_array();
    ASSERT_EQ(ours.size(), 1U);
    EXPECT_EQ(ours[0].at("model"), "claude-haiku-4-5");
    EXPECT_EQ(ours[0].at("difference_usd"), "-0.000000077");
    EXPECT_EQ(found.at("total").at("theirs_usd"), "1.3278912000001");
    EXPECT_EQ(found.at("total").at("ours_usd"), "1.237891277");
    EXPECT_EQ(found.at("total").at("difference_usd"), "0.0899999230001");
}

TEST_F(InvoiceCheck, IsAboutTheUpstreamsThatAreNamed) {
    given({.when = moment(2026, 11, 2, 3h), .nano = 5});
    given({.when = moment(2026, 11, 2, 3h), .nano = 7, .upstream = "bedrock"});
    const std::string body = report(R"({"amount":"1","model":"claude-opus-5"})");

    EXPECT_EQ(post_invoice("application/json", body).json().at("total").at("ours_usd"), "0.000000012");
    EXPECT_EQ(post_invoice("application/json", body, "?upstreams[]=bedrock").json().at("total").at("ours_usd"),
              "0.000000007");
}

TEST_F(InvoiceCheck, ManyRowsOfTheSameWordsAreOne) {
    std::string csv = "line_item_usage_start_date,line_item_usage_type,line_item_unblended_cost\n";
    for (int hour = 0; hour < 24; ++hour)
        csv += "2026-11-02T00:00:00Z,USE1-Claude5Opus-input-tokens,0.000000000001\n";

    const auto found = post_invoice("text/csv", csv).json();

    const auto& theirs = found.at("unmatched").at("theirs").as_array();
    ASSERT_EQ(theirs.size(), 1U);
    EXPECT_EQ(theirs[0].at("theirs_usd"), "0.000000000024");
}

TEST_F(InvoiceCheck, TakesNoFileFromAStranger) {
    const auto answer = send("POST", "/v1/organizations/invoice_check", {{"content-type", "text/csv"}}, "a");
    EXPECT_EQ(answer.status, 401);
    EXPECT_FALSE(body_was_read_);
}

TEST_F(InvoiceCheck, RefusesWhatIsTooMuch) {
    EXPECT_EQ(post_invoice("text/csv", std::string((std::size_t{8} << 20U) + 1, 'a')).status, 413);
    EXPECT_EQ(post_invoice("text/csv", "usage_date_utc,model,cost_usd\n2025-01-01,a,1\n2026-11-02,a,1\n").message(),
              "body: covers more than 366 days");
    EXPECT_EQ(post_invoice("text/csv", "", "?upstream=anthropic").status, 400);
}

TEST_F(InvoiceCheck, AStoreThatIsAwayIsAnError) {
    rollups_.set_down(true);
    EXPECT_EQ(post_invoice("application/json", report(R"({"amount":"1","model":"claude-opus-5"})")).status, 500);
}

}  // namespace
}  // namespace gatehouse::testing
