// SPDX-License-Identifier: Apache-2.0
#include "tests/company/company.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "gateway/store/record.h"
#include "gateway/store/rollup_cells.h"
#include "gateway/store/rollup_keys.h"
#include "policy/bucket.h"

namespace gatehouse::testing {
namespace {

using policy::Grain;
using store::Command;

constexpr std::size_t words_together = 2'000;
constexpr std::size_t commands_together = 32;

/// Commands on their way, a few at a time.
class Filler {
  public:
    explicit Filler(store::RedisClient& redis) : redis_(redis) {}

    Task<> add(std::string key, std::string field, std::string value) {
        if (commands_.empty() || commands_.back()[1] != key || commands_.back().size() >= words_together) {
            const auto done = commands_.size() < commands_together ? Result<>{} : co_await flush();
            if (!done) co_return fail(done.error());
            commands_.push_back({"HSET", std::move(key)});
        }
        commands_.back().push_back(std::move(field));
        commands_.back().push_back(std::move(value));
        co_return Result<>{};
    }
    Task<> flush() {
        const auto done = co_await redis_.send_all(std::exchange(commands_, {}));
        if (!done) co_return fail(done.error());
        co_return Result<>{};
    }

  private:
    store::RedisClient& redis_;
    std::vector<Command> commands_;
};

/// Everybody another sum, so that sorting has something to do.
std::string cell(int number) {
    const int mixed = number * 7919 % 1'000'003;
    return "123 4567890 345678 98765432 456789 12345 7 " + std::to_string(1'234'567'890 + std::int64_t{1'000} * mixed);
}

policy::Dimensions who_of(int number, std::string_view model, bool named) {
    policy::Dimensions who;
    if (named) who.user = Company::subject(number);
    who.group = "group-" + std::to_string(number % Company::groups);
    who.model = model;
    who.upstream = "anthropic";
    who.upstream_model = model;
    who.project = "project-" + std::to_string(number % Company::projects);
    return who;
}

Task<> fill_people(Filler& filler, Instant now) {
    for (int person = 0; person < Company::people; ++person) {
        const std::string number = std::to_string(person);
        const policy::Principal who{.id = Company::subject(person),
                                    .email = "first.last" + number + "@example.com",
                                    .name = "First Last " + number,
                                    .groups = {"group-" + std::to_string(person % Company::groups)},
                                    .service = false,
                                    .last_seen = now - std::chrono::minutes(person)};
        const auto added =
            co_await filler.add(std::string(store::principals_key), who.id, store::principal_document(who));
        if (!added) co_return fail(added.error());
    }
    co_return Result<>{};
}

Task<> fill_cells(Filler& filler, std::string key, int models) {
    for (int person = 0; person < Company::people; ++person)
        for (int model = 0; model < models; ++model) {
            const auto at = static_cast<std::size_t>((person + model) % std::ssize(Company::models));
            const auto added = co_await filler.add(key, store::cell_name(who_of(person, Company::models.at(at), true)),
                                                   cell(person + model));
            if (!added) co_return fail(added.error());
        }
    co_return Result<>{};
}

Task<> fill_day(Filler& filler, Instant day) {
    for (int group = 0; group < Company::groups; ++group)
        for (const std::string_view model : Company::models) {
            const auto added =
                co_await filler.add(store::totals_key(day), store::cell_name(who_of(group, model, false)), cell(group));
            if (!added) co_return fail(added.error());
        }
    co_return Result<>{};
}

Task<> fill_sessions(Filler& filler, Instant day) {
    for (int session = 0; session < 5; ++session) {
        const std::string name =
            store::session_cell_name("session-" + std::to_string(session), "", Company::models[0], "project-0");
        const auto added = co_await filler.add(store::sessions_key(Company::subject(0), day), name, cell(session));
        if (!added) co_return fail(added.error());
    }
    co_return Result<>{};
}

}  // namespace

std::string Company::subject(int person) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "00u1a2b3c4d5e6f7%05d", person);
    return text.data();
}

Task<> Company::fill(store::RedisClient& redis, Instant now) {
    Filler filler(redis);
    const Instant month = policy::bucket_begin(Grain::month, now);
    const auto month_before = [](Instant when) {
        return policy::bucket_begin(Grain::month, when - std::chrono::days(1));
    };
    const Instant old = month_before(month_before(month_before(month)));
    std::vector<Task<>> parts;
    parts.push_back(fill_people(filler, now));
    parts.push_back(fill_cells(filler, store::cells_key(Grain::month, month), 3));
    parts.push_back(fill_cells(filler, store::cells_key(Grain::month, month_before(month)), 3));
    parts.push_back(fill_cells(filler, store::cells_key(Grain::month, old), 3));
    for (Instant day = old; day < policy::bucket_end(Grain::month, old); day += std::chrono::days(1))
        parts.push_back(fill_cells(filler, store::cells_key(Grain::day, day), 1));
    for (int day = 0; day < days; ++day)
        parts.push_back(fill_day(filler, now - std::chrono::days(day)));
    for (int day = 0; day < session_days; ++day)
        parts.push_back(fill_sessions(filler, now - std::chrono::days(day)));
    for (Task<>& part : parts) {
        const auto done = co_await std::move(part);
        if (!done) co_return fail(done.error());
    }
    co_return co_await filler.flush();
}

}  // namespace gatehouse::testing
