// SPDX-License-Identifier: Apache-2.0
// bench_reports: what reports cost on a store that a big company filled: 10,000 people with 3 models each in one month,
// and 365 days of totals (tests/company). Reads through RedisRollups from a redis-server of its own, then makes the
// answers; prints a markdown table, also how long Redis was busy with the longest command, because everybody else waits
// for that. Run by hand: bench_reports <empty directory>.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/report_rows.h"
#include "gateway/admin/spend_summary.h"
#include "gateway/store/embedded.h"
#include "gateway/store/redis_rollups.h"
#include "policy/bucket.h"
#include "tests/bench/wire.h"
#include "tests/company/company.h"

namespace gatehouse::bench {
namespace {

using policy::Grain;

constexpr Instant now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 13}};
constexpr Instant month{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}};
constexpr int rounds = 7;

template <class T>
Result<T> wait_for(boost::asio::io_context& context, Task<T> task) {
    Result<T> result = fail(Error{});
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr&, Result<T> value) {
        result = std::move(value);
        context.stop();
    });
    context.restart();
    context.run();
    if (!result) std::printf("failed: %s\n", describe(result.error()).c_str());
    if (!result) std::exit(1);
    return result;
}

template <class T>
T wait(boost::asio::io_context& context, Task<T> task) {
    return std::move(*wait_for(context, std::move(task)));
}

struct Bench {
    store::EmbeddedRedis& server;
    boost::asio::io_context context{1};
    store::RedisClient redis{context.get_executor(), server.settings()};
    store::RedisRollups rollups{redis};

    explicit Bench(store::EmbeddedRedis& at) : server(at) {}
    store::Reply ask(store::Command command) { return wait(context, redis.send(std::move(command))); }

    /// Milliseconds of the slowest command since the last reset.
    double slowest_ms() {
        std::int64_t most = 0;
        for (const store::Reply& entry : ask({"SLOWLOG", "GET", "1000"}).items)
            most = std::max(most, entry.items[2].integer);
        ask({"SLOWLOG", "RESET"});
        return static_cast<double>(most) / 1e3;
    }
};

/// The median of a few rounds, in milliseconds.
template <class Call>
double median_ms(const Call& call) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const std::int64_t begun = monotonic_ns();
        call();
        times.push_back(static_cast<double>(monotonic_ns() - begun) / 1e6);
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

std::string cost_by_user(std::vector<policy::Cell> cells, const std::vector<policy::Principal>& known) {
    admin::ReportPaper paper;
    paper.query = *admin::parse_report_query(admin::ReportKind::cost,
                                             "starting_at=2026-11-01&bucket_width=1mo&group_by=user,model", "", now);
    paper.people = admin::to_people(known);
    std::string text;
    append_head(text, paper);
    append_bucket(text, paper, 0, policy::grouped(policy::to_facts(std::move(cells)), paper.query.group_by));
    append_foot(text, paper);
    return text;
}

void run(Bench& bench) {
    wait_for(bench.context, testing::Company::fill(bench.redis, now));
    bench.ask({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
    bench.slowest_ms();
    const Instant next = policy::bucket_end(Grain::month, month);
    const Instant year_ago = month - std::chrono::days(testing::Company::days - 1);
    std::printf("| what | items | ms | longest Redis command, ms |\n|---|---|---|---|\n");
    const auto row = [&](const char* what, std::size_t items, double ms, bool reads) {
        std::printf("| %s | %zu | %.1f | ", what, items, ms);
        if (reads) std::printf("%.1f |\n", bench.slowest_ms());
        if (!reads) std::printf("– |\n");
    };
    std::vector<policy::Cell> cells;
    double ms = median_ms([&] { cells = wait(bench.context, bench.rollups.cells(Grain::month, month, next)); });
    row("read `cells(month)`", cells.size(), ms, true);
    std::vector<policy::Cell> totals;
    ms = median_ms([&] { totals = wait(bench.context, bench.rollups.totals(year_ago, next)); });
    row("read `totals(year)`", totals.size(), ms, true);
    std::vector<policy::Principal> known;
    ms = median_ms([&] { known = wait(bench.context, bench.rollups.principals()); });
    row("read `principals()`", known.size(), ms, true);
    std::string text;
    ms = median_ms([&] { text = cost_by_user(cells, known); });
    row("write a cost report by user and model, bytes", text.size(), ms, false);
    const auto query = *admin::parse_summary_query("month=2026-11", now);
    ms = median_ms([&] {
        const admin::SummaryFigures figures{policy::to_facts(cells), policy::to_facts(totals), admin::to_people(known),
                                            policy::builtin_price_book()};
        text = boost::json::serialize(admin::to_summary(query, figures, now));
    });
    row("make a spend summary, bytes", text.size(), ms, false);
}

}  // namespace
}  // namespace gatehouse::bench

int main(int count, char** words) {
    if (count != 2) {
        std::fputs("usage: bench_reports <empty directory>\n", stderr);
        return 2;
    }
    auto server = gatehouse::store::EmbeddedRedis::start(words[1]);
    if (!server) {
        std::fprintf(stderr, "%s\n", describe(server.error()).c_str());
        return 1;
    }
    gatehouse::bench::Bench bench(**server);
    gatehouse::bench::run(bench);
    bench.redis.stop();
    (*server)->stop();
    return 0;
}
