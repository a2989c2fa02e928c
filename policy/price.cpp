// SPDX-License-Identifier: Apache-2.0
#include "policy/price.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "gateway/base/text.h"
#include "policy/catalogue.h"

namespace gatehouse::policy {
namespace {

/// Amounts before they are rounded: tokens × rate × multiplier, in nano-dollars / (million × million).
__extension__ using Wide = __int128;
constexpr Wide most = ~(static_cast<Wide>(1) << 127);
constexpr Wide million = 1'000'000;
constexpr Wide unit = million * million;

constexpr std::string_view family = "claude-";

/// Both at least zero.
Wide capped_sum(Wide left, Wide right) {
    return left > most - right ? most : left + right;
}

Wide capped_product(Wide left, Wide right) {
    Wide product = 0;
    return __builtin_mul_overflow(left, right, &product) ? most : product;
}

/// A provider's nonsense must not lower a bill.
Wide counted(std::int64_t count) {
    return std::max<std::int64_t>(count, 0);
}

Money to_money(Wide whole) {
    return whole > std::numeric_limits<std::int64_t>::max() ? Money::most()
                                                            : Money::nano(static_cast<std::int64_t>(whole));
}

Money bill(const Rates& rates, Money web_search, const Usage& usage, std::int64_t multiplier) {
    Wide total = capped_product(counted(usage.web_searches), web_search.nano() * million);
    total = capped_sum(total, counted(usage.input) * rates.input);
    total = capped_sum(total, counted(usage.output) * rates.output);
    total = capped_sum(total, counted(usage.cache_read) * rates.cache_read);
    total = capped_sum(total, counted(usage.cache_write_5m) * rates.cache_write_5m);
    total = capped_sum(total, counted(usage.cache_write_1h) * rates.cache_write_1h);
    total = capped_product(total, multiplier);
    return to_money(capped_sum(total, unit / 2) / unit);
}

Money round_up(std::int64_t rate, std::int64_t multiplier) {
    return to_money((static_cast<Wide>(rate) * multiplier + unit - 1) / unit);
}

/// A sum of such counts must not wrap, whatever they are.
std::int64_t prompt_of(const Usage& usage) {
    Wide tokens = 0;
    for (const std::int64_t count : {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h})
        tokens += counted(count);
    return static_cast<std::int64_t>(std::min<Wide>(tokens, std::numeric_limits<std::int64_t>::max()));
}

/// Long counts where the model has rates for it; and where the model is unknown, for whoever prices it later.
Tier tier_of(const PriceRow& row, bool known, Speed speed, std::int64_t prompt) {
    const bool is_long = prompt > row.long_above && (!known || row.long_context || row.fast_long_context);
    if (speed == Speed::fast) return is_long ? Tier::fast_long_context : Tier::fast;
    return is_long ? Tier::long_context : Tier::standard;
}

const Rates& rates_of(const PriceRow& row, Tier tier) {
    const bool is_fast = tier == Tier::fast || tier == Tier::fast_long_context;
    const bool is_long = tier == Tier::long_context || tier == Tier::fast_long_context;
    if (is_fast && is_long && row.fast_long_context) return *row.fast_long_context;
    if (is_fast && row.fast) return *row.fast;
    if (is_long && row.long_context) return *row.long_context;
    return row.standard;
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

void drop_suffix(std::string_view& text, std::string_view suffix) {
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
}

/// `-v1`
void drop_version(std::string_view& text) {
    const std::size_t mark = text.rfind("-v");
    if (mark != std::string_view::npos && is_digits(text.substr(mark + 2))) text = text.substr(0, mark);
}

/// `-20251001`
void drop_date(std::string_view& text) {
    constexpr std::size_t length = 9;
    if (text.size() <= length) return;
    const std::string_view end = text.substr(text.size() - length);
    if (end[0] == '-' && is_digits(end.substr(1))) text.remove_suffix(length);
}

/// The resource's name, of the two kinds of ARN that are about one model.
std::string_view name_in_arn(std::string_view arn) {
    for (const std::string_view kind : {":foundation-model/", ":inference-profile/"})
        if (const std::size_t at = arn.find(kind); at != std::string_view::npos) return arn.substr(at + kind.size());
    return {};
}

bool is_letter_or_digit(char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z');
}

/// What stands behind a model's name: neither more of a word nor the rest of another version ("claude-opus-5" is not in
/// "claude-opus-5-7", but it is in "claude-opus-5-eu" and before a date).
bool ends_name(std::string_view rest) {
    if (rest.empty()) return true;
    if (is_letter_or_digit(rest[0])) return false;
    if (rest[0] != '-' && rest[0] != '.') return true;
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size()) - 1;
    return digits == 0 || digits > 2;
}

/// Whether `text` (lower case) holds the model's name as a word, as names of deployments do.
bool holds_name(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1))
        if ((at == 0 || !is_letter_or_digit(text[at - 1])) && ends_name(text.substr(at + name.size()))) return true;
    return false;
}

/// priced_model of what is in lower case already.
std::string name_in(std::string lower) {
    std::string_view text = lower;
    if (text.starts_with("arn:")) text = name_in_arn(text);
    text = text.substr(text.rfind('/') + 1);  // npos + 1 is 0
    constexpr std::string_view maker = "anthropic.";
    const std::size_t geography = text.find(maker);
    if (geography == 0 || (geography != std::string_view::npos && text[geography - 1] == '.'))
        text.remove_prefix(geography + maker.size());
    if (!text.starts_with(family)) return lower.starts_with("arn:") ? std::string(text) : std::move(lower);
    drop_suffix(text, "[1m]");
    text = text.substr(0, text.find(':'));
    text = text.substr(0, text.find('@'));
    drop_version(text);
    drop_date(text);
    drop_suffix(text, "-latest");
    drop_version(text);
    // Anthropic's own other name for the first of a generation.
    if (text == "claude-opus-4-0" || text == "claude-sonnet-4-0") drop_suffix(text, "-0");
    const auto start = static_cast<std::size_t>(text.data() - lower.data());
    lower.erase(start + text.size()).erase(0, start);
    std::ranges::replace(lower, '.', '-');  // as other gateways spell versions
    return lower;
}

}  // namespace

std::string_view to_slug(PriceSource source) {
    switch (source) {
        case PriceSource::contract:
            return "contract";
        case PriceSource::upstream_model:
            return "upstream_model";
        case PriceSource::catalogue_model:
            return "catalogue_model";
        case PriceSource::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string priced_model(std::string_view id) {
    return name_in(to_lower(id));
}

std::optional<std::string_view> builtin_model(std::string_view model) {
    const auto index = find_builtin(to_lower(model));
    if (!index) return std::nullopt;
    return builtins()[*index].dateless;
}

PriceBook::PriceBook(PriceList list, std::vector<PriceOverride> overrides, std::int64_t multiplier)
    : list_(std::move(list)), overrides_(std::move(overrides)), multiplier_(multiplier) {
    for (const PriceRow& row : list_.rows)
        rows_[row.model].emplace(row.from, row);
    for (const PriceOverride& one : overrides_) {
        Contract& contract = contracts_[one.upstream];
        contract.by_text.emplace(to_lower(one.model), one.rates);
        if (const auto builtin = builtin_model(one.model))
            contract.by_builtin.emplace(std::string(*builtin), one.rates);
    }
}

const Rates* PriceBook::find_contract(const PriceQuery& query) const {
    const auto contract = contracts_.find(query.upstream);
    if (contract == contracts_.end()) return nullptr;
    const auto look = [](const auto& rates, const std::string& key) {
        const auto found = rates.find(key);
        return found == rates.end() ? nullptr : &found->second;
    };
    const auto& [by_text, by_builtin] = contract->second;
    for (const std::string_view id : {query.upstream_model, query.model})
        if (const Rates* rates = look(by_text, to_lower(id))) return rates;
    for (const std::string_view id : {query.upstream_model, query.model})
        if (const Rates* rates = look(by_builtin, priced_model(id))) return rates;
    return nullptr;
}

const PriceBook::Rows* PriceBook::find_rows(std::string_view model) const {
    std::string lower = to_lower(model);
    if (const auto found = rows_.find(lower); found != rows_.end()) return &found->second;
    const std::string name = name_in(std::move(lower));
    if (const auto found = rows_.find(name); found != rows_.end()) return &found->second;
    const Rows* longest = nullptr;
    std::size_t length = 0;
    for (const auto& [key, rows] : rows_) {
        if (key.size() <= length || !key.starts_with(family) || !holds_name(name, key)) continue;
        longest = &rows;
        length = key.size();
    }
    return longest;
}

PriceBook::Found PriceBook::find(const PriceQuery& query, Instant when) const {
    Found found{.contract = find_contract(query), .row = &list_.unknown, .source = PriceSource::upstream_model};
    const Rows* rows = find_rows(query.upstream_model);
    if (rows == nullptr) {
        found.source = PriceSource::catalogue_model;
        rows = find_rows(query.model);
    }
    if (rows == nullptr)
        found.source = PriceSource::unknown;
    else {
        // Before its first row a model costs what that row says: it must not become unknown for being early.
        const auto next = rows->upper_bound(when);
        found.row = next == rows->begin() ? &next->second : &std::prev(next)->second;
    }
    if (found.contract != nullptr) found.source = PriceSource::contract;
    return found;
}

Priced PriceBook::price(const PriceQuery& query, const Usage& usage, Speed speed, Instant when) const {
    const Found found = find(query, when);
    const Tier tier = tier_of(*found.row, found.row != &list_.unknown, speed, prompt_of(usage));
    const Rates& rates = found.contract != nullptr ? *found.contract : rates_of(*found.row, tier);
    return {.cost = bill(rates, found.row->web_search, usage, multiplier_),
            .written = bill(rates, {}, {.output = usage.output}, multiplier_),
            .tier = tier,
            .source = found.source};
}

Money PriceBook::cost(const PriceQuery& query, const Usage& usage, Tier tier, Instant when) const {
    const Found found = find(query, when);
    const Rates& rates = found.contract != nullptr ? *found.contract : rates_of(*found.row, tier);
    return bill(rates, found.row->web_search, usage, multiplier_);
}

TokenCost PriceBook::token_cost(const PriceQuery& query, std::int64_t prompt_tokens, Speed speed, Instant when) const {
    const Found found = find(query, when);
    const Tier tier = tier_of(*found.row, found.row != &list_.unknown, speed, prompt_tokens);
    const Rates& rates = found.contract != nullptr ? *found.contract : rates_of(*found.row, tier);
    return {.input = round_up(rates.input, multiplier_), .output = round_up(rates.output, multiplier_)};
}

PriceSource PriceBook::source(const PriceQuery& query) const {
    return find(query, Instant{}).source;
}

PriceBookPtr builtin_price_book() {
    static const PriceBookPtr book = std::make_shared<const PriceBook>(builtin_price_list());
    return book;
}

}  // namespace gatehouse::policy
