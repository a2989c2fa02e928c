// SPDX-License-Identifier: Apache-2.0
// The Rollups in memory: a test adds charges, as a settlement would, and reads them back by bucket.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "policy/bucket.h"
#include "policy/rollups.h"

namespace gatehouse::testing {

class MemoryRollups final : public policy::Rollups {
  public:
    /// Every call fails with unavailable/store_unreachable until set_down(false).
    void set_down(bool down) { down_ = down; }

    void add(const policy::Charge& charge) {
        using policy::Grain;
        for (const Grain grain : {Grain::hour, Grain::day, Grain::month})
            add_to(cells_[{grain, policy::bucket_begin(grain, charge.when), charge.who}], charge);
        policy::Dimensions nobody = charge.who;
        nobody.user.clear();
        nobody.service_key.clear();
        const Instant day = policy::bucket_begin(Grain::day, charge.when);
        add_to(totals_[{day, nobody}], charge);
        add_to(sessions_[{charge.who.user, day, charge.session, charge.agent, charge.who.model, charge.who.project}],
               charge);
    }

    Task<std::vector<policy::Cell>> cells(policy::Grain grain, Instant from, Instant to) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Cell> found;
        for (const auto& [key, sum] : cells_) {
            const auto& [each, bucket, who] = key;
            if (each == grain && bucket >= from && bucket < to)
                found.push_back({bucket, who, sum.usage, sum.requests, sum.cost});
        }
        co_return found;
    }
    Task<std::vector<policy::Cell>> cells_of(std::string user, policy::Grain grain, Instant from, Instant to) override {
        auto found = co_await cells(grain, from, to);
        if (found) std::erase_if(*found, [&](const policy::Cell& cell) { return cell.who.user != user; });
        co_return found;
    }
    Task<std::vector<policy::Cell>> totals(Instant from, Instant to) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Cell> found;
        for (const auto& [key, sum] : totals_)
            if (key.first >= from && key.first < to)
                found.push_back({key.first, key.second, sum.usage, sum.requests, sum.cost});
        co_return found;
    }
    Task<std::vector<policy::SessionCell>> sessions(std::string user, Instant from, Instant to) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::SessionCell> found;
        for (const auto& [key, sum] : sessions_) {
            const auto& [whose, day, session, agent, model, project] = key;
            if (whose == user && day >= from && day < to)
                found.push_back({day, session, agent, model, project, sum.usage, sum.requests, sum.cost});
        }
        co_return found;
    }
    Task<std::vector<policy::Principal>> find_principals(std::vector<std::string> ids) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Principal> found;
        for (const std::string& id : ids)
            for (const policy::Principal& person : people)
                if (person.id == id) found.push_back(person);
        co_return found;
    }
    Task<std::vector<policy::Principal>> principals() override {
        if (down_) co_return fail(unreachable());
        co_return people;
    }

    std::vector<policy::Principal> people;

  private:
    struct Sum {
        policy::Usage usage;
        std::int64_t requests = 0;
        Money cost;
    };

    static void add_to(Sum& sum, const policy::Charge& charge) {
        sum.usage += charge.usage;
        sum.requests += 1;
        sum.cost += charge.cost;
    }
    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryRollups is down");
    }

    bool down_ = false;
    std::map<std::tuple<policy::Grain, Instant, policy::Dimensions>, Sum> cells_;
    std::map<std::pair<Instant, policy::Dimensions>, Sum> totals_;
    std::map<std::tuple<std::string, Instant, std::string, std::string, std::string, std::string>, Sum> sessions_;
};

}  // namespace gatehouse::testing
