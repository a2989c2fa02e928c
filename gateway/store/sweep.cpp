// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/sweep.h"

#include <utility>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/store/rollup_keys.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

/// One that cannot be read is forgotten too: it tells nobody anything, and would stay for ever.
bool is_older(const std::string& principal, Instant before) {
    const auto document = json::parse(principal);
    const auto seen = document ? json::find_integer(*document, "seen") : std::nullopt;
    return !seen || Instant{std::chrono::milliseconds(*seen)} < before;
}

}  // namespace

Task<bool> Sweep::take_turn(std::string chore, std::chrono::seconds span) {
    const auto reply =
        co_await redis_.send({"SET", "gh:{chores}:" + std::move(chore), "1", "NX", "EX", std::to_string(span.count())});
    if (!reply) co_return fail(reply.error());
    co_return !reply->is_nil();
}

Task<std::int64_t> Sweep::forget_principals(Instant before) {
    std::int64_t gone = 0;
    std::string cursor = "0";
    do {
        auto page =
            co_await redis_.send({"HSCAN", std::string(principals_key), cursor, "COUNT", std::to_string(page_)});
        if (!page) co_return fail(page.error());
        if (page->items.size() != 2) co_return fail(refusal_of(*page));
        cursor = page->items[0].text;
        const std::vector<Reply>& fields = page->items[1].items;
        std::vector<std::string> old;
        for (std::size_t at = 0; at + 1 < fields.size(); at += 2)
            if (is_older(fields[at + 1].text, before)) old.insert(old.end(), {fields[at].text, fields[at + 1].text});
        if (old.empty()) continue;
        const auto forgotten = co_await redis_.run(scripts::forget, {std::string(principals_key)}, std::move(old));
        if (!forgotten) co_return fail(forgotten.error());
        gone += forgotten->integer;
    } while (cursor != "0");
    co_return gone;
}

}  // namespace gatehouse::store
