// SPDX-License-Identifier: Apache-2.0
#include "gateway/sample_fill.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "auth/secret_hash.h"
#include "auth/service_key.h"
#include "gateway/admin/cap_store.h"
#include "gateway/admin/increase_desk.h"
#include "gateway/admin/service_keys.h"
#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"
#include "gateway/demo/sample.h"

namespace gatehouse {
namespace {

/// One record says until when the store was filled.
constexpr std::string_view mark_kind = "demo_sample";
constexpr std::string_view mark_id = "filled";
/// Two whole months before this one would be more than hours and sessions are kept for.
constexpr std::chrono::days reach{60};
/// Settlements under way at once: as many as the ledger posts together, so that none waits for more.
constexpr std::size_t at_once = 64;

constexpr std::string_view actor = "gateway";
constexpr std::string_view why = "Sample data of gatehouse demo";

using Charges = std::vector<policy::Charge>;

/// A whole number of dollars of which `spent` is that part, in cents.
std::string amount_with(Money spent, std::int64_t percent, std::int64_t least_dollars) {
    const std::int64_t dollars = spent.whole_cents() / percent + 1;
    return std::to_string(std::max(dollars, least_dollars) * 100);
}

Money spent_this_month(const Charges& charges, Instant now, const auto& counts) {
    const Instant from = policy::period_begin(policy::Period::monthly, now);
    Money sum;
    for (const policy::Charge& charge : charges)
        if (charge.when >= from && counts(charge)) sum += charge.cost;
    return sum;
}

admin::CapOrder monthly(policy::ScopeKind kind, std::string id, std::string amount) {
    admin::CapOrder order;
    order.scope = {kind, std::move(id)};
    order.amount = std::move(amount);
    order.reason = why;
    return order;
}

/// Of what they spent already, so that it looks alike on every day of a month.
std::vector<admin::CapOrder> caps_for(const Charges& charges, Instant now) {
    const auto of_user = [&](std::string_view user) {
        return spent_this_month(charges, now, [user](const auto& charge) { return charge.who.user == user; });
    };
    const auto of_group = [&](std::string_view group) {
        return spent_this_month(charges, now, [group](const auto& charge) { return charge.who.group == group; });
    };
    using enum policy::ScopeKind;
    return {monthly(organization, "", "50000"),
            monthly(rbac_group, "contractors", "20000"),
            monthly(group_pool, "contractors", amount_with(of_group("contractors"), 62, 50)),
            monthly(group_pool, "engineering", amount_with(of_group("engineering"), 48, 100)),
            monthly(user, std::string(demo::near_cap_user), amount_with(of_user(demo::near_cap_user), 94, 5)),
            monthly(user, std::string(demo::granted_user), amount_with(of_user(demo::granted_user), 80, 5)),
            monthly(user, auth::service_subject(demo::service_key_id()), "10000")};
}

/// Nobody knows its secret: it is there to be seen.
auth::ServiceKey key_for(Stores stores, Instant born) {
    const std::string secret = auth::make_service_key(stores.random);
    return {.id = demo::service_key_id(),
            .name = std::string(demo::service_key_name),
            .owner = "Mia Sample",
            .groups = {"engineering"},
            .allowed_cidrs = {},
            .created_at = born,
            .created_by = std::string(actor),
            .updated_at = born,
            .expires_at = born + reach + std::chrono::days(120),
            .secrets = {{auth::secret_hash(secret), born, std::nullopt}}};
}

/// Each on its own accounts, with its author's particulars beside the last one of theirs.
void complete(Charges& charges, const policy::CapBook& caps) {
    std::map<std::string, policy::Principal, std::less<>> people;
    for (policy::Principal& person : demo::sample_people())
        people.emplace(person.id, std::move(person));
    for (auto charge = charges.rbegin(); charge != charges.rend(); ++charge) {
        policy::Principal& who = people.at(charge->who.user);
        charge->accounts = caps.accounts({who.id, who.email, who.groups}, charge->when);
        if (who.last_seen == Instant{}) {
            who.last_seen = charge->when;
            charge->principal = who;
        }
    }
}

/// All of them at once; at least one.
Task<> settle_together(Stores stores, std::span<const policy::Charge> some) {
    using boost::asio::experimental::awaitable_operators::operator&&;
    if (some.size() == 1) co_return co_await stores.ledger.settle(some.front(), std::nullopt);
    const std::size_t half = some.size() / 2;
    const auto [left, right] =
        co_await (settle_together(stores, some.first(half)) && settle_together(stores, some.subspan(half)));
    co_return left ? right : left;
}

Task<> settle_all(Stores stores, const Charges& charges) {
    for (std::span<const policy::Charge> rest(charges); !rest.empty();) {
        const auto some = rest.first(std::min(at_once, rest.size()));
        const auto settled = co_await settle_together(stores, some);
        if (!settled) co_return fail(settled.error());
        rest = rest.subspan(some.size());
    }
    co_return Result<>{};
}

/// Written first: a fill that is cut short leaves a gap, never the same twice.
Task<> mark(Stores stores, std::string stored, Instant until) {
    policy::RecordWrite write;
    write.kind = mark_kind;
    write.id = mark_id;
    write.document = json::to_text(boost::json::object{{"until", to_timestamp(until)}});
    write.expected = std::move(stored);
    std::vector<policy::RecordWrite> writes;
    writes.push_back(std::move(write));
    co_return co_await stores.records.write(std::move(writes));
}

Task<> write_key(Stores stores, Instant now) {
    std::vector<policy::RecordWrite> writes;
    writes.push_back(admin::key_creation(key_for(stores, now - reach), std::string(actor), std::string(why), now));
    co_return co_await stores.records.write(std::move(writes));
}

Task<> put_caps(Stores stores, std::vector<admin::CapOrder> orders, Instant now) {
    admin::CapStore caps(stores.records);
    for (admin::CapOrder& order : orders) {
        const auto put = co_await caps.put(std::move(order), std::string(actor), now);
        if (!put) co_return fail(put.error());
    }
    co_return Result<>{};
}

policy::Principal person(std::string_view id) {
    const auto people = demo::sample_people();
    return *std::ranges::find(people, id, &policy::Principal::id);
}

/// One request that was granted for two weeks, and one that waits.
Task<> ask_for_more(Stores stores, const Charges& charges, Instant now) {
    admin::IncreaseDesk desk(
        {.records = stores.records,
         .standings = [&](std::vector<policy::Limit> limits,
                          Instant when) { return stores.ledger.standings(std::move(limits), when); },
         .mode = [] { return policy::GroupLimitMode::min; },
         .random = stores.random,
         .clock = stores.clock});
    // More than the caps above, whatever day of the month it is.
    const auto wish = [&](std::string_view user, std::int64_t percent) {
        const auto own = [user](const policy::Charge& charge) { return charge.who.user == user; };
        return amount_with(spent_this_month(charges, now, own), percent, 40);
    };
    admin::IncreaseAsk granted{policy::Period::monthly, wish(demo::granted_user, 55),
                               "Sample: we move the platform to the new build, two weeks of it."};
    const auto first = co_await desk.ask(person(demo::granted_user), std::move(granted));
    if (!first) co_return fail(first.error());
    admin::IncreaseGrant grant{wish(demo::granted_user, 60), policy::Period::monthly, now + std::chrono::days(14),
                               "Sample: until the move is done."};
    const auto approved = co_await desk.approve(first->id, std::move(grant), std::string(actor));
    if (!approved) co_return fail(approved.error());
    admin::IncreaseAsk open{policy::Period::monthly, wish(demo::near_cap_user, 50),
                            "Sample: the checkout review takes more than we planned."};
    const auto second = co_await desk.ask(person(demo::near_cap_user), std::move(open));
    if (!second) co_return fail(second.error());
    co_return Result<>{};
}

Task<> fill(Stores stores, std::optional<Instant> since, Instant now) {
    const Instant from = since ? std::max(*since, now - reach) : std::chrono::floor<std::chrono::days>(now - reach);
    Charges charges = demo::sample_charges(stores.rules, stores.prices, from, now);
    if (!since) {
        const auto keyed = co_await write_key(stores, now);
        if (!keyed) co_return fail(keyed.error());
        const auto capped = co_await put_caps(stores, caps_for(charges, now), now);
        if (!capped) co_return fail(capped.error());
    }
    const auto book = co_await admin::CapStore(stores.records).book(now);
    if (!book) co_return fail(book.error());
    complete(charges, **book);
    const auto settled = co_await settle_all(stores, charges);
    if (!settled) co_return fail(settled.error());
    if (since) co_return Result<>{};
    co_return co_await ask_for_more(stores, charges, now);
}

}  // namespace

Task<bool> fill_with_sample(Stores stores, bool wanted) {
    const auto stored = co_await stores.records.find(std::string(mark_kind), std::string(mark_id));
    if (!stored) co_return fail(stored.error());
    if (!wanted) co_return stored->has_value();
    std::optional<Instant> since;
    if (*stored) {
        const auto text = json::parse(**stored);
        if (text) since = parse_timestamp(json::find_string(*text, "until").value_or(""));
        if (!since) co_return true;
    }
    const Instant now = stores.clock.now();
    const auto marked = co_await mark(stores, stored->value_or(""), now);
    if (!marked) co_return fail(marked.error());
    const auto filled = co_await fill(stores, since, now);
    if (!filled) co_return fail(filled.error());
    co_return true;
}

}  // namespace gatehouse
