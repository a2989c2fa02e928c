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
#include "gateway/messages/spend_answer.h"

namespace gatehouse::messages {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view messages_path = "/v1/messages";
constexpr std::string_view count_tokens_path = "/v1/messages/count_tokens";
constexpr std::size_t largest_failed_body = std::size_t{1} << 20U;
constexpr std::chrono::seconds failed_body_patience{5};
constexpr int client_closed = 499;

/// How long a reservation lasts beyond the longest wait for a first byte; a stream renews it.
constexpr std::chrono::seconds reservation_slack{180};
constexpr std::chrono::seconds renew_every{60};
/// How often a principal's name and groups are written down anew.
constexpr std::chrono::minutes write_down_every{5};
constexpr std::size_t most_written_down = 65'536;
constexpr std::size_t most_unpriced = 1'024;

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
    Instant started_at{};
    SteadyClock::time_point began = SteadyClock::now();
    SteadyClock::time_point asked = began;  ///< the upstream that answers
    observe::Entry entry{};
    std::unique_ptr<observe::ShardActivity::Live> live{};  ///< while an upstream is asked for what costs money
    auth::IdentityPtr identity{};
    std::shared_ptr<Spending> spending{};  ///< of requests that cost money
    std::size_t body_bytes = 0;
    policy::Speed asked_speed = policy::Speed::standard;
    Attribution attribution{};
    std::string group{};  ///< that it is allocated to
    std::string model{};  ///< the catalogue's id
    int status = 0;       ///< as answered; 0 before
    std::optional<policy::Charge> charge{};
    Money written{};                          ///< of its cost, what the output tokens are
    std::vector<policy::Charge> advice{};     ///< what other models cost within the answer
    SteadyClock::time_point looked = began;   ///< at the cost
    SteadyClock::time_point renewed = began;  ///< the reservation

    std::chrono::seconds reservation_lifetime() const {
        return std::chrono::ceil<std::chrono::seconds>(upstreams->first_byte_timeout) + reservation_slack;
    }
    policy::PriceQuery price_query() const { return {entry.upstream, entry.upstream_model, model}; }
};

/// What is left to do with the money of an exchange when its client has its answer.
struct MessagesRoute::Closing {
    std::string request_id;
    std::shared_ptr<Spending> spending;
    std::optional<policy::Charge> charge;
    std::vector<policy::Charge> advice;

    /// Of the caller's brakes.
    policy::Draw drawn() const {
        policy::Draw draw;
        if (charge) draw = {policy::counted_tokens(charge->usage), charge->cost};
        for (const policy::Charge& each : advice) {
            draw.tokens += policy::counted_tokens(each.usage);
            draw.cost += each.cost;
        }
        return draw;
    }
};

void MessagesRoute::mount(http::Router& router) {
    for (const std::string_view path : {messages_path, count_tokens_path}) {
        // Checks for itself: the line of a refused request says what was asked.
        http::StreamHandler take = [this, path](http::Request& request, http::BodyReader& reader,
                                                http::Responder& client) {
            return handle(path, request, reader, client);
        };
        router.add({.method = "POST",
                    .path = std::string(path),
                    .handler = {http::Access::credential, std::move(take)},
                    .render = render_error,
                    .label = path});
    }
    http::StreamHandler unknown = [this](http::Request& request, http::BodyReader&, http::Responder&) {
        return answer_unknown(request);
    };
    router.set_fallback({.method = "*",
                         .path = "/*",
                         .handler = {http::Access::credential, std::move(unknown)},
                         .render = render_error,
                         .label = "unknown"});
}

Task<> MessagesRoute::answer_unknown(http::Request& request) {
    const auto identity = co_await auth::identify_audited(parts_.authenticator, parts_.journal, request);
    if (!identity) co_return fail(identity.error());
    co_return fail(Error::not_found(Reason::no_route));
}

Task<> MessagesRoute::handle(std::string_view path, http::Request& request, http::BodyReader& reader,
                             http::Responder& client) {
    Exchange exchange{request, client, path, parts_.upstreams(), parts_.clock.now()};
    const auto result = co_await serve(exchange, reader);
    if (exchange.charge) learn(exchange, *exchange.charge);
    record(exchange, result);
    if (!exchange.spending || (!exchange.charge && exchange.spending->is_over())) co_return result;
    ++unsettled_;
    auto closing =
        close({request.id, std::move(exchange.spending), std::move(exchange.charge), std::move(exchange.advice)});
    if (parts_.spawn) {
        parts_.spawn(std::move(closing));
        co_return result;
    }
    // A client that is gone must not leave its tokens uncounted: from here on nobody can interrupt.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await std::move(closing);
    co_return result;
}

Task<> MessagesRoute::serve(Exchange& exchange, http::BodyReader& reader) {
    observe::Entry& entry = exchange.entry;
    const http::Headers& headers = exchange.request.headers;
    entry.request_id = exchange.request.id;
    entry.session_id = clipped(headers.value("x-claude-code-session-id"));
    entry.agent_id = clipped(headers.value("x-claude-code-agent-id"));
    entry.parent_agent_id = clipped(headers.value("x-claude-code-parent-agent-id"));

    const auto identity = co_await parts_.authenticator.identify(exchange.request);
    if (!identity) co_return fail(identity.error());
    exchange.identity = *identity;
    const auth::Person& person = (*identity)->person();
    entry.subject = person.subject;
    entry.email = person.email;
    entry.credential_kind = to_slug((*identity)->kind());
    entry.credential_id = (*identity)->credential_id();
    entry.service_key = (*identity)->service_key_id();
    if (exchange.path == messages_path)
        exchange.spending = std::make_shared<Spending>(parts_.ledger, parts_.spend_rules(),
                                                       policy::Subject{person.subject, person.email, person.groups},
                                                       parts_.clock.now());

    std::optional<Ask> ask;
    const auto permit = co_await understand(exchange, reader, ask);
    if (!permit) {
        const auto refused = co_await refuse_if_blocked(exchange);
        if (!refused || *refused) co_return refused ? Result<>{} : fail(refused.error());
        co_return fail(permit.error());
    }
    const auto reserved = co_await reserve(exchange, *permit, *ask);
    if (!reserved || !*reserved) co_return reserved ? Result<>{} : fail(reserved.error());

    if (exchange.spending) {
        exchange.spending->begin(exchange.request.id, person.subject, exchange.model, entry.session_id);
        exchange.live = parts_.activity.begin({exchange.started_at, observe::Stage::waiting, entry});
    }
    auto answer = co_await carry(exchange, *permit, *ask, person);
    // A stream outlives its request by minutes.
    ask->release();
    if (!answer) co_return fail(answer.error());
    const auto relayed = co_await relay(exchange, std::move(*answer));
    co_return relayed;
}

/// What is asked, and whether the caller may.
Task<policy::Permit> MessagesRoute::understand(Exchange& exchange, http::BodyReader& reader, std::optional<Ask>& ask) {
    const auto received = co_await reader.read_into(exchange.request, exchange.upstreams->max_request_bytes);
    if (!received) co_return fail(received.error());
    exchange.body_bytes = exchange.request.body.size();
    auto parsed = Ask::parse(std::move(exchange.request.body));
    if (!parsed) co_return fail(parsed.error());
    exchange.entry.model = clipped(parsed->model());
    exchange.entry.streamed = parsed->stream();

    const auth::Person& person = exchange.identity->person();
    const policy::Subject subject{person.subject, person.email, person.groups, exchange.identity->limits()};
    auto permit = policy::decide(exchange.upstreams->rules, subject, parsed->model());
    if (!permit) {
        if (const policy::Policy* refusing = exchange.upstreams->rules->policy_for(subject))
            exchange.entry.policy = refusing->name;
        co_return fail(permit.error());
    }
    exchange.entry.policy = permit->policy;
    exchange.model = permit->model->id;
    exchange.asked_speed = parsed->speed();
    exchange.attribution = attribute(exchange.upstreams->attribution, exchange.request.headers, *parsed, person.groups);
    exchange.entry.project = exchange.attribution.project;
    exchange.entry.billing_group = exchange.attribution.billing_group;
    exchange.entry.billing_group_ignored = exchange.attribution.billing_group_ignored;
    exchange.group = allocated_group(person.groups, permit->policy_groups, exchange.attribution.billing_group);
    ask.emplace(std::move(*parsed));
    co_return permit;
}

/// A developer who is blocked is told so, and not what else was wrong with the request (the contract's order). True
/// when that was answered.
Task<bool> MessagesRoute::refuse_if_blocked(Exchange& exchange) {
    if (!exchange.spending) co_return false;
    auto refusal = co_await exchange.spending->check(parts_.clock.now());
    if (!refusal) co_return fail(refusal.error());
    if (!*refusal) co_return false;
    const auto answered = co_await answer_refusal(exchange, std::move(**refusal));
    if (!answered) co_return fail(answered.error());
    co_return true;
}

/// False when the request was refused, and answered.
Task<bool> MessagesRoute::reserve(Exchange& exchange, const policy::Permit& permit, const Ask& ask) {
    if (!exchange.spending) co_return true;
    const observe::Entry& entry = exchange.entry;
    if (permit.brakes) exchange.spending->brake(*permit.brakes, entry.subject, entry.session_id, entry.agent_id);
    if (!exchange.spending->is_limited()) co_return true;
    const policy::Candidate& candidate = permit.candidates.front();
    const std::string& upstream = exchange.upstreams->providers.at(candidate.upstream)->name();
    const Instant now = parts_.clock.now();
    const policy::TokenCost token = exchange.spending->rules().prices->token_cost(
        {upstream, candidate.model, exchange.model}, 0, exchange.asked_speed, now);
    const policy::Draw estimate =
        estimator_.estimate(entry.subject, exchange.model, exchange.body_bytes, token, ask.max_tokens());
    auto refusal =
        co_await exchange.spending->reserve(exchange.request.id, estimate, now, exchange.reservation_lifetime());
    if (!refusal) co_return fail(refusal.error());
    if (!*refusal) co_return true;
    const auto answered = co_await answer_refusal(exchange, std::move(**refusal));
    if (!answered) co_return fail(answered.error());
    co_return false;
}

Task<> MessagesRoute::answer_refusal(Exchange& exchange, http::Response refusal) {
    if (const auto reason = exchange.spending->refused()) exchange.entry.reason = to_slug(*reason);
    exchange.status = refusal.status;
    refusal.headers.add("content-length", std::to_string(refusal.body.size()));
    exchange.client.start(refusal.status, std::move(refusal.headers));
    const auto written = co_await exchange.client.write(refusal.body);
    if (!written) co_return fail(written.error());
    co_return co_await exchange.client.finish();
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
    call.drops_tags = exchange.upstreams->attribution.reads_tags();
    call.body = ask.pieces(candidate.model, call.drops_tags);
    call.subject = person.subject;
    call.email = person.email;
    call.first_byte_timeout = exchange.upstreams->first_byte_timeout;
    exchange.entry.upstream = provider.name();
    exchange.entry.upstream_model = candidate.model;
    if (exchange.live) exchange.live->sent_to(provider.name(), candidate.model);

    const http::Outbound outbound = provider.prepare(call);
    exchange.asked = SteadyClock::now();
    auto reply = co_await parts_.client.send(outbound);
    if (!reply && reply.error().fault == Fault::client_gone) co_return fail(reply.error());
    const int status = reply ? reply->status : 0;
    parts_.metrics.upstream_finished(provider.name(), status);
    if (reply) {
        parts_.metrics.upstream_first_byte(provider.name(), SteadyClock::now() - exchange.asked);
        exchange.entry.upstream_request_id = clipped(reply->headers.value("request-id"));
    }
    note_attempt(exchange, provider, reply);
    if (!reply || provider.fails_over(status))
        log::warn("upstream failed", {{"request_id", exchange.request.id},
                                      {"upstream", provider.name()},
                                      {"status", status},
                                      {"error", reply ? std::string("status") : describe(reply.error())}});
    co_return reply;
}

/// For operators. Counting tokens is another kind of work and would only blur the figures.
void MessagesRoute::note_attempt(const Exchange& exchange, const upstream::Provider& provider,
                                 const Result<http::Reply>& reply) {
    if (!exchange.spending) return;
    const Instant now = parts_.clock.now();
    if (!reply)
        parts_.activity.upstream_failed(provider.name(), {now, 0, std::string(to_slug(reply.error().reason))});
    else if (provider.fails_over(reply->status))
        parts_.activity.upstream_failed(provider.name(), {now, reply->status, {}});
    else
        parts_.activity.upstream_answered(provider.name(), now,
                                          std::chrono::milliseconds(milliseconds_since(exchange.asked)));
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
    if (exchange.live) exchange.live->answered(exchange.entry.first_byte_milliseconds);
    http::Headers headers = answer_headers(answer.headers, answer.status, exchange.request.id);
    if (exchange.spending && is_success(answer.status))
        if (const auto cap = exchange.spending->described(parts_.clock.now())) add_usage_headers(headers, *cap);
    exchange.client.start(answer.status, std::move(headers));

    const StreamGauge gauge(parts_.metrics);
    const auto pumped = co_await pump(exchange, *answer.body, *first, meter);
    // Who left, left with what was read for them; a provider that broke off may not have read it.
    const bool broke_off = !pumped && pumped.error().fault != Fault::client_gone;
    charge_answer(exchange, meter, broke_off ? 0 : static_cast<std::int64_t>(exchange.body_bytes / 4));
    const auto concluded = co_await conclude(exchange, pumped, answer.headers, meter);
    co_return concluded;
}

/// The relay itself: pull, look, push. Not asking for more is the back-pressure.
Task<> MessagesRoute::pump(Exchange& exchange, http::Source& source, std::string_view first, UsageMeter& meter) {
    for (std::string_view bytes = first; !bytes.empty();) {
        meter.look(bytes);
        if (exchange.live) exchange.live->wrote(meter.so_far().output);
        const auto written = co_await exchange.client.write(bytes);
        if (!written) co_return fail(written.error());
        const auto affordable = co_await look_at_cost(exchange, meter);
        if (!affordable) co_return fail(affordable.error());
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
    if (!pumped && pumped.error().fault == Fault::over_budget) {
        exchange.entry.reason = to_slug(pumped.error().reason);
        const std::string event = error_event(pumped.error(), exchange.request.id, meter.between_events());
        const auto written = co_await exchange.client.write(event);
        if (!written) co_return fail(written.error());
        co_return co_await exchange.client.finish();
    }
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
        if (exchange.spending)
            parts_.activity.upstream_broke_off(exchange.entry.upstream,
                                               {parts_.clock.now(), exchange.status, exchange.entry.reason});
        // A body of known length cannot take one event more.
        if (!is_stream || headers.find("content-length")) co_return fail(error);
        const std::string event = error_event(error, exchange.request.id, meter.between_events());
        const auto written = co_await exchange.client.write(event);
        if (!written) co_return fail(written.error());
    }
    if (!cut && exchange.spending && is_success(exchange.status))
        parts_.activity.upstream_finished(exchange.entry.upstream, parts_.clock.now(),
                                          std::chrono::milliseconds(milliseconds_since(exchange.asked)));
    const auto finished = co_await exchange.client.finish();
    co_return finished;
}

/// Now and then while a stream runs: keeps its reservation alive and as large as what it has cost so far. Fails when
/// the operator wants streams cut that cross a cap.
Task<> MessagesRoute::look_at_cost(Exchange& exchange, const UsageMeter& meter) {
    if (!exchange.spending || !exchange.spending->is_limited()) co_return Result<>{};
    const auto now = SteadyClock::now();
    if (now - exchange.looked < parts_.look_every) co_return Result<>{};
    exchange.looked = now;
    const Spending& spending = *exchange.spending;
    const Instant moment = parts_.clock.now();
    const Money cost =
        spending.rules()
            .prices->price(exchange.price_query(), meter.so_far(), meter.speed(exchange.asked_speed), moment)
            .cost;
    if (cost > spending.reserved() || now - exchange.renewed >= renew_every) {
        exchange.renewed = now;
        auto extension = extend(exchange.spending, exchange.request.id, cost, exchange.reservation_lifetime());
        if (parts_.spawn)
            parts_.spawn(std::move(extension));
        else
            co_await std::move(extension);
    }
    const bool events = exchange.entry.streamed;
    if (!spending.rules().enforcement.cut_streams || !events) co_return Result<>{};
    const auto crossed = co_await exchange.spending->is_crossed_by(cost, moment);
    if (!crossed || !*crossed) co_return Result<>{};
    co_return fail(Error::over_budget(Reason::budget_exhausted, "spend limit reached in the middle of this answer"));
}

asio::awaitable<void> MessagesRoute::extend(std::shared_ptr<Spending> spending, std::string request_id, Money cost,
                                            std::chrono::seconds lifetime) {
    // A store that is away has no reservation to lose; the settlement is what counts.
    [[maybe_unused]] const auto extended =
        co_await spending->extend(std::move(request_id), cost, parts_.clock.now(), lifetime);
}

/// What the answer cost, also when it was cut off: by the client, by the provider or by us.
void MessagesRoute::charge_answer(Exchange& exchange, const UsageMeter& meter, std::int64_t unsaid_input) {
    // Counting tokens costs none, and neither do the provider's errors.
    if (!exchange.spending || !is_success(exchange.status)) return;
    if (!meter.known() && !std::exchange(warned_of_unreadable_answer_, true))
        log::warn("an answer did not say its usage: its tokens are estimated (said once)",
                  {{"request_id", exchange.request.id}, {"upstream", exchange.entry.upstream}});
    const Instant now = parts_.clock.now();
    const auth::Person& person = exchange.identity->person();
    policy::Charge charge;
    charge.usage = meter.so_far(unsaid_input);
    charge.estimated = exchange.entry.estimated = !meter.complete();
    const policy::Priced priced = exchange.spending->rules().prices->price(exchange.price_query(), charge.usage,
                                                                           meter.speed(exchange.asked_speed), now);
    if (priced.source == policy::PriceSource::unknown) warn_of_unknown_price(exchange);
    charge.request_id = exchange.request.id;
    charge.when = now;
    charge.who = {.user = person.subject,
                  .group = exchange.group,
                  .model = exchange.model,
                  .upstream = exchange.entry.upstream,
                  .upstream_model = exchange.entry.upstream_model,
                  .project = exchange.attribution.project,
                  .service_key = std::string(exchange.identity->service_key_id()),
                  .tier = priced.tier};
    charge.session = exchange.entry.session_id;
    charge.agent = exchange.entry.agent_id;
    charge.cost = priced.cost;
    exchange.written = priced.written;
    charge.accounts = exchange.spending->accounts();
    charge.principal = principal_of(exchange, now);
    exchange.entry.cost_nano = charge.cost.nano();
    exchange.charge = std::move(charge);
    charge_advice(exchange, meter);
}

/// What the answer's own model asked of others is billed at their price, as charges beside its own.
void MessagesRoute::charge_advice(Exchange& exchange, const UsageMeter& meter) {
    for (const Advice& advice : meter.advice()) {
        policy::Charge charge = *exchange.charge;
        const policy::Model* known = exchange.upstreams->rules->resolve(advice.model);
        charge.request_id += "/" + std::to_string(exchange.advice.size() + 1);
        charge.who.model = known != nullptr ? known->id : clipped(advice.model);
        charge.who.upstream_model = clipped(advice.model);
        charge.usage = advice.usage;
        const policy::Priced priced =
            exchange.spending->rules().prices->price({charge.who.upstream, charge.who.upstream_model, charge.who.model},
                                                     charge.usage, policy::Speed::standard, charge.when);
        charge.who.tier = priced.tier;
        charge.cost = priced.cost;
        charge.principal.reset();
        exchange.entry.cost_nano = exchange.entry.cost_nano.value_or(0) + charge.cost.nano();
        exchange.advice.push_back(std::move(charge));
    }
}

/// Billed all the same; once for each id, so that an operator hears of it and can read on.
void MessagesRoute::warn_of_unknown_price(const Exchange& exchange) {
    const std::string id = exchange.entry.upstream + "/" + exchange.entry.upstream_model;
    if (unpriced_.size() >= most_unpriced || !unpriced_.insert(id).second) return;
    log::warn("no price is known for a model: billed as an unknown one (said once; set pricing.overrides)",
              {{"upstream", exchange.entry.upstream},
               {"upstream_model", exchange.entry.upstream_model},
               {"model", exchange.model}});
}

/// Who this was, when it is time to write that down again.
std::optional<policy::Principal> MessagesRoute::principal_of(const Exchange& exchange, Instant now) {
    const auth::Person& person = exchange.identity->person();
    if (written_down_.size() >= most_written_down) written_down_.clear();
    Instant& last = written_down_[person.subject];
    if (now - last < write_down_every) return std::nullopt;
    last = now;
    const bool service = !exchange.identity->service_key_id().empty();
    return policy::Principal{person.subject, person.email, person.name, person.groups, service, now};
}

void MessagesRoute::learn(const Exchange& exchange, const policy::Charge& charge) {
    estimator_.learn(charge.who.user, charge.who.model, exchange.body_bytes, charge.cost - exchange.written,
                     exchange.written, policy::counted_tokens(charge.usage));
}

/// The client has its answer already, so that a failure is ours alone: what the store does not take now, the ledger
/// keeps for later.
asio::awaitable<void> MessagesRoute::close(Closing closing) {
    const Instant now = parts_.clock.now();
    Result<> closed;
    if (closing.charge) {
        auto finish = closing.spending->take_finish(closing.request_id, closing.drawn(), now);
        closed = co_await parts_.ledger.settle(std::move(*closing.charge), std::move(finish));
    } else {
        closed = co_await closing.spending->release(closing.request_id, now);
    }
    for (policy::Charge& advice : closing.advice) {
        const auto settled = co_await parts_.ledger.settle(std::move(advice), std::nullopt);
        if (!settled) closed = settled;
    }
    --unsettled_;
    if (closed) co_return;
    parts_.metrics.store_failed(closing.charge ? "usage_not_recorded" : "reservation_not_released");
    log::warn("the ledger was not told of the end of a request",
              {{"request_id", closing.request_id}, {"error", describe(closed.error())}});
}

/// The audit line and the counters, whatever came of the request.
void MessagesRoute::record(Exchange& exchange, const Result<>& result) {
    observe::Entry& entry = exchange.entry;
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
    if (exchange.charge) {
        const policy::Usage& usage = exchange.charge->usage;
        entry.input_tokens = usage.input;
        entry.output_tokens = usage.output;
        entry.cache_read_tokens = usage.cache_read;
        entry.cache_write_tokens = usage.cache_write();
        parts_.metrics.tokens(exchange.model, "input", usage.input);
        parts_.metrics.tokens(exchange.model, "output", usage.output);
        parts_.metrics.tokens(exchange.model, "cache_read", usage.cache_read);
        parts_.metrics.tokens(exchange.model, "cache_write", usage.cache_write());
    }
    // What the connection renders as an error it counts itself.
    const bool rendered_at_the_edge = !result && exchange.status == 0 && result.error().fault != Fault::client_gone;
    if (!entry.reason.empty() && !rendered_at_the_edge) parts_.metrics.refused(entry.reason);
    parts_.journal.write(entry);
    // Of strangers only the journal tells: they could push out everybody else.
    if (!exchange.identity || exchange.path != messages_path) return;
    exchange.live.reset();
    parts_.activity.ended({exchange.started_at, observe::Stage::ended, std::move(entry)});
}

}  // namespace gatehouse::messages
