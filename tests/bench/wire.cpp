// SPDX-License-Identifier: Apache-2.0
// See wire.h.
#include "tests/bench/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <utility>

namespace gatehouse::bench {

namespace {

[[noreturn]] void fail_with_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in address_of(const char* host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

}  // namespace

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.release();
    }
    return *this;
}

int Descriptor::release() {
    return std::exchange(fd_, -1);
}

void Descriptor::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::optional<Endpoint> parse_endpoint(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    const auto slash = std::min(url.find('/'), url.size());
    const auto authority = url.substr(0, slash);
    const auto colon = authority.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = to_number(authority.substr(colon + 1));
    const std::string host{authority.substr(0, colon)};
    in_addr probe{};
    if (!port || *port < 1 || *port > 65'535 || inet_pton(AF_INET, host.c_str(), &probe) != 1) return std::nullopt;
    const std::string target{slash == url.size() ? "/" : url.substr(slash)};
    return Endpoint{host, static_cast<std::uint16_t>(*port), target};
}

Descriptor listen_on(std::uint16_t port) {
    Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket.is_open()) fail_with_errno("socket");
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const sockaddr_in address = address_of("127.0.0.1", port);
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail_with_errno("bind");
    if (listen(socket.get(), 8192) != 0) fail_with_errno("listen");
    return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) fail_with_errno("getsockname");
    return ntohs(address.sin_port);
}

Descriptor connect_to(const Endpoint& endpoint) {
    Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket.is_open()) return socket;
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = address_of(endpoint.host.c_str(), endpoint.port);
    const int begun = connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (begun != 0 && errno != EINPROGRESS) socket.close();
    return socket;
}

int wait_for_events(const Descriptor& epoll, epoll_event* events, int capacity, std::int64_t wait_ns) {
    wait_ns = std::max<std::int64_t>(wait_ns, 0);
    const timespec wait{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
    const int ready = epoll_pwait2(epoll.get(), events, capacity, &wait, nullptr);
    if (ready < 0 && errno != EINTR) fail_with_errno("epoll_pwait2");
    return std::max(ready, 0);
}

std::string decimal(double value, int places) {
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(), "%.*f", places, value);
    return out.data();
}

std::string padded(std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
}

std::string in_hex(std::uint64_t value) {
    std::array<char, 16> out{};
    return {out.data(), std::to_chars(out.data(), out.data() + out.size(), value, 16).ptr};
}

void Checksum::add(std::string_view bytes) {
    for (const char byte : bytes)
        state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
}

std::string Checksum::hex() const {
    const std::string digits = in_hex(state_);
    return std::string(16 - digits.size(), '0') + digits;
}

std::string_view header_of(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
        at += 2;
        const auto line = head.substr(at, head.find("\r\n", at) - at);
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        const auto value = line.substr(name.size() + 1);
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

std::string_view parameter_of(std::string_view target, std::string_view name) {
    for (std::size_t at = target.find('?'); at != std::string_view::npos; at = target.find('&', at)) {
        ++at;
        const auto pair = target.substr(at, target.find('&', at) - at);
        if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name))
            return pair.substr(name.size() + 1);
    }
    return {};
}

std::optional<std::int64_t> to_number(std::string_view digits) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

ChunkDecoder::Progress ChunkDecoder::feed(std::string_view bytes, const std::function<void(std::string_view)>& sink) {
    while (!bytes.empty() && state_ != State::done && state_ != State::broken) {
        if (state_ == State::data) {
            const auto taken = std::min<std::uint64_t>(left_, bytes.size());
            sink(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
            left_ -= taken;
            if (left_ == 0) state_ = State::data_end;
            continue;
        }
        take_line_byte(bytes.front());
        bytes.remove_prefix(1);
    }
    if (state_ == State::broken || (state_ == State::done && !bytes.empty())) return Progress::broken;
    return state_ == State::done ? Progress::done : Progress::more;
}

void ChunkDecoder::take_line_byte(char byte) {
    if (byte != '\n') {
        line_.push_back(byte);
        if (line_.size() > 1024) state_ = State::broken;
        return;
    }
    const bool ended_well = line_.ends_with('\r');
    if (ended_well) line_.pop_back();
    const std::string line = std::exchange(line_, {});
    if (!ended_well) {
        state_ = State::broken;
    } else if (state_ == State::data_end) {
        state_ = line.empty() ? State::size : State::broken;
    } else if (state_ == State::trailer) {
        if (line.empty()) state_ = State::done;
    } else {
        const auto end = line.data() + std::min(line.find(';'), line.size());
        const auto [stop, error] = std::from_chars(line.data(), end, left_, 16);
        state_ = error != std::errc{} || stop != end ? State::broken : left_ == 0 ? State::trailer : State::data;
    }
}

std::string json_answer(std::size_t received, std::string_view checksum) {
    return text(
        R"({"id":"msg_01BenchBenchBenchBenchBenc","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929",)"
        R"("content":[{"type":"text","text":"received )",
        padded(static_cast<std::int64_t>(received), 8), " bytes, checksum ", checksum,
        R"(. The change you describe touches two files: the parser, which should refuse the duplicate key, and its test, )"
        R"(which should show both spellings. I will begin with the test."}],"stop_reason":"end_turn","stop_sequence":null,)"
        R"("usage":{"input_tokens":23104,"cache_creation_input_tokens":412,"cache_read_input_tokens":21800,)"
        R"("output_tokens":58,"service_tier":"standard"}})");
}

namespace stream {

std::string opening() {
    return "event: message_start\n"
           R"(data: {"type":"message_start","message":{"id":"msg_01BenchBenchBenchBenchBenc","type":"message",)"
           R"("role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,)"
           R"("stop_sequence":null,"usage":{"input_tokens":23104,"cache_creation_input_tokens":412,)"
           R"("cache_read_input_tokens":21800,"output_tokens":1}}})"
           "\n\nevent: content_block_start\n"
           R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
           "\n\nevent: ping\n"
           R"(data: {"type":"ping"})"
           "\n\n";
}

std::string event(std::int64_t sequence, std::int64_t sent_ns) {
    return text(
        "event: content_block_delta\n"
        R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"#)",
        padded(sequence, 6), "@", padded(sent_ns, 19), " few words\"}}\n\n");
}

std::string closing(std::string_view checksum) {
    return text(checksum_comment, checksum,
                "\n\nevent: content_block_stop\n"
                R"(data: {"type":"content_block_stop","index":0})"
                "\n\nevent: message_delta\n"
                R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                R"("usage":{"output_tokens":580}})"
                "\n\n",
                last_line, "\n", R"(data: {"type":"message_stop"})", "\n\n");
}

std::optional<Stamp> stamp_in(std::string_view line) {
    if (!line.starts_with(R"(data: {"type":"content_block_delta")")) return std::nullopt;
    const auto hash = line.find("\"#");
    if (hash == std::string_view::npos || line.size() < hash + 28 || line[hash + 8] != '@') return std::nullopt;
    const auto sequence = to_number(line.substr(hash + 2, 6));
    const auto sent = to_number(line.substr(hash + 9, 19));
    if (!sequence || !sent) return std::nullopt;
    return Stamp{*sequence, *sent};
}

}  // namespace stream

}  // namespace gatehouse::bench
