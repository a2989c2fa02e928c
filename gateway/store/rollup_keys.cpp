// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/rollup_keys.h"

#include <chrono>
#include <initializer_list>

#include "gateway/base/crypto.h"
#include "gateway/base/text.h"

namespace gatehouse::store {
namespace {

constexpr std::string_view prefix = "gh:{spend}:";
/// Of a cell's name, so that it is not moved while it grows.
constexpr std::size_t usual_name = 192;

std::string hashed(std::string_view name) {
    return to_base64url(sha256(name));
}

/// 20261125
std::string day_name(Instant when) {
    return policy::period_key(policy::Period::daily, when).substr(1);
}

std::string hour_name(Instant when) {
    const auto hour = std::chrono::floor<std::chrono::hours>(when) - std::chrono::floor<std::chrono::days>(when);
    const std::string number = std::to_string(hour.count());
    return day_name(when) + (number.size() < 2 ? "0" : "") + number;
}

void append_escaped(std::string& name, std::string_view part) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char letter : part) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool separates = letter == '%' || letter == '|';
        if (byte >= 0x20 && byte != 0x7F && !separates) {
            name.push_back(letter);
            continue;
        }
        name.push_back('%');
        name.push_back(digits[byte >> 4U]);
        name.push_back(digits[byte & 0xFU]);
    }
}

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string name;
    name.reserve(usual_name);
    for (const std::string_view* part = parts.begin(); part != parts.end(); ++part) {
        if (part != parts.begin()) name.push_back('|');
        append_escaped(name, *part);
    }
    return name;
}

}  // namespace

std::string spent_key(policy::Period period, Instant now) {
    return concat({prefix, "a:", policy::period_key(period, now)});
}

std::string touched_name(std::string_view account, Instant when) {
    const auto day = std::chrono::floor<std::chrono::days>(when).time_since_epoch();
    return std::string(account).append(" ").append(std::to_string(day.count()));
}

std::string level_key(std::string_view gauge) {
    return concat({prefix, "g:", hashed(gauge), ":level"});
}

std::string under_way_key(std::string_view gauge) {
    return concat({prefix, "g:", hashed(gauge), ":busy"});
}

std::string stretch_key(std::string_view user, std::string_view session) {
    return concat({prefix, "g:", hashed(joined({user, session})), ":stretch"});
}

std::string paused_key(std::string_view user) {
    return concat({prefix, "g:", hashed(user), ":paused"});
}

std::string cells_key(policy::Grain grain, Instant when) {
    switch (grain) {
        case policy::Grain::hour:
            return concat({prefix, "h:", hour_name(when)});
        case policy::Grain::day:
            return concat({prefix, "d:", day_name(when)});
        case policy::Grain::month:
            return concat({prefix, "m:", day_name(when).substr(0, 6)});
    }
    return {};
}

std::string totals_key(Instant when) {
    return concat({prefix, "t:", day_name(when)});
}

std::string sessions_key(std::string_view user, Instant when) {
    return concat({prefix, "s:", day_name(when), ":", hashed(user)});
}

std::string cell_name(const policy::Dimensions& who) {
    return joined({who.user, who.group, who.model, who.upstream, who.upstream_model, who.project, who.service_key,
                   policy::to_slug(who.tier)});
}

std::string total_name(const policy::Dimensions& who) {
    return joined(
        {"", who.group, who.model, who.upstream, who.upstream_model, who.project, "", policy::to_slug(who.tier)});
}

std::string cell_names_of(std::string_view user) {
    std::string pattern;
    for (const char letter : joined({user, ""})) {
        if (std::string_view("*?[]\\").contains(letter)) pattern.push_back('\\');
        pattern.push_back(letter);
    }
    return pattern.append("*");
}

std::string session_cell_name(std::string_view session, std::string_view agent, std::string_view model,
                              std::string_view project) {
    return joined({session, agent, model, project});
}

std::string seen_key(std::string_view epoch) {
    return concat({prefix, "seen:", epoch});
}

}  // namespace gatehouse::store
