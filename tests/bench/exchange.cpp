// SPDX-License-Identifier: Apache-2.0
// See exchange.h.
#include "tests/bench/exchange.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatehouse::bench {

bool Exchange::open(const Endpoint& endpoint, const Descriptor& epoll, std::uint32_t tag) {
    phase_ = Phase::idle;
    head_.clear();
    trouble_.clear();
    socket_ = connect_to(endpoint);
    if (!socket_.is_open()) {
        trouble_ = text("connect: ", std::strerror(errno));
        return false;
    }
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u32 = tag}};
    epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket_.get(), &event);
    return true;
}

Exchange::Progress Exchange::begin(std::string_view request) {
    unsent_ = request;
    phase_ = Phase::head;
    status_ = 0;
    return send_more() ? Progress::waiting : fail(text("send: ", std::strerror(errno)));
}

Exchange::Progress Exchange::fail(std::string trouble) {
    trouble_ = std::move(trouble);
    return Progress::failed;
}

bool Exchange::send_more() {
    if (unsent_.empty()) return true;
    const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    // ENOTCONN and EAGAIN: still connecting, or the buffer is full; EPOLLOUT will tell.
    if (sent < 0) return errno == EAGAIN || errno == ENOTCONN;
    unsent_.remove_prefix(static_cast<std::size_t>(sent));
    return true;
}

Exchange::Progress Exchange::advance(std::span<char> scratch, bool ends, const Sink& sink) {
    if (!send_more()) return fail(text("send: ", std::strerror(errno)));
    for (;;) {
        const ssize_t got = ::read(socket_.get(), scratch.data(), scratch.size());
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Progress::waiting;
        if (got < 0) return fail(text("read: ", std::strerror(errno)));
        if (got == 0 && phase_ == Phase::until_close) return finish({});
        if (got == 0) return fail(phase_ == Phase::head ? "closed before an answer" : "closed inside an answer");
        const auto size = static_cast<std::size_t>(got);
        const Progress progress = consume({scratch.data(), size}, sink);
        if (progress != Progress::waiting || (size < scratch.size() && !ends)) return progress;
    }
}

Exchange::Progress Exchange::consume(std::string_view bytes, const Sink& sink) {
    if (phase_ == Phase::idle) return fail("bytes that nobody asked for");
    if (phase_ == Phase::head) {
        if (!take_head(bytes)) return fail("an answer head that makes no sense");
        if (phase_ == Phase::head) return Progress::waiting;
    }
    if (phase_ == Phase::chunked) {
        const auto progress = chunks_.feed(bytes, sink);
        if (progress == ChunkDecoder::Progress::broken) return fail("broken chunked framing");
        return progress == ChunkDecoder::Progress::done ? finish({}) : Progress::waiting;
    }
    const auto taken = std::min<std::uint64_t>(bytes.size(), body_left_);
    if (taken > 0) sink(bytes.substr(0, taken));
    body_left_ -= taken;
    return body_left_ == 0 ? finish(bytes.substr(taken)) : Progress::waiting;
}

bool Exchange::take_head(std::string_view& bytes) {
    std::string_view head = bytes;
    const auto before = head_.size();
    if (before > 0) head = head_.append(bytes);
    const auto end = head.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (before == 0) head_ = bytes;
        bytes = {};
        return head_.size() < 64 * 1024;
    }
    bytes.remove_prefix(end + 4 - before);
    const bool understood = begin_body(head.substr(0, end + 2));
    head_.clear();
    return understood;
}

bool Exchange::begin_body(std::string_view head) {
    if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) return false;
    const auto status = to_number(head.substr(9, 3));
    if (!status) return false;
    status_ = static_cast<int>(*status);
    keeps_alive_ = header_of(head, "connection") != "close";
    chunks_ = {};
    if (header_of(head, "transfer-encoding") == "chunked") {
        phase_ = Phase::chunked;
    } else if (const auto length = header_of(head, "content-length"); !length.empty()) {
        const auto size = to_number(length);
        if (!size || *size < 0) return false;
        phase_ = Phase::sized;
        body_left_ = static_cast<std::uint64_t>(*size);
    } else {
        phase_ = Phase::until_close;
        body_left_ = UINT64_MAX;
        keeps_alive_ = false;
    }
    return true;
}

Exchange::Progress Exchange::finish(std::string_view rest) {
    phase_ = Phase::idle;
    return rest.empty() ? Progress::done : fail("bytes after the end of an answer");
}

}  // namespace gatehouse::bench
