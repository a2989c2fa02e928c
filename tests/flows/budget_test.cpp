// SPDX-License-Identifier: Apache-2.0
// Budgets under concurrency and under failures: many clients on several gateways against one Redis, compared with the
// provider's own ledger to the last digit.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>

#include "gateway/store/redis_records.h"
#include "policy/cap.h"
#include "tests/flows/load.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view admin_section =
    "admin:\n  write_keys:\n    - { id: test, key: \"a-key-for-tests-of-32-characters-\" }\n";

class BudgetFlow : public ::testing::Test {
  protected:
    BudgetFlow() {
        world_.upstream.answer_with([this](const Asked& asked) { return provider_.serve(asked); });
    }

    /// A cap for everyone, as an admin's request would have stored it.
    void given_cap(std::int64_t cents) {
        policy::Cap cap;
        cap.id = "spl_00000000000000000000000000000001";
        cap.amount = std::to_string(cents);
        cap.created_at = cap.updated_at = SystemClock().now();
        StoreView(redis_.socket()).ask({"HSET", "gh:{admin}:r:spend_limit", cap.id, policy::to_document(cap)});
    }
    std::unique_ptr<GatehouseProcess> serve(std::string_view more = {}) {
        Config config = world_.config();
        config.store = redis_.section();
        config.more = std::string(admin_section).append(more);
        return world_.serve(config);
    }
    std::string journals() const { return world_.dir.file("journal"); }
    Money spent(const std::string& subject) { return StoreView(redis_.socket()).consumed(subject, "").cost; }

    World world_;
    SharedRedis redis_;
    ProviderLedger provider_;
};

/// What one client came to.
struct Fate {
    int answered = 0;
    int held = 0;                         ///< asked to come back, because the rest was held by others
    int blocked = 0;                      ///< told that the cap is reached
    int other = 0;                        ///< anything else
    std::string last;                     ///< of the others
    std::map<std::string, Instant> sent;  ///< when each session's request was
};

/// Asks until the cap is reached.
Fate use_up(std::uint16_t port, const Tokens& who, const std::string& name, int most) {
    Fate fate;
    HttpConnection connection(port);
    for (int count = 0; count < most && fate.blocked == 0; ++count) {
        const std::string session = name + "-" + std::to_string(count);
        http::Headers headers = who.bearer();
        headers.add("x-claude-code-session-id", session);
        fate.sent[session] = SystemClock().now();
        const Answer answer = connection.ask("POST", "/v1/messages", headers, ask_in_session(session));
        if (answer.status == 200) {
            ++fate.answered;
        } else if (answer.status == 429 && answer.body.find("billing_error") != std::string::npos) {
            ++fate.blocked;
        } else if (answer.status == 429 && answer.body.find("rate_limit_error") != std::string::npos) {
            ++fate.held;
            std::this_thread::yield();
        } else {
            ++fate.other;
            fate.last = std::to_string(answer.status) + " " + answer.body;
        }
    }
    return fate;
}

/// How far the estimates of the requests that were under way at the last admission were too low, together: what a cap
/// may be passed by. Under way is what was settled in the store after that admission. It came after its request was
/// sent; Redis stamps what it does with the time at which it last woke up.
Money error_in_flight(const Written& written, const std::map<std::string, Instant>& sent,
                      const std::map<std::string, Instant>& settled_at) {
    constexpr std::chrono::milliseconds stamp_lag{50};
    const auto last = std::ranges::max_element(written.started_at, {}, [](const auto& each) { return each.second; });
    const Instant admitted = sent.at(last->first) - stamp_lag;
    Money sum;
    for (const auto& [session, charge] : written.settled)
        if (settled_at.at(session) >= admitted)
            sum += std::max(charge.cost - written.started.at(session).reserved, Money());
    return sum;
}

TEST_F(BudgetFlow, NeverLetsManyClientsPassACapByMoreThanTheirEstimatesWereWrong) {
    constexpr int clients = 200;
    constexpr int most_requests = 5'000;
    constexpr std::int64_t cap_cents = 120;
    given_cap(cap_cents);
    const std::vector<std::unique_ptr<GatehouseProcess>> gateways = [&] {
        std::vector<std::unique_ptr<GatehouseProcess>> started;
        for (int count = 0; count < 3; ++count)
            started.push_back(serve());
        return started;
    }();
    const Tokens ada = world_.sign_in(gateways[0]->port(), "demo-ada");

    std::vector<Fate> fates(clients);
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client)
        threads.emplace_back([&, client] {
            const auto at = static_cast<std::size_t>(client);
            fates[at] =
                use_up(gateways[at % gateways.size()]->port(), ada, "c" + std::to_string(client), most_requests);
        });
    for (std::thread& thread : threads)
        thread.join();

    int answered = 0;
    for (const Fate& fate : fates) {
        EXPECT_EQ(fate.other, 0) << fate.last;
        EXPECT_EQ(fate.blocked, 1) << "a client gave up before the cap was reached, held " << fate.held;
        answered += fate.answered;
    }
    Money served;
    for (const auto& [session, usage] : provider_.served())
        served += price_of(usage);
    ASSERT_TRUE(eventually([&] { return spent("demo-ada") == served; }))
        << spent("demo-ada").nano() << " of " << served.nano();
    EXPECT_EQ(static_cast<std::size_t>(answered), provider_.count());
    std::map<std::string, Instant> sent;
    for (Fate& fate : fates)
        sent.merge(fate.sent);
    const Written written = read_journals(journals());
    EXPECT_EQ(written.settled.size(), provider_.count());
    const Money allowed = error_in_flight(written, sent, settled_at(redis_.socket()));
    EXPECT_GE(served, Money::cents(cap_cents)) << "blocked although the cap was not reached";
    EXPECT_LE(served, Money::cents(cap_cents) + allowed);
    RecordProperty("overspend_nano", std::to_string((served - Money::cents(cap_cents)).nano()));
    RecordProperty("allowed_nano", std::to_string(allowed.nano()));
}

/// Clients that go on whatever happens, each request once: `least` requests each, and on until somebody waits for them.
class Crowd {
  public:
    Crowd(std::vector<std::uint16_t> ports, Tokens who, int clients, int least) {
        for (int client = 0; client < clients; ++client) {
            const std::uint16_t port = ports[static_cast<std::size_t>(client) % ports.size()];
            threads_.emplace_back([this, port, who, client, least] {
                std::unique_ptr<HttpConnection> connection;
                for (int count = 0; count < least || !awaited_; ++count)
                    ask(connection, port, who, "f" + std::to_string(client) + "-" + std::to_string(count));
            });
        }
    }
    ~Crowd() { join(); }
    void join() {
        awaited_ = true;
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    int refused() const { return refused_; }
    std::size_t asked() const { return asked_; }

  private:
    /// Until the gateway is there again; a request that may have been received is not sent twice.
    void ask(std::unique_ptr<HttpConnection>& connection, std::uint16_t port, const Tokens& who,
             const std::string& session) {
        while (!connection) {
            try {
                connection = std::make_unique<HttpConnection>(port);
            } catch (const std::exception&) {
                std::this_thread::yield();
            }
        }
        try {
            http::Headers headers = who.bearer();
            headers.add("x-claude-code-session-id", session);
            ++asked_;
            const Answer answer = connection->ask("POST", "/v1/messages", headers, ask_in_session(session));
            if (answer.status != 200) ++refused_;
        } catch (const std::exception&) {
            connection.reset();
        }
    }

    std::vector<std::thread> threads_;
    std::atomic<bool> awaited_{false};
    std::atomic<int> refused_{0};
    std::atomic<std::size_t> asked_{0};
};

class FaultFlow : public BudgetFlow {
  protected:
    /// Waits until the provider has served that many more.
    void let_pass(std::size_t more) {
        const std::size_t goal = provider_.count() + more;
        EXPECT_TRUE(eventually([&] { return provider_.count() >= goal; })) << provider_.count() << " of " << goal;
    }
    /// Every session's cost as the store has it.
    std::map<std::string, Money> in_store() {
        std::map<std::string, Money> costs;
        StoreView view(redis_.socket());
        const Instant now = SystemClock().now();
        for (const Instant day : {now, now - std::chrono::days(1)}) {
            const auto cells = view.ask({"HGETALL", store::sessions_key("demo-ada", day)});
            for (std::size_t at = 0; at + 1 < cells.items.size(); at += 2) {
                const std::string& field = cells.items[at].text;
                const std::string& sums = cells.items[at + 1].text;
                costs[field.substr(0, field.find('|'))] += Money::nano(std::stoll(sums.substr(sums.rfind(' '))));
            }
        }
        return costs;
    }
    /// What the provider served and the store does not have, or has otherwise: the sessions, and what is wrong.
    std::map<std::string, std::string> differences() {
        std::map<std::string, std::string> sessions;
        const auto stored = in_store();
        const auto served = provider_.served();
        for (const auto& [session, usage] : served) {
            const auto found = stored.find(session);
            const Money price = price_of(usage);
            if (found == stored.end())
                sessions[session] = "is not there";
            else if (found->second != price)
                sessions[session] =
                    "cost " + std::to_string(price.nano()) + ", not " + std::to_string(found->second.nano());
        }
        for (const auto& [session, cost] : stored)
            if (!served.contains(session)) sessions[session] = "was never served";
        return sessions;
    }
};

TEST_F(FaultFlow, SettleEveryRequestOnceThoughRedisHangsDiesAndComesBack) {
    given_cap(1'000'000);
    const auto one = serve();
    const auto two = serve();
    const Tokens ada = world_.sign_in(one->port(), "demo-ada");
    Crowd crowd({one->port(), two->port()}, ada, 16, 60);

    let_pass(100);
    redis_.hang();
    let_pass(60);
    redis_.go_on();
    let_pass(100);
    redis_.kill();
    let_pass(200);
    redis_.start();
    let_pass(50);
    redis_.end();
    let_pass(50);
    redis_.start();
    crowd.join();

    EXPECT_EQ(crowd.refused(), 0);
    EXPECT_EQ(provider_.count(), crowd.asked());
    std::map<std::string, std::string> wrong;
    EXPECT_TRUE(eventually([&] {
        wrong = differences();
        return wrong.empty();
    })) << ::testing::PrintToString(wrong)
        << one->err() << two->err();
}

TEST_F(FaultFlow, SettleAfterARestartWhatWasSpentWhileTheStoreWasAway) {
    given_cap(1'000'000);
    auto one = serve();
    const Tokens ada = world_.sign_in(one->port(), "demo-ada");
    redis_.end();
    {
        Crowd crowd({one->port()}, ada, 4, 10);
        crowd.join();
        EXPECT_EQ(crowd.refused(), 0);
    }
    EXPECT_EQ(one->terminate(), 0);
    redis_.start();

    one = serve();

    EXPECT_EQ(provider_.count(), 40U);
    EXPECT_TRUE(eventually([&] { return differences().empty(); }));
    EXPECT_NE(one->line_with(ChildProcess::Stream::err, "took over the journal").find(R"("settlements":40)"),
              std::string::npos);
}

TEST_F(FaultFlow, LoseNothingButWhatWasInFlightWhenAGatewayIsKilledAndShowThat) {
    given_cap(1'000'000);
    auto one = serve();
    const Tokens ada = world_.sign_in(one->port(), "demo-ada");
    const ReservedPort unused;
    {
        Crowd crowd({one->port()}, ada, 16, 40);
        let_pass(100);
        redis_.hang();
        let_pass(30);
        one->signal(SIGKILL);
        one->wait();
        redis_.go_on();
        // The clients go on asking the same port until somebody listens there.
        Config config = world_.config();
        config.store = redis_.section();
        config.more = std::string(admin_section);
        std::string yaml = world_.yaml(config);
        const std::string any_port = "  port: 0\n";
        yaml.replace(yaml.find(any_port), any_port.size(), "  port: " + std::to_string(one->port()) + "\n");
        one = world_.run({"serve", "--config", world_.dir.write("again.yaml", yaml)});
        one->port();
        crowd.join();
    }

    std::set<std::string> unfinished;
    const Written written = read_journals(journals());
    for (const auto& [session, start] : written.started)
        if (!written.settled.contains(session) && !written.released.contains(session)) unfinished.insert(session);
    std::map<std::string, std::string> wrong;
    EXPECT_TRUE(eventually([&] {
        wrong = differences();
        return std::ranges::all_of(wrong, [&](const auto& each) { return unfinished.contains(each.first); });
    })) << ::testing::PrintToString(wrong)
        << ", " << unfinished.size() << " were in flight";
    EXPECT_LE(unfinished.size(), 16U);
    for (const std::string& session : unfinished)
        EXPECT_NE(one->err().find(R"("session_id":")" + session + "\""), std::string::npos)
            << "nobody was told of " << session;
}

TEST_F(FaultFlow, RefuseWhileTheStoreIsAwayWhereTheOperatorWantsThat) {
    given_cap(1'000'000);
    const auto one = serve("enforcement: { fail_closed_on_error: true }\n");
    const Tokens ada = world_.sign_in(one->port(), "demo-ada");
    redis_.end();

    const Answer refused = post_messages(one->port(), ada);

    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(message_of(refused), "spend limit unavailable");
    EXPECT_EQ(provider_.count(), 0U);
    redis_.start();
    EXPECT_TRUE(eventually([&] { return post_messages(one->port(), ada).status == 200; }));
}

}  // namespace
}  // namespace gatehouse::testing
