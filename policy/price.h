// SPDX-License-Identifier: Apache-2.0
// Prices: what a request costs. A PriceBook is an immutable, versioned list of rates with the operator's contract laid
// over it; a request takes the one in force and keeps it. Pure, whole numbers throughout, rounded once. Made by
// settings/pricing.cpp, asked by messages/route and by reprice.cpp; docs/pricing.md has the rules with examples.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/usage.h"

namespace gatehouse::policy {

/// Nano-dollars per million tokens: 3 dollars are 3'000'000'000.
struct Rates {
    std::int64_t input = 0;
    std::int64_t output = 0;
    std::int64_t cache_read = 0;
    std::int64_t cache_write_5m = 0;
    std::int64_t cache_write_1h = 0;

    bool operator==(const Rates&) const = default;
};

/// What one model costs from a day on, until its next row begins. A tier that it has no rates for is billed by the
/// nearest that it has: fast and long by fast, else by long, else by standard.
struct PriceRow {
    std::string model;  ///< "claude-haiku-4-5": lower case, without date, cloud or version around it
    Instant from;
    Rates standard;
    Money web_search = Money::cents(1);  ///< each
    std::int64_t long_above = 200'000;   ///< a prompt of more tokens than that is long
    std::optional<Rates> long_context;
    std::optional<Rates> fast;
    std::optional<Rates> fast_long_context;

    bool operator==(const PriceRow&) const = default;
};

struct PriceList {
    std::string version;         ///< "2026-11-25"
    std::vector<PriceRow> rows;  ///< any order; a model's rows begin on different days
    PriceRow unknown;            ///< for a model that no row is about: never free

    bool operator==(const PriceList&) const = default;
};

/// The list that the binary brings along (price_table.cpp).
const PriceList& builtin_price_list();

/// The operator's own rates for what one upstream serves as one model, whatever the tier. Both cache writes cost the
/// same; web searches stay at the list's price.
struct PriceOverride {
    std::string upstream;
    std::string model;  ///< any spelling of a built-in model, or else the very id that is asked for or sent
    Rates rates;

    bool operator==(const PriceOverride&) const = default;
};

/// Which request: enough to find its rates, also long after it.
struct PriceQuery {
    std::string_view upstream;        ///< name of the upstream that served it
    std::string_view upstream_model;  ///< the id that was sent there
    std::string_view model;           ///< catalogue id
};

/// Where the rates came from, in order of precedence.
enum class PriceSource : std::uint8_t {
    contract,         ///< a row of pricing.overrides
    upstream_model,   ///< the list, by the id that was sent to the upstream
    catalogue_model,  ///< the list, by the catalogue's id, because the upstream's says nothing (a deployment's name)
    unknown,          ///< neither is in the list
};

/// "contract", "upstream_model", "catalogue_model", "unknown".
std::string_view to_slug(PriceSource source);

struct Priced {
    Money cost;
    Money written;  ///< of it, what the output tokens cost
    /// The list's column, also where a contract's rates were used or where the model has no rates of its own for fast
    /// answers: so the counters that are kept under it can be priced again by a better book.
    Tier tier = Tier::standard;
    PriceSource source = PriceSource::unknown;
};

/// What one more token costs: for estimates, so rounded up.
struct TokenCost {
    Money input;
    Money output;
};

class PriceBook {
  public:
    static constexpr std::int64_t whole = 1'000'000;  ///< the multiplier that changes nothing, in parts per million

    explicit PriceBook(PriceList list, std::vector<PriceOverride> overrides = {}, std::int64_t multiplier = whole);

    Priced price(const PriceQuery& query, const Usage& usage, Speed speed, Instant when) const;
    /// The same for counters whose tier is known: one request's or many requests' sum.
    Money cost(const PriceQuery& query, const Usage& usage, Tier tier, Instant when) const;
    TokenCost token_cost(const PriceQuery& query, std::int64_t prompt_tokens, Speed speed, Instant when) const;
    PriceSource source(const PriceQuery& query) const;

    const PriceList& list() const { return list_; }
    const std::vector<PriceOverride>& overrides() const { return overrides_; }
    /// Parts per million.
    std::int64_t multiplier() const { return multiplier_; }

  private:
    struct Found {
        const Rates* contract = nullptr;  ///< null: the row's
        const PriceRow* row = nullptr;    ///< never null
        PriceSource source = PriceSource::unknown;
    };
    /// One upstream's overrides, in lower case.
    struct Contract {
        std::map<std::string, Rates, std::less<>> by_text;
        std::map<std::string, Rates, std::less<>> by_builtin;  ///< by dateless id
    };
    using Rows = std::map<Instant, PriceRow>;

    const Rates* find_contract(const PriceQuery& query) const;
    /// As it is written, else by priced_model, else by the longest name that it holds as a word ("prod-claude-opus-5").
    const Rows* find_rows(std::string_view model) const;
    Found find(const PriceQuery& query, Instant when) const;

    PriceList list_;
    std::vector<PriceOverride> overrides_;
    std::int64_t multiplier_;
    std::map<std::string, Rows, std::less<>> rows_;
    std::map<std::string, Contract, std::less<>> contracts_;
};

using PriceBookPtr = std::shared_ptr<const PriceBook>;

/// The built-in list at its own prices.
PriceBookPtr builtin_price_book();

/// The model that a provider's id is about, as price lists call it: lower case, without geography, "anthropic.", path,
/// date, version and `[1m]` ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5@20251001" and ARNs of
/// foundation models and of system inference profiles are "claude-haiku-4-5", and so is "claude-haiku-4.5"). Any other
/// text comes back as it is, in lower case; an ARN that names no model comes back empty.
std::string priced_model(std::string_view id);

/// The catalogue's dateless id when `model` is a spelling of a built-in model as `models[].id` may be; else nothing.
std::optional<std::string_view> builtin_model(std::string_view model);

}  // namespace gatehouse::policy
