// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/route.h"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "auth/audit.h"
#include "gateway/base/log.h"
#include "gateway/base/text.h"
#include "gateway/http/reply.h"
#include "gateway/messages/answer_headers.h"
#include "gateway/messages/error_body.h"
#include "gateway/messages/failed_answers.h"

namespace gatehouse::messages {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view messages_path = "/v1/messages";
constexpr std::string_view count_tokens_path = "/v1/messages/count_tokens";
constexpr std::size_t largest_failed_body = std::size_t{1} << 20U;
constexpr std::chrono::seconds failed_body_patience{5};
constexpr int client_closed = 499;

bool is_success(int status) {
    return status >= 200 && status < 300;
}

std::int64_t milliseconds_since(SteadyClock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin).count();
}

/// What a client or an upstream wrote, fit for one audit line.
std::string clipped(std::string_view text) {
    return printable(text, 200);
}

/// The body of an answer that was read already.
class HeldBody final : public http::Source {
  public:
    explicit HeldBody(std::string body) : body_(std::move(body)) {}
    Task<std::string_view> read() override {
        const std::string_view bytes = std::exchange(done_, true) ? std::string_view{} : std::string_view(body_);
        co_return bytes;
    }

  private:
    std::string body_;
    bool done_ = false;
};

class StreamGauge {
  public:
    explicit StreamGauge(observe::Metrics& metrics) : metrics_(metrics) { metrics_.stream_opened(); }
    StreamGauge(const StreamGauge&) = delete;
    StreamGauge& operator=(const StreamGauge&) = delete;
    ~StreamGauge() { metrics_.stream_closed(); }

  private:
    observe::Metrics& metrics_;
};

}  // namespace

/// An upstream's answer on its way to the client.
struct MessagesRoute::Answer {
    int status = 0;
    http::Headers headers;
    std::unique_ptr<http::Source> body;
};

/// One request and what is known about it so far.
struct MessagesRoute::Exchange {
    http::Request& request;
    http::Responder& client;
    std::string_view path;
    UpstreamsPtr upstreams;
    SteadyClock::time_point began = SteadyClock::now();
    observe::Entry entry{};
    std::string model{};  ///< the catalogue's id
    int status = 0;       ///< as answered; 0 before
    std::optional<policy::Usage> usage{};
};

void MessagesRoute::mount(http::Router& router) {
    for (const std::string_view path : {messages_path, count_tokens_path}) {
        http::Route route;
        route.method = "POST";
        route.path = path;
        route.label = path;
        route.render = render_error;
        route.handler = [this, path](http::Request& request, http::BodyReader& reader, http::Responder& client) {
            return handle(path, request, reader, client);
        };
        router.add(std::move(route));
    }
    http::Route unknown;
    unknown.method = "*";
    unknown.label = "unknown";
    unknown.render = render_error;
    unknown.handler = [this](http::Request& request, http::BodyReader&, http::Responder&) {
        return answer_unknown(request);
    };
    router.set_fallback(std::move(unknown));
}

Task<> MessagesRoute::answer_unknown(http::Request& request) {
    const auto identity = co_await auth::identify_audited(parts_.authenticator, parts_.journal, request);
    if (!identity) co_return fail(identity.error());
    co_return fail(Error::not_found(Reason::no_route));
}

Task<> MessagesRoute::handle(std::string_view path, http::Request& request, http::BodyReader& reader,
                             http::Responder& client) {
    Exchange exchange{request, client, path, parts_.upstreams()};
    const auto result = co_await serve(exchange, reader);
    record(exchange, result);
    if (!exchange.usage) co_return result;
    ++unsettled_;
    auto settlement = settle({exchange.entry.subject, exchange.model, parts_.clock.now(), *exchange.usage}, request.id);
    if (parts_.spawn) {
        parts_.spawn(std::move(settlement));
        co_return result;
    }
    // A client that is gone must not leave its tokens uncounted: from here on nobody can interrupt.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await std::move(settlement);
    co_return result;
}

Task<> MessagesRoute::serve(Exchange& exchange, http::BodyReader& reader) {
    observe::Entry& entry = exchange.entry;
    const http::Headers& headers = exchange.request.headers;
    entry.session_id = clipped(headers.value("x-claude-code-session-id"));
    entry.agent_id = clipped(headers.value("x-claude-code-agent-id"));
    entry.parent_agent_id = clipped(headers.value("x-claude-code-parent-agent-id"));

    const auto identity = co_await parts_.authenticator.identify(exchange.request);
    if (!identity) co_return fail(identity.error());
    const auth::Person& person = (*identity)->person();
    entry.subject = person.subject;
    entry.email = person.email;
    entry.credential_kind = to_slug((*identity)->kind());
    entry.credential_id = (*identity)->credential_id();

    const auto received = co_await reader.read_into(exchange.request, exchange.upstreams->max_request_bytes);
    if (!received) co_return fail(received.error());

    auto ask = Ask::parse(std::move(exchange.request.body));
    if (!ask) co_return fail(ask.error());
    entry.model = clipped(ask->model());
    entry.streamed = ask->stream();

    const auto permit =
        policy::decide(exchange.upstreams->rules, {person.subject, person.email, person.groups}, ask->model());
    if (!permit) co_return fail(permit.error());
    entry.policy = permit->policy;
    exchange.model = permit->model->id;

    auto answer = co_await carry(exchange, *permit, *ask, person);
    // A stream outlives its request by minutes.
    ask->release();
    if (!answer) co_return fail(answer.error());
    const auto relayed = co_await relay(exchange, std::move(*answer));
    co_return relayed;
}

/// The candidates in order until one answers in a way that another would not better.
Task<MessagesRoute::Answer> MessagesRoute::carry(Exchange& exchange, const policy::Permit& permit, Ask& ask,
                                                 const auth::Person& person) {
    FailedAnswers failed;
    observe::Entry& entry = exchange.entry;
    for (const policy::Candidate& candidate : permit.candidates) {
        const upstream::Provider& provider = *exchange.upstreams->providers.at(candidate.upstream);
        auto reply = co_await attempt(exchange, candidate, ask, person);
        if (!reply && reply.error().fault == Fault::client_gone) co_return fail(reply.error());
        if (!reply) continue;
        if (!provider.fails_over(reply->status)) {
            auto body = provider.decode(*reply);
            co_return Answer{reply->status, std::move(reply->headers), std::move(body)};
        }
        if (!failed.prefers(reply->status)) continue;
        auto body = co_await read_within(*reply->body, largest_failed_body, failed_body_patience);
        if (body)
            failed.keep(
                {reply->status, std::move(reply->headers), std::move(*body), entry.upstream, entry.upstream_model});
    }
    entry.reason = to_slug(Reason::upstreams_exhausted);
    auto kept = failed.take();
    if (!kept)
        co_return fail(Error::upstream_rejected(
            Reason::upstreams_exhausted,
            "all upstreams failed (" + std::to_string(permit.rules->upstreams().size()) + " attempted)"));
    entry.upstream = std::move(kept->upstream);
    entry.upstream_model = std::move(kept->upstream_model);
    entry.upstream_request_id = clipped(kept->headers.value("request-id"));
    co_return Answer{kept->status, std::move(kept->headers), std::make_unique<HeldBody>(std::move(kept->body))};
}

/// One upstream, once.
Task<http::Reply> MessagesRoute::attempt(Exchange& exchange, const policy::Candidate& candidate, Ask& ask,
                                         const auth::Person& person) {
    const upstream::Provider& provider = *exchange.upstreams->providers.at(candidate.upstream);
    upstream::Call call;
    call.path = exchange.path;
    call.query = exchange.request.query();
    call.model = candidate.model;
    call.client_headers = &exchange.request.headers;
    call.body = ask.pieces(candidate.model);
    call.subject = person.subject;
    call.email = person.email;
    call.first_byte_timeout = exchange.upstreams->first_byte_timeout;
    exchange.entry.upstream = provider.name();
    exchange.entry.upstream_model = candidate.model;

    const http::Outbound outbound = provider.prepare(call);
    const auto began = SteadyClock::now();
    auto reply = co_await parts_.client.send(outbound);
    if (!reply && reply.error().fault == Fault::client_gone) co_return fail(reply.error());
    const int status = reply ? reply->status : 0;
    parts_.metrics.upstream_finished(provider.name(), status);
    if (reply) {
        parts_.metrics.upstream_first_byte(provider.name(), SteadyClock::now() - began);
        exchange.entry.upstream_request_id = clipped(reply->headers.value("request-id"));
    }
    if (!reply || provider.fails_over(status))
        log::warn("upstream failed", {{"request_id", exchange.request.id},
                                      {"upstream", provider.name()},
                                      {"status", status},
                                      {"error", reply ? std::string("status") : describe(reply.error())}});
    co_return reply;
}

Task<> MessagesRoute::relay(Exchange& exchange, Answer answer) {
    UsageMeter meter(shape_of(answer.headers));
    const auto first = co_await answer.body->read();
    if (!first && first.error().fault == Fault::client_gone) co_return fail(first.error());
    // Nothing has gone to the client yet, so that this can still be a proper answer.
    if (!first)
        co_return fail(Error::upstream_rejected(Reason::upstream_cut, "the upstream's answer broke off before it began",
                                                describe(first.error())));
    exchange.status = answer.status;
    exchange.entry.first_byte_milliseconds = milliseconds_since(exchange.began);
    exchange.client.start(answer.status, answer_headers(answer.headers, answer.status, exchange.request.id));

    const StreamGauge gauge(parts_.metrics);
    const auto pumped = co_await pump(exchange, *answer.body, *first, meter);
    meter_answer(exchange, meter);
    const auto concluded = co_await conclude(exchange, pumped, answer.headers, meter);
    co_return concluded;
}

/// The relay itself: pull, look, push. Not asking for more is the back-pressure.
Task<> MessagesRoute::pump(Exchange& exchange, http::Source& source, std::string_view first, UsageMeter& meter) {
    for (std::string_view bytes = first; !bytes.empty();) {
        meter.look(bytes);
        const auto written = co_await exchange.client.write(bytes);
        if (!written) co_return fail(written.error());
        const auto next = co_await source.read();
        if (!next) co_return fail(next.error());
        bytes = *next;
    }
    meter.finish();
    co_return Result<>{};
}

/// Ends the client's response: properly, with an error event, or (by not finishing it) as broken as it came.
Task<> MessagesRoute::conclude(Exchange& exchange, Result<> pumped, const http::Headers& headers,
                               const UsageMeter& meter) {
    if (!pumped && pumped.error().fault == Fault::client_gone) co_return fail(pumped.error());
    const bool is_stream = shape_of(headers) == Shape::events;
    // Where only the close marks the end of the body, a cut looks like an end; the provider's own last event tells.
    const bool is_framed = headers.find("content-length") || headers.find("transfer-encoding");
    const bool cut = !pumped || (is_stream && is_success(exchange.status) && !is_framed);
    if (cut && !(is_stream && meter.concluded())) {
        exchange.entry.reason = to_slug(Reason::upstream_cut);
        const Error error = Error::upstream_rejected(Reason::upstream_cut, "the upstream's answer broke off",
                                                     pumped ? "closed without message_stop" : describe(pumped.error()));
        log::warn(
            "upstream cut its answer",
            {{"request_id", exchange.request.id}, {"upstream", exchange.entry.upstream}, {"error", error.detail}});
        // A body of known length cannot take one event more.
        if (!is_stream || headers.find("content-length")) co_return fail(error);
        const std::string event = error_event(error, exchange.request.id, meter.between_events());
        const auto written = co_await exchange.client.write(event);
        if (!written) co_return fail(written.error());
    }
    const auto finished = co_await exchange.client.finish();
    co_return finished;
}

void MessagesRoute::meter_answer(Exchange& exchange, const UsageMeter& meter) {
    // Counting tokens costs none, and neither do the provider's errors.
    if (exchange.path != messages_path || !is_success(exchange.status)) return;
    exchange.usage = meter.usage();
    if (meter.known() || std::exchange(warned_of_unreadable_answer_, true)) return;
    log::warn("an answer did not say its usage: its tokens are not counted (said once)",
              {{"request_id", exchange.request.id}, {"upstream", exchange.entry.upstream}});
}

/// Adds what was consumed to the ledger. The client has its answer already, so that a failure is ours alone.
asio::awaitable<void> MessagesRoute::settle(policy::Charge charge, std::string request_id) {
    const auto recorded = co_await parts_.ledger.record(charge);
    --unsettled_;
    if (recorded) co_return;
    parts_.metrics.store_failed("usage_not_recorded");
    log::error("usage not recorded", {{"request_id", request_id},
                                      {"model", charge.model},
                                      {"input_tokens", static_cast<long long>(charge.usage.input)},
                                      {"output_tokens", static_cast<long long>(charge.usage.output)},
                                      {"error", describe(recorded.error())}});
}

/// The audit line and the counters, whatever came of the request.
void MessagesRoute::record(Exchange& exchange, const Result<>& result) {
    observe::Entry& entry = exchange.entry;
    entry.request_id = exchange.request.id;
    entry.address = exchange.request.peer.address;
    entry.path = exchange.path;
    entry.status = exchange.status;
    entry.milliseconds = milliseconds_since(exchange.began);
    if (!result) {
        const Error& error = result.error();
        entry.reason = to_slug(error.reason);
        if (exchange.status == 0)
            entry.status = error.fault == Fault::client_gone ? client_closed : http::to_status(error.fault);
    }
    if (const auto& usage = exchange.usage) {
        entry.input_tokens = usage->input;
        entry.output_tokens = usage->output;
        entry.cache_read_tokens = usage->cache_read;
        entry.cache_write_tokens = usage->cache_write();
        parts_.metrics.tokens(exchange.model, "input", usage->input);
        parts_.metrics.tokens(exchange.model, "output", usage->output);
        parts_.metrics.tokens(exchange.model, "cache_read", usage->cache_read);
        parts_.metrics.tokens(exchange.model, "cache_write", usage->cache_write());
    }
    // What the connection renders as an error it counts itself.
    const bool rendered_at_the_edge = !result && exchange.status == 0 && result.error().fault != Fault::client_gone;
    if (!entry.reason.empty() && !rendered_at_the_edge) parts_.metrics.refused(entry.reason);
    parts_.journal.write(entry);
}

}  // namespace gatehouse::messages
