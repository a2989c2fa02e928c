// SPDX-License-Identifier: Apache-2.0
// UsageMeter: reads along an answer on its way to the client and counts what the provider says it consumed. Looks only
// at what can hold usage (message_start and message_delta events, or the top-level `usage` of a JSON answer); never
// changes, delays or keeps the bytes.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string_view>

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

class UsageMeter {
  public:
    explicit UsageMeter(Shape shape);

    /// The next bytes as they were received, in any chunking.
    void look(std::string_view bytes);
    /// At the regular end of the body.
    void finish();

    const policy::Usage& usage() const { return usage_; }
    /// Whether the provider said anything about usage.
    bool known() const { return known_; }
    /// Events only: the provider said that the message is over, by `message_stop` or by an `error` event.
    bool concluded() const { return concluded_; }
    /// Events only: nothing of an event is pending, so that another one may follow.
    bool between_events() const { return events_.between_events(); }

  private:
    void take_event(const http::Event& event);
    void take_usage(const boost::json::value* usage);

    Shape shape_;
    http::EventDecoder events_;
    MemberTap member_;
    policy::Usage usage_;
    bool known_ = false;
    bool concluded_ = false;
};

}  // namespace gatehouse::messages
