// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/member_tap.h"

#include <utility>

namespace gatehouse::messages {
namespace {

/// What an answer says about its usage is shorter.
constexpr std::size_t usual_value = 768;

}  // namespace

void MemberTap::feed(std::string_view bytes) {
    for (std::size_t index = 0; index < bytes.size();) {
        const std::size_t start = index;
        if (in_string_) {
            index = skip_string(bytes, index);
        } else {
            take_mark(bytes[index++]);
        }
        if (!captures_) continue;
        if (capture_.size() + (index - start) > largest_value) {
            captures_ = false;
        } else {
            capture_.append(bytes.substr(start, index - start));
        }
    }
}

/// Moves to the end of the string or of the bytes; top-level keys are noted on the way. Searches rather than steps: an
/// answer is mostly text.
std::size_t MemberTap::skip_string(std::string_view bytes, std::size_t from) {
    std::size_t at = std::exchange(escaped_, false) ? from + 1 : from;
    std::size_t quote = bytes.find('"', at);
    for (;;) {
        const std::size_t escape = bytes.substr(0, quote).find('\\', at);
        if (escape == std::string_view::npos) break;
        at = escape + 2;
        escaped_ = at > bytes.size();
        if (at > quote) quote = bytes.find('"', at);
    }
    in_string_ = quote == std::string_view::npos;
    const std::size_t end = in_string_ ? bytes.size() : quote;
    if (depth_ == 1 && place_ == Place::key && current_key_.size() <= key_.size())
        current_key_.append(bytes.substr(from, end - from));
    return in_string_ ? end : end + 1;
}

/// One byte outside of strings.
void MemberTap::take_mark(char mark) {
    if (mark == '"') {
        in_string_ = true;
    } else if (mark == '{' || mark == '[') {
        ++depth_;
        if (depth_ == 1 && mark == '{') place_ = Place::key;
    } else if (mark == '}' || mark == ']') {
        if (depth_ == 1) end_value();
        if (depth_ > 0) --depth_;
    } else if (depth_ == 1 && mark == ',') {
        end_value();
        place_ = Place::key;
    } else if (depth_ == 1 && mark == ':') {
        place_ = Place::value;
        if (current_key_ != key_) return;
        captures_ = true;
        capture_.clear();
        capture_.reserve(usual_value);
    }
}

void MemberTap::end_value() {
    place_ = Place::outside;
    current_key_.clear();
    // The capture begins with the colon.
    if (!std::exchange(captures_, false)) return;
    capture_.erase(0, 1);
    value_.swap(capture_);
}

}  // namespace gatehouse::messages
