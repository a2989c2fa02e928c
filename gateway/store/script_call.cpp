// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/script_call.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "gateway/store/record.h"
#include "gateway/store/rollup_cells.h"
#include "gateway/store/rollup_keys.h"

namespace gatehouse::store {
namespace {

/// Longer than any request is under way: what is left of a crash goes in the end.
constexpr std::chrono::days under_way_life{2};
/// How long a settlement may wait on disk and still be known to have been added.
constexpr std::chrono::days seen_life{400};

std::string seconds_text(std::chrono::seconds life) {
    return std::to_string(life.count());
}

std::string to_text(Money amount) {
    return std::to_string(amount.nano());
}

/// A counter outlives its period by a week, for settlements that come late.
std::chrono::days counter_life(policy::Period period) {
    switch (period) {
        case policy::Period::daily:
            return std::chrono::days{8};
        case policy::Period::weekly:
            return std::chrono::days{14};
        case policy::Period::monthly:
            return std::chrono::days{38};
    }
    return {};
}

std::string or_none(const std::optional<std::int64_t>& bound) {
    return std::to_string(bound.value_or(0));
}
std::string or_none(const std::optional<Money>& bound) {
    return to_text(bound.value_or(Money()));
}

/// The place of `value` among `values`, where it is put when it is not there; beginning at one, as Lua counts.
template <class Value>
std::size_t number_in(std::vector<Value>& values, const Value& value) {
    const auto found = std::ranges::find(values, value);
    if (found != values.end()) return static_cast<std::size_t>(found - values.begin()) + 1;
    values.push_back(value);
    return values.size();
}

/// What it bounds a minute.
void append_bounds(const policy::Gauge& gauge, ScriptCall& call) {
    call.arguments.push_back(or_none(gauge.rates.requests));
    call.arguments.push_back(or_none(gauge.rates.tokens));
    call.arguments.push_back(or_none(gauge.rates.cost));
}

/// Things in the order in which they were first named, each once.
template <class Thing>
class Places {
  public:
    /// Beginning at one, as Lua counts. When it was named before, `thing` takes its place.
    std::size_t of(std::string name, const Thing& thing) {
        const auto [found, is_new] = places_.try_emplace(std::move(name), things_.size() + 1);
        if (is_new)
            things_.push_back(thing);
        else
            things_[found->second - 1] = thing;
        return found->second;
    }
    const std::vector<Thing>& things() const { return things_; }

  private:
    std::map<std::string, std::size_t> places_;
    std::vector<Thing> things_;
};

/// What one request may have set aside. A thousand of them add up exactly in Lua's doubles; at list prices the dearest
/// request costs a hundredth of it.
constexpr Money most_held = Money::nano(9'000'000'000'000);

/// What holds are decided by, each named once.
class Wants {
  public:
    void add(const policy::Hold& hold) {
        now_ = std::max(now_, hold.now);
        expiry_ = std::max(expiry_, hold.now + hold.lifetime);
        holds_.push_back(hold.id);
        holds_.push_back(to_text(std::clamp(hold.estimate, Money::nano(1), most_held)));
        holds_.push_back(std::to_string(std::max<std::int64_t>(hold.tokens, 0)));
        holds_.push_back(std::to_string(number_in(bounds_, bounds_of(hold))));
        ++count_;
    }
    ScriptCall to_call() && {
        ScriptCall call{.keys = reservation_keys(),
                        .arguments = {store::to_text(now_), store::to_text(expiry_), seconds_text(under_way_life)}};
        for (const std::size_t size : {periods_.size(), accounts_.things().size(), gauges_.things().size(),
                                       sessions_.things().size(), bounds_.size(), count_})
            call.arguments.push_back(std::to_string(size));
        call.keys.emplace_back(paused_users_key);
        for (const policy::Period period : periods_)
            call.keys.push_back(spent_key(period, now_));
        for (const policy::Gauge* gauge : gauges_.things())
            call.keys.push_back(level_key(gauge->name));
        for (const policy::Watch* watch : sessions_.things())
            call.keys.push_back(stretch_key(watch->user, watch->session));
        for (const policy::Gauge* gauge : gauges_.things())
            call.keys.push_back(under_way_key(gauge->name));
        for (const policy::Watch* watch : sessions_.things())
            call.keys.push_back(paused_key(watch->user));
        std::ranges::copy(accounts_.things(), std::back_inserter(call.arguments));
        for (const policy::Gauge* gauge : gauges_.things()) {
            append_bounds(*gauge, call);
            call.arguments.push_back(or_none(gauge->rates.concurrent));
        }
        for (const policy::Watch* watch : sessions_.things()) {
            call.arguments.push_back(watch->session);
            call.arguments.push_back(watch->user);
            call.arguments.push_back(or_none(watch->rule.cost));
            call.arguments.push_back(or_none(watch->rule.requests));
            call.arguments.push_back(std::to_string(watch->rule.within.count()));
        }
        for (const std::vector<std::int64_t>& numbers : bounds_)
            for (const std::int64_t number : numbers)
                call.arguments.push_back(std::to_string(number));
        std::ranges::move(holds_, std::back_inserter(call.arguments));
        return call;
    }

  private:
    /// As the script wants them, which is the same for all requests that the same things bound.
    std::vector<std::int64_t> bounds_of(const policy::Hold& hold) {
        std::vector<std::int64_t> numbers;
        numbers.reserve(3 + 3 * hold.limits.size() + hold.gauges.size());
        const auto append = [&](auto number) { numbers.push_back(static_cast<std::int64_t>(number)); };
        append(hold.limits.size());
        append(hold.gauges.size());
        append(hold.watch ? place_of(*hold.watch) : 0);
        for (const policy::Limit& limit : hold.limits) {
            append(accounts_.of(limit.account, limit.account));
            append(number_in(periods_, limit.period));
            append(limit.amount.nano());
        }
        for (const policy::Gauge& gauge : hold.gauges)
            append(gauges_.of(gauge.name, &gauge));
        return numbers;
    }
    std::size_t place_of(const policy::Watch& watch) {
        return sessions_.of(stretch_key(watch.user, watch.session), &watch);
    }

    Instant now_;
    Instant expiry_;
    std::size_t count_ = 0;
    std::vector<policy::Period> periods_;
    Places<std::string> accounts_;
    Places<const policy::Gauge*> gauges_;
    Places<const policy::Watch*> sessions_;
    std::vector<std::vector<std::int64_t>> bounds_;
    std::vector<std::string> holds_;  ///< as arguments
};

std::int64_t plus(std::int64_t left, std::int64_t right) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(left, right, &sum)) return sum;
    return right < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

/// A counter that went down would give back what was spent: what a provider claims is never below zero.
std::int64_t counted(std::int64_t claimed) {
    return std::max<std::int64_t>(claimed, 0);
}

constexpr std::array usage_members{&policy::Usage::input,          &policy::Usage::output,
                                   &policy::Usage::cache_read,     &policy::Usage::cache_write_5m,
                                   &policy::Usage::cache_write_1h, &policy::Usage::web_searches};

struct CellSum {
    std::int64_t requests = 0;
    policy::Usage usage{};
    Money cost;
};

/// What is added to the fields of one hash.
template <class Sum>
struct Hash {
    std::chrono::seconds life{0};
    std::map<std::string, Sum> fields;
};
/// By the place of its key among KEYS, counted from one.
template <class Sum>
using Hashes = std::map<std::size_t, Hash<Sum>>;

struct GaugeSum {
    const policy::Gauge* gauge = nullptr;  ///< as the last of them has it
    Instant now;
    std::int64_t tokens = 0;
    Money cost;
    std::vector<std::string> ended;
};

/// Of requests that end.
class Ends {
  public:
    void add(const policy::Finish& finish) {
        for (const policy::Gauge& gauge : finish.gauges) {
            GaugeSum& sum = gauges_[gauge.name];
            sum.gauge = &gauge;
            sum.now = std::max(sum.now, finish.now);
            sum.tokens = plus(sum.tokens, finish.drawn.tokens - finish.guessed.tokens);
            sum.cost += finish.drawn.cost - finish.guessed.cost;
            sum.ended.push_back(finish.id);
        }
        if (finish.watch)
            stretches_[stretch_key(finish.watch->user, finish.watch->session)] += std::max(finish.drawn.cost, Money());
    }
    /// As end_requests.part.lua wants it.
    void append(ScriptCall& call) const {
        const auto bounding = std::ranges::count_if(
            gauges_, [](const auto& each) { return each.second.gauge->rates.concurrent.has_value(); });
        call.arguments.push_back(std::to_string(gauges_.size()));
        call.arguments.push_back(std::to_string(stretches_.size()));
        call.arguments.push_back(std::to_string(bounding));
        for (const auto& [name, sum] : gauges_) {
            call.keys.push_back(level_key(name));
            call.arguments.push_back(store::to_text(sum.now));
            call.arguments.push_back(std::to_string(sum.tokens));
            call.arguments.push_back(to_text(sum.cost));
            append_bounds(*sum.gauge, call);
        }
        for (const auto& [key, cost] : stretches_) {
            call.keys.push_back(key);
            call.arguments.push_back(to_text(cost));
        }
        for (const auto& [name, sum] : gauges_) {
            if (!sum.gauge->rates.concurrent) continue;
            call.keys.push_back(under_way_key(name));
            call.arguments.push_back(std::to_string(sum.ended.size()));
            std::ranges::copy(sum.ended, std::back_inserter(call.arguments));
        }
    }

  private:
    std::map<std::string, GaugeSum> gauges_;
    std::map<std::string, Money> stretches_;
};

/// Of settle.lua's add_all.
template <class Sum, class AppendFigures>
void append_hashes(const Hashes<Sum>& hashes, ScriptCall& call, const AppendFigures& append_figures) {
    call.arguments.push_back(std::to_string(hashes.size()));
    for (const auto& [place, hash] : hashes) {
        call.arguments.push_back(std::to_string(place));
        call.arguments.push_back(seconds_text(hash.life));
        call.arguments.push_back(std::to_string(hash.fields.size()));
        for (const auto& [name, sum] : hash.fields)
            call.arguments.push_back(name);
        for (const auto& [name, sum] : hash.fields)
            append_figures(sum, call.arguments);
    }
}

/// Where the charges of an hour go.
struct Books {
    std::array<Hash<CellSum>*, 3> cells{};  ///< of the hour, the day and the month
    Hash<CellSum>* totals = nullptr;
};

void add_charge(Hash<CellSum>& hash, std::string cell, const policy::Charge& charge) {
    CellSum& sum = hash.fields[std::move(cell)];
    ++sum.requests;
    for (const auto member : usage_members)
        sum.usage.*member = plus(sum.usage.*member, counted(charge.usage.*member));
    sum.cost += std::max(charge.cost, Money());
}

/// What settlements come to together.
class Sums {
  public:
    Sums(std::string_view run, const Retention& retention) : retention_(retention) {
        keys_ = reservation_keys();
        keys_.push_back(seen_key(run));
        for (const std::string_view key : {records_key, principals_key, touched_key, touches_key})
            keys_.emplace_back(key);
    }
    void add(const Settlement& settlement) {
        const policy::Charge& charge = settlement.charge;
        const policy::Dimensions& who = charge.who;
        const Books& books = books_of(charge.when);
        const std::string cell = cell_name(who);
        for (Hash<CellSum>* cells : books.cells)
            add_charge(*cells, cell, charge);
        add_charge(*books.totals, total_name(who), charge);
        add_charge(cells_of(sessions_key(who.user, charge.when), retention_.detail),
                   session_cell_name(charge.session, charge.agent, who.model, who.project), charge);
        if (!charge.accounts.empty()) add_to_accounts(charge);
        if (retention_.notes_touched)
            for (const std::string& account : charge.accounts)
                number_in(touched_, touched_name(account, charge.when));
        if (charge.principal) principals_[who.user] = principal_document(*charge.principal);
        if (settlement.finish) ends_.add(*settlement.finish);
    }
    ScriptCall to_call(std::span<const Settlement> settlements) && {
        ScriptCall call{
            std::move(keys_),
            {"", seconds_text(seen_life), std::to_string(retention_.records), std::to_string(settlements.size())}};
        call.arguments[0] = std::to_string(call.keys.size() + 1);
        for (const Settlement& settlement : settlements) {
            call.arguments.push_back(std::to_string(settlement.number));
            call.arguments.push_back(settlement.charge.request_id);
            call.arguments.push_back(settlement.record);
        }
        append_hashes(cells_, call, [](const CellSum& sum, std::vector<std::string>& figures) {
            figures.push_back(std::to_string(sum.requests));
            for (const auto member : usage_members)
                figures.push_back(std::to_string(sum.usage.*member));
            figures.push_back(to_text(sum.cost));
        });
        append_hashes(accounts_, call,
                      [](Money sum, std::vector<std::string>& figures) { figures.push_back(to_text(sum)); });
        call.arguments.push_back(std::to_string(touched_.size()));
        std::ranges::move(touched_, std::back_inserter(call.arguments));
        call.arguments.push_back(std::to_string(principals_.size()));
        for (auto& [subject, document] : principals_) {
            call.arguments.push_back(subject);
            call.arguments.push_back(std::move(document));
        }
        ends_.append(call);
        return call;
    }

  private:
    std::size_t place_of(const std::string& key) { return number_in(keys_, key); }
    Hash<CellSum>& cells_of(const std::string& key, std::chrono::seconds life) {
        Hash<CellSum>& hash = cells_[place_of(key)];
        hash.life = life;
        return hash;
    }
    const Books& books_of(Instant when) {
        const auto [found, is_new] = books_.try_emplace(std::chrono::floor<std::chrono::hours>(when));
        Books& books = found->second;
        if (!is_new) return books;
        books = {{&cells_of(cells_key(policy::Grain::hour, when), retention_.detail),
                  &cells_of(cells_key(policy::Grain::day, when), retention_.spend),
                  &cells_of(cells_key(policy::Grain::month, when), retention_.spend)},
                 &cells_of(totals_key(when), retention_.spend)};
        return books;
    }
    void add_to_accounts(const policy::Charge& charge) {
        const auto [found, is_new] = spent_.try_emplace(std::chrono::floor<std::chrono::days>(charge.when));
        auto& periods = found->second;
        for (std::size_t index = 0; is_new && index < periods.size(); ++index) {
            const policy::Period period = policy::every_period[index];
            periods[index] = &accounts_[place_of(spent_key(period, charge.when))];
            periods[index]->life = counter_life(period);
        }
        for (Hash<Money>* period : periods)
            for (const std::string& account : charge.accounts)
                period->fields[account] += std::max(charge.cost, Money());
    }
    const Retention& retention_;
    std::vector<std::string> keys_;
    Hashes<CellSum> cells_;
    Hashes<Money> accounts_;
    // What charges of the same time share, found once. A map's values stay where they are.
    std::map<std::chrono::sys_time<std::chrono::hours>, Books> books_;
    std::map<std::chrono::sys_days, std::array<Hash<Money>*, policy::every_period.size()>> spent_;
    std::vector<std::string> touched_;
    std::map<std::string, std::string> principals_;
    Ends ends_;
};

}  // namespace

std::vector<std::string> reservation_keys() {
    return {std::string(reservations_key), std::string(held_key)};
}

ScriptCall to_reserve_call(std::span<const policy::Hold> holds) {
    Wants wants;
    for (const policy::Hold& hold : holds)
        wants.add(hold);
    return std::move(wants).to_call();
}

std::optional<ScriptCall> to_hold_call(std::string id, std::vector<std::string> accounts,
                                       const std::vector<policy::Gauge>& gauges, Money amount, Instant expires_at) {
    ScriptCall call{.keys = reservation_keys(),
                    .arguments = {std::move(id), to_text(std::min(amount, most_held)), store::to_text(expires_at),
                                  seconds_text(under_way_life)}};
    for (const policy::Gauge& gauge : gauges)
        if (gauge.rates.concurrent) call.keys.push_back(under_way_key(gauge.name));
    if (accounts.empty() && call.keys.size() == reservation_keys().size()) return std::nullopt;
    std::ranges::move(accounts, std::back_inserter(call.arguments));
    return call;
}

ScriptCall to_settle_call(std::string_view run, std::span<const Settlement> settlements, const Retention& retention) {
    Sums sums(run, retention);
    for (const Settlement& settlement : settlements)
        sums.add(settlement);
    return std::move(sums).to_call(settlements);
}

ScriptCall to_finish_call(const policy::Finish& finish) {
    Ends ends;
    ends.add(finish);
    ScriptCall call;
    ends.append(call);
    return call;
}

}  // namespace gatehouse::store
