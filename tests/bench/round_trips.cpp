// SPDX-License-Identifier: Apache-2.0
// See round_trips.h.
#include "tests/bench/round_trips.h"

#include <sys/epoll.h>

#include <memory>
#include <span>
#include <vector>

#include "tests/bench/exchange.h"
#include "tests/bench/figures.h"

namespace gatehouse::bench {

namespace {

class RoundTrips {
  public:
    explicit RoundTrips(const RoundTripPlan& plan) : plan_(plan), clients_(plan.connections) {}

    std::string run() {
        counts_from_ = monotonic_ns() + plan_.warm_up_ns;
        const std::int64_t end = counts_from_ + plan_.duration_ns;
        for (std::uint32_t tag = 0; tag < clients_.size(); ++tag)
            start(tag);
        std::vector<epoll_event> ready(256);
        while (monotonic_ns() < end && !is_enough()) {
            const std::int64_t wait = std::min<std::int64_t>(end - monotonic_ns(), 100'000'000);
            const int count = wait_for_events(epoll_, ready.data(), static_cast<int>(ready.size()), wait);
            for (const auto& event : std::span{ready}.first(static_cast<std::size_t>(count)))
                take(event);
        }
        const std::int64_t counted = std::min(monotonic_ns(), end) - counts_from_;
        return report(std::max(static_cast<double>(counted), 0.0) / 1e9);
    }

  private:
    struct Client {
        Exchange exchange;
        std::int64_t begun_ns = 0;
        std::uint64_t received = 0;
        bool differs = false;
    };

    bool is_enough() const {
        const auto answered = static_cast<std::int64_t>(latencies_.count());
        // A target that refuses everything would otherwise be asked as fast as it refuses.
        return failures_.count() > 1000 || (plan_.count > 0 && answered + failures_.count() >= plan_.count);
    }

    void start(std::uint32_t tag) {
        Client& client = clients_[tag];
        client.begun_ns = monotonic_ns();
        client.received = 0;
        client.differs = false;
        if (!client.exchange.is_open() && !client.exchange.open(plan_.endpoint, epoll_, tag)) {
            failures_.add(client.exchange.trouble());
            return;
        }
        if (client.exchange.begin(plan_.request) == Exchange::Progress::failed) give_up(tag);
    }

    void give_up(std::uint32_t tag) {
        failures_.add(clients_[tag].exchange.trouble());
        clients_[tag].exchange.close();
        if (!is_enough()) start(tag);
    }

    void take(const epoll_event& event) {
        const std::uint32_t tag = event.data.u32;
        Client& client = clients_[tag];
        if (!client.exchange.is_open()) return;
        const bool ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0U;
        const auto check = [this, &client](std::string_view bytes) { compare(client, bytes); };
        const auto progress = client.exchange.advance(scratch_, ends, check);
        if (progress == Exchange::Progress::failed) give_up(tag);
        if (progress == Exchange::Progress::done) complete(tag);
    }

    void compare(Client& client, std::string_view bytes) const {
        if (!plan_.expected_answer.empty()) {
            const std::string_view expected = plan_.expected_answer;
            if (client.received > expected.size() || expected.substr(client.received, bytes.size()) != bytes)
                client.differs = true;
        }
        client.received += bytes.size();
    }

    void complete(std::uint32_t tag) {
        Client& client = clients_[tag];
        const std::int64_t now = monotonic_ns();
        if (answer_size_ == 0)
            answer_size_ = plan_.expected_answer.empty() ? client.received : plan_.expected_answer.size();
        if (client.exchange.status() != 200) {
            failures_.add(text("status ", client.exchange.status()));
        } else if (client.differs || client.received != answer_size_) {
            failures_.add("an answer other than the one sent");
        } else if (now < counts_from_) {
            ++warm_up_;
        } else {
            latencies_.add(now - client.begun_ns);
            bytes_ += client.received;
        }
        if (!client.exchange.keeps_alive()) {
            client.exchange.close();
            ++reconnects_;
        }
        if (!is_enough()) start(tag);
    }

    std::string report(double seconds) {
        const auto answered = latencies_.count();
        return text(R"({"mode":"rr","connections":)", plan_.connections, R"(,"seconds":)", decimal(seconds, 3),
                    R"(,"requests":)", answered, R"(,"with_warm_up":)", answered + warm_up_, R"(,"per_second":)",
                    decimal(static_cast<double>(answered) / std::max(seconds, 1e-9), 1), R"(,"latency_ms":)",
                    latencies_.json(), R"(,"answer_bytes":)", bytes_, R"(,"reconnects":)", reconnects_, R"(,"failed":)",
                    failures_.count(), R"(,"failures":)", failures_.json(), R"(,"generator_cpu_s":)",
                    decimal(own_cpu_seconds(), 3), "}");
    }

    const RoundTripPlan& plan_;
    Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
    std::vector<Client> clients_;
    std::vector<char> scratch_ = std::vector<char>(256 * 1024);
    std::int64_t counts_from_ = 0;
    Durations latencies_;
    Failures failures_;
    std::size_t warm_up_ = 0;
    std::uint64_t answer_size_ = 0;
    std::uint64_t bytes_ = 0;
    std::int64_t reconnects_ = 0;
};

}  // namespace

std::string run_round_trips(const RoundTripPlan& plan) {
    return RoundTrips{plan}.run();
}

}  // namespace gatehouse::bench
