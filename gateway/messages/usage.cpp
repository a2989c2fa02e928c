// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/usage.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <optional>

#include "gateway/base/json.h"
#include "gateway/messages/delta_text.h"

namespace gatehouse::messages {
namespace {

using http::Interest;
using policy::Usage;

constexpr std::string_view content_delta = "content_block_delta";

Interest interest_in(std::string_view name) {
    if (name == content_delta) return Interest::lines;
    if (name.empty() || name == "message_start" || name == "message_delta" || name == "message_stop" || name == "error")
        return Interest::whole;
    return Interest::none;
}

/// For upstreams that leave `event:` out: whether parsing the data for its type is worth while.
bool mentions_a_type_of_ours(std::string_view data) {
    return data.find("message_") != std::string_view::npos || data.find("error") != std::string_view::npos;
}

std::int64_t clamp(std::int64_t count) {
    return std::clamp<std::int64_t>(count, 0, UsageMeter::most_tokens);
}

std::optional<std::int64_t> count_at(const boost::json::value& parent, std::string_view key) {
    const boost::json::value* member = json::find(parent, key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    if (const auto* whole = member->if_int64()) return clamp(*whole);
    if (member->is_uint64()) return UsageMeter::most_tokens;
    const double number = member->get_double();
    // Also false for NaN, which would be undefined to convert.
    if (!(number > 0)) return 0;
    return static_cast<std::int64_t>(std::min(number, static_cast<double>(UsageMeter::most_tokens)));
}

/// Counts are cumulative: a later one replaces an earlier one. But proxies say 0 in message_delta where they mean "as I
/// said", and what was read once stays read.
void replace(std::int64_t& into, const boost::json::value& parent, std::string_view key) {
    if (const auto count = count_at(parent, key); count && *count > 0) into = *count;
}

/// The total may come with its split by lifetime, as message_start has it, or alone, as message_delta has it.
void take_cache_writes(Usage& into, const boost::json::value& usage) {
    if (const auto* split = json::find(usage, "cache_creation"); split != nullptr && split->is_object()) {
        const auto short_lived = count_at(*split, "ephemeral_5m_input_tokens").value_or(0);
        const auto long_lived = count_at(*split, "ephemeral_1h_input_tokens").value_or(0);
        if (short_lived + long_lived > 0) {
            into.cache_write_5m = short_lived;
            into.cache_write_1h = long_lived;
        }
    }
    const auto total = count_at(usage, "cache_creation_input_tokens").value_or(0);
    if (total == 0) return;
    into.cache_write_1h = std::min(into.cache_write_1h, total);
    into.cache_write_5m = total - into.cache_write_1h;
}

void take_counts(Usage& into, const boost::json::value& usage) {
    replace(into.input, usage, "input_tokens");
    into.output = count_at(usage, "output_tokens").value_or(into.output);
    replace(into.cache_read, usage, "cache_read_input_tokens");
    take_cache_writes(into, usage);
    if (const auto* tools = json::find(usage, "server_tool_use"); tools != nullptr)
        replace(into.web_searches, *tools, "web_search_requests");
}

/// For a document that is read and let go of at once: what is usual fits, and costs nothing to keep.
class Desk {
  public:
    std::optional<boost::json::value> parse(std::string_view text) { return json::parse(text, &storage_); }

  private:
    std::array<unsigned char, 4096> room_;
    boost::json::monotonic_resource storage_{room_.data(), room_.size()};
};

Usage clamped(Usage usage) {
    for (std::int64_t* count : {&usage.input, &usage.output, &usage.cache_read, &usage.cache_write_5m,
                                &usage.cache_write_1h, &usage.web_searches})
        *count = clamp(*count);
    return usage;
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

UsageMeter::UsageMeter(Shape shape) : shape_(shape), events_(interest_in), member_("usage") {}

void UsageMeter::look(std::string_view bytes) {
    if (shape_ != Shape::events) characters_ += static_cast<std::int64_t>(bytes.size());
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
        Desk desk;
        const auto usage = desk.parse(member_.value());
        if (usage) take_usage(&*usage);
        complete_ = known_;
    }
}

Usage UsageMeter::usage() const {
    Usage sum = said_;
    sum += compaction_;
    return clamped(sum);
}

Usage UsageMeter::so_far(std::int64_t unsaid_input) const {
    Usage usage = this->usage();
    if (complete_) return usage;
    if (!known_) usage.input = clamp(unsaid_input);
    const std::int64_t sent = (characters_ + characters_per_token - 1) / characters_per_token;
    usage.output = clamp(std::max(usage.output, sent));
    return usage;
}

policy::Speed UsageMeter::speed(policy::Speed asked) const {
    return speed_.value_or(complete_ ? policy::Speed::standard : asked);
}

void UsageMeter::take_event(const http::Event& event) {
    if (event.name == content_delta) return take_text(event.data);
    if (event.name == "message_stop" || event.name == "error") return conclude(event.name == "error");
    if (event.name.empty() && !mentions_a_type_of_ours(event.data)) {
        // An unescaped quote ends a string, so that no text can contain this.
        if (event.data.find(R"("content_block_delta")") != std::string_view::npos) take_text(event.data);
        return;
    }
    Desk desk;
    const auto data = desk.parse(event.data);
    if (!data) return;
    const std::string_view type = event.name.empty() ? json::find_string(*data, "type").value_or("") : event.name;
    if (type == content_delta) return take_text(event.data);
    take_data(type, *data);
}

void UsageMeter::take_data(std::string_view type, const boost::json::value& data) {
    if (type == "message_start") {
        const auto* message = json::find(data, "message");
        if (message != nullptr) take_usage(json::find(*message, "usage"));
    } else if (type == "message_delta") {
        const auto* usage = json::find(data, "usage");
        take_usage(usage);
        if (usage != nullptr && count_at(*usage, "output_tokens")) complete_ = true;
    } else if (type == "message_stop" || type == "error") {
        conclude(type == "error");
    }
}

/// What comes after a message_delta is not in its count, so that its word was not the last.
void UsageMeter::take_text(std::string_view data) {
    characters_ += characters_in_delta(data);
    complete_ = false;
}

void UsageMeter::conclude(bool by_error) {
    concluded_ = true;
    if (by_error && !known_ && characters_ == 0) complete_ = true;
}

void UsageMeter::take_usage(const boost::json::value* usage) {
    if (usage == nullptr || !usage->is_object()) return;
    known_ = true;
    take_counts(said_, *usage);
    take_iterations(*usage);
    if (const auto speed = json::find_string(*usage, "speed"))
        speed_ = *speed == "fast" ? policy::Speed::fast : policy::Speed::standard;
}

/// What the provider ran beside the answer is not in the counts above, and is billed nevertheless.
void UsageMeter::take_iterations(const boost::json::value& usage) {
    const auto* list = json::find(usage, "iterations");
    if (list == nullptr || !list->is_array()) return;
    compaction_ = {};
    advice_.clear();
    for (const boost::json::value& each : list->get_array()) {
        const std::string_view type = json::find_string(each, "type").value_or("");
        Usage counts;
        take_counts(counts, each);
        if (type == "compaction") compaction_ += counts;
        if (type != "advisor_message") continue;
        const std::string_view model = json::find_string(each, "model").value_or("");
        auto known = std::ranges::find(advice_, model, &Advice::model);
        if (known == advice_.end()) known = advice_.insert(known, {std::string(model), {}});
        known->usage += counts;
    }
    for (Advice& each : advice_)
        each.usage = clamped(each.usage);
}

}  // namespace gatehouse::messages
