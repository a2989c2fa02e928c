// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/usage.h"

#include <algorithm>
#include <optional>

#include "gateway/base/json.h"

namespace gatehouse::messages {
namespace {

/// More than any provider serves in years: keeps sums far from overflow whatever an upstream claims.
constexpr std::int64_t most_tokens = 1'000'000'000'000;

bool may_hold_usage(std::string_view name) {
    return name.empty() || name == "message_start" || name == "message_delta" || name == "message_stop" ||
           name == "error";
}

/// For upstreams that leave `event:` out: whether parsing the data for its type is worth while.
bool mentions_a_type_of_ours(std::string_view data) {
    return data.find("message_") != std::string_view::npos || data.find("error") != std::string_view::npos;
}

std::optional<std::int64_t> count_at(const boost::json::value& parent, std::string_view key) {
    const boost::json::value* member = json::find(parent, key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    if (const auto* whole = member->if_int64()) return std::clamp<std::int64_t>(*whole, 0, most_tokens);
    if (member->is_uint64()) return most_tokens;
    const double number = member->get_double();
    // Also false for NaN, which would be undefined to convert.
    if (!(number > 0)) return 0;
    return static_cast<std::int64_t>(std::min(number, static_cast<double>(most_tokens)));
}

void replace(std::int64_t& into, const boost::json::value& parent, std::string_view key) {
    if (const auto count = count_at(parent, key)) into = *count;
}

/// The total may come with its split by lifetime, as message_start has it, or alone, as message_delta has it.
void take_cache_writes(policy::Usage& into, const boost::json::value& usage) {
    if (const auto* split = json::find(usage, "cache_creation"); split != nullptr && split->is_object()) {
        replace(into.cache_write_5m, *split, "ephemeral_5m_input_tokens");
        replace(into.cache_write_1h, *split, "ephemeral_1h_input_tokens");
    }
    const auto total = count_at(usage, "cache_creation_input_tokens");
    if (!total) return;
    into.cache_write_1h = std::min(into.cache_write_1h, *total);
    into.cache_write_5m = *total - into.cache_write_1h;
}

}  // namespace

Shape shape_of(const http::Headers& headers) {
    const std::string_view coding = headers.value("content-encoding");
    if (!coding.empty() && !http::same_token(coding, "identity")) return Shape::opaque;
    const std::string_view type = headers.value("content-type");
    const std::string_view media = type.substr(0, type.find_first_of("; \t"));
    if (http::same_token(media, "text/event-stream")) return Shape::events;
    if (http::same_token(media, "application/json")) return Shape::json;
    return Shape::opaque;
}

UsageMeter::UsageMeter(Shape shape) : shape_(shape), events_(may_hold_usage), member_("usage") {}

void UsageMeter::look(std::string_view bytes) {
    switch (shape_) {
        case Shape::events:
            events_.feed(bytes);
            while (const auto event = events_.next())
                take_event(*event);
            return;
        case Shape::json:
            return member_.feed(bytes);
        case Shape::opaque:
            return;
    }
}

void UsageMeter::finish() {
    if (shape_ == Shape::events) {
        if (const auto event = events_.finish()) take_event(*event);
    } else if (shape_ == Shape::json && !member_.value().empty()) {
        const auto usage = json::parse(member_.value());
        if (usage) take_usage(&*usage);
    }
}

void UsageMeter::take_event(const http::Event& event) {
    if (event.name == "message_stop" || event.name == "error") {
        concluded_ = true;
        return;
    }
    if (event.name.empty() && !mentions_a_type_of_ours(event.data)) return;
    const auto data = json::parse(event.data);
    if (!data) return;
    const std::string_view type = event.name.empty() ? json::find_string(*data, "type").value_or("") : event.name;
    if (type == "message_start") {
        const auto* message = json::find(*data, "message");
        if (message != nullptr) take_usage(json::find(*message, "usage"));
    } else if (type == "message_delta") {
        take_usage(json::find(*data, "usage"));
    } else if (type == "message_stop" || type == "error") {
        concluded_ = true;
    }
}

/// Counts are cumulative: a later one replaces an earlier one.
void UsageMeter::take_usage(const boost::json::value* usage) {
    if (usage == nullptr || !usage->is_object()) return;
    known_ = true;
    replace(usage_.input, *usage, "input_tokens");
    replace(usage_.output, *usage, "output_tokens");
    replace(usage_.cache_read, *usage, "cache_read_input_tokens");
    take_cache_writes(usage_, *usage);
    if (const auto* tools = json::find(*usage, "server_tool_use"); tools != nullptr)
        replace(usage_.web_searches, *tools, "web_search_requests");
}

}  // namespace gatehouse::messages
