// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/member_tap.h"

#include <utility>

namespace gatehouse::messages {

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

/// Moves to the end of the string or of the bytes; top-level keys are noted on the way.
std::size_t MemberTap::skip_string(std::string_view bytes, std::size_t from) {
    std::size_t index = from;
    while (index < bytes.size()) {
        const char letter = bytes[index++];
        if (escaped_) {
            escaped_ = false;
        } else if (letter == '\\') {
            escaped_ = true;
        } else if (letter == '"') {
            in_string_ = false;
            break;
        }
    }
    if (depth_ == 1 && place_ == Place::key && current_key_.size() <= key_.size())
        current_key_.append(bytes.substr(from, index - from - (in_string_ ? 0 : 1)));
    return index;
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
        --depth_;
    } else if (depth_ == 1 && mark == ',') {
        end_value();
        place_ = Place::key;
    } else if (depth_ == 1 && mark == ':') {
        place_ = Place::value;
        if (current_key_ != key_) return;
        captures_ = true;
        capture_.clear();
    }
}

void MemberTap::end_value() {
    place_ = Place::outside;
    current_key_.clear();
    // The capture begins with the colon.
    if (std::exchange(captures_, false)) value_ = capture_.substr(1);
}

}  // namespace gatehouse::messages
