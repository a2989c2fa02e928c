// SPDX-License-Identifier: Apache-2.0
// A blocking client that writes exactly the bytes a test wants on the wire. Every wait is bounded.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::testing {

class RawClient {
  public:
    /// `from` is the loopback address to connect from, when it matters.
    explicit RawClient(std::uint16_t port, const char* from = nullptr)
        : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (from != nullptr) {
            sockaddr_in own{};
            own.sin_family = AF_INET;
            ::inet_pton(AF_INET, from, &own.sin_addr);
            if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0)
                throw std::runtime_error(std::string("cannot bind to ") + from);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient() { close(); }

    bool connected() const { return connected_; }
    /// False when the peer has closed.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Reads until `mark` has been seen, and returns everything up to its end; what follows is kept.
    std::string read_until(std::string_view mark) {
        for (;;) {
            if (const std::size_t at = kept_.find(mark); at != std::string::npos) return take(at + mark.size());
            if (!fill()) throw std::runtime_error("closed before " + std::string(mark) + ", got: " + kept_);
        }
    }
    std::string read_exactly(std::size_t size) {
        while (kept_.size() < size)
            if (!fill()) throw std::runtime_error("closed early, got: " + kept_);
        return take(size);
    }
    /// Everything until the peer closes.
    std::string read_to_end() {
        while (fill()) {
        }
        return std::exchange(kept_, {});
    }
    /// One response with Content-Length: head and body.
    std::string read_response() {
        std::string head = read_until("\r\n\r\n");
        const std::size_t at = head.find("content-length: ");
        const std::size_t size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
        return head + read_exactly(size);
    }
    void close() {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    void shutdown_write() { ::shutdown(descriptor_, SHUT_WR); }

  private:
    bool fill() {
        pollfd waiting{descriptor_, POLLIN, 0};
        if (::poll(&waiting, 1, 20'000) <= 0) throw std::runtime_error("nothing arrived in 20 s, so far: " + kept_);
        char bytes[16'384];
        const auto size = ::recv(descriptor_, bytes, sizeof bytes, 0);
        if (size <= 0) return false;
        kept_.append(bytes, static_cast<std::size_t>(size));
        return true;
    }
    std::string take(std::size_t size) {
        std::string text = kept_.substr(0, size);
        kept_.erase(0, size);
        return text;
    }

    int descriptor_;
    bool connected_ = false;
    std::string kept_;
};

}  // namespace gatehouse::testing
