// SPDX-License-Identifier: Apache-2.0
// See streams.h.
#include "tests/bench/streams.h"

#include <sys/epoll.h>

#include <cstdio>
#include <span>
#include <vector>

#include "tests/bench/exchange.h"
#include "tests/bench/figures.h"

namespace gatehouse::bench {

namespace {

/// What one client has read of its stream.
class Reading {
  public:
    explicit Reading(std::int64_t events) : seen_(static_cast<std::size_t>(events)) {}

    struct Defects {
        std::int64_t missing = 0;
        std::int64_t duplicated = 0;
        std::int64_t reordered = 0;
        std::int64_t altered = 0;  ///< streams whose bytes differ from those sent
    };

    /// Calls `on_event(sent_ns)` for each stamped event in `bytes`.
    template <class OnEvent>
    void read(std::string_view bytes, const OnEvent& on_event) {
        for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
            if (line_.empty()) {
                take_line(bytes.substr(0, end), on_event);
            } else {
                line_.append(bytes.substr(0, end));
                take_line(line_, on_event);
                line_.clear();
            }
            bytes.remove_prefix(end + 1);
        }
        line_.append(bytes);
    }

    bool is_complete() const { return complete_; }
    bool has_error_event() const { return error_event_; }

    void add_to(Defects& total) const {
        total.missing += std::ranges::count(seen_, false);
        total.duplicated += duplicated_;
        total.reordered += reordered_;
        total.altered += sum_matches_ ? 0 : 1;
    }

  private:
    template <class OnEvent>
    void take_line(std::string_view line, const OnEvent& on_event) {
        if (line.starts_with(stream::checksum_comment)) {
            sum_matches_ = line.substr(stream::checksum_comment.size()) == sum_.hex();
            return;
        }
        sum_.add(line);
        sum_.add("\n");
        if (line == stream::last_line) complete_ = true;
        if (line == "event: error") error_event_ = true;
        if (const auto stamp = stream::stamp_in(line)) {
            on_event(stamp->sent_ns);
            count(stamp->sequence);
        }
    }

    void count(std::int64_t sequence) {
        const auto index = static_cast<std::size_t>(sequence);
        if (index >= seen_.size() || seen_[index]) {
            ++duplicated_;
            return;
        }
        seen_[index] = true;
        if (sequence < next_) ++reordered_;
        next_ = std::max(next_, sequence + 1);
    }

    std::vector<bool> seen_;
    std::int64_t next_ = 0;
    std::int64_t duplicated_ = 0;
    std::int64_t reordered_ = 0;
    Checksum sum_;
    bool sum_matches_ = false;
    bool complete_ = false;
    bool error_event_ = false;
    std::string line_;
};

class Streams {
  public:
    explicit Streams(const StreamPlan& plan) : plan_(plan) { clients_.reserve(plan.streams); }

    std::string run() {
        begun_ns_ = monotonic_ns();
        const std::int64_t deadline = begun_ns_ + plan_.deadline_ns;
        std::vector<epoll_event> ready(512);
        while (ended_ < plan_.streams && monotonic_ns() < deadline) {
            open_due();
            const std::int64_t next = clients_.size() < plan_.streams ? due_ns(clients_.size()) : deadline;
            const std::int64_t wait = std::min<std::int64_t>(next - monotonic_ns(), 100'000'000);
            const int count = wait_for_events(epoll_, ready.data(), static_cast<int>(ready.size()), wait);
            for (const auto& event : std::span{ready}.first(static_cast<std::size_t>(count)))
                take(event);
        }
        for (auto& client : clients_) {
            if (!client.over) fail(client, "not finished in time");
        }
        return report();
    }

  private:
    struct Client {
        explicit Client(std::int64_t events) : reading(events) {}
        Exchange exchange;
        Reading reading;
        std::int64_t begun_ns = 0;
        bool answered = false;
        bool over = false;
    };

    std::int64_t due_ns(std::size_t index) const {
        return begun_ns_ + static_cast<std::int64_t>(index) * 1'000'000'000 / plan_.opened_per_second;
    }

    void open_due() {
        const std::int64_t now = monotonic_ns();
        while (clients_.size() < plan_.streams && due_ns(clients_.size()) <= now) {
            const auto tag = static_cast<std::uint32_t>(clients_.size());
            Client& client = clients_.emplace_back(plan_.events);
            // Before the connect: what a caller waits for includes it.
            client.begun_ns = monotonic_ns();
            const bool sent = client.exchange.open(plan_.endpoint, epoll_, tag) &&
                              client.exchange.begin(plan_.request) != Exchange::Progress::failed;
            if (!sent) fail(client, client.exchange.trouble());
        }
    }

    void take(const epoll_event& event) {
        Client& client = clients_[event.data.u32];
        if (client.over) return;
        const bool ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0U;
        const auto read = [this, &client](std::string_view bytes) { take_bytes(client, bytes); };
        const auto progress = client.exchange.advance(scratch_, ends, read);
        if (progress == Exchange::Progress::failed) fail(client, client.exchange.trouble());
        if (progress == Exchange::Progress::done) complete(client);
    }

    void take_bytes(Client& client, std::string_view bytes) {
        const std::int64_t now = monotonic_ns();
        if (!client.answered) {
            client.answered = true;
            first_bytes_.add(now - client.begun_ns);
            count_settled();
        }
        client.reading.read(bytes, [this, now](std::int64_t sent_ns) {
            ++events_;
            latencies_.add(now - sent_ns);
            if (all_open_ns_ != 0 && sent_ns >= all_open_ns_) steady_.add(now - sent_ns);
        });
    }

    /// When the last stream has answered or failed, the steady part begins.
    void count_settled() {
        if (++settled_ < plan_.streams) return;
        all_open_ns_ = monotonic_ns();
        still_open_then_ = static_cast<std::int64_t>(settled_) - static_cast<std::int64_t>(ended_);
        std::puts("open");
        std::fflush(stdout);
    }

    void fail(Client& client, const std::string& trouble) {
        failures_.add(trouble);
        end(client);
    }

    void complete(Client& client) {
        if (client.exchange.status() != 200) {
            fail(client, text("status ", client.exchange.status()));
            return;
        }
        if (!client.reading.is_complete()) {
            fail(client, client.reading.has_error_event() ? "an error event" : "ended without its last event");
            return;
        }
        client.reading.add_to(defects_);
        ++completed_;
        end(client);
    }

    void end(Client& client) {
        client.over = true;
        client.exchange.close();
        ++ended_;
        if (!client.answered) {
            client.answered = true;
            count_settled();
        }
    }

    std::string report() {
        const double seconds = static_cast<double>(monotonic_ns() - begun_ns_) / 1e9;
        return text(R"({"mode":"streams","streams":)", plan_.streams, R"(,"seconds":)", decimal(seconds, 3),
                    R"(,"open_at_once":)", still_open_then_, R"(,"completed":)", completed_, R"(,"events":)", events_,
                    R"(,"event_ms":)", latencies_.json(), R"(,"steady_event_ms":)", steady_.json(),
                    R"(,"first_byte_ms":)", first_bytes_.json(), R"(,"missing":)", defects_.missing,
                    R"(,"duplicated":)", defects_.duplicated, R"(,"reordered":)", defects_.reordered, R"(,"altered":)",
                    defects_.altered, R"(,"failed":)", failures_.count(), R"(,"failures":)", failures_.json(),
                    R"(,"generator_cpu_s":)", decimal(own_cpu_seconds(), 3), "}");
    }

    const StreamPlan& plan_;
    Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
    std::vector<Client> clients_;
    std::vector<char> scratch_ = std::vector<char>(64 * 1024);
    std::int64_t begun_ns_ = 0;
    std::int64_t all_open_ns_ = 0;
    std::int64_t still_open_then_ = 0;
    std::uint32_t settled_ = 0;
    std::uint32_t ended_ = 0;
    std::int64_t completed_ = 0;
    std::int64_t events_ = 0;
    Durations latencies_;
    Durations steady_;
    Durations first_bytes_;
    Reading::Defects defects_;
    Failures failures_;
};

}  // namespace

std::string run_streams(const StreamPlan& plan) {
    return Streams{plan}.run();
}

}  // namespace gatehouse::bench
