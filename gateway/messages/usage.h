// SPDX-License-Identifier: Apache-2.0
// UsageMeter: reads along an answer on its way to the client and counts what the provider says it consumed; while that
// is not said yet, or never comes because the client left, it estimates from what was sent (docs/metering.md). Parses
// only what can hold usage (message_start and message_delta events, or the top-level `usage` of a JSON answer) and
// counts the characters of the rest; never changes, delays or keeps the bytes.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/headers.h"
#include "gateway/http/sse.h"
#include "gateway/messages/member_tap.h"
#include "policy/usage.h"

namespace gatehouse::messages {

/// What the body of an answer is made of.
enum class Shape : std::uint8_t {
    events,  ///< text/event-stream
    json,    ///< one JSON object
    opaque,  ///< compressed although we asked for identity, or another type: cannot be read
};

Shape shape_of(const http::Headers& headers);

/// What another model consumed within the same answer, and is billed for at its own price: an advisor.
struct Advice {
    std::string model;  ///< the provider's id, empty when it was not said
    policy::Usage usage;
};

class UsageMeter {
  public:
    /// More than any request can consume: no upstream can claim its way to an overflow, or to an absurd bill.
    static constexpr std::int64_t most_tokens = 1'000'000'000;
    /// The estimate's measure.
    static constexpr std::int64_t characters_per_token = 4;

    explicit UsageMeter(Shape shape);

    /// The next bytes as they were received, in any chunking.
    void look(std::string_view bytes);
    /// At the regular end of the body.
    void finish();

    /// What the provider said so far.
    policy::Usage usage() const;
    /// Whether the provider said anything about usage.
    bool known() const { return known_; }
    /// Whether there is nothing to estimate: the last word on the usage came (a message_delta that has it, or a whole
    /// JSON answer), or an error came in the place of the answer, which costs nothing.
    bool complete() const { return complete_; }
    /// What was consumed as far as can be told now, at any moment of the answer: what the provider said, and while it
    /// is not complete at least a token of output for each four characters that were sent. `unsaid_input` counts as
    /// input while the provider has not named the input itself.
    policy::Usage so_far(std::int64_t unsaid_input = 0) const;
    /// What the answer's price depends on. `asked` until the answer has told.
    policy::Speed speed(policy::Speed asked) const;
    /// Not part of the figures above; one for each model.
    const std::vector<Advice>& advice() const { return advice_; }

    /// Events only: the provider said that the message is over, by `message_stop` or by an `error` event.
    bool concluded() const { return concluded_; }
    /// Events only: nothing of an event is pending, so that another one may follow.
    bool between_events() const { return events_.between_events(); }

  private:
    void take_event(const http::Event& event);
    void take_data(std::string_view type, const boost::json::value& data);
    void take_text(std::string_view data);
    void take_usage(const boost::json::value* usage);
    void take_iterations(const boost::json::value& usage);
    void conclude(bool by_error);

    Shape shape_;
    http::EventDecoder events_;
    MemberTap member_;
    policy::Usage said_;        ///< of the answer itself
    policy::Usage compaction_;  ///< of summing up the conversation before it, which comes on top
    std::vector<Advice> advice_;
    std::optional<policy::Speed> speed_;
    std::int64_t characters_ = 0;  ///< sent to the client; of what is no stream its bytes
    bool known_ = false;
    bool complete_ = false;
    bool concluded_ = false;
};

}  // namespace gatehouse::messages
