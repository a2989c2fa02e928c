// SPDX-License-Identifier: Apache-2.0
// The ledger's contract on memory and on a real Redis, and what is true of Redis alone: once however often it is asked,
// the shape of what reports read, and names that say nothing.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <filesystem>
#include <limits>
#include <random>

#include "gateway/store/durable_ledger.h"
#include "gateway/store/redis_paused_sessions.h"
#include "gateway/store/rollup_keys.h"
#include "tests/contract/ledger_contract.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/fixed_random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_ledger.h"

namespace gatehouse::testing {
namespace {

class MemorySetup final : public LedgerSetup {
  public:
    boost::asio::io_context& context() override { return context_; }
    policy::Ledger& ledger() override { return ledger_; }
    policy::PausedSessions& paused_sessions() override { return ledger_; }

  private:
    boost::asio::io_context context_{1};
    MemoryLedger ledger_;
};

/// A journal of its own in a directory that goes away with it.
struct Journal {
    Journal() : Journal("") {}
    /// In the directory of another, so that it finds what that one left; "" is its own.
    explicit Journal(const std::string& left) {
        auto opened = store::SpendJournal::open(
            {.dir = left.empty() ? dir.file("journal") : left, .file_size = 1U << 16U}, clock, random, metrics);
        if (!opened) throw std::runtime_error(describe(opened.error()));
        journal = std::move(*opened);
    }
    TemporaryDir dir;
    SystemClock clock;
    SystemRandom random;
    observe::Metrics metrics;
    std::unique_ptr<store::SpendJournal> journal;
};

class RedisSetup final : public LedgerSetup {
  public:
    boost::asio::io_context& context() override { return shard_.context; }
    policy::Ledger& ledger() override { return ledger_; }
    policy::PausedSessions& paused_sessions() override { return paused_; }

  private:
    Shard shard_;
    ManualClock clock_{Instant{std::chrono::milliseconds{1'795'305'599'999}}};
    store::RedisPausedSessions paused_{shard_.redis, clock_};
    Journal journal_;
    BlockingPool pool_{1};
    store::RedisLedger redis_{shard_.redis, [] { return store::Retention{}; }};
    store::DurableLedger ledger_{shard_.redis, redis_, *journal_.journal, pool_};
};

template <class Setup>
std::unique_ptr<LedgerSetup> make() {
    return std::make_unique<Setup>();
}

INSTANTIATE_TEST_SUITE_P(Memory, LedgerContract, ::testing::Values(LedgerMaker{"memory", make<MemorySetup>}));
INSTANTIATE_TEST_SUITE_P(Redis, LedgerContract, ::testing::Values(LedgerMaker{"redis", make<RedisSetup>}));

/// A ledger of its own on a Redis that may come to harm.
class DurableLedgerTest : public ::testing::Test {
  protected:
    ~DurableLedgerTest() override { end(ledger); }
    static policy::Charge charge(const std::string& request) {
        policy::Charge one;
        one.request_id = request;
        one.when = SystemClock().now();
        one.cost = Money::cents(5);
        one.accounts = {"u:ada"};
        return one;
    }
    void settle(const std::string& request) { ASSERT_TRUE(run(context, ledger.settle(charge(request), std::nullopt))); }
    void recover(store::DurableLedger& with) {
        ++recoveries;
        boost::asio::co_spawn(context, with.recover(), [this](const std::exception_ptr&) { --recoveries; });
    }
    void end(store::DurableLedger& with) {
        with.stop();
        EXPECT_TRUE(run_until(context, [&] { return recoveries == 0; }));
    }
    /// A settlement that the store does not have; the directory of the run.
    static std::filesystem::path leave(Journal& dead) {
        std::string record;
        dead.journal->not_posted(dead.journal->settled(charge("r1"), record));
        dead.journal.reset();
        return std::filesystem::directory_iterator(dead.dir.file("journal"))->path();
    }
    policy::Standing standing() {
        const auto standings =
            run(context, ledger.standings({{"u:ada", policy::Period::monthly, Money(), false}}, SystemClock().now()));
        return standings ? standings->at(0) : policy::Standing{};
    }
    Money spent() { return standing().spent; }
    Money held() { return standing().held; }
    static policy::Hold hold(const std::string& request) {
        policy::Hold one{.id = request,
                         .now = SystemClock().now(),
                         .estimate = Money::cents(3),
                         .lifetime = std::chrono::seconds(60)};
        one.limits = {{"u:ada", policy::Period::monthly, Money::dollars(1'000), false}};
        return one;
    }
    /// How many of the ledger's have reached Redis.
    int script_calls() {
        const auto info = run(context, other.send({"INFO", "commandstats"}));
        constexpr std::string_view name = "cmdstat_evalsha:calls=";
        const auto at = info ? info->text.find(name) : std::string::npos;
        if (at == std::string::npos) throw std::runtime_error("Redis does not count its calls of scripts");
        return std::stoi(info->text.substr(at + name.size()));
    }
    bool comes_to(std::int64_t cents) {
        return run_until(context, [&] { return spent() == Money::cents(cents); });
    }
    /// Not a restart, but the same to a ledger: what it has in the last seconds is gone, and so is the connection.
    void lose_everything() {
        ASSERT_TRUE(run(context, other.send({"FLUSHALL"})));
        lose_connections();
    }
    void lose_connections() {
        ASSERT_TRUE(run(context, other.send({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"})));
    }
    void signal_redis(int number) {
        if (process == 0) {
            const auto info = run(context, other.send({"INFO", "server"}));
            ASSERT_TRUE(info);
            constexpr std::string_view name = "process_id:";
            process = std::stoi(info->text.substr(info->text.find(name) + name.size()));
        }
        ASSERT_EQ(::kill(process, number), 0);
    }

    static constexpr int many = 100;

    PrivateRedis server;
    boost::asio::io_context context{1};
    store::RedisClient other{context.get_executor(), server->settings()};
    store::RedisClient redis{context.get_executor(), server->settings()};
    Journal journal;
    BlockingPool pool{1};
    store::RedisLedger plain{redis, [] { return store::Retention{}; }};
    store::DurableLedger ledger{redis, plain, *journal.journal, pool};
    int recoveries = 0;
    int process = 0;
};

TEST_F(DurableLedgerTest, AddsAgainWhatARedisThatEndedWithoutWarningHadTaken) {
    recover(ledger);
    settle("r1");
    ASSERT_EQ(spent(), Money::cents(5));

    lose_everything();

    EXPECT_TRUE(comes_to(5));
    lose_connections();
    ASSERT_TRUE(run_until(context, [&] { return redis.connections() == 3; }));
    settle("r2");
    EXPECT_TRUE(run_until(context, [&] { return !journal.journal->has_failed(); }));
    EXPECT_EQ(spent(), Money::cents(10)) << "a connection that is lost adds nothing twice";
}

TEST_F(DurableLedgerTest, PostsTogetherWhatSettlesMeanwhile) {
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    settle("first");
    const int before = script_calls();
    int settled = 0;
    for (int request = 0; request < many; ++request)
        boost::asio::co_spawn(context, ledger.settle(charge("r" + std::to_string(request)), std::nullopt),
                              [&](const std::exception_ptr&, const Result<>& done) { settled += done ? 1 : 0; });

    ASSERT_TRUE(run_until(context, [&] { return settled == many; }));

    EXPECT_LT(script_calls() - before, many / 10);
    EXPECT_EQ(spent(), Money::cents(5 * (many + 1)));
}

TEST_F(DurableLedgerTest, LetsASettlementWaitForOthersAndNotWhenThereAreEnough) {
    store::DurableLedger patient{
        redis, plain, *journal.journal, pool, store::DurableLedger::usual_losable, std::chrono::hours(1)};
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    settle("first");
    const int before = script_calls();
    std::size_t settled = 0;
    const auto settle_one = [&](std::size_t request) {
        boost::asio::co_spawn(context, patient.settle(charge("r" + std::to_string(request)), std::nullopt),
                              [&](const std::exception_ptr&, const Result<>& done) { settled += done ? 1 : 0; });
    };
    for (std::size_t request = 1; request < store::RedisLedger::most_at_once; ++request)
        settle_one(request);
    ASSERT_TRUE(run(context, redis.send({"PING"})));
    EXPECT_EQ(script_calls() - before, 0);

    settle_one(store::RedisLedger::most_at_once);

    ASSERT_TRUE(run_until(context, [&] { return settled == store::RedisLedger::most_at_once; }));
    EXPECT_EQ(script_calls() - before, 1);
    EXPECT_EQ(spent(), Money::cents(5 * static_cast<std::int64_t>(settled + 1)));
}

TEST_F(DurableLedgerTest, DecidesTogetherWhatIsAskedMeanwhile) {
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    ASSERT_TRUE(run(context, ledger.reserve(hold("first")))->granted);
    const int before = script_calls();
    int granted = 0;
    for (int request = 0; request < many; ++request)
        boost::asio::co_spawn(
            context, ledger.reserve(hold("r" + std::to_string(request))),
            [&](const std::exception_ptr&, const Result<policy::Held>& held) { granted += held->granted ? 1 : 0; });

    ASSERT_TRUE(run_until(context, [&] { return granted == many; }));

    EXPECT_LT(script_calls() - before, many / 10);
    EXPECT_EQ(held(), Money::cents(3 * (many + 1)));
}

TEST_F(DurableLedgerTest, AnswersEveryOneOfManyThatAskAgainAndAgain) {
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    constexpr int clients = 16;
    constexpr int requests = 50;
    int answered = 0;
    const auto work = [&](int client) -> boost::asio::awaitable<void> {
        for (int request = 0; request < requests; ++request) {
            const std::string id = std::to_string(client) + "-" + std::to_string(request);
            const auto held = co_await ledger.reserve(hold(id));
            const auto settled = co_await ledger.settle(charge(id), std::nullopt);
            answered += held && held->granted && settled ? 1 : 0;
        }
    };
    int ended = 0;
    for (int client = 0; client < clients; ++client)
        boost::asio::co_spawn(context, work(client), [&](const std::exception_ptr&) { ++ended; });

    ASSERT_TRUE(run_until(context, [&] { return ended == clients; }));

    EXPECT_EQ(answered, clients * requests);
    EXPECT_EQ(held(), Money());
    EXPECT_EQ(spent(), Money::cents(5 * clients * requests));
}

TEST_F(DurableLedgerTest, TakesBackWhatACallerWasGrantedWhoLeftBeforeItWasAsked) {
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    // The first is under way when the second and the third ask; the first and the second leave.
    std::array<boost::asio::cancellation_signal, 3> leaving;
    int ended = 0;
    const auto request = [&](std::string id) -> boost::asio::awaitable<bool> {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        const auto held = co_await ledger.reserve(hold(id));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) [[maybe_unused]]
            const auto released = co_await ledger.release(id);
        co_return held && held->granted;
    };
    for (std::size_t at = 0; at < leaving.size(); ++at)
        boost::asio::co_spawn(
            context, request("r" + std::to_string(at)),
            boost::asio::bind_cancellation_slot(
                leaving.at(at).slot(), [&](const std::exception_ptr&, bool granted) { ended += granted ? 1 : 0; }));
    boost::asio::post(context, [&] {
        leaving[0].emit(boost::asio::cancellation_type::terminal);
        leaving[1].emit(boost::asio::cancellation_type::terminal);
    });

    EXPECT_TRUE(run_until(context, [&] { return ended == 3; }));

    EXPECT_EQ(held(), Money::cents(3));
}

TEST_F(DurableLedgerTest, AddsAgainWhatADeadRunHadSpent) {
    Journal dead;
    leave(dead);
    Journal next{dead.dir.file("journal")};
    store::DurableLedger successor{redis, plain, *next.journal, pool};
    recover(successor);
    ASSERT_TRUE(comes_to(5));

    lose_everything();

    EXPECT_TRUE(comes_to(5));
    end(successor);
}

TEST_F(DurableLedgerTest, IsDoneWithADeadRunOnceItStays) {
    Journal dead;
    const auto directory = leave(dead);
    Journal next{dead.dir.file("journal")};
    store::DurableLedger successor{redis, plain, *next.journal, pool, std::chrono::seconds(0)};

    recover(successor);

    EXPECT_TRUE(run_until(context, [&] { return std::filesystem::exists(directory / "done"); }));
    EXPECT_EQ(spent(), Money::cents(5));
    end(successor);
}

TEST_F(DurableLedgerTest, TrustsAStoreOnlyWhileItAnswers) {
    constexpr std::chrono::seconds at_once{0};
    store::DurableLedger trusting{redis, plain, *journal.journal, pool, at_once};
    ASSERT_TRUE(run_until(context, [&] { return redis.is_up(); }));
    ASSERT_TRUE(run(context, trusting.settle(charge("r1"), std::nullopt)));
    signal_redis(SIGSTOP);

    recover(trusting);

    EXPECT_TRUE(run_until(context, [&] { return !redis.is_up(); }));
    EXPECT_TRUE(journal.journal->has_taken(at_once)) << "trusted although it may be gone";
    signal_redis(SIGCONT);
    EXPECT_TRUE(
        run_until(context, [&] { return !journal.journal->has_taken(at_once) && !journal.journal->has_failed(); }));
    end(trusting);
}

class RedisLedgerTest : public ::testing::Test {
  protected:
    static constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'000}};  // 2026-11-21T12:00:00Z

    static policy::Charge charge() {
        policy::Charge one;
        one.request_id = "r1";
        one.when = noon;
        one.who = {.user = "ada|x",
                   .group = "eng",
                   .model = "m",
                   .upstream = "u",
                   .upstream_model = "m@1",
                   .project = "p%",
                   .service_key = "",
                   .tier = policy::Tier::fast};
        one.session = "s1";
        one.agent = "a1";
        one.usage = {1, 2, 3, 4, 5, 6};
        one.cost = Money::nano(1'234'567);
        one.accounts = {"u:ada|x"};
        one.principal = policy::Principal{"ada|x", "ada@example.com", "Ada", {"eng", "ops"}, false, noon};
        return one;
    }
    void post(std::uint64_t number) { post_all({{number, charge(), "{}", std::nullopt}}); }
    void post_all(std::vector<store::Settlement> settlements) {
        const auto refused = run(shard.context, ledger.post("e1", std::move(settlements)));
        ASSERT_TRUE(refused);
        EXPECT_TRUE(refused->empty());
    }
    std::vector<policy::Held> reserve(std::vector<policy::Hold> holds) {
        std::vector<policy::Held> all;
        for (auto& held : run(shard.context, ledger.reserve(std::move(holds)))) {
            if (!held) throw std::runtime_error(describe(held.error()));
            all.push_back(std::move(*held));
        }
        return all;
    }
    policy::Standing standing(const std::string& account) {
        const auto standings =
            run(shard.context, ledger.standings({{account, policy::Period::daily, Money(), false}}, noon));
        return standings ? standings->at(0) : policy::Standing{};
    }
    std::string field(const std::string& key, const std::string& name) { return shard.ask({"HGET", key, name}).text; }

    Shard shard;
    store::RedisLedger ledger{shard.redis, [] { return store::Retention{}; }};
};

TEST_F(RedisLedgerTest, AddsASettlementOnceHoweverOftenItIsPosted) {
    for (int times = 0; times < 3; ++times)
        post(0);
    post(7);
    const auto spent = run(shard.context, ledger.standings({{"u:ada|x", policy::Period::daily, Money(), false}}, noon));
    EXPECT_EQ(spent->at(0).spent, Money::nano(2 * 1'234'567));
    EXPECT_EQ(shard.ask({"XLEN", std::string(store::records_key)}).integer, 2);
}

TEST_F(RedisLedgerTest, AddsManySettlementsInOneCallAsOneByOne) {
    std::vector<store::Settlement> settlements;
    for (std::uint64_t number = 0; number < 64; ++number) {
        policy::Charge one = charge();
        one.request_id = "r" + std::to_string(number);
        if (number % 2 == 1) {
            one.who.user = "bob";
            one.accounts = {"u:bob", "g:eng"};
        }
        settlements.push_back({number, std::move(one), "{}", std::nullopt});
    }
    post_all(std::move(settlements));

    EXPECT_EQ(standing("u:ada|x").spent, Money::nano(32 * 1'234'567));
    EXPECT_EQ(standing("u:bob").spent, Money::nano(32 * 1'234'567));
    EXPECT_EQ(standing("g:eng").spent, Money::nano(32 * 1'234'567));
    EXPECT_EQ(field("gh:{spend}:m:202611", "ada%7Cx|eng|m|u|m@1|p%25||fast"), "32 32 64 96 128 160 192 39506144");
    EXPECT_EQ(field("gh:{spend}:t:20261121", "|eng|m|u|m@1|p%25||fast"), "64 64 128 192 256 320 384 79012288");
    EXPECT_EQ(field(store::sessions_key("bob", noon), "s1|a1|m|p%25"), "32 32 64 96 128 160 192 39506144");
    EXPECT_EQ(shard.ask({"XLEN", std::string(store::records_key)}).integer, 64);
}

TEST_F(RedisLedgerTest, AddsEachToTheHourDayAndMonthThatItBelongsTo) {
    using std::chrono::hours;
    std::vector<store::Settlement> settlements;
    for (const auto later : {hours{0}, hours{11}, hours{12}, hours{24 * 10}, hours{0}}) {
        policy::Charge one = charge();
        one.when += later;
        settlements.push_back({settlements.size(), std::move(one), "{}", std::nullopt});
    }
    settlements.back().charge.accounts.clear();  // the first to come that hour, or not, need not be on an account
    std::swap(settlements.front().charge, settlements.back().charge);
    post_all(std::move(settlements));

    const std::string cell = "ada%7Cx|eng|m|u|m@1|p%25||fast";
    const std::string once = "1 1 2 3 4 5 6 1234567";
    const std::string twice = "2 2 4 6 8 10 12 2469134";
    EXPECT_EQ(field("gh:{spend}:h:2026112112", cell), twice);
    EXPECT_EQ(field("gh:{spend}:h:2026112123", cell), once);
    EXPECT_EQ(field("gh:{spend}:h:2026112200", cell), once);
    EXPECT_EQ(field("gh:{spend}:d:20261121", cell), "3 3 6 9 12 15 18 3703701");
    EXPECT_EQ(field("gh:{spend}:d:20261122", cell), once);
    EXPECT_EQ(field("gh:{spend}:m:202611", cell), "4 4 8 12 16 20 24 4938268");
    EXPECT_EQ(field("gh:{spend}:m:202612", cell), once);
    EXPECT_EQ(field("gh:{spend}:t:20261122", "|eng|m|u|m@1|p%25||fast"), once);
    EXPECT_EQ(field("gh:{spend}:a:d20261121", "u:ada|x"), "2469134");
    EXPECT_EQ(field("gh:{spend}:a:d20261122", "u:ada|x"), "1234567");
    EXPECT_EQ(field("gh:{spend}:a:m202611", "u:ada|x"), "3703701");
    EXPECT_EQ(field("gh:{spend}:a:m202612", "u:ada|x"), "1234567");
}

TEST_F(RedisLedgerTest, AddsAChargeThatIsOnNoAccountToTheReports) {
    policy::Charge one = charge();
    one.accounts.clear();
    post_all({{0, std::move(one), "{}", std::nullopt}});
    EXPECT_EQ(shard.ask({"HLEN", "gh:{spend}:m:202611"}).integer, 1);
    EXPECT_EQ(shard.ask({"XLEN", std::string(store::records_key)}).integer, 1);
}

TEST_F(RedisLedgerTest, AddsOfManySettlementsThoseThatWereNotAddedBefore) {
    post(1);
    post(3);
    std::vector<store::Settlement> settlements;
    for (std::uint64_t number = 0; number < 5; ++number)
        settlements.push_back({number, charge(), "{}", std::nullopt});
    post_all(settlements);
    post_all(settlements);

    EXPECT_EQ(standing("u:ada|x").spent, Money::nano(5 * 1'234'567));
    EXPECT_EQ(shard.ask({"XLEN", std::string(store::records_key)}).integer, 5);
}

TEST_F(RedisLedgerTest, AddsTheOthersWhenWhatIsKeptForOneCannotBeRead) {
    policy::Charge bobs = charge();
    bobs.request_id = "r2";
    bobs.who.user = "bob";
    bobs.accounts = {"u:bob"};
    const std::string cell = "bob|eng|m|u|m@1|p%25||fast";
    shard.ask({"HSET", "gh:{spend}:m:202611", cell, "not a cell"});
    const std::vector<store::Settlement> both{{1, charge(), "{}", std::nullopt}, {2, bobs, "{}", std::nullopt}};

    const auto refused = run(shard.context, ledger.post("e1", both));

    ASSERT_TRUE(refused);
    EXPECT_EQ(*refused, std::vector<std::uint64_t>{2});
    EXPECT_EQ(standing("u:ada|x").spent, Money::nano(1'234'567));
    EXPECT_EQ(standing("u:bob").spent, Money()) << "nothing of it was added";
    shard.ask({"HDEL", "gh:{spend}:m:202611", cell});
    post_all(both);
    EXPECT_EQ(standing("u:ada|x").spent, Money::nano(1'234'567));
    EXPECT_EQ(standing("u:bob").spent, Money::nano(1'234'567));
    EXPECT_EQ(shard.ask({"XLEN", std::string(store::records_key)}).integer, 2);
}

TEST_F(RedisLedgerTest, DecidesForTheOthersWhenWhatIsKeptForOneCannotBeRead) {
    policy::Gauge gauge;
    gauge.name = "g";
    gauge.rates.requests = 10;
    policy::Hold sound{.id = "r1", .now = noon, .estimate = Money::cents(3), .lifetime = std::chrono::seconds(60)};
    sound.limits = {{"u:ada", policy::Period::daily, Money::dollars(1), false}};
    policy::Hold broken = sound;
    broken.id = "r2";
    broken.gauges = {gauge};
    shard.ask({"SET", store::level_key("g"), "not a level"});

    const auto each = run(shard.context, ledger.reserve({sound, broken}));

    ASSERT_EQ(each.size(), 2U);
    EXPECT_TRUE(each[0] && each[0]->granted);
    ASSERT_FALSE(each[1]);
    EXPECT_EQ(each[1].error().reason, Reason::store_refused);
    EXPECT_EQ(standing("u:ada").held, Money::cents(3));
}

/// What a server tool's own model cost is a second charge of the same request.
TEST_F(RedisLedgerTest, TakesBackOnceWhatOneRequestHeldAndChargesTwice) {
    policy::Hold mine{.id = "r1", .now = noon, .estimate = Money::cents(3), .lifetime = std::chrono::seconds(60)};
    mine.limits = {{"u:ada|x", policy::Period::daily, Money::dollars(1), false}};
    policy::Hold other = mine;
    other.id = "r2";
    ASSERT_TRUE(reserve({mine})[0].granted);
    ASSERT_TRUE(reserve({other})[0].granted);

    post_all({{0, charge(), "{}", std::nullopt}, {1, charge(), "{}", std::nullopt}});

    EXPECT_EQ(standing("u:ada|x").held, Money::cents(3));
}

TEST_F(RedisLedgerTest, EndsManyRequestsOnTheirGaugesInOneCall) {
    policy::Gauge gauge;
    gauge.name = "g";
    gauge.rates.concurrent = 2;
    gauge.rates.tokens = 1000;
    const auto hold = [&](const std::string& id) {
        policy::Hold one{.id = id, .now = noon, .estimate = Money::cents(3), .lifetime = std::chrono::seconds(60)};
        one.gauges = {gauge};
        one.tokens = 10;
        return reserve({one})[0].granted;
    };
    const auto ended = [&](std::uint64_t number, const std::string& id, std::int64_t tokens) {
        policy::Charge one = charge();
        one.request_id = id;
        policy::Finish finish{id, noon, {gauge}, std::nullopt, {10, Money::cents(3)}, {tokens, Money::cents(1)}};
        return store::Settlement{number, std::move(one), "{}", std::move(finish)};
    };
    ASSERT_TRUE(hold("r1"));
    ASSERT_TRUE(hold("r2"));
    ASSERT_FALSE(hold("r3"));

    post_all({ended(0, "r1", 300), ended(1, "r2", 600)});

    ASSERT_TRUE(hold("r3")) << "neither is under way";
    post_all({ended(2, "r3", 100)});
    EXPECT_FALSE(hold("r4")) << "they drew the whole minute's tokens together";
}

/// Holds of three people in a few sessions, of several sizes, drawn anew from `numbers`.
std::vector<policy::Hold> some_holds(std::minstd_rand& numbers, std::size_t count, Instant now, std::size_t& made) {
    const auto below = [&](std::uint32_t bound) { return static_cast<std::int64_t>(numbers() % bound); };
    constexpr std::array people{"ada", "bob", "cy"};
    std::vector<policy::Hold> holds;
    for (std::size_t at = 0; at < count; ++at) {
        const std::string who = people.at(static_cast<std::size_t>(below(3)));
        const std::string session = "s" + std::to_string(below(2));
        policy::Hold one{.id = "r" + std::to_string(made++),
                         .now = now,
                         .estimate = Money::cents(1 + below(40)),
                         .lifetime = std::chrono::seconds(30)};
        if (below(5) > 0)
            one.limits = {{"u:" + who, policy::Period::daily, Money::cents(150), false},
                          {"u:" + who, policy::Period::monthly, Money::cents(120 + below(2) * 100), false},
                          {"g:eng", policy::Period::weekly, Money::cents(300), true}};
        if (below(3) > 0)
            one.gauges = {
                {policy::BrakeScope::user, "u:" + who, {.requests = 12, .tokens = 500}},
                {policy::BrakeScope::session, "s:" + who + session, {.concurrent = 3, .cost = Money::cents(90)}}};
        if (below(3) > 0) one.watch = policy::Watch{who, session, {Money::cents(200), 6, std::chrono::minutes(2)}};
        one.tokens = 10 * below(9);
        holds.push_back(std::move(one));
    }
    return holds;
}

TEST_F(RedisLedgerTest, DecidesManyHoldsInOneCallAsOneByOne) {
    MemoryLedger memory;
    std::minstd_rand numbers(20'261'130);
    std::size_t made = 0;
    std::array<int, 4> seen{};
    for (int round = 0; round < 40; ++round) {
        const Instant now = noon + round * std::chrono::seconds(11);
        const auto holds = some_holds(numbers, 1 + numbers() % store::RedisLedger::most_at_once, now, made);
        const auto together = reserve(holds);
        ASSERT_EQ(together.size(), holds.size());
        for (std::size_t at = 0; at < holds.size(); ++at) {
            const auto alone = run(shard.context, memory.reserve(holds[at]));
            ASSERT_TRUE(alone);
            SCOPED_TRACE("round " + std::to_string(round) + ", hold " + std::to_string(at));
            ASSERT_EQ(together[at].granted, alone->granted);
            ASSERT_EQ(together[at].reserved, alone->reserved);
            ASSERT_EQ(together[at].standings, alone->standings);
            ASSERT_EQ(together[at].braked, alone->braked);
            ASSERT_EQ(together[at].paused, alone->paused);
            ++seen.at(alone->granted ? 0 : alone->braked ? 1 : alone->paused ? 2 : 3);
        }
    }
    for (const int times : seen)
        EXPECT_GT(times, 50) << "granted, braked, paused, without money: each must occur for this to show anything";
}

TEST_F(RedisLedgerTest, PausesEachAtItsOwnMoment) {
    std::vector<policy::Hold> holds;
    for (const std::string session : {"s1", "s2"})
        holds.push_back({.id = session,
                         .now = noon,
                         .estimate = Money::cents(1),
                         .lifetime = std::chrono::seconds(60),
                         .limits = {},
                         .watch = policy::Watch{"ada", session, {{}, 1, std::chrono::minutes(60)}}});
    for (const policy::Held& held : reserve(holds))
        ASSERT_TRUE(held.granted);

    holds[0].now += std::chrono::milliseconds(3);
    holds[1].now += std::chrono::milliseconds(5);

    const auto held = reserve(holds);
    for (std::size_t at = 0; at < holds.size(); ++at) {
        ASSERT_TRUE(held[at].paused);
        EXPECT_EQ(held[at].paused->since, holds[at].now) << "which is how it is known that this request paused it";
    }
}

/// What all of them come to is the greatest whole number up to which Lua's doubles hold each.
TEST_F(RedisLedgerTest, HoldsForManyToTheLastNanoDollar) {
    constexpr Money most = Money::nano(9'000'000'000'000);
    std::vector<policy::Hold> holds;
    for (int request = 0; request < 1000; ++request) {
        holds.push_back({.id = "r" + std::to_string(request),
                         .now = noon,
                         .estimate = request == 0 ? Money::most() : most - Money::nano(request % 7),
                         .lifetime = std::chrono::seconds(60)});
        holds.back().limits = {{"u:ada", policy::Period::daily, Money::most(), false}};
    }
    Money sum;
    for (std::size_t first = 0; first < holds.size(); first += 50)
        for (const policy::Held& held : reserve({holds.begin() + static_cast<std::ptrdiff_t>(first),
                                                 holds.begin() + static_cast<std::ptrdiff_t>(first + 50)})) {
            EXPECT_EQ(held.standings[0].held, sum);
            sum += held.reserved;
        }
    EXPECT_EQ(standing("u:ada").held, sum);
    EXPECT_EQ(sum, most * 1000 - Money::nano(2997));

    holds[0].id = "late";
    holds[0].now = noon + std::chrono::seconds(60);
    EXPECT_EQ(reserve({holds[0]})[0].standings[0].held, Money()) << "all of them have expired";
}

TEST_F(RedisLedgerTest, AddsUpCellsByHourDayAndMonth) {
    post(0);
    post(1);
    const std::string cell = "ada%7Cx|eng|m|u|m@1|p%25||fast";
    for (const char* key : {"gh:{spend}:h:2026112112", "gh:{spend}:d:20261121", "gh:{spend}:m:202611"}) {
        EXPECT_EQ(field(key, cell), "2 2 4 6 8 10 12 2469134") << key;
    }
    EXPECT_EQ(field("gh:{spend}:t:20261121", "|eng|m|u|m@1|p%25||fast"), "2 2 4 6 8 10 12 2469134");
    EXPECT_EQ(field(store::sessions_key("ada|x", noon), "s1|a1|m|p%25"), "2 2 4 6 8 10 12 2469134");
}

/// Lua counts in doubles: their sum would end in …500, and of the last …999 + 1.
TEST_F(RedisLedgerTest, AddsCellsToTheLastNanoDollar) {
    const std::string key = "gh:{spend}:d:20261121";
    const std::string cell = "ada%7Cx|eng|m|u|m@1|p%25||fast";
    const std::vector<std::pair<std::string, std::string>> sums = {{"9007199254740993", "9007199255975560"},
                                                                   {"999999999999999", "1000000001234566"},
                                                                   {"1999999999999999999", "2000000000001234566"},
                                                                   {"5000000000000000", "5000000001234567"},
                                                                   {"0", "1234567"}};
    std::uint64_t number = 0;
    for (const auto& [before, after] : sums) {
        shard.ask({"HSET", key, cell, "1 1 1 1 1 1 1 " + before});
        post(number++);
        EXPECT_EQ(field(key, cell), "2 2 3 4 5 6 7 " + after);
    }
}

TEST_F(RedisLedgerTest, WritesDownWhoWasAtWork) {
    post(0);
    EXPECT_EQ(
        field(std::string(store::principals_key), "ada|x"),
        R"({"email":"ada@example.com","name":"Ada","groups":["eng","ops"],"service":false,"seen":1795262400000})");
}

TEST_F(RedisLedgerTest, LetsEverythingGoInTheEndUnderNamesThatSayNothing) {
    post(0);
    const auto names = shard.ask({"KEYS", "*"}).items;
    EXPECT_EQ(names.size(), 11U);
    for (const auto& name : names) {
        EXPECT_EQ(name.text.find("ada"), std::string::npos) << name.text;
        EXPECT_TRUE(name.text.starts_with("gh:{spend}:")) << name.text;
        const bool lasting = name.text == store::records_key || name.text == store::principals_key;
        const auto left = shard.ask({"TTL", name.text}).integer;
        EXPECT_EQ(left == -1, lasting) << name.text;
    }
}

}  // namespace
}  // namespace gatehouse::testing
