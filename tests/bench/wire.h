// SPDX-License-Identifier: Apache-2.0
// What the benchmark's two ends share: the clock, sockets, the minimum of HTTP/1.1, and the very bytes of the mock
// provider's answers, so that the load generator can compare what arrived. Used by mock_provider and bench_load only;
// it links nothing of Gatehouse and refuses to be a general HTTP parser.
#pragma once

#include <sys/epoll.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace gatehouse::bench {

/// CLOCK_MONOTONIC: the same for every process of one machine, so a stamp of one end can be read at the other.
std::int64_t monotonic_ns();

/// Owns one file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    int release();
    void close();

  private:
    int fd_ = -1;
};

struct Endpoint {
    std::string host;  ///< an IPv4 address
    std::uint16_t port = 0;
    std::string target;  ///< path and query
};

/// `http://127.0.0.1:8080/path?query`, nothing else.
std::optional<Endpoint> parse_endpoint(std::string_view url);

/// A listening, non-blocking socket on 127.0.0.1 that may share its port; port 0 takes any free one.
Descriptor listen_on(std::uint16_t port);
std::uint16_t port_of(const Descriptor& socket);
/// Begins to connect, without blocking; closed when the kernel refuses at once.
Descriptor connect_to(const Endpoint& endpoint);
/// Waits with nanosecond resolution; a negative wait is none.
int wait_for_events(const Descriptor& epoll, epoll_event* events, int capacity, std::int64_t wait_ns);

/// The pieces, one after the other: std::format is not in libstdc++ 12.
template <class... Piece>
std::string text(const Piece&... pieces) {
    std::string out;
    const auto append = [&out](const auto& piece) {
        if constexpr (std::integral<std::remove_cvref_t<decltype(piece)>>) {
            out += std::to_string(piece);
        } else {
            out += piece;
        }
    };
    (append(pieces), ...);
    return out;
}
std::string decimal(double value, int places);
/// Zero-padded on the left.
std::string padded(std::int64_t value, std::size_t width);
std::string in_hex(std::uint64_t value);

/// FNV-1a, 64 bits: independent of how the bytes were cut.
class Checksum {
  public:
    void add(std::string_view bytes);
    std::string hex() const;

  private:
    std::uint64_t state_ = 0xcbf29ce484222325U;
};

/// A header's value in a head (start line and header lines), empty when absent. `name` in lower case.
std::string_view header_of(std::string_view head, std::string_view name);
/// A query parameter's value in a request target, empty when absent.
std::string_view parameter_of(std::string_view target, std::string_view name);
std::optional<std::int64_t> to_number(std::string_view digits);

/// Takes the chunked framing off a body, whichever way its bytes are cut.
class ChunkDecoder {
  public:
    enum class Progress : std::uint8_t { more, done, broken };
    /// Hands the payload in `bytes` to `sink`.
    Progress feed(std::string_view bytes, const std::function<void(std::string_view)>& sink);

  private:
    enum class State : std::uint8_t { size, data, data_end, trailer, done, broken };
    void take_line_byte(char byte);

    State state_ = State::size;
    std::uint64_t left_ = 0;
    std::string line_;
};

/// The mock provider's answer to a request that does not stream. `checksum` is that of the request body it received,
/// or zeros when it was not asked to compute one.
std::string json_answer(std::size_t received, std::string_view checksum);
inline constexpr std::string_view no_checksum = "0000000000000000";

/// The mock provider's stream: a fixed opening, `count` events of fixed size, a fixed closing with the checksum of all
/// payload before it.
namespace stream {
std::string opening();
/// One content_block_delta. Its text carries `#<6 digits>@<19 digits>`: sequence number and time of sending.
std::string event(std::int64_t sequence, std::int64_t sent_ns);
std::string closing(std::string_view checksum);
inline constexpr std::string_view checksum_comment = ": checksum ";
inline constexpr std::string_view last_line = "event: message_stop";
struct Stamp {
    std::int64_t sequence = 0;
    std::int64_t sent_ns = 0;
};
/// The stamp in a line of the stream, if it has one.
std::optional<Stamp> stamp_in(std::string_view line);
}  // namespace stream

}  // namespace gatehouse::bench
