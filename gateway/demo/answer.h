// SPDX-License-Identifier: Apache-2.0
// answer: what the demo provider says to one Messages request, as a pure function of the request's bytes, and that
// answer as one JSON message or as the events of a stream. Called by demo/provider.cpp. It asks no model: it names
// itself, repeats a little of the question, obeys a forced tool and a JSON schema, and counts tokens by size.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"

namespace gatehouse::demo {

struct Answer {
    std::string id;     ///< `msg_…`
    std::string model;  ///< as asked for
    std::string text;   ///< empty when a tool is called
    std::string tool;   ///< name of the forced tool, else empty
    boost::json::value tool_input;
    std::string_view stop_reason;  ///< end_turn, tool_use or max_tokens
    std::int64_t input_tokens = 0;
    std::int64_t cache_read_tokens = 0;
    std::int64_t cache_write_tokens = 0;
    std::int64_t output_tokens = 0;
    bool streamed = false;
};

/// Refuses what the real API refuses in the same words as far as Claude Code reads them: bad JSON, no model, no
/// messages.
Result<Answer> make_answer(std::string_view body, std::string id);
/// The answer to /v1/messages/count_tokens.
Result<std::int64_t> count_tokens(std::string_view body);
/// The answer without `stream`.
boost::json::object to_message(const Answer& answer);
/// The answer as server-sent events in order, each complete.
std::vector<std::string> to_events(const Answer& answer);
/// The smallest value that a JSON schema accepts, as far as the keywords that Claude Code uses go.
boost::json::value smallest_instance(const boost::json::value& schema);

}  // namespace gatehouse::demo
