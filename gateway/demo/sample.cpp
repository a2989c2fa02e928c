// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/sample.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <tuple>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/demo/people.h"

namespace gatehouse::demo {
namespace {

constexpr std::uint64_t seed = 0x6761'7465'686f'7573;

/// How somebody works, in round figures.
struct Habit {
    std::string_view id;
    std::string_view name;
    std::span<const std::string_view> groups;
    int requests = 0;  ///< on a usual workday
    std::span<const std::string_view> models;
    std::span<const std::string_view> projects;  ///< empty: none is named
};

constexpr std::array<std::string_view, 0> no_names{};
constexpr std::array<std::string_view, 5> mixed{"claude-sonnet-5", "claude-sonnet-5", "claude-sonnet-5",
                                                "claude-opus-5", "claude-haiku-4-5"};
constexpr std::array<std::string_view, 4> mostly_best{"claude-opus-5", "claude-opus-5", "claude-opus-5",
                                                      "claude-sonnet-5"};
constexpr std::array<std::string_view, 3> thrifty{"claude-haiku-4-5", "claude-haiku-4-5", "claude-sonnet-5"};
constexpr std::array<std::string_view, 1> small_only{"claude-haiku-4-5"};
constexpr std::array<std::string_view, 2> checkout{"sample-checkout", "sample-checkout"};
constexpr std::array<std::string_view, 3> platform{"sample-platform", "sample-platform", "sample-checkout"};
constexpr std::array<std::string_view, 3> mobile{"sample-mobile", "sample-mobile", ""};
constexpr std::array<std::string_view, 2> research{"sample-research", ""};

constexpr auto habits = std::to_array<Habit>({
    {"demo-ada", "", engineering_groups, 4, mixed, platform},
    {"demo-carl", "", contractor_groups, 3, small_only, mobile},
    {"demo-fiona", "", finance_groups, 2, thrifty, no_names},
    {"sample-mia", "Mia Sample", engineering_groups, 8, mostly_best, platform},
    {"sample-noah", "Noah Sample", engineering_groups, 7, mixed, checkout},
    {"sample-lena", "Lena Sample", engineering_groups, 6, mixed, mobile},
    {"sample-omar", "Omar Sample", engineering_groups, 5, mostly_best, research},
    {"sample-ines", "Ines Sample", engineering_groups, 7, mixed, checkout},
    {"sample-jonas", "Jonas Sample", engineering_groups, 4, thrifty, platform},
    {"sample-yuki", "Yuki Sample", engineering_groups, 3, thrifty, mobile},
    {"sample-tara", "Tara Sample", contractor_groups, 5, small_only, checkout},
    {"sample-viktor", "Viktor Sample", contractor_groups, 5, small_only, mobile},
    {"sample-rosa", "Rosa Sample", contractor_groups, 3, small_only, no_names},
    {"sample-emil", "Emil Sample", finance_groups, 2, thrifty, no_names},
    {"sample-theo", "Theo Sample", no_names, 3, thrifty, no_names},
});

/// Works every night, weekends too.
const Habit& night_shift() {
    static const std::string id = "service:" + service_key_id();
    static const Habit habit{id, service_key_name, engineering_groups, 5, thrifty, checkout};
    return habit;
}

bool is_service(const Habit& habit) {
    return habit.id.starts_with("service:");
}

/// The same on every platform, unlike the standard's distributions.
class Dice {
  public:
    Dice(std::chrono::sys_days day, std::string_view who) {
        std::uint64_t mixed_in = seed ^ (static_cast<std::uint64_t>(day.time_since_epoch().count()) << 20U);
        for (const char letter : who)
            mixed_in = (mixed_in ^ static_cast<unsigned char>(letter)) * 0x0000'0100'0000'01b3;
        engine_.seed(mixed_in);
    }
    /// From `least` to `most`, both possible.
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most - least + 1));
    }
    template <class T, std::size_t Extent>
    const T& one_of(std::span<T, Extent> choices) {
        return choices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(choices.size()) - 1))];
    }

  private:
    std::mt19937_64 engine_;
};

/// Fewer on quiet days and at weekends, none when they are away.
std::int64_t requests_on(const Habit& habit, std::chrono::sys_days day, Dice& dice) {
    const unsigned weekday = std::chrono::weekday(day).iso_encoding();
    const std::int64_t percent = dice.between(60, 140);
    if (is_service(habit)) return std::max<std::int64_t>(1, habit.requests * percent / 100);
    const bool away = dice.between(1, 12) == 1;
    if (away) return 0;
    if (weekday >= 6) return dice.between(1, 5) == 1 ? dice.between(1, 3) : 0;
    return std::max<std::int64_t>(1, habit.requests * percent / 100);
}

policy::Usage usage_of(Dice& dice, const Habit& habit) {
    policy::Usage usage;
    usage.input = dice.between(200, 6'000);
    usage.output = dice.between(500, is_service(habit) ? 12'000 : 8'000);
    usage.cache_read = dice.between(30'000, 160'000);
    usage.cache_write_5m = dice.between(2'000, 24'000);
    if (dice.between(1, 20) == 1) usage.web_searches = dice.between(1, 3);
    return usage;
}

/// Where a model is served, and under which id.
struct Place {
    std::string upstream;
    std::string model;
};

std::optional<Place> place_of(const policy::Rules& rules, std::string_view id) {
    const policy::Model* model = rules.resolve(id);
    if (model == nullptr) return std::nullopt;
    for (std::size_t at = 0; at < rules.upstreams().size(); ++at)
        if (const auto sent = rules.upstream_id(*model, at))
            return Place{rules.upstreams()[at].name, std::string(*sent)};
    return std::nullopt;
}

std::string date_text(std::chrono::sys_days day) {
    const std::chrono::year_month_day date(day);
    return std::to_string(static_cast<int>(date.year()) * 10'000 +
                          static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
                          static_cast<int>(static_cast<unsigned>(date.day())));
}

std::string group_of(const Habit& habit) {
    const auto first = std::ranges::min_element(habit.groups);
    return first == habit.groups.end() ? std::string() : std::string(*first);
}

void add_day(const policy::Rules& rules, const policy::PriceBook& prices, const Habit& habit, std::chrono::sys_days day,
             std::vector<policy::Charge>& charges) {
    Dice dice(day, habit.id);
    const std::int64_t requests = requests_on(habit, day, dice);
    const std::int64_t begin = is_service(habit) ? 1 * 60 : 7 * 60 + dice.between(0, 120);
    const std::int64_t end = is_service(habit) ? 4 * 60 : 16 * 60 + dice.between(0, 150);
    const std::string name = "sample-" + date_text(day) + "-" + std::string(is_service(habit) ? "nightly" : habit.id);
    for (std::int64_t number = 0; number < requests; ++number) {
        policy::Charge charge;
        charge.request_id = name + "-" + std::to_string(number + 1);
        // In order: each has its own part of the working day.
        const std::int64_t minute = begin + (end - begin) * number / requests;
        charge.when = day + std::chrono::minutes(minute) + std::chrono::seconds(dice.between(0, 59));
        charge.who.user = habit.id;
        charge.who.group = group_of(habit);
        charge.who.model = dice.one_of(habit.models);
        if (!habit.projects.empty()) charge.who.project = dice.one_of(habit.projects);
        if (is_service(habit)) charge.who.service_key = service_key_id();
        charge.session = name + (number * 2 < requests ? "-morning" : "-afternoon");
        if (dice.between(1, 6) == 1) charge.agent = "sample-explorer";
        charge.usage = usage_of(dice, habit);
        const auto place = place_of(rules, charge.who.model);
        if (!place) continue;
        charge.who.upstream = place->upstream;
        charge.who.upstream_model = place->model;
        const auto priced = prices.price({charge.who.upstream, charge.who.upstream_model, charge.who.model},
                                         charge.usage, policy::Speed::standard, charge.when);
        charge.who.tier = priced.tier;
        charge.cost = priced.cost;
        charges.push_back(std::move(charge));
    }
}

policy::Principal to_principal(const Habit& habit) {
    policy::Principal who;
    who.id = habit.id;
    who.name = habit.name;
    who.groups.assign(habit.groups.begin(), habit.groups.end());
    who.service = is_service(habit);
    if (!who.service) who.email = who.id.substr(who.id.find('-') + 1) + "@sample.example";
    const auto known = std::ranges::find(demo_people, habit.id, &DemoPerson::id);
    if (known != demo_people.end()) {
        who.name = known->name;
        who.email = known->email;
    }
    return who;
}

}  // namespace

std::string service_key_id() {
    return "svk_" + to_hex(sha256(service_key_name)).substr(0, 32);
}

std::vector<policy::Principal> sample_people() {
    std::vector<policy::Principal> people;
    for (const Habit& habit : habits)
        people.push_back(to_principal(habit));
    people.push_back(to_principal(night_shift()));
    return people;
}

std::vector<policy::Charge> sample_charges(const policy::Rules& rules, const policy::PriceBook& prices, Instant from,
                                           Instant to) {
    std::vector<policy::Charge> charges;
    for (auto day = std::chrono::floor<std::chrono::days>(from); day < to; day += std::chrono::days(1)) {
        for (const Habit& habit : habits)
            add_day(rules, prices, habit, day, charges);
        add_day(rules, prices, night_shift(), day, charges);
    }
    std::erase_if(charges, [&](const policy::Charge& charge) { return charge.when < from || charge.when >= to; });
    std::ranges::sort(charges, {},
                      [](const policy::Charge& charge) { return std::tie(charge.when, charge.request_id); });
    return charges;
}

}  // namespace gatehouse::demo
