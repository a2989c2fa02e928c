// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "gateway/net/addresses.h"
#include "gateway/net/socket_stream.h"
#include "gateway/net/tls.h"

namespace gatehouse::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// What is left of a buffer sequence after `done` bytes of it were written.
class Remaining {
  public:
    Remaining(std::span<const asio::const_buffer> buffers, std::size_t done) {
        for (const asio::const_buffer& buffer : buffers) {
            const std::size_t skipped = std::min(done, buffer.size());
            done -= skipped;
            if (buffer.size() > skipped) rest_.push_back(buffer + skipped);
        }
    }
    const std::vector<asio::const_buffer>& buffers() const { return rest_; }

  private:
    std::vector<asio::const_buffer> rest_;
};

/// Closes something when time is up, unless disarmed before. Holds the closed thing by weak reference.
class Watchdog {
  public:
    Watchdog(const asio::any_io_executor& executor, std::chrono::milliseconds timeout, std::function<void()> expire)
        : timer_(executor, timeout), fired_(std::make_shared<bool>(false)) {
        timer_.async_wait([fired = fired_, expire = std::move(expire)](error_code error) {
            if (error) return;
            *fired = true;
            expire();
        });
    }
    bool fired() const { return *fired_; }

  private:
    asio::steady_timer timer_;
    std::shared_ptr<bool> fired_;
};

/// Shared by both streams: watching for the peer's close on the raw socket.
template <class Socket>
class CloseWatch {
  public:
    /// `readable` looks at the socket: true to end the watch as closed, false as "bytes arrived".
    void start(Socket& socket, std::function<void()> closed, std::function<bool()> is_closed) {
        armed_ = std::make_shared<bool>(true);
        socket.async_wait(Socket::wait_read, [armed = armed_, closed = std::move(closed),
                                              is_closed = std::move(is_closed)](error_code error) {
            if (!*armed || error) return;
            *armed = false;
            if (is_closed()) closed();
        });
    }
    void stop(Socket& socket) {
        if (!armed_ || !*armed_) return;
        *armed_ = false;
        error_code ignored;
        socket.cancel(ignored);
    }
    ~CloseWatch() {
        if (armed_) *armed_ = false;
    }
    CloseWatch() = default;
    CloseWatch(const CloseWatch&) = delete;
    CloseWatch& operator=(const CloseWatch&) = delete;

  private:
    std::shared_ptr<bool> armed_;
};

enum class Peeked : std::uint8_t { nothing, bytes, end };

Peeked peek(int descriptor) {
    char byte = 0;
    const auto count = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return Peeked::bytes;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return Peeked::nothing;
    return Peeked::end;
}

std::string address_text(const tcp::socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return {};
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

template <class Socket>
class PlainStream final : public Stream {
  public:
    PlainStream(Socket socket, std::string peer) : socket_(std::move(socket)), peer_(std::move(peer)) {
        error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    asio::awaitable<Moved> read_some(asio::mutable_buffer into) override {
        const auto [error, size] = co_await socket_.async_read_some(into, as_result);
        co_return Moved{size, error};
    }

    std::size_t read_now(asio::mutable_buffer into) override {
        error_code error;
        return socket_.read_some(into, error);
    }

    asio::awaitable<Moved> write(std::span<const asio::const_buffer> buffers) override {
        // Most writes fit the socket's buffer: one system call, no suspension.
        error_code error;
        const std::size_t total = asio::buffer_size(buffers);
        const std::size_t done = socket_.write_some(buffers, error);
        if (!error && done == total) co_return Moved{done, {}};
        if (error && error != asio::error::would_block && error != asio::error::try_again) co_return Moved{done, error};
        const Remaining rest(buffers, done);
        const auto [later, more] = co_await asio::async_write(socket_, rest.buffers(), as_result);
        co_return Moved{done + more, later};
    }

    void watch(std::function<void()> closed) override {
        watch_.start(socket_, std::move(closed), [this] { return peek(socket_.native_handle()) == Peeked::end; });
    }
    void unwatch() override { watch_.stop(socket_); }
    void shutdown_write() override {
        error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
    }
    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }
    bool is_quiet() const override {
        auto& socket = const_cast<Socket&>(socket_);  // native_handle() is not const in Asio; peeking changes nothing
        return socket.is_open() && peek(socket.native_handle()) == Peeked::nothing;
    }
    std::string peer_address() const override { return peer_; }

  private:
    Socket socket_;
    std::string peer_;
    CloseWatch<Socket> watch_;
};

class TlsStream final : public Stream {
  public:
    TlsStream(tcp::socket socket, std::shared_ptr<void> context, asio::ssl::context& native)
        : context_(std::move(context)), peer_(address_text(socket)), stream_(std::move(socket), native) {}

    asio::ssl::stream<tcp::socket>& native() { return stream_; }

    asio::awaitable<Moved> read_some(asio::mutable_buffer into) override {
        if (!kept_.empty()) {
            const std::size_t size = asio::buffer_copy(into, asio::buffer(kept_));
            kept_.erase(0, size);
            co_return Moved{size, {}};
        }
        const auto [error, size] = co_await stream_.async_read_some(into, as_result);
        co_return Moved{size, error};
    }

    /// Decrypting goes through the engine's own reads: nothing is known to be there without them.
    std::size_t read_now(asio::mutable_buffer) override { return 0; }

    asio::awaitable<Moved> write(std::span<const asio::const_buffer> buffers) override {
        // One TLS record where it fits: ssl::stream would make one per buffer.
        writing_ = true;
        error_code error;
        std::size_t done = 0;
        if (const std::size_t total = asio::buffer_size(buffers); total <= gather_limit) {
            gathered_.resize(total);
            asio::buffer_copy(asio::buffer(gathered_), buffers);
            std::tie(error, done) = co_await asio::async_write(stream_, asio::buffer(gathered_), as_result);
            if (gathered_.capacity() > keep_limit) gathered_ = {};
        } else {
            std::tie(error, done) = co_await asio::async_write(stream_, buffers, as_result);
        }
        writing_ = false;
        co_return Moved{done, error};
    }

    void watch(std::function<void()> closed) override {
        watch_.start(stream_.next_layer(), std::move(closed), [this] { return closed_by_peer(); });
    }
    void unwatch() override { watch_.stop(stream_.next_layer()); }
    void shutdown_write() override {}
    void close() override {
        error_code ignored;
        stream_.next_layer().close(ignored);
    }
    bool is_quiet() const override {
        auto& socket = const_cast<TlsStream*>(this)->stream_.next_layer();
        return kept_.empty() && socket.is_open() && peek(socket.native_handle()) == Peeked::nothing;
    }
    std::string peer_address() const override { return peer_; }

  private:
    static constexpr std::size_t gather_limit = std::size_t{16} << 10U;
    static constexpr std::size_t keep_limit = std::size_t{4} << 10U;

    /// Something arrived on the raw socket. Only decrypting tells a close_notify from the next request. Not while a
    /// write is under way: both directions share the engine's buffer.
    bool closed_by_peer() {
        if (peek(stream_.next_layer().native_handle()) == Peeked::end) return true;
        if (writing_) return false;
        std::array<char, 1024> bytes{};
        error_code error;
        const std::size_t size = stream_.read_some(asio::buffer(bytes), error);
        kept_.append(bytes.data(), size);
        return error && error != asio::error::would_block && error != asio::error::try_again;
    }

    std::shared_ptr<void> context_;
    std::string peer_;
    asio::ssl::stream<tcp::socket> stream_;
    std::string gathered_;
    std::string kept_;
    bool writing_ = false;
    CloseWatch<tcp::socket> watch_;
};

Error tls_failure(const error_code& error) {
    return Error::upstream_unreachable(Reason::tls_failed, "TLS handshake failed: " + error.message());
}

Task<StreamPtr> shake_hands(std::unique_ptr<TlsStream> stream, asio::ssl::stream_base::handshake_type side,
                            std::chrono::milliseconds timeout) {
    error_code ignored;
    stream->native().next_layer().non_blocking(true, ignored);
    const auto executor = co_await asio::this_coro::executor;
    const Watchdog watchdog(executor, timeout, [raw = stream.get()] { raw->close(); });
    const auto [error] = co_await stream->native().async_handshake(side, as_result);
    if (watchdog.fired()) co_return fail(Error::timed_out(Reason::upstream_timeout, "TLS handshake took too long"));
    if (error) co_return fail(tls_failure(error));
    co_return StreamPtr(std::move(stream));
}

/// Name to addresses, those that the guard forbids removed.
Task<std::vector<tcp::endpoint>> resolve(std::string host, std::uint16_t port, ConnectOptions options) {
    std::vector<tcp::endpoint> found;
    error_code literal_error;
    if (const auto literal = asio::ip::make_address(host, literal_error); !literal_error) {
        found.emplace_back(literal, port);
    } else {
        const auto executor = co_await asio::this_coro::executor;
        auto resolver = std::make_shared<tcp::resolver>(executor);
        const Watchdog watchdog(executor, options.timeout, [resolver] { resolver->cancel(); });
        const auto [error, results] = co_await resolver->async_resolve(host, std::to_string(port), as_result);
        if (error)
            co_return fail(Error::upstream_unreachable(Reason::name_not_resolved, host + ": " + error.message()));
        for (const auto& result : results)
            found.push_back(result.endpoint());
    }
    if (!options.guarded) co_return found;
    const bool loopback = options.allow_loopback;
    std::erase_if(found, [loopback](const tcp::endpoint& endpoint) {
        return is_forbidden_target(endpoint.address().to_string(), loopback);
    });
    if (found.empty())
        co_return fail(Error::upstream_unreachable(
            Reason::address_forbidden,
            host + " leads to a loopback, link-local or metadata address, which is not allowed"));
    co_return found;
}

/// A connected socket to the first endpoint that answers. `where` is for the error.
Task<tcp::socket> connect_any(std::vector<tcp::endpoint> endpoints, std::string where,
                              std::chrono::milliseconds timeout) {
    const auto executor = co_await asio::this_coro::executor;
    auto socket = std::make_shared<tcp::socket>(executor);
    const Watchdog watchdog(executor, timeout, [weak = std::weak_ptr(socket)] {
        if (const auto open = weak.lock()) open->close();
    });
    const auto [error, endpoint] = co_await asio::async_connect(*socket, endpoints, as_result);
    if (watchdog.fired()) co_return fail(Error::upstream_unreachable(Reason::connect_failed, where + ": timed out"));
    if (error) co_return fail(Error::upstream_unreachable(Reason::connect_failed, where + ": " + error.message()));
    error_code ignored;
    socket->set_option(tcp::no_delay(true), ignored);
    co_return std::move(*socket);
}

/// Asks a proxy for a tunnel (RFC 9110, section 9.3.6). The far side speaks first in neither TLS nor HTTP, so nothing
/// but the proxy's own head can stand in what is read here.
Task<> open_tunnel(tcp::socket& socket, std::string authority, std::string authorization,
                   std::chrono::milliseconds timeout) {
    std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!authorization.empty()) request += "Proxy-Authorization: " + authorization + "\r\n";
    request += "\r\n";
    const auto executor = co_await asio::this_coro::executor;
    const Watchdog watchdog(executor, timeout, [&socket] {
        error_code ignored;
        socket.close(ignored);
    });
    const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(request), as_result);
    std::string answer;
    while (!write_error && answer.size() < 8192 && answer.find("\r\n\r\n") == std::string::npos) {
        std::array<char, 512> bytes{};
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(bytes), as_result);
        if (error) break;
        answer.append(bytes.data(), size);
    }
    const bool granted = answer.starts_with("HTTP/1.") && answer.size() > 12 && answer.substr(9, 1) == "2";
    if (!granted || !answer.ends_with("\r\n\r\n"))
        co_return fail(Error::upstream_unreachable(
            Reason::connect_failed,
            "the proxy refused a tunnel to " + authority + ": " + answer.substr(0, answer.find('\r'))));
    co_return Result<>{};
}

}  // namespace

StreamPtr make_plain_stream(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    std::string peer = address_text(socket);
    return std::make_unique<PlainStream<tcp::socket>>(std::move(socket), std::move(peer));
}

Task<StreamPtr> accept_tls(tcp::socket socket, std::shared_ptr<asio::ssl::context> context,
                           std::chrono::milliseconds timeout) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto& native = *context;
    auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(context), native);
    co_return co_await shake_hands(std::move(stream), asio::ssl::stream_base::server, timeout);
}

Task<StreamPtr> connect_tls(tcp::socket socket, TlsClientContextPtr context, std::string host,
                            std::chrono::milliseconds timeout) {
    auto& native = context->native();
    auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(context), native);
    auto& tls = stream->native();
    tls.set_verify_callback(asio::ssl::host_name_verification(host));
    error_code literal_error;
    asio::ip::make_address(host, literal_error);
    // Server Name Indication carries names only (RFC 6066, section 3).
    if (literal_error && SSL_set_tlsext_host_name(tls.native_handle(), host.c_str()) != 1)
        co_return fail(Error::upstream_unreachable(Reason::tls_failed, "cannot set the server name " + host));
    co_return co_await shake_hands(std::move(stream), asio::ssl::stream_base::client, timeout);
}

Task<StreamPtr> connect_tcp(std::string host, std::uint16_t port, ConnectOptions options) {
    auto endpoints = co_await resolve(host, port, options);
    if (!endpoints) co_return fail(endpoints.error());
    auto socket = co_await connect_any(std::move(*endpoints), host + ":" + std::to_string(port), options.timeout);
    if (!socket) co_return fail(socket.error());
    if (options.tls) co_return co_await connect_tls(std::move(*socket), options.tls, host, options.timeout);
    co_return make_plain_stream(std::move(*socket));
}

Task<StreamPtr> connect_through(Proxy proxy, std::string host, std::uint16_t port, bool by_address,
                                ConnectOptions options) {
    std::string target = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (by_address) {
        const auto endpoints = co_await resolve(host, port, options);
        if (!endpoints) co_return fail(endpoints.error());
        const auto address = endpoints->front().address();
        target = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    }
    ConnectOptions to_proxy = options;
    to_proxy.guarded = false;
    auto endpoints = co_await resolve(proxy.host, proxy.port, to_proxy);
    if (!endpoints) co_return fail(endpoints.error());
    auto socket = co_await connect_any(std::move(*endpoints), "proxy " + proxy.host, options.timeout);
    if (!socket) co_return fail(socket.error());
    const auto tunnel =
        co_await open_tunnel(*socket, target + ":" + std::to_string(port), proxy.authorization, options.timeout);
    if (!tunnel) co_return fail(tunnel.error());
    if (options.tls) co_return co_await connect_tls(std::move(*socket), options.tls, host, options.timeout);
    co_return make_plain_stream(std::move(*socket));
}

Task<StreamPtr> connect_unix(std::string path, std::chrono::milliseconds timeout) {
    using asio::local::stream_protocol;
    const auto executor = co_await asio::this_coro::executor;
    if (path.size() > 107)
        co_return fail(Error::upstream_unreachable(Reason::connect_failed, "socket path too long: " + path));
    auto socket = std::make_shared<stream_protocol::socket>(executor);
    const stream_protocol::endpoint endpoint(path);
    const Watchdog watchdog(executor, timeout, [weak = std::weak_ptr(socket)] {
        if (const auto open = weak.lock()) open->close();
    });
    const auto [error] = co_await socket->async_connect(endpoint, as_result);
    if (error) co_return fail(Error::upstream_unreachable(Reason::connect_failed, path + ": " + error.message()));
    co_return std::make_unique<PlainStream<stream_protocol::socket>>(std::move(*socket), std::string());
}

}  // namespace gatehouse::net
