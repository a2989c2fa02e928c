// SPDX-License-Identifier: Apache-2.0
// One client connection of the load generator: connects, sends the one prepared request, reads the answer, any number
// of times. Round trips and streams drive it from their own epoll loop and own all times and counts; it decides
// nothing but where an answer ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tests/bench/wire.h"

namespace gatehouse::bench {

class Exchange {
  public:
    enum class Progress : std::uint8_t { waiting, done, failed };
    using Sink = std::function<void(std::string_view)>;

    /// Connects and registers with `epoll` under `tag`. False when the kernel refuses at once.
    bool open(const Endpoint& endpoint, const Descriptor& epoll, std::uint32_t tag);
    void close() { socket_.close(); }
    bool is_open() const { return socket_.is_open(); }

    /// Begins to send; `request` outlives the exchange.
    Progress begin(std::string_view request);
    /// To be called on every event of the socket: sends what is left, then reads what is there and hands the answer's
    /// payload to `sink`.
    Progress advance(std::span<char> scratch, bool ends, const Sink& sink);

    int status() const { return status_; }
    bool keeps_alive() const { return keeps_alive_; }
    /// Why it failed, for people.
    const std::string& trouble() const { return trouble_; }

  private:
    enum class Phase : std::uint8_t { idle, head, sized, chunked, until_close };

    Progress fail(std::string trouble);
    bool send_more();
    Progress consume(std::string_view bytes, const Sink& sink);
    bool take_head(std::string_view& bytes);
    bool begin_body(std::string_view head);
    Progress finish(std::string_view rest);

    Descriptor socket_;
    std::string_view unsent_;
    Phase phase_ = Phase::idle;
    std::string head_;
    std::uint64_t body_left_ = 0;
    ChunkDecoder chunks_;
    int status_ = 0;
    bool keeps_alive_ = true;
    std::string trouble_;
};

}  // namespace gatehouse::bench
