// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/focus.h"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "gateway/admin/csv.h"
#include "policy/bucket.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::Dimension;
using policy::Fact;

/// Who sells a model, and under which name.
struct Seller {
    std::string_view kind;
    std::string_view provider;
    std::string_view service;
};

constexpr auto sellers = std::to_array<Seller>({{"anthropic", "Anthropic", "Claude API"},
                                                {"bedrock", "AWS", "Amazon Bedrock"},
                                                {"vertex", "Google Cloud", "Vertex AI"},
                                                {"foundry", "Microsoft", "Microsoft Foundry"}});

/// An upstream that is no longer configured sells under its own name.
Seller seller_of(const Providers& providers, std::string_view upstream) {
    const std::string_view named = upstream.empty() ? "unknown" : upstream;
    const auto kind = providers.find(upstream);
    if (kind == providers.end()) return {named, named, "Claude"};
    for (const Seller& seller : sellers)
        if (seller.kind == kind->second) return seller;
    return {named, named, "Claude"};
}

/// YYYY-MM-DDThh:mm:ssZ: FOCUS has no fractions of a second.
std::string to_focus_time(Instant when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(when - day)};
    char text[40];
    const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                                   static_cast<int>(time.seconds().count()));
    return {text, static_cast<std::size_t>(size)};
}

/// What one row is written from.
struct Line {
    const Fact& fact;
    const policy::Principal* person;  ///< null: not known any more
    Seller seller;
};

std::string_view sku_of(const Line& line) {
    const policy::Dimensions& who = line.fact.who;
    if (!who.upstream_model.empty()) return who.upstream_model;
    return who.model.empty() ? std::string_view("unknown") : std::string_view(who.model);
}

std::int64_t tokens_of(const Line& line) {
    return line.fact.sum.usage.prompt() + line.fact.sum.usage.output;
}

/// The project is the user's word; what the gateway adds has its prefix, as the specification wants it.
std::string to_tags(const Line& line) {
    bj::object tags;
    if (!line.fact.who.group.empty()) tags["gatehouse:group"] = line.fact.who.group;
    if (!line.fact.who.project.empty()) tags["project"] = line.fact.who.project;
    if (!line.fact.who.service_key.empty()) tags["gatehouse:service_key"] = line.fact.who.service_key;
    return tags.empty() ? std::string() : bj::serialize(tags);
}

std::string to_price_details(const Line& line) {
    bj::object details;
    details["x_ContextWindow"] = policy::value_of(line.fact, Dimension::context_window);
    details["x_Speed"] = policy::value_of(line.fact, Dimension::speed);
    return bj::serialize(details);
}

struct Column {
    std::string_view name;
    void (*write)(CsvWriter& csv, const Line& line);
};

void write_cost(CsvWriter& csv, const Line& line) {
    csv.number(to_dollars_text(line.fact.sum.cost));
}

void write_null(CsvWriter& csv, const Line&) {
    csv.nothing();
}

/// The account that the provider bills is one per upstream, as far as we know.
void write_account(CsvWriter& csv, const Line& line) {
    csv.text(line.fact.who.upstream.empty() ? "unknown" : line.fact.who.upstream);
}

void write_provider(CsvWriter& csv, const Line& line) {
    csv.text(line.seller.provider);
}

void write_tokens(CsvWriter& csv, const Line& line) {
    csv.number(tokens_of(line));
}

void write_token_unit(CsvWriter& csv, const Line&) {
    csv.text("Tokens");
}

// In the specification's order, ours at the end with the prefix that it reserves for them.
constexpr auto columns = std::to_array<Column>({
    {"BilledCost", write_cost},
    {"BillingAccountId", write_account},
    {"BillingAccountName", write_null},
    {"BillingAccountType", [](CsvWriter& csv, const Line&) { csv.text("Upstream"); }},
    {"BillingCurrency", [](CsvWriter& csv, const Line&) { csv.text("USD"); }},
    {"BillingPeriodEnd",
     [](CsvWriter& csv, const Line& line) {
         csv.text(to_focus_time(policy::bucket_end(policy::Grain::month, line.fact.bucket)));
     }},
    {"BillingPeriodStart",
     [](CsvWriter& csv, const Line& line) {
         csv.text(to_focus_time(policy::bucket_begin(policy::Grain::month, line.fact.bucket)));
     }},
    {"ChargeCategory", [](CsvWriter& csv, const Line&) { csv.text("Usage"); }},
    {"ChargeClass", write_null},
    {"ChargeDescription",
     [](CsvWriter& csv, const Line& line) {
         csv.text(std::string(sku_of(line)) + " tokens and web searches, as metered by Gatehouse");
     }},
    {"ChargeFrequency", [](CsvWriter& csv, const Line&) { csv.text("Usage-Based"); }},
    {"ChargePeriodEnd",
     [](CsvWriter& csv, const Line& line) {
         csv.text(to_focus_time(policy::bucket_end(policy::Grain::day, line.fact.bucket)));
     }},
    {"ChargePeriodStart", [](CsvWriter& csv, const Line& line) { csv.text(to_focus_time(line.fact.bucket)); }},
    {"ConsumedQuantity", write_tokens},
    {"ConsumedUnit", write_token_unit},
    {"ContractedCost", write_cost},
    {"ContractedUnitPrice", write_null},
    {"EffectiveCost", write_cost},
    {"InvoiceId", write_null},
    {"InvoiceIssuerName", write_provider},
    {"ListCost", [](CsvWriter& csv, const Line& line) { csv.number(to_dollars_text(line.fact.sum.repriced)); }},
    {"ListUnitPrice", write_null},
    {"PricingCategory", [](CsvWriter& csv, const Line&) { csv.text("Standard"); }},
    {"PricingQuantity", write_tokens},
    {"PricingUnit", write_token_unit},
    {"ProviderName", write_provider},
    {"PublisherName", [](CsvWriter& csv, const Line&) { csv.text("Anthropic"); }},
    {"ResourceId", [](CsvWriter& csv, const Line& line) { csv.text(line.fact.who.user); }},
    {"ResourceName",
     [](CsvWriter& csv, const Line& line) {
         csv.text(line.person == nullptr       ? std::string_view{}
                  : line.person->email.empty() ? std::string_view(line.person->name)
                                               : std::string_view(line.person->email));
     }},
    {"ResourceType",
     [](CsvWriter& csv, const Line& line) {
         if (line.fact.who.user.empty()) return csv.nothing();
         csv.text(line.fact.who.service_key.empty() ? "Person" : "Service Key");
     }},
    {"ServiceCategory", [](CsvWriter& csv, const Line&) { csv.text("AI and Machine Learning"); }},
    {"ServiceName", [](CsvWriter& csv, const Line& line) { csv.text(line.seller.service); }},
    {"ServiceSubcategory", [](CsvWriter& csv, const Line&) { csv.text("Generative AI"); }},
    {"SkuId", [](CsvWriter& csv, const Line& line) { csv.text(sku_of(line)); }},
    {"SkuMeter", [](CsvWriter& csv, const Line&) { csv.text("Tokens"); }},
    {"SkuPriceDetails", [](CsvWriter& csv, const Line& line) { csv.text(to_price_details(line)); }},
    {"SkuPriceId",
     [](CsvWriter& csv,
        const Line&
            line) { csv.text(std::string(sku_of(line)).append("/").append(policy::to_slug(line.fact.who.tier))); }},
    {"SubAccountId", [](CsvWriter& csv, const Line& line) { csv.text(line.fact.who.group); }},
    {"SubAccountName", [](CsvWriter& csv, const Line& line) { csv.text(line.fact.who.group); }},
    {"SubAccountType", [](CsvWriter& csv, const Line& line) { csv.text(line.fact.who.group.empty() ? "" : "Group"); }},
    {"Tags", [](CsvWriter& csv, const Line& line) { csv.text(to_tags(line)); }},
    {"x_CacheReadInputTokens", [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.cache_read); }},
    {"x_CacheWrite1hInputTokens",
     [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.cache_write_1h); }},
    {"x_CacheWrite5mInputTokens",
     [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.cache_write_5m); }},
    {"x_OutputTokens", [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.output); }},
    {"x_Requests", [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.requests); }},
    {"x_UncachedInputTokens", [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.input); }},
    {"x_WebSearchRequests", [](CsvWriter& csv, const Line& line) { csv.number(line.fact.sum.usage.web_searches); }},
});

}  // namespace

void append_focus_head(std::string& out) {
    CsvWriter csv(out);
    for (const Column& column : columns)
        csv.text(column.name);
    csv.end_row();
}

void append_focus_day(std::string& out, const std::vector<Fact>& facts, const People& people,
                      const Providers& providers) {
    CsvWriter csv(out);
    for (const Fact& fact : facts) {
        const auto person = people.find(fact.who.user);
        const Line line{fact, person == people.end() ? nullptr : &person->second,
                        seller_of(providers, fact.who.upstream)};
        for (const Column& column : columns)
            column.write(csv, line);
        csv.end_row();
    }
}

}  // namespace gatehouse::admin
