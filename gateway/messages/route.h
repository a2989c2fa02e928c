// SPDX-License-Identifier: Apache-2.0
// MessagesRoute: what happens to POST /v1/messages and /v1/messages/count_tokens, stage by stage: identify, understand,
// decide, reserve, carry, settle, record. Mounted by services.cpp, one per shard; not thread-safe. Also the answer to
// unknown paths, which learn whether the credential is good before they learn that nothing is there. Never changes a
// relayed byte.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "auth/authenticator.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/http/client.h"
#include "gateway/http/router.h"
#include "gateway/messages/ask.h"
#include "gateway/messages/attribution.h"
#include "gateway/messages/spending.h"
#include "gateway/messages/usage.h"
#include "gateway/observe/activity.h"
#include "gateway/observe/journal.h"
#include "gateway/observe/metrics.h"
#include "gateway/upstream/provider.h"
#include "policy/decision.h"
#include "policy/estimate.h"
#include "policy/ledger.h"

namespace gatehouse::messages {

/// What the operator configured, as of one moment. A request takes it once and keeps it to its end, so that a reload is
/// never seen half-way.
struct Upstreams {
    policy::RulesPtr rules;
    /// Index for index what `rules->upstreams()` lists.
    std::vector<std::shared_ptr<const upstream::Provider>> providers;
    std::size_t max_request_bytes = std::size_t{32} << 20U;
    std::chrono::milliseconds first_byte_timeout{120'000};
    AttributionSettings attribution{};
};

using UpstreamsPtr = std::shared_ptr<const Upstreams>;

/// References outlive the route.
struct MessagesParts {
    auth::Authenticator& authenticator;
    std::function<UpstreamsPtr()> upstreams;
    std::function<SpendRulesPtr()> spend_rules;
    http::Client& client;
    policy::Ledger& ledger;
    observe::Journal& journal;
    observe::Metrics& metrics;
    observe::ShardActivity& activity;
    const Clock& clock;
    /// Runs a settlement beside the connection, so that the client's next request need not wait for the store. Without
    /// it the connection waits.
    std::function<void(boost::asio::awaitable<void>)> spawn{};
    /// Between looks at what a running stream has cost so far; the tests shorten it.
    std::chrono::milliseconds look_every{2'000};
};

class MessagesRoute {
  public:
    explicit MessagesRoute(MessagesParts parts) : parts_(std::move(parts)) {}
    MessagesRoute(const MessagesRoute&) = delete;
    MessagesRoute& operator=(const MessagesRoute&) = delete;

    /// Adds the two routes and the fallback. The router keeps a reference to this.
    void mount(http::Router& router);
    /// Settlements under way. A drain is over when the connections are closed and this is 0.
    std::size_t unsettled() const { return unsettled_; }

  private:
    struct Answer;
    struct Exchange;
    struct Closing;

    Task<> handle(std::string_view path, http::Request& request, http::BodyReader& reader, http::Responder& client);
    Task<> serve(Exchange& exchange, http::BodyReader& reader);
    Task<policy::Permit> understand(Exchange& exchange, http::BodyReader& reader, std::optional<Ask>& ask);
    Task<bool> refuse_if_blocked(Exchange& exchange);
    Task<bool> reserve(Exchange& exchange, const policy::Permit& permit, const Ask& ask);
    Task<> answer_refusal(Exchange& exchange, http::Response refusal);
    Task<Answer> carry(Exchange& exchange, const policy::Permit& permit, Ask& ask, const auth::Person& person);
    Task<http::Reply> attempt(Exchange& exchange, const policy::Candidate& candidate, Ask& ask,
                              const auth::Person& person);
    Task<> relay(Exchange& exchange, Answer answer);
    Task<> pump(Exchange& exchange, http::Source& source, std::string_view first, UsageMeter& meter);
    Task<> conclude(Exchange& exchange, Result<> pumped, const http::Headers& headers, const UsageMeter& meter);
    Task<> look_at_cost(Exchange& exchange, const UsageMeter& meter);
    void charge_answer(Exchange& exchange, const UsageMeter& meter, std::int64_t unsaid_input);
    void charge_advice(Exchange& exchange, const UsageMeter& meter);
    std::optional<policy::Principal> principal_of(const Exchange& exchange, Instant now);
    void warn_of_unknown_price(const Exchange& exchange);
    void learn(const Exchange& exchange, const policy::Charge& charge);
    boost::asio::awaitable<void> close(Closing closing);
    boost::asio::awaitable<void> extend(std::shared_ptr<Spending> spending, std::string request_id, Money cost,
                                        std::chrono::seconds lifetime);
    void note_attempt(const Exchange& exchange, const upstream::Provider& provider, const Result<http::Reply>& reply);
    void record(Exchange& exchange, const Result<>& result);
    Task<> answer_unknown(http::Request& request);

    MessagesParts parts_;
    std::size_t unsettled_ = 0;
    bool warned_of_unreadable_answer_ = false;
    policy::Estimator estimator_;
    std::unordered_map<std::string, Instant> written_down_;  ///< when each principal last was
    std::unordered_set<std::string> unpriced_;               ///< models that were warned of
};

}  // namespace gatehouse::messages
