// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/charge_line.h"

#include <array>
#include <utility>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/log.h"

namespace gatehouse::store {
namespace {

/// Of a settlement's line, so that it is not moved while it grows.
constexpr std::size_t usual_length = 768;

/// Appends members to one flat JSON object.
class Line {
  public:
    Line(std::string_view event, Instant when) {
        text_.reserve(usual_length);
        text_.append(R"({"evt":")").append(event).append(R"(","at":)");
        text_.append(std::to_string(when.time_since_epoch().count()));
    }
    Line& add(std::string_view name, std::string_view value) {
        key(name);
        log::append_json_string(text_, value);
        return *this;
    }
    Line& add_some(std::string_view name, std::string_view value) { return value.empty() ? *this : add(name, value); }
    Line& add(std::string_view name, std::int64_t value) {
        key(name);
        text_.append(std::to_string(value));
        return *this;
    }
    Line& add(std::string_view name, const std::vector<std::string>& values) {
        key(name);
        text_.push_back('[');
        for (const std::string& value : values) {
            if (text_.back() != '[') text_.push_back(',');
            log::append_json_string(text_, value);
        }
        text_.push_back(']');
        return *this;
    }
    std::string finish() && { return std::move(text_.append("}\n")); }

  private:
    void key(std::string_view name) { text_.append(",\"").append(name).append("\":"); }
    std::string text_;
};

struct Counter {
    std::string_view name;
    std::int64_t policy::Usage::* member;
};

constexpr std::array<Counter, 6> counters{{
    {"input", &policy::Usage::input},
    {"output", &policy::Usage::output},
    {"cache_read", &policy::Usage::cache_read},
    {"cache_write_5m", &policy::Usage::cache_write_5m},
    {"cache_write_1h", &policy::Usage::cache_write_1h},
    {"web_searches", &policy::Usage::web_searches},
}};

std::string words(const boost::json::value& line, std::string_view name) {
    return std::string(json::find_string(line, name).value_or(""));
}

std::vector<std::string> list(const boost::json::value& line, std::string_view name) {
    std::vector<std::string> values;
    const auto* array = json::find(line, name);
    if (array == nullptr || !array->is_array()) return values;
    for (const auto& value : array->get_array())
        if (value.is_string()) values.emplace_back(std::string_view(value.get_string()));
    return values;
}

Instant moment(const boost::json::value& line, std::string_view name) {
    return Instant{std::chrono::milliseconds(json::find_integer(line, name).value_or(0))};
}

policy::Tier tier_of(std::string_view slug) {
    for (const policy::Tier tier : {policy::Tier::long_context, policy::Tier::fast, policy::Tier::fast_long_context})
        if (policy::to_slug(tier) == slug) return tier;
    return policy::Tier::standard;
}

std::optional<policy::Principal> principal_of(const boost::json::value& line, const std::string& user) {
    if (json::find(line, "seen") == nullptr) return std::nullopt;
    policy::Principal principal;
    principal.id = user;
    principal.email = words(line, "email");
    principal.name = words(line, "name");
    principal.groups = list(line, "groups");
    principal.service = json::find_integer(line, "service").value_or(0) != 0;
    principal.last_seen = moment(line, "seen");
    return principal;
}

SettleLine to_settlement(const boost::json::value& line) {
    SettleLine settled;
    settled.number = static_cast<std::uint64_t>(json::find_integer(line, "n").value_or(0));
    policy::Charge& charge = settled.charge;
    charge.request_id = words(line, "id");
    charge.when = moment(line, "at");
    charge.who = {.user = words(line, "sub"),
                  .group = words(line, "group"),
                  .model = words(line, "model"),
                  .upstream = words(line, "upstream"),
                  .upstream_model = words(line, "upstream_model"),
                  .project = words(line, "project"),
                  .service_key = words(line, "service_key"),
                  .tier = tier_of(words(line, "tier"))};
    charge.session = words(line, "session_id");
    charge.agent = words(line, "agent_id");
    for (const Counter& counter : counters)
        charge.usage.*counter.member = json::find_integer(line, counter.name).value_or(0);
    charge.cost = Money::nano(json::find_integer(line, "cost_nano").value_or(0));
    charge.estimated = json::find_integer(line, "estimated").value_or(0) != 0;
    charge.accounts = list(line, "accounts");
    charge.principal = principal_of(line, charge.who.user);
    return settled;
}

}  // namespace

std::string start_line(const policy::Begun& begun, Instant when) {
    Line line("start", when);
    line.add("id", begun.request_id).add("sub", begun.user).add("model", begun.model);
    line.add_some("session_id", begun.session);
    if (!begun.reserved.is_zero()) line.add("reserved_nano", begun.reserved.nano());
    return std::move(line).finish();
}

std::string settle_line(std::uint64_t number, const policy::Charge& charge) {
    const policy::Dimensions& who = charge.who;
    Line line("settle", charge.when);
    line.add("n", static_cast<std::int64_t>(number)).add("id", charge.request_id).add("sub", who.user);
    line.add_some("group", who.group).add("model", who.model).add("upstream", who.upstream);
    line.add("upstream_model", who.upstream_model).add_some("project", who.project);
    line.add_some("service_key", who.service_key).add("tier", policy::to_slug(who.tier));
    line.add_some("session_id", charge.session).add_some("agent_id", charge.agent);
    for (const Counter& counter : counters)
        if (charge.usage.*counter.member != 0) line.add(counter.name, charge.usage.*counter.member);
    line.add("cost_nano", charge.cost.nano());
    if (charge.estimated) line.add("estimated", std::int64_t{1});
    line.add("accounts", charge.accounts);
    if (const auto& principal = charge.principal) {
        line.add_some("email", principal->email).add_some("name", principal->name).add("groups", principal->groups);
        if (principal->service) line.add("service", std::int64_t{1});
        line.add("seen", principal->last_seen.time_since_epoch().count());
    }
    return std::move(line).finish();
}

std::string release_line(std::string_view request_id, std::string_view why, Instant when) {
    Line line("release", when);
    return std::move(line.add("id", request_id).add("why", why)).finish();
}

std::string checkpoint_line(std::uint64_t number, Instant when) {
    Line line("checkpoint", when);
    return std::move(line.add("n", static_cast<std::int64_t>(number))).finish();
}

std::optional<JournalLine> parse_line(std::string_view line) {
    const auto value = json::parse(line);
    if (!value || !value->is_object()) return std::nullopt;
    const std::string event = words(*value, "evt");
    if (event == "start")
        return StartLine{words(*value, "id"), words(*value, "sub"), words(*value, "session_id"),
                         Money::nano(json::find_integer(*value, "reserved_nano").value_or(0))};
    if (event == "settle") return to_settlement(*value);
    if (event == "release") return ReleaseLine{words(*value, "id")};
    if (event == "checkpoint")
        return CheckpointLine{static_cast<std::uint64_t>(json::find_integer(*value, "n").value_or(0))};
    return std::nullopt;
}

}  // namespace gatehouse::store
