// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/rollup_cells.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/base/text.h"

namespace gatehouse::store {
namespace {

/// Requests, the six counts of a Usage and the cost in nano-dollars.
constexpr std::size_t counts = 8;
using Counts = std::array<std::int64_t, counts>;

Error unreadable(std::string_view what) {
    return Error::unavailable(Reason::store_refused, "the store holds spend that cannot be read", printable(what, 200));
}

std::optional<std::string> unescaped(std::string_view part) {
    if (part.find('%') == std::string_view::npos) return std::string(part);
    std::string plain;
    plain.reserve(part.size());
    for (std::size_t at = 0; at < part.size(); ++at) {
        if (part[at] != '%') {
            plain.push_back(part[at]);
            continue;
        }
        if (part.size() - at < 3) return std::nullopt;
        const int high = hex_value(part[at + 1]);
        const int low = hex_value(part[at + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        plain.push_back(static_cast<char>(high * 16 + low));
        at += 2;
    }
    return plain;
}

/// Exactly `parts` pieces between bars.
template <std::size_t parts>
std::optional<std::array<std::string, parts>> split(std::string_view name) {
    std::array<std::string, parts> pieces;
    for (std::size_t index = 0; index < parts; ++index) {
        const bool last = index + 1 == parts;
        const std::size_t bar = name.find('|');
        if (last != (bar == std::string_view::npos)) return std::nullopt;
        auto piece = unescaped(name.substr(0, bar));
        if (!piece) return std::nullopt;
        pieces[index] = std::move(*piece);
        name.remove_prefix(last ? name.size() : bar + 1);
    }
    return pieces;
}

std::optional<policy::Tier> parse_tier(std::string_view slug) {
    using policy::Tier;
    for (const Tier tier : {Tier::standard, Tier::long_context, Tier::fast, Tier::fast_long_context})
        if (policy::to_slug(tier) == slug) return tier;
    return std::nullopt;
}

std::optional<Counts> parse_counts(std::string_view text) {
    Counts numbers{};
    for (std::int64_t& number : numbers) {
        const auto taken = take_number(text);
        if (!taken) return std::nullopt;
        number = *taken;
    }
    if (!text.empty()) return std::nullopt;
    return numbers;
}

bool set_name(policy::Cell& cell, std::string_view name) {
    auto who = parse_cell_name(name);
    if (who) cell.who = std::move(*who);
    return who.has_value();
}

bool set_name(policy::SessionCell& cell, std::string_view name) {
    auto parsed = parse_session_cell_name(name);
    if (!parsed) return false;
    cell.session = std::move(parsed->session);
    cell.agent = std::move(parsed->agent);
    cell.model = std::move(parsed->model);
    cell.project = std::move(parsed->project);
    return true;
}

/// `blank` has the time of all of them.
template <class Cell>
Result<> append_hash(std::vector<Cell>& cells, const Cell& blank, const Reply& hash) {
    for (std::size_t at = 0; at + 1 < hash.items.size(); at += 2) {
        Cell& cell = cells.emplace_back(blank);
        if (!set_name(cell, hash.items[at].text)) return fail(unreadable(hash.items[at].text));
        const auto counted = parse_counts(hash.items[at + 1].text);
        if (!counted) return fail(unreadable(hash.items[at + 1].text));
        cell.requests = (*counted)[0];
        cell.usage = {(*counted)[1], (*counted)[2], (*counted)[3], (*counted)[4], (*counted)[5], (*counted)[6]};
        cell.cost = Money::nano((*counted)[7]);
    }
    return {};
}

}  // namespace

std::optional<policy::Dimensions> parse_cell_name(std::string_view name) {
    auto parts = split<8>(name);
    if (!parts) return std::nullopt;
    const auto tier = parse_tier((*parts)[7]);
    if (!tier) return std::nullopt;
    policy::Dimensions who;
    who.user = std::move((*parts)[0]);
    who.group = std::move((*parts)[1]);
    who.model = std::move((*parts)[2]);
    who.upstream = std::move((*parts)[3]);
    who.upstream_model = std::move((*parts)[4]);
    who.project = std::move((*parts)[5]);
    who.service_key = std::move((*parts)[6]);
    who.tier = *tier;
    return who;
}

std::optional<SessionCellName> parse_session_cell_name(std::string_view name) {
    auto parts = split<4>(name);
    if (!parts) return std::nullopt;
    return SessionCellName{std::move((*parts)[0]), std::move((*parts)[1]), std::move((*parts)[2]),
                           std::move((*parts)[3])};
}

Result<> append_cells(std::vector<policy::Cell>& cells, Instant bucket, const Reply& hash) {
    policy::Cell blank;
    blank.bucket = bucket;
    return append_hash(cells, blank, hash);
}

Result<> append_session_cells(std::vector<policy::SessionCell>& cells, Instant day, const Reply& hash) {
    policy::SessionCell blank;
    blank.day = day;
    return append_hash(cells, blank, hash);
}

std::string principal_document(const policy::Principal& principal) {
    boost::json::object document;
    document["email"] = principal.email;
    document["name"] = principal.name;
    document["groups"] = boost::json::array(principal.groups.begin(), principal.groups.end());
    document["service"] = principal.service;
    document["seen"] = principal.last_seen.time_since_epoch().count();
    return boost::json::serialize(document);
}

std::optional<policy::Principal> parse_principal(std::string_view subject, std::string_view document) {
    const auto value = json::parse(document);
    if (!value || !value->is_object()) return std::nullopt;
    policy::Principal principal;
    principal.id = subject;
    principal.email = json::find_string(*value, "email").value_or("");
    principal.name = json::find_string(*value, "name").value_or("");
    principal.service = json::find_bool(*value, "service").value_or(false);
    principal.last_seen = Instant{std::chrono::milliseconds(json::find_integer(*value, "seen").value_or(0))};
    const auto* groups = json::find(*value, "groups");
    if (groups == nullptr || !groups->is_array()) return principal;
    for (const auto& group : groups->get_array())
        if (group.is_string()) principal.groups.emplace_back(group.get_string());
    return principal;
}

}  // namespace gatehouse::store
