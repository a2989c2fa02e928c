// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/sse.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view data_field = "data:";

}  // namespace

std::optional<Event> EventDecoder::next() {
    if (delivered_) begin_event();
    while (!rest_.empty()) {
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos) {
            carry(rest_);
            rest_ = {};
            return std::nullopt;
        }
        const std::string_view tail = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        if (!carry_.empty()) carry(tail);
        const bool carried = !carry_.empty();
        const bool skipped = skips_line_;
        skips_line_ = false;
        const bool complete = !skipped && takes_line(carried ? std::string_view(carry_) : tail);
        carry_.clear();
        if (complete) return Event{name_, data_};
    }
    return std::nullopt;
}

std::optional<Event> EventDecoder::finish() {
    if (delivered_) begin_event();
    if (!carry_.empty()) take_field(carry_);
    carry_.clear();
    if (data_.empty()) return std::nullopt;
    delivered_ = true;
    return Event{name_, data_};
}

/// Keeps the beginning of a line, unless it is already known to be of no use.
void EventDecoder::carry(std::string_view bytes) {
    in_event_ = true;
    if (skips_line_) return;
    if (carry_.size() + bytes.size() > limit_) {
        drop_event();
        skips_line_ = true;
    } else if (carry_.empty() && !collects_ && bytes.starts_with(data_field)) {
        skips_line_ = true;
    } else {
        carry_.append(bytes);
        skips_line_ = !collects_ && carry_.starts_with(data_field);
    }
    if (skips_line_) carry_.clear();
}

/// True when that line completes a wanted event.
bool EventDecoder::takes_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) {
        in_event_ = true;
        take_field(line);
        return false;
    }
    in_event_ = false;
    if (!data_.empty()) {
        delivered_ = true;
        return true;
    }
    begin_event();
    return false;
}

void EventDecoder::take_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view field = line.substr(0, colon + 1);
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event:") {
        collects_ = wanted_(value);
        name_ = collects_ ? value : std::string_view{};
        if (!collects_) data_.clear();
    } else if (field == data_field && collects_) {
        if (data_.size() + value.size() + 1 > limit_) return drop_event();
        if (!data_.empty()) data_.push_back('\n');
        data_.append(value);
    }
}

void EventDecoder::drop_event() {
    if (collects_) ++dropped_;
    collects_ = false;
    data_.clear();
}

void EventDecoder::begin_event() {
    delivered_ = false;
    name_.clear();
    data_.clear();
    collects_ = wanted_("");
}

}  // namespace gatehouse::http
