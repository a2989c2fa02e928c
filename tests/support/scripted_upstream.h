// SPDX-License-Identifier: Apache-2.0
// ScriptedUpstream: a provider on a loopback port that answers with exactly the bytes that a test wrote down, pauses
// where the test says so, breaks off where it says so, and keeps what it was asked. It shares no code with the gateway,
// so that a fault in the gateway's own HTTP cannot hide itself. One thread per connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/http/headers.h"
#include "tests/support/child_process.h"

namespace gatehouse::testing {

/// What the upstream received.
struct Asked {
    std::string line;  ///< method, target and version
    http::Headers headers;
    std::string body;
    std::string wire;  ///< head and body as they came
};

/// One answer as bytes. Built by the named functions, which may be followed by more steps.
struct Script {
    enum class Kind : std::uint8_t { bytes, pause, close, reset };
    struct Step {
        Kind kind;
        std::string bytes;
    };
    std::vector<Step> steps;

    static Script raw(std::string bytes) { return Script{{{Kind::bytes, std::move(bytes)}}}; }
    static Script body(int status, std::string_view headers, std::string_view body) {
        std::string text = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n";
        text.append(headers).append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n");
        return raw(text.append(body));
    }
    static Script json(int status, std::string_view text) {
        return body(status, "content-type: application/json\r\n", text);
    }
    /// The head of a stream; add chunks, then `end`.
    static Script stream(std::string_view headers = {}) {
        std::string text = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n";
        return raw(text.append(headers).append("transfer-encoding: chunked\r\n\r\n"));
    }
    /// Never answers; waits until the asker goes away.
    static Script silence() { return Script{{{Kind::pause, {}}}}; }
    static Script hang_up() { return Script{{{Kind::close, {}}}}; }

    Script chunk(std::string_view text) && {
        char size[24];
        std::snprintf(size, sizeof size, "%zx\r\n", text.size());
        steps.push_back({Kind::bytes, std::string(size).append(text).append("\r\n")});
        return std::move(*this);
    }
    Script end() && {
        steps.push_back({Kind::bytes, "0\r\n\r\n"});
        return std::move(*this);
    }
    /// Goes on after `resume`, or never when the asker goes away first.
    Script pause() && {
        steps.push_back({Kind::pause, {}});
        return std::move(*this);
    }
    Script close() && {
        steps.push_back({Kind::close, {}});
        return std::move(*this);
    }
    /// A TCP reset.
    Script reset() && {
        steps.push_back({Kind::reset, {}});
        return std::move(*this);
    }
};

class ScriptedUpstream {
  public:
    explicit ScriptedUpstream(Script usual)
        : usual_(std::move(usual)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 512) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("cannot listen on a loopback port");
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] { accept_all(); });
    }
    ScriptedUpstream(const ScriptedUpstream&) = delete;
    ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;
    ~ScriptedUpstream() {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
            ::shutdown(listener_, SHUT_RDWR);
            for (const int each : sockets_)
                ::shutdown(each, SHUT_RDWR);
            changed_.notify_all();
        }
        accepting_.join();
        for (std::thread& each : serving_)
            each.join();
        ::close(listener_);
    }

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    /// What the next request gets; without one it is the usual answer.
    void next(Script script) {
        const std::scoped_lock lock(mutex_);
        scripts_.push_back(std::move(script));
    }
    /// How requests are answered that nothing was scripted for. Called on the threads of the connections.
    void answer_with(std::function<Script(const Asked&)> answerer) {
        const std::scoped_lock lock(mutex_);
        answerer_ = std::move(answerer);
    }
    /// Lets one pause end.
    void resume() {
        const std::scoped_lock lock(mutex_);
        ++resumed_;
        changed_.notify_all();
    }

    /// Forgets what was asked, what was scripted and who went away.
    void forget() {
        const std::scoped_lock lock(mutex_);
        asked_.clear();
        scripts_.clear();
        gone_ = 0;
        stalls_ = 0;
        answered_ = 0;
        resumed_ = 0;
        ++era_;
    }
    std::size_t count() const {
        const std::scoped_lock lock(mutex_);
        return asked_.size();
    }
    /// Every request, in order.
    std::vector<Asked> everything() const {
        const std::scoped_lock lock(mutex_);
        return {asked_.begin(), asked_.end()};
    }
    /// The last request. Throws when there was none.
    Asked last() const {
        const std::scoped_lock lock(mutex_);
        if (asked_.empty()) throw std::runtime_error("the upstream was asked nothing");
        return asked_.back();
    }
    /// Waits until that many requests came.
    bool was_asked(std::size_t times = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, process_patience, [&] { return asked_.size() >= times; });
    }
    /// Waits until an asker has closed its connection during an answer.
    bool saw_asker_leave() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, process_patience, [&] { return gone_ > 0; });
    }
    /// Waits until a write of the upstream's has made no progress for a while, or until it has written all. True for
    /// the first: the asker takes no more.
    bool was_stalled() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, process_patience, [&] { return stalls_ > 0 || answered_ > 0; });
        return stalls_ > 0;
    }
    /// Whether any asker has closed its connection during an answer so far.
    bool has_seen_asker_leave() const {
        const std::scoped_lock lock(mutex_);
        return gone_ > 0;
    }

  private:
    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const std::scoped_lock lock(mutex_);
            if (stopping_ || socket < 0) {
                if (socket >= 0) ::close(socket);
                return;
            }
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            sockets_.push_back(socket);
            serving_.emplace_back([this, socket] { serve(socket); });
        }
    }

    void serve(int socket) {
        std::string kept;
        Asked asked;
        while (read_request(socket, kept, asked) && answer(socket, asked)) {
        }
        // Forgotten before it is closed: its number may be another connection's at once.
        {
            const std::scoped_lock lock(mutex_);
            std::erase(sockets_, socket);
        }
        ::close(socket);
    }

    static bool fill(int socket, std::string& kept) {
        char bytes[65'536];
        const auto size = ::recv(socket, bytes, sizeof bytes, 0);
        if (size <= 0) return false;
        kept.append(bytes, static_cast<std::size_t>(size));
        return true;
    }

    bool read_request(int socket, std::string& kept, Asked& now) {
        std::size_t end = 0;
        while ((end = kept.find("\r\n\r\n")) == std::string::npos)
            if (!fill(socket, kept)) return false;
        Asked asked = parse(kept.substr(0, end + 2));
        const std::string length(asked.headers.value("content-length"));
        const std::size_t size = length.empty() ? 0 : std::stoul(length);
        const std::size_t whole = end + 4 + size;
        while (kept.size() < whole)
            if (!fill(socket, kept)) return false;
        asked.body = kept.substr(end + 4, size);
        asked.wire = kept.substr(0, whole);
        kept.erase(0, whole);
        now = asked;
        const std::scoped_lock lock(mutex_);
        asked_.push_back(std::move(asked));
        changed_.notify_all();
        return true;
    }

    static Asked parse(const std::string& head) {
        Asked asked;
        asked.line = head.substr(0, head.find("\r\n"));
        for (std::size_t at = asked.line.size() + 2; at < head.size();) {
            const std::size_t end = head.find("\r\n", at);
            const std::size_t colon = head.find(':', at);
            const std::size_t value = head.find_first_not_of(' ', colon + 1);
            asked.headers.add(std::string_view(head).substr(at, colon - at),
                              std::string_view(head).substr(value, end - value));
            at = end + 2;
        }
        return asked;
    }

    bool answer(int socket, const Asked& asked) {
        Script script;
        std::function<Script(const Asked&)> answerer;
        {
            const std::scoped_lock lock(mutex_);
            script = scripts_.empty() ? usual_ : std::move(scripts_.front());
            if (scripts_.empty()) answerer = answerer_;
            if (!scripts_.empty()) scripts_.pop_front();
        }
        if (answerer) script = answerer(asked);
        for (const Script::Step& step : script.steps)
            if (!perform(socket, step)) return false;
        note(answered_);
        return true;
    }

    bool perform(int socket, const Script::Step& step) {
        switch (step.kind) {
            case Script::Kind::bytes:
                return write(socket, step.bytes);
            case Script::Kind::pause:
                return wait_for_resume(socket);
            case Script::Kind::close:
                return false;
            case Script::Kind::reset:
                break;
        }
        const linger at_once{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
    }

    bool write(int socket, std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EAGAIN) {
                wait_for_room(socket);
                continue;
            }
            if (sent <= 0) return note_departure();
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    void wait_for_room(int socket) {
        constexpr int a_while = 300;
        pollfd watched{socket, POLLOUT, 0};
        if (::poll(&watched, 1, a_while) != 0) return;
        note(stalls_);
        ::poll(&watched, 1, -1);
    }

    void note(int& counter) {
        const std::scoped_lock lock(mutex_);
        ++counter;
        changed_.notify_all();
    }

    bool note_departure() {
        note(gone_);
        return false;
    }

    /// Looks at the socket and at the condition in turns: no call waits for both. What was forgotten meanwhile takes
    /// nobody else's turn.
    bool wait_for_resume(int socket) {
        std::optional<int> era;
        for (;;) {
            pollfd watched{socket, POLLIN | POLLRDHUP, 0};
            if (::poll(&watched, 1, 0) > 0) return note_departure();
            std::unique_lock lock(mutex_);
            if (!era) era = era_;
            changed_.wait_for(lock, std::chrono::milliseconds(2),
                              [&] { return (resumed_ > 0 && era == era_) || stopping_; });
            if (stopping_) return false;
            if (resumed_ == 0 || era != era_) continue;
            --resumed_;
            return true;
        }
    }

    Script usual_;
    std::function<Script(const Asked&)> answerer_;
    int listener_;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Script> scripts_;
    std::vector<Asked> asked_;
    std::vector<int> sockets_;
    int resumed_ = 0;
    int era_ = 0;  ///< how often everything was forgotten
    int gone_ = 0;
    int stalls_ = 0;
    int answered_ = 0;
    bool stopping_ = false;
    std::thread accepting_;
    std::vector<std::thread> serving_;
};

/// A loopback port that nobody listens on and no stranger gets: bound, never listening. A process of ours that shares
/// ports (SO_REUSEPORT) may take it over.
class ReservedPort {
  public:
    explicit ReservedPort(std::uint16_t wanted = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(wanted);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("cannot bind a loopback port");
        port_ = ntohs(address.sin_port);
    }
    ReservedPort(const ReservedPort&) = delete;
    ReservedPort& operator=(const ReservedPort&) = delete;
    ~ReservedPort() { ::close(socket_); }
    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    int socket_;
    std::uint16_t port_ = 0;
};

}  // namespace gatehouse::testing
