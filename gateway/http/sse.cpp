// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/sse.h"

#include <utility>

namespace gatehouse::http {
namespace {

constexpr std::string_view data_field = "data:";
constexpr std::string_view event_field = "event:";

std::string_view value_behind(std::string_view field, std::string_view line) {
    line.remove_prefix(field.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    return line;
}

}  // namespace

std::optional<Event> EventDecoder::next() {
    forget_delivered();
    while (!rest_.empty()) {
        const std::size_t end = rest_.front() == '\n' ? 0 : rest_.find('\n');
        if (end == std::string_view::npos) {
            carry(rest_);
            rest_ = {};
            return std::nullopt;
        }
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        if (!carry_.empty()) {
            carry(line);
            line = carry_;
        }
        if (!std::exchange(skips_line_, false)) delivered_ = take_line(line);
        if (delivered_ != Delivered::nothing) return delivered_event();
        carry_.clear();
    }
    return std::nullopt;
}

std::optional<Event> EventDecoder::finish() {
    forget_delivered();
    if (!carry_.empty()) delivered_ = take_line(carry_);
    if (delivered_ == Delivered::nothing && !data_.empty()) delivered_ = Delivered::event;
    if (delivered_ == Delivered::nothing) return std::nullopt;
    return delivered_event();
}

Event EventDecoder::delivered_event() const {
    return {is_named_ ? std::string_view(name_) : std::string_view{},
            delivered_ == Delivered::line ? line_ : std::string_view(data_)};
}

void EventDecoder::forget_delivered() {
    if (delivered_ == Delivered::nothing) return;
    carry_.clear();
    if (std::exchange(delivered_, Delivered::nothing) == Delivered::event) begin_event();
}

/// Keeps the beginning of a line, unless it is already known to be of no use.
void EventDecoder::carry(std::string_view bytes) {
    in_event_ = true;
    if (skips_line_) return;
    if (interest_ == Interest::lines) bytes = bytes.substr(0, limit_ - carry_.size());
    if (carry_.size() + bytes.size() > limit_) {
        drop_event();
        skips_line_ = true;
    } else if (carry_.empty() && interest_ == Interest::none && bytes.starts_with(data_field)) {
        skips_line_ = true;
    } else {
        carry_.append(bytes);
        skips_line_ = interest_ == Interest::none && carry_.starts_with(data_field);
    }
    if (skips_line_) carry_.clear();
}

EventDecoder::Delivered EventDecoder::take_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    in_event_ = !line.empty();
    if (line.starts_with(data_field)) {
        if (interest_ != Interest::none) return take_data(value_behind(data_field, line));
    } else if (line.starts_with(event_field)) {
        take_name(value_behind(event_field, line));
    } else if (line.empty()) {
        if (!data_.empty()) return Delivered::event;
        begin_event();
    }
    return Delivered::nothing;
}

EventDecoder::Delivered EventDecoder::take_data(std::string_view value) {
    if (interest_ == Interest::lines) {
        line_ = value;
        return Delivered::line;
    }
    if (data_.size() + value.size() + 1 > limit_) {
        drop_event();
        return Delivered::nothing;
    }
    if (!data_.empty()) data_.push_back('\n');
    data_.append(value);
    return Delivered::nothing;
}

void EventDecoder::take_name(std::string_view value) {
    if (value != name_ || name_.empty()) {
        name_ = value;
        of_name_ = judge_(value);
    }
    is_named_ = true;
    interest_ = of_name_;
    if (interest_ == Interest::none) data_.clear();
    // The standard lets the name stand behind the data: what was collected by then must not be lost.
    if (interest_ == Interest::lines && !data_.empty()) interest_ = Interest::whole;
}

void EventDecoder::drop_event() {
    if (interest_ != Interest::none) ++dropped_;
    interest_ = Interest::none;
    data_.clear();
}

void EventDecoder::begin_event() {
    is_named_ = false;
    data_.clear();
    interest_ = of_unnamed_;
}

}  // namespace gatehouse::http
