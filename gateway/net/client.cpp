// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/client.h"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "gateway/net/chunked.h"
#include "gateway/net/head.h"

namespace gatehouse::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t buffer_size = std::size_t{16} << 10U;
constexpr std::size_t most_head = std::size_t{64} << 10U;
/// A socket used this recently is taken as alive; an older one is looked at first.
constexpr std::chrono::seconds trusted_age{1};

/// One connection to an origin, idle in the pool or lent to one exchange.
struct Link {
    Link(Deadlines& deadlines, StreamPtr connected)
        : stream(std::move(connected)), buffer(buffer_size), deadline(deadlines, [this] { stream->close(); }) {}

    StreamPtr stream;
    std::vector<char> buffer;  ///< received and not consumed: [begin, end)
    std::size_t begin = 0;
    std::size_t end = 0;
    Deadline deadline;
    Deadline::Clock::time_point idle_since;
    bool reused = false;
};

using LinkPtr = std::unique_ptr<Link>;

std::string request_head(const http::Outbound& outbound, std::size_t body_size) {
    std::string head;
    head.reserve(1024);
    head.append(outbound.method).append(" ").append(outbound.target).append(" HTTP/1.1\r\n");
    head.append("Host: ").append(outbound.url.authority()).append("\r\n");
    outbound.headers.append_to(head);
    if (body_size > 0 || outbound.method == "POST" || outbound.method == "PUT")
        head.append("Content-Length: ").append(std::to_string(body_size)).append("\r\n");
    head.append("\r\n");
    return head;
}

bool has_no_body(const http::Outbound& outbound, int status) {
    return outbound.method == "HEAD" || status == 204 || status == 304;
}

asio::awaitable<bool> is_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

struct Client::State {
    State(Deadlines& all_deadlines, ClientOptions client_options, TlsClientContextPtr context)
        : deadlines(all_deadlines), options(std::move(client_options)), tls(std::move(context)) {}

    /// The system's trust store takes 10 ms and a megabyte to load: once, and not before something needs it.
    Result<TlsClientContextPtr> context_for(const http::Url& url) {
        if (!url.secure || tls) return tls;
        auto loaded = system_tls_client_context();
        if (loaded) tls = *loaded;
        return loaded;
    }

    Deadlines& deadlines;
    ClientOptions options;
    TlsClientContextPtr tls;
    std::map<std::string, std::deque<LinkPtr>, std::less<>> idle;  ///< by origin, most recently used last

    LinkPtr take(const std::string& origin);
    void put(const std::string& origin, LinkPtr link);
    Task<LinkPtr> connect(http::Url url);
};

LinkPtr Client::State::take(const std::string& origin) {
    const auto found = idle.find(origin);
    if (found == idle.end()) return nullptr;
    while (!found->second.empty()) {
        LinkPtr link = std::move(found->second.back());
        found->second.pop_back();
        link->deadline.disarm();
        const bool fresh = Deadline::Clock::now() - link->idle_since < trusted_age;
        if (!link->deadline.fired() && (fresh || link->stream->is_quiet())) {
            link->reused = true;
            return link;
        }
    }
    return nullptr;
}

void Client::State::put(const std::string& origin, LinkPtr link) {
    link->idle_since = Deadline::Clock::now();
    link->deadline.arm(options.idle_timeout);
    auto& links = idle[origin];
    while (!links.empty() && links.front()->deadline.fired())
        links.pop_front();
    if (links.size() < options.most_idle) links.push_back(std::move(link));
}

Task<LinkPtr> Client::State::connect(http::Url url) {
    const auto context = context_for(url);
    if (!context) co_return fail(context.error());
    ConnectOptions connect_options{.timeout = options.connect_timeout,
                                   .tls = url.secure ? *context : nullptr,
                                   .guarded = options.guarded,
                                   .allow_loopback = options.allow_loopback};
    const Proxy* proxy = options.proxy.for_url(url);
    Result<StreamPtr> stream;
    if (proxy == nullptr) {
        stream = co_await connect_tcp(url.host, url.port, connect_options);
    } else {
        stream = co_await connect_through(*proxy, url.host, url.port, options.proxy_by_address, connect_options);
    }
    if (!stream) co_return fail(stream.error());
    co_return std::make_unique<Link>(deadlines, std::move(*stream));
}

namespace {

/// The body of one reply. Gives the link back to the pool when the body has ended well, closes it otherwise.
class LinkBody final : public http::Source {
  public:
    using Return = std::function<void(LinkPtr)>;

    LinkBody(LinkPtr link, const ResponseHead& head, bool bodiless, std::chrono::milliseconds idle_timeout,
             Return give_back)
        : link_(std::move(link)),
          chunked_(head.chunked && !bodiless),
          sized_(bodiless || head.content_length.has_value()),
          left_(bodiless ? 0 : head.content_length.value_or(0)),
          keep_alive_(head.keep_alive),
          idle_timeout_(idle_timeout),
          give_back_(std::move(give_back)) {}

    Task<std::string_view> read() override {
        for (;;) {
            if (ended()) {
                release();
                co_return std::string_view{};
            }
            if (!link_) co_return fail(cut());
            if (link_->begin == link_->end) {
                const auto filled = co_await fill();
                if (!filled) co_return fail(filled.error());
                if (!*filled) {
                    // Without any framing the close is the end (RFC 9112, section 6.3).
                    const bool regular = !chunked_ && !sized_;
                    link_.reset();
                    if (!regular) co_return fail(cut());
                    closed_ = true;
                    continue;
                }
            }
            const auto bytes = take();
            if (!bytes) {
                link_.reset();
                co_return fail(bytes.error());
            }
            if (!bytes->empty()) co_return *bytes;
        }
    }

  private:
    static Error cut() { return Error::upstream_rejected(Reason::upstream_reset, "the upstream closed mid-answer"); }

    bool ended() const { return closed_ || (chunked_ ? decoder_.done() : (sized_ && left_ == 0)); }

    /// False: the peer closed.
    Task<bool> fill() {
        link_->begin = link_->end = 0;
        if (idle_timeout_.count() > 0) link_->deadline.arm(idle_timeout_);
        const Moved moved = co_await link_->stream->read_some(asio::buffer(link_->buffer));
        link_->deadline.disarm();
        link_->end = moved.size;
        if (moved.size > 0) co_return true;
        const bool cancelled = co_await is_cancelled();
        if (cancelled) co_return fail(Error::client_gone());
        if (link_->deadline.fired())
            co_return fail(Error::timed_out(Reason::upstream_timeout, "the upstream fell silent"));
        co_return false;
    }

    Result<std::string_view> take() {
        char* const start = link_->buffer.data() + link_->begin;
        const std::size_t size = link_->end - link_->begin;
        if (chunked_) {
            std::size_t consumed = 0;
            const auto payload = decoder_.decode(start, size, consumed);
            if (!payload) return fail(payload.error());
            link_->begin += consumed;
            return std::string_view(start, *payload);
        }
        const std::size_t count = sized_ ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, size)) : size;
        if (sized_) left_ -= count;
        link_->begin += count;
        return std::string_view(start, count);
    }

    void release() {
        if (!link_) return;
        LinkPtr link = std::move(link_);
        // Bytes after the end belong to no request of ours: such a connection is not used again.
        if (keep_alive_ && !closed_ && link->begin == link->end) give_back_(std::move(link));
    }

    LinkPtr link_;
    ChunkedDecoder decoder_;
    bool chunked_;
    bool sized_;
    std::uint64_t left_;
    bool keep_alive_;
    bool closed_ = false;
    std::chrono::milliseconds idle_timeout_;
    Return give_back_;
};

Task<bool> write_request(Link& link, const std::string& head, const std::vector<std::string_view>& body) {
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(body.size() + 1);
    buffers.push_back(asio::buffer(head));
    for (const std::string_view piece : body)
        buffers.push_back(asio::buffer(piece));
    const Moved moved = co_await link.stream->write(buffers);
    co_return !moved.error;
}

/// Reads until a final response head stands parsed; skips 1xx. `touched` tells whether any byte arrived.
Task<ResponseHead> read_response_head(Link& link, bool& touched) {
    HeadScan scan;
    link.begin = link.end = 0;
    for (;;) {
        const std::string_view bytes{link.buffer.data() + link.begin, link.end - link.begin};
        const auto complete = find_head_end(bytes, scan);
        if (!complete)
            co_return fail(
                Error::upstream_rejected(Reason::upstream_malformed, "malformed answer", complete.error().message));
        if (*complete) {
            auto head = parse_response_head(bytes.substr(0, scan.size));
            if (!head)
                co_return fail(
                    Error::upstream_rejected(Reason::upstream_malformed, "malformed answer", head.error().message));
            link.begin += scan.size;
            scan = HeadScan{};
            if (head->status >= 200) co_return std::move(*head);
            continue;
        }
        if (link.end == link.buffer.size()) {
            if (link.buffer.size() >= most_head)
                co_return fail(
                    Error::upstream_rejected(Reason::upstream_malformed, "the upstream's headers are too large"));
            link.buffer.resize(link.buffer.size() * 2);
        }
        const Moved moved =
            co_await link.stream->read_some(asio::buffer(link.buffer.data() + link.end, link.buffer.size() - link.end));
        if (moved.size == 0) co_return fail(Error::upstream_unreachable(Reason::upstream_reset, moved.error.message()));
        touched = true;
        link.end += moved.size;
    }
}

}  // namespace

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(Deadlines& deadlines, ClientOptions options) {
    TlsClientContextPtr context;
    if (!options.ca_pem.empty()) {
        auto made = make_tls_client_context(options.ca_pem);
        if (!made) return fail(made.error());
        context = std::move(*made);
    }
    return std::unique_ptr<Client>(
        new Client(std::make_shared<State>(deadlines, std::move(options), std::move(context))));
}

Task<http::Reply> Client::send(const http::Outbound& outbound) {
    const std::string origin = outbound.url.origin();
    std::size_t body_size = 0;
    for (const std::string_view piece : outbound.body)
        body_size += piece.size();
    const std::string head = request_head(outbound, body_size);
    const auto last = Deadline::Clock::now() + outbound.head_timeout;

    for (bool retried = false;; retried = true) {
        LinkPtr link = retried ? nullptr : state_->take(origin);
        if (!link) {
            auto connected = co_await state_->connect(outbound.url);
            const bool given_up = co_await is_cancelled();
            if (given_up) co_return fail(Error::client_gone());
            if (!connected) co_return fail(connected.error());
            link = std::move(*connected);
        }
        link->deadline.arm_at(last);
        bool touched = false;
        const auto written = co_await write_request(*link, head, outbound.body);
        // A provider may answer (413, 401) and close before it has read the body: its answer counts, not our error.
        auto answer = co_await read_response_head(*link, touched);
        link->deadline.disarm();
        const bool cancelled = co_await is_cancelled();
        if (cancelled) co_return fail(Error::client_gone());
        if (link->deadline.fired())
            co_return fail(Error::timed_out(Reason::upstream_timeout, "no answer from " + origin + " in time"));
        if (!answer) {
            if (link->reused && !touched && !retried) continue;
            co_return fail(answer.error());
        }
        if (!written || !*written) answer->keep_alive = false;
        http::Reply reply;
        reply.status = answer->status;
        const bool bodiless = has_no_body(outbound, answer->status);
        auto give_back = [weak = std::weak_ptr(state_), origin](LinkPtr returned) {
            if (const auto state = weak.lock()) state->put(origin, std::move(returned));
        };
        reply.body =
            std::make_unique<LinkBody>(std::move(link), *answer, bodiless, outbound.idle_timeout, std::move(give_back));
        reply.headers = std::move(answer->headers);
        co_return reply;
    }
}

}  // namespace gatehouse::net
