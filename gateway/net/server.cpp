// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/server.h"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_set>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/connection.h"
#include "gateway/net/socket_stream.h"
#include "gateway/net/tls.h"

namespace gatehouse::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr int backlog = 4096;
constexpr std::chrono::milliseconds handshake_timeout{10'000};

Result<tcp::acceptor> listen_on(const asio::any_io_executor& executor, const std::string& host, std::uint16_t port) {
    const std::string where = host + ":" + std::to_string(port);
    error_code error;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error)
        return fail(Error::bad_request(Reason::configuration_invalid, "listen.host: " + host + " is not an address"));
    const tcp::endpoint endpoint(address, port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol(), error);
    const int on = 1;
    if (!error) {
        ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        acceptor.bind(endpoint, error);
    }
    if (!error) acceptor.listen(backlog, error);
    if (error)
        return fail(
            Error::unavailable(Reason::configuration_invalid, "cannot listen on " + where + ": " + error.message()));
    return acceptor;
}

/// What ends a connection, a handshake or an accept loop by an exception is not lost.
void log_thrown(const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
        log::error("ended by an exception", {{"error", exception.what()}});
    }
}

}  // namespace

/// One shard's part: its acceptor and its connections. Touched on that shard's thread only, once started.
struct ServerSeat {
    ServerSeat(Shard& home, const http::Router& router, const Snapshot<TrafficSettings>& traffic,
               observe::Metrics& metrics, tcp::acceptor listening)
        : shard(home), acceptor(std::move(listening)), scope{router, traffic, metrics, home.deadlines(), false} {}

    Shard& shard;
    tcp::acceptor acceptor;
    ConnectionScope scope;
    std::unordered_set<Connection*> open;
};

struct Server::State {
    ListenSettings listen;
    const Snapshot<TrafficSettings>& traffic;
    observe::Metrics& metrics;
    std::uint16_t port = 0;
    std::atomic<std::size_t> connections{0};
    Snapshot<std::shared_ptr<asio::ssl::context>> tls{std::make_shared<const std::shared_ptr<asio::ssl::context>>()};
    std::vector<std::shared_ptr<ServerSeat>> seats;

    State(ListenSettings listen_settings, const Snapshot<TrafficSettings>& traffic_settings,
          observe::Metrics& all_metrics)
        : listen(std::move(listen_settings)), traffic(traffic_settings), metrics(all_metrics) {}

    asio::awaitable<void> accept_loop(std::shared_ptr<ServerSeat> seat);
    asio::awaitable<void> serve(std::shared_ptr<ServerSeat> seat, tcp::socket socket);
    void launch(const std::shared_ptr<ServerSeat>& seat, StreamPtr stream, bool secure);
};

void Server::State::launch(const std::shared_ptr<ServerSeat>& seat, StreamPtr stream, bool secure) {
    auto connection = std::make_shared<Connection>(seat->scope, std::move(stream), secure);
    seat->open.insert(connection.get());
    auto finished = [this, seat, connection](const std::exception_ptr& error) {
        seat->open.erase(connection.get());
        connections.fetch_sub(1, std::memory_order_relaxed);
        log_thrown(error);
    };
    asio::co_spawn(seat->shard.executor(), connection->run(),
                   asio::bind_cancellation_slot(connection->cancellation_slot(), std::move(finished)));
}

/// TLS handshakes run beside the accept loop, so that a slow one delays nobody.
asio::awaitable<void> Server::State::serve(std::shared_ptr<ServerSeat> seat, tcp::socket socket) {
    auto stream = co_await accept_tls(std::move(socket), *tls.load(), handshake_timeout);
    if (!stream || seat->scope.draining) {
        connections.fetch_sub(1, std::memory_order_relaxed);
        if (!stream) log::debug("TLS handshake failed", {{"error", describe(stream.error())}});
        co_return;
    }
    launch(seat, std::move(*stream), true);
}

asio::awaitable<void> Server::State::accept_loop(std::shared_ptr<ServerSeat> seat) {
    const auto executor = seat->shard.executor();
    while (seat->acceptor.is_open()) {
        tcp::socket socket(executor);
        const auto [error] = co_await seat->acceptor.async_accept(socket, as_result);
        if (error == asio::error::operation_aborted || !seat->acceptor.is_open()) break;
        if (error) {
            // Out of descriptors, mostly: pause, or the loop would spin.
            log::warn("accept failed", {{"error", error.message()}});
            asio::steady_timer pause(executor, std::chrono::milliseconds(100));
            [[maybe_unused]] const auto waited = co_await pause.async_wait(as_result);
            continue;
        }
        if (connections.fetch_add(1, std::memory_order_relaxed) >= traffic.load()->max_connections) {
            connections.fetch_sub(1, std::memory_order_relaxed);
            metrics.connection_refused();
            continue;
        }
        if (*tls.load()) {
            asio::co_spawn(executor, serve(seat, std::move(socket)), log_thrown);
        } else {
            launch(seat, make_plain_stream(std::move(socket)), false);
        }
    }
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(const ListenSettings& listen, const std::vector<Seat>& seats,
                                             const Snapshot<TrafficSettings>& traffic, observe::Metrics& metrics) {
    auto state = std::make_unique<State>(listen, traffic, metrics);
    state->port = listen.port;
    for (const Seat& seat : seats) {
        auto acceptor = listen_on(seat.shard->executor(), listen.host, state->port);
        if (!acceptor) return fail(acceptor.error());
        error_code ignored;
        state->port = acceptor->local_endpoint(ignored).port();
        state->seats.push_back(
            std::make_shared<ServerSeat>(*seat.shard, *seat.router, traffic, metrics, std::move(*acceptor)));
    }
    std::unique_ptr<Server> server(new Server(std::move(state)));
    if (const auto loaded = server->reload_tls(); !loaded) return fail(loaded.error());
    return server;
}

std::uint16_t Server::port() const {
    return state_->port;
}

void Server::start() {
    for (const auto& seat : state_->seats)
        asio::co_spawn(seat->shard.executor(), state_->accept_loop(seat), log_thrown);
}

Result<> Server::reload_tls() {
    if (state_->listen.tls_cert.empty()) return {};
    auto context = make_tls_server_context(state_->listen.tls_cert, state_->listen.tls_key);
    if (!context) return fail(context.error());
    state_->tls.store(std::make_shared<const std::shared_ptr<asio::ssl::context>>(std::move(*context)));
    return {};
}

void Server::drain() {
    for (const auto& seat : state_->seats) {
        seat->shard.post([seat] {
            seat->scope.draining = true;
            error_code ignored;
            seat->acceptor.close(ignored);
            for (Connection* connection : seat->open)
                connection->drain();
        });
    }
}

std::size_t Server::connections() const {
    return state_->connections.load(std::memory_order_relaxed);
}

void Server::cut_all() {
    for (const auto& seat : state_->seats) {
        seat->shard.post([seat] {
            const std::vector<Connection*> open(seat->open.begin(), seat->open.end());
            for (Connection* connection : open)
                if (seat->open.contains(connection)) connection->cut();
        });
    }
}

}  // namespace gatehouse::net
