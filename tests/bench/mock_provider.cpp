// SPDX-License-Identifier: Apache-2.0
// mock_provider: an Anthropic-format provider that costs almost nothing, so that what is measured is the way to it. A
// request says in its query what it wants back (the query is what every gateway relays): nothing → one JSON answer;
// `events=N&interval_ms=I` → a stream of N events, I apart, each stamped with its time of sending (I = 0: at once,
// unstamped); `verify=1` → the checksum of the body as it arrived, in the JSON answer. Run by run.py; loopback only,
// checks no credential.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <queue>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

/// Of the whole process, read and reset by GET /bench/stats: shows whether the mock itself kept its times.
struct Stats {
    std::atomic<std::int64_t> requests{0};
    std::atomic<std::int64_t> events{0};
    std::atomic<std::int64_t> events_1ms_late{0};
    std::atomic<std::int64_t> latest_ns{0};

    void count_event(std::int64_t late_ns) {
        events.fetch_add(1, std::memory_order_relaxed);
        if (late_ns > 1'000'000) events_1ms_late.fetch_add(1, std::memory_order_relaxed);
        if (late_ns > latest_ns.load(std::memory_order_relaxed)) latest_ns.store(late_ns, std::memory_order_relaxed);
    }
    std::string take() {
        return text(R"({"requests":)", requests.exchange(0), R"(,"events":)", events.exchange(0),
                    R"(,"events_1ms_late":)", events_1ms_late.exchange(0), R"(,"latest_us":)",
                    latest_ns.exchange(0) / 1000, "}");
    }
};

// What the real provider sends besides, so that stripping and relaying headers is part of the work.
constexpr std::string_view provider_headers =
    "request-id: req_011CBenchBenchBenchBench\r\n"
    "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\n"
    "anthropic-ratelimit-requests-limit: 4000\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\n"
    "anthropic-ratelimit-tokens-limit: 4000000\r\n"
    "anthropic-ratelimit-tokens-remaining: 3976000\r\n"
    "server: cloudflare\r\n"
    "cf-cache-status: DYNAMIC\r\n";

std::string whole_reply(std::string_view status, std::string_view body) {
    return text("HTTP/1.1 ", status, "\r\ncontent-type: application/json\r\ncontent-length: ", body.size(), "\r\n",
                provider_headers, "\r\n", body);
}

std::string stream_head() {
    return text(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        "transfer-encoding: chunked\r\n",
        provider_headers, "\r\n");
}

void append_chunk(std::string& out, std::string_view payload) {
    out.append(text(in_hex(payload.size()), "\r\n", payload, "\r\n"));
}

struct Connection {
    Descriptor socket;
    std::uint64_t serial = 0;  ///< tells a timer that its descriptor was closed and used again

    std::string head;    ///< of the request that is arriving
    std::string target;  ///< of the request whose body is arriving
    bool in_body = false;
    std::size_t body_size = 0;
    std::size_t body_left = 0;
    bool verifies = false;
    Checksum body_checksum;

    std::int64_t events_left = 0;  ///< of the stream that is being sent
    std::int64_t sequence = 0;
    std::int64_t interval_ns = 0;
    std::int64_t due_ns = 0;
    Checksum stream_checksum;

    std::string unsent;
};

struct Timer {
    std::int64_t due_ns = 0;
    int fd = -1;
    std::uint64_t serial = 0;
    bool operator>(const Timer& other) const { return due_ns > other.due_ns; }
};

/// One thread of the mock: its own listener, connections and timers.
class Provider {
  public:
    Provider(Descriptor listener, Stats& stats) : listener_(std::move(listener)), stats_(stats) {
        watch(listener_.get(), EPOLLIN | EPOLLET);
    }

    [[noreturn]] void run() {
        // The default slack of 50 µs would show up as lateness of every event.
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
        std::vector<epoll_event> ready(512);
        for (;;) {
            const std::int64_t wait = timers_.empty() ? 1'000'000'000 : timers_.top().due_ns - monotonic_ns();
            const int count = wait_for_events(epoll_, ready.data(), static_cast<int>(ready.size()), wait);
            for (const auto& event : std::span{ready}.first(static_cast<std::size_t>(count)))
                take(event);
            fire_timers();
        }
    }

  private:
    void watch(int fd, std::uint32_t events) {
        epoll_event event{.events = events, .data = {.fd = fd}};
        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }

    void take(const epoll_event& event) {
        if (event.data.fd == listener_.get()) {
            accept_all();
            return;
        }
        const auto found = connections_.find(event.data.fd);
        if (found == connections_.end()) return;
        Connection& connection = *found->second;
        const bool gone = (event.events & (EPOLLERR | EPOLLHUP)) != 0U;
        const bool ends = (event.events & EPOLLRDHUP) != 0U;
        if (gone || !flush(connection) || !receive(connection, ends)) connections_.erase(event.data.fd);
    }

    void accept_all() {
        for (;;) {
            Descriptor socket{accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (!socket.is_open()) return;
            const int on = 1;
            setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto connection = std::make_unique<Connection>();
            const int fd = socket.get();
            connection->socket = std::move(socket);
            connection->serial = ++serials_;
            connections_[fd] = std::move(connection);
            watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
        }
    }

    /// False when the connection is over.
    bool receive(Connection& connection, bool ends) {
        for (;;) {
            const ssize_t got = ::read(connection.socket.get(), scratch_.data(), scratch_.size());
            if (got < 0) return errno == EAGAIN || errno == EINTR;
            if (got == 0) return false;
            const auto size = static_cast<std::size_t>(got);
            if (!consume(connection, {scratch_.data(), size})) return false;
            // Edge-triggered: what comes after a short read announces itself, but for an end that was announced
            // already.
            if (size < scratch_.size() && !ends) return true;
        }
    }

    bool consume(Connection& connection, std::string_view bytes) {
        while (!bytes.empty()) {
            if (connection.events_left > 0) return false;
            if (!connection.in_body) {
                if (!take_head(connection, bytes)) return false;
                if (!connection.in_body) return true;
            }
            const auto taken = std::min(connection.body_left, bytes.size());
            if (connection.verifies) connection.body_checksum.add(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
            connection.body_left -= taken;
            if (connection.body_left == 0 && !answer(connection)) return false;
        }
        return true;
    }

    /// Removes from `bytes` what belongs to the head. False when it is none.
    bool take_head(Connection& connection, std::string_view& bytes) {
        std::string_view head = bytes;
        const auto before = connection.head.size();
        if (before > 0) head = connection.head.append(bytes);
        const auto end = head.find("\r\n\r\n");
        if (end == std::string_view::npos) {
            if (before == 0) connection.head = bytes;
            bytes = {};
            return connection.head.size() < 64 * 1024;
        }
        bytes.remove_prefix(end + 4 - before);
        const bool understood = begin_request(connection, head.substr(0, end + 2));
        connection.head.clear();
        return understood;
    }

    bool begin_request(Connection& connection, std::string_view head) {
        const auto first = head.find(' ');
        const auto second = head.find(' ', first + 1);
        if (second == std::string_view::npos) return false;
        connection.target = head.substr(first + 1, second - first - 1);
        connection.in_body = true;
        connection.body_size = 0;
        connection.verifies = parameter_of(connection.target, "verify") == "1";
        connection.body_checksum = {};
        if (!header_of(head, "transfer-encoding").empty()) return false;
        if (const auto length = header_of(head, "content-length"); !length.empty()) {
            const auto size = to_number(length);
            if (!size || *size < 0) return false;
            connection.body_size = static_cast<std::size_t>(*size);
        }
        connection.body_left = connection.body_size;
        return true;
    }

    bool answer(Connection& connection) {
        connection.in_body = false;
        const std::string_view target = connection.target;
        const auto path = target.substr(0, target.find('?'));
        if (path == "/bench/stats") return send(connection, whole_reply("200 OK", stats_.take()));
        if (path == "/v1/messages/count_tokens")
            return send(connection, whole_reply("200 OK", R"({"input_tokens":23104})"));
        if (path != "/v1/messages") return send(connection, whole_reply("404 Not Found", R"({"type":"error"})"));
        stats_.requests.fetch_add(1, std::memory_order_relaxed);
        if (to_number(parameter_of(target, "events")).value_or(0) > 0) return begin_stream(connection);
        const std::string checksum = connection.verifies ? connection.body_checksum.hex() : std::string{no_checksum};
        return send(connection, whole_reply("200 OK", json_answer(connection.body_size, checksum)));
    }

    bool begin_stream(Connection& connection) {
        const std::int64_t events = *to_number(parameter_of(connection.target, "events"));
        const std::int64_t interval_ms = to_number(parameter_of(connection.target, "interval_ms")).value_or(0);
        if (events > 999'999 || interval_ms < 0) return false;
        if (interval_ms == 0) return send(connection, whole_stream(events));
        connection.events_left = events;
        connection.interval_ns = interval_ms * 1'000'000;
        connection.sequence = 0;
        connection.stream_checksum = {};
        connection.due_ns = monotonic_ns();
        const std::string opening = stream::opening();
        connection.stream_checksum.add(opening);
        std::string out = stream_head();
        append_chunk(out, opening);
        return send_due_events(connection, std::move(out));
    }

    /// A stream without pauses, made once: nobody times its events, and making it would cost more than relaying it.
    const std::string& whole_stream(std::int64_t events) {
        std::string& whole = whole_streams_[events];
        if (!whole.empty()) return whole;
        Checksum checksum;
        whole = stream_head();
        const auto append = [&whole, &checksum](const std::string& part) {
            checksum.add(part);
            append_chunk(whole, part);
        };
        append(stream::opening());
        for (std::int64_t sequence = 0; sequence < events; ++sequence)
            append(stream::event(sequence, 0));
        append_chunk(whole, stream::closing(checksum.hex()));
        return whole += "0\r\n\r\n";
    }

    /// `out` is what goes before the first of them.
    bool send_due_events(Connection& connection, std::string out) {
        const std::int64_t now = monotonic_ns();
        while (connection.events_left > 0 && connection.due_ns <= now) {
            stats_.count_event(now - connection.due_ns);
            const std::string event = stream::event(connection.sequence++, monotonic_ns());
            connection.stream_checksum.add(event);
            append_chunk(out, event);
            --connection.events_left;
            connection.due_ns += connection.interval_ns;
        }
        if (connection.events_left == 0) {
            append_chunk(out, stream::closing(connection.stream_checksum.hex()));
            out += "0\r\n\r\n";
        } else {
            timers_.push({connection.due_ns, connection.socket.get(), connection.serial});
        }
        return send(connection, out);
    }

    void fire_timers() {
        const std::int64_t now = monotonic_ns();
        while (!timers_.empty() && timers_.top().due_ns <= now) {
            const Timer timer = timers_.top();
            timers_.pop();
            const auto found = connections_.find(timer.fd);
            if (found == connections_.end() || found->second->serial != timer.serial) continue;
            if (!send_due_events(*found->second, {})) connections_.erase(found);
        }
    }

    bool send(Connection& connection, std::string_view bytes) {
        if (!connection.unsent.empty()) {
            connection.unsent.append(bytes);
            return true;
        }
        const ssize_t sent = ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        connection.unsent.append(bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0))));
        return true;
    }

    bool flush(Connection& connection) {
        if (connection.unsent.empty()) return true;
        const std::string bytes = std::exchange(connection.unsent, {});
        return send(connection, bytes);
    }

    Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
    Descriptor listener_;
    Stats& stats_;
    std::uint64_t serials_ = 0;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
    std::map<std::int64_t, std::string> whole_streams_;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::vector<char> scratch_ = std::vector<char>(256 * 1024);
};

int run(std::uint16_t port, std::int64_t threads) {
    Stats stats;
    std::vector<std::unique_ptr<Provider>> providers;
    for (std::int64_t index = 0; index < threads; ++index) {
        Descriptor listener = listen_on(port);
        port = port_of(listener);
        providers.push_back(std::make_unique<Provider>(std::move(listener), stats));
    }
    std::printf("listening on %d\n", int{port});
    std::fflush(stdout);
    std::vector<std::jthread> others;
    for (std::size_t index = 1; index < providers.size(); ++index)
        others.emplace_back([&provider = *providers[index]] { provider.run(); });
    providers.front()->run();
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
    using gatehouse::bench::to_number;
    std::int64_t port = 0;
    std::int64_t threads = 1;
    for (int index = 1; index < argc; index += 2) {
        const std::string_view name = argv[index];
        const auto value = index + 1 < argc ? to_number(argv[index + 1]) : std::nullopt;
        const bool known = name == "--port" || name == "--threads";
        if (!known || !value || *value < 0 || *value > (name == "--port" ? 65'535 : 8)) {
            std::fputs("usage: mock_provider [--port N] [--threads 1..8]\n", stderr);
            return 2;
        }
        (name == "--port" ? port : threads) = *value;
    }
    try {
        return gatehouse::bench::run(static_cast<std::uint16_t>(port), std::max<std::int64_t>(threads, 1));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "mock_provider: %s\n", failure.what());
        return 1;
    }
}
