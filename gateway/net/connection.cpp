// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <cstring>
#include <exception>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"
#include "gateway/http/reply.h"
#include "gateway/net/addresses.h"
#include "gateway/net/response_head.h"

namespace gatehouse::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t first_buffer = 4096;
constexpr std::size_t most_drained = std::size_t{64} << 20U;
constexpr std::size_t small_leftover = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds linger_time{2'000};

std::uint64_t body_length(const RequestHead& head) {
    return head.content_length.value_or(0);
}

/// Bodies that a handler left unread and that are not worth reading to save the connection.
bool too_much_unread(const RequestHead& head) {
    return head.chunked || body_length(head) > small_leftover;
}

}  // namespace

/// Hands the body to the handler when it asks.
class Connection::Reader final : public http::BodyReader {
  public:
    Reader(Connection& connection, const RequestHead& head) : connection_(connection), head_(head) {}

    Task<> read_into(http::Request& request, std::size_t limit) override {
        if (done_) co_return Result<>{};
        if (head_.chunked)
            co_return fail(Error::of(Fault::length_required, Reason::length_missing,
                                     "Content-Length is required: chunked request bodies are not accepted"));
        const std::uint64_t size = body_length(head_);
        if (size > limit)
            co_return fail(Error::too_large("request body of " + std::to_string(size) + " bytes is over the limit of " +
                                            std::to_string(limit)));
        done_ = true;
        if (head_.expects_continue) {
            constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
            const std::array<asio::const_buffer, 1> buffers{asio::buffer(interim)};
            const bool written = co_await connection_.write(buffers);
            if (!written) co_return fail(Error::client_gone());
        }
        request.body = http::Body(static_cast<std::size_t>(size));
        const auto read = co_await connection_.read_body(request.body.data(), request.body.size());
        co_return read;
    }

    bool done() const { return done_ || (!head_.chunked && body_length(head_) == 0); }
    bool too_long_to_skip() const { return too_much_unread(head_); }

  private:
    Connection& connection_;
    const RequestHead& head_;
    bool done_ = false;
};

/// Writes one response with the framing that fits.
class Connection::Writer final : public http::Responder {
  public:
    Writer(Connection& connection, const http::Request& request, bool http11, bool keep_alive)
        : connection_(connection), request_(request), http11_(http11), keep_alive_(keep_alive) {}

    void start(int status, http::Headers headers) override {
        status_ = status;
        const bool sized = headers.find("content-length").has_value();
        const bool bodiless = status == 204 || status == 304;
        headless_ = request_.method == "HEAD" || bodiless;
        chunked_ = !sized && !headless_ && http11_;
        if (!sized && !headless_ && !http11_) keep_alive_ = false;
        keep_alive_ = keep_alive_ && !connection_.scope_.draining;
        write_response_head(head_, status, headers, request_.id, chunked_, keep_alive_);
    }

    Task<> write(std::string_view bytes) override {
        if (connection_.gone_) co_return fail(Error::client_gone());
        if (bytes.empty() || headless_) co_return Result<>{};
        std::array<char, 20> size_line{};
        std::array<asio::const_buffer, 4> buffers;
        std::size_t count = 0;
        if (!head_.empty()) buffers[count++] = asio::buffer(head_);
        if (chunked_) {
            auto [end, error] = std::to_chars(size_line.data(), size_line.data() + 16, bytes.size(), 16);
            *end++ = '\r';
            *end++ = '\n';
            buffers[count++] = asio::buffer(size_line.data(), static_cast<std::size_t>(end - size_line.data()));
        }
        buffers[count++] = asio::buffer(bytes);
        if (chunked_) buffers[count++] = asio::buffer("\r\n", 2);
        const bool written = co_await connection_.write(std::span(buffers.data(), count));
        std::string().swap(head_);
        if (!written) co_return fail(Error::client_gone());
        co_return Result<>{};
    }

    Task<> finish() override {
        finished_ = true;
        std::array<asio::const_buffer, 2> buffers;
        std::size_t count = 0;
        if (!head_.empty()) buffers[count++] = asio::buffer(head_);
        if (chunked_) buffers[count++] = asio::buffer("0\r\n\r\n", 5);
        if (count == 0) co_return Result<>{};
        const bool written = co_await connection_.write(std::span(buffers.data(), count));
        std::string().swap(head_);
        if (!written) co_return fail(Error::client_gone());
        co_return Result<>{};
    }

    bool started() const override { return status_ != 0; }
    bool finished() const { return finished_; }
    bool keep_alive() const { return keep_alive_; }
    int status() const { return status_; }
    void close_after() { keep_alive_ = false; }

    /// A whole response in one write.
    asio::awaitable<bool> send(http::Response response) {
        if (!response.headers.find("content-length") && response.status != 204 && response.status != 304)
            response.headers.add("content-length", std::to_string(response.body.size()));
        start(response.status, std::move(response.headers));
        finished_ = true;
        std::array<asio::const_buffer, 2> buffers{asio::buffer(head_), asio::buffer(response.body)};
        co_return co_await connection_.write(std::span(buffers.data(), headless_ ? 1 : 2));
    }

  private:
    Connection& connection_;
    const http::Request& request_;
    bool http11_;
    bool keep_alive_;
    bool chunked_ = false;
    bool headless_ = false;
    bool finished_ = false;
    int status_ = 0;
    std::string head_;
};

Connection::Connection(ConnectionScope& scope, StreamPtr stream, bool secure)
    : scope_(scope),
      stream_(std::move(stream)),
      secure_(secure),
      deadline_(scope.deadlines, [this] { stream_->close(); }),
      watch_delay_(scope.deadlines, [this] { start_watch(); }),
      traffic_(scope.traffic.load()) {
    scope_.metrics.connection_opened();
}

Connection::~Connection() {
    scope_.metrics.connection_closed();
}

void Connection::drain() {
    if (idle_) stream_->close();
    close_after_ = true;
}

void Connection::cut() {
    gone_ = true;
    signal_.emit(asio::cancellation_type::terminal);
    stream_->close();
}

asio::awaitable<void> Connection::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (bool keep = true; keep && !close_after_ && !gone_;) {
        const bool found = co_await read_head();
        if (!found) break;
        const Next next = co_await serve_one();
        keep = next == Next::keep;
        // A handler may have shielded its settlement; the next request starts cancellable again.
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    }
    stop_watch();
    stream_->close();
}

/// False: the connection is over. True: a head, complete or to be refused, stands at begin_.
asio::awaitable<bool> Connection::read_head() {
    idle_ = begin_ == end_;
    scan_ = HeadScan{};
    if (!idle_) traffic_ = scope_.traffic.load();
    deadline_.arm(idle_ ? traffic_->idle_timeout : traffic_->header_timeout);
    for (;;) {
        if (begin_ != end_) {
            const auto complete = find_head_end({buffer_.data() + begin_, end_ - begin_}, scan_);
            const bool over =
                end_ - begin_ > traffic_->max_header_bytes || scan_.lines > traffic_->max_header_lines + 1;
            if (!complete || *complete || over) break;
        }
        if (begin_ == end_) begin_ = end_ = 0;
        if (end_ == buffer_.size()) {
            if (begin_ > 0) {
                std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            } else {
                buffer_.resize(std::max(first_buffer, buffer_.size() * 2));
            }
        }
        const Moved moved = co_await stream_->read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_));
        if (moved.size == 0) co_return false;
        if (idle_) {
            // Not before: a reload while the connection waits is for the request that it waits for.
            traffic_ = scope_.traffic.load();
            deadline_.arm(traffic_->header_timeout);
        }
        idle_ = false;
        end_ += moved.size;
    }
    deadline_.disarm();
    co_return true;
}

/// The head's own limits, checked on what read_head found.
Error Connection::limit_error() const {
    const std::string_view bytes{buffer_.data() + begin_, end_ - begin_};
    HeadScan scan;
    const auto complete = find_head_end(bytes, scan);
    if (!complete) return complete.error();
    if (scan.lines > traffic_->max_header_lines + 1 || !*complete || scan.size > traffic_->max_header_bytes)
        return Error::of(Fault::headers_too_large, Reason::headers_too_large, "request headers too large");
    return Error::internal("no limit was passed");
}

asio::awaitable<Connection::Next> Connection::refuse_head(Error error) {
    http::Request request;
    request.id = request_uuid();
    Writer writer(*this, request, true, false);
    scope_.metrics.refused(to_slug(error.reason));
    scope_.metrics.request_finished("malformed", http::to_status(error.fault), {});
    log::debug("request refused before routing", {{"reason", to_slug(error.reason)}, {"error", describe(error)}});
    const bool sent = co_await writer.send(http::render_inference(error, request.id));
    if (sent) co_await linger();
    co_return Next::close;
}

asio::awaitable<Connection::Next> Connection::serve_one() {
    if (scan_.size == 0 || scan_.size > traffic_->max_header_bytes || scan_.lines > traffic_->max_header_lines + 1)
        co_return co_await refuse_head(limit_error());
    auto head = parse_request_head({buffer_.data() + begin_, scan_.size});
    begin_ += scan_.size;
    if (!head) co_return co_await refuse_head(head.error());
    if (head->target.size() > traffic_->max_url_length)
        co_return co_await refuse_head(Error::of(Fault::uri_too_long, Reason::url_too_long, "request URL too long"));
    http::Request request;
    request.id = request_uuid();
    request.method = std::move(head->method);
    request.target = std::move(head->target);
    request.path = http::normal_path(request.target);
    request.headers = std::move(head->headers);
    request.peer.secure = secure_;
    const http::Route& route = scope_.router.find(request.method, request.path);
    const std::string forwarded_for =
        traffic_->trusted_proxies.empty() ? std::string() : request.headers.joined("x-forwarded-for");
    const auto address = client_address(stream_->peer_address(), forwarded_for, traffic_->trusted_proxies);
    const bool allowed =
        address && !contains(traffic_->deny_cidrs, *address) &&
        (route.health_probe || traffic_->allow_cidrs.empty() || contains(traffic_->allow_cidrs, *address));
    if (!allowed) {
        Writer writer(*this, request, head->http11, head->keep_alive && !too_much_unread(*head));
        scope_.metrics.refused(to_slug(Reason::address_denied));
        co_await writer.send(http::text(403, "forbidden"));
        if (body_length(*head) > 0 || head->chunked) co_await linger();
        co_return writer.keep_alive() && body_length(*head) == 0 ? Next::keep : Next::close;
    }
    request.peer.address = *address;
    co_return co_await dispatch(route, request, *head);
}

asio::awaitable<Connection::Next> Connection::dispatch(const http::Route& route, http::Request& request,
                                                       const RequestHead& head) {
    const auto began = std::chrono::steady_clock::now();
    Reader reader(*this, head);
    Writer writer(*this, request, head.http11, head.keep_alive && !close_after_);
    Result<> result;
    std::string thrown;
    try {
        result = co_await call(route, request, reader, writer);
    } catch (const std::exception& exception) {
        thrown = exception.what();
        result = fail(Error::internal("exception: " + thrown));
    }
    stop_watch();
    deadline_.disarm();
    if (!result && result.error().fault == Fault::internal)
        log::error("request failed",
                   {{"request_id", request.id}, {"route", route.label}, {"error", describe(result.error())}});
    bool sent = true;
    if (!result && !writer.started() && result.error().fault != Fault::client_gone) {
        scope_.metrics.refused(to_slug(result.error().reason));
        if (!reader.done() && too_much_unread(head)) writer.close_after();
        sent = co_await writer.send(route.render(result.error(), request.id));
    }
    scope_.metrics.request_finished(route.label, writer.status(), std::chrono::steady_clock::now() - began);
    if (gone_ || !sent || !writer.finished()) co_return Next::close;
    if (!reader.done()) {
        if (too_much_unread(head)) {
            co_await linger();
            co_return Next::close;
        }
        std::string unread(static_cast<std::size_t>(body_length(head)), '\0');
        const auto drained = co_await read_body(unread.data(), unread.size());
        if (!drained) co_return Next::close;
    }
    co_return writer.keep_alive() ? Next::keep : Next::close;
}

asio::awaitable<Result<>> Connection::call(const http::Route& route, http::Request& request, Reader& reader,
                                           Writer& writer) {
    if (const auto* reply = std::get_if<http::ReplyHandler>(&route.handler.call)) {
        if (!route.ignores_body) {
            const auto body = co_await reader.read_into(request, route.max_body);
            if (!body) co_return fail(body.error());
        }
        auto response = co_await (*reply)(request);
        if (!response) co_return fail(response.error());
        if (!reader.done() && reader.too_long_to_skip()) writer.close_after();
        const bool sent = co_await writer.send(std::move(*response));
        if (!sent) co_return fail(Error::client_gone());
        co_return Result<>{};
    }
    start_watch_after_body_ = true;
    co_return co_await std::get<http::StreamHandler>(route.handler.call)(request, reader, writer);
}

asio::awaitable<Result<>> Connection::read_body(char* into, std::size_t size) {
    const std::size_t ready = std::min(size, end_ - begin_);
    std::memcpy(into, buffer_.data() + begin_, ready);
    begin_ += ready;
    const auto whole = traffic_->body_timeout * 4 + std::chrono::seconds(size >> 20U);
    const auto last = Deadline::Clock::now() + whole;
    for (std::size_t done = ready; done < size;) {
        if (const std::size_t there = stream_->read_now(asio::buffer(into + done, size - done)); there > 0) {
            done += there;
            continue;
        }
        deadline_.arm_at(std::min(last, Deadline::Clock::now() + traffic_->body_timeout));
        const Moved moved = co_await stream_->read_some(asio::buffer(into + done, size - done));
        if (moved.size == 0) {
            gone_ = true;
            if (deadline_.fired()) co_return fail(Error::timed_out(Reason::deadline_passed, "request body too slow"));
            co_return fail(Error::client_gone());
        }
        done += moved.size;
    }
    deadline_.disarm();
    // Watching costs two system calls. Most answers begin sooner than the next sweep, and a client that left before is
    // noticed as soon as the watch begins.
    if (start_watch_after_body_) watch_delay_.arm(std::chrono::milliseconds(0));
    co_return Result<>{};
}

asio::awaitable<bool> Connection::write(std::span<const asio::const_buffer> buffers) {
    deadline_.arm(traffic_->idle_timeout);
    const Moved moved = co_await stream_->write(buffers);
    deadline_.disarm();
    if (moved.error) gone_ = true;
    co_return !moved.error;
}

/// Reads what the client still sends, so that closing does not reset the connection under our answer.
asio::awaitable<void> Connection::linger() {
    stream_->shutdown_write();
    deadline_.arm(linger_time);
    std::array<char, 16'384> scratch{};
    for (std::size_t total = 0; total < most_drained;) {
        const Moved moved = co_await stream_->read_some(asio::buffer(scratch));
        if (moved.size == 0) break;
        total += moved.size;
    }
    deadline_.disarm();
}

void Connection::start_watch() {
    if (watching_) return;
    watching_ = true;
    stream_->watch([this] {
        gone_ = true;
        signal_.emit(asio::cancellation_type::terminal);
    });
}

void Connection::stop_watch() {
    start_watch_after_body_ = false;
    watch_delay_.disarm();
    if (!watching_) return;
    watching_ = false;
    stream_->unwatch();
}

}  // namespace gatehouse::net
