// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/json_walk.h"

#include <simdjson.h>

#include <algorithm>
#include <bitset>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "gateway/http/message.h"

namespace gatehouse::messages {
namespace {

static_assert(http::Body::slack >= simdjson::SIMDJSON_PADDING);

using Parser = std::unique_ptr<simdjson::internal::dom_parser_implementation>;

/// A parser keeps four bytes for each byte of the largest text it has seen; beyond this size it is made for one text.
constexpr std::size_t largest_for_kept_parser = std::size_t{1} << 20U;

Parser make_parser(std::size_t capacity) {
    Parser parser;
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser);
    if (error != simdjson::SUCCESS) throw std::bad_alloc();
    return parser;
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

std::size_t count_digits(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

/// RFC 8259, section 6. Converting would refuse numbers that are merely large, and those are the provider's business.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t whole = count_digits(text);
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        const std::size_t fraction = count_digits(text.substr(1));
        if (fraction == 0) return false;
        text.remove_prefix(1 + fraction);
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        const std::size_t exponent = count_digits(text);
        if (exponent == 0) return false;
        text.remove_prefix(exponent);
    }
    return text.empty();
}

bool is_scalar(std::string_view token) {
    return token == "true" || token == "false" || token == "null" || is_number(token);
}

/// The grammar of RFC 8259 over the tokens' places.
class Walker {
  public:
    /// `marks` are the offsets of every bracket, colon, comma, opening quote and first letter of anything else.
    Walker(std::string_view text, std::span<const std::uint32_t> marks) : text_(text), marks_(marks) {}

    std::optional<Walked> walk() {
        for (at_ = 0; at_ < marks_.size(); ++at_)
            if (!take(text_[marks_[at_]])) return std::nullopt;
        if (expected_ != Expected::nothing) return std::nullopt;
        walked_.outermost = text_[marks_[0]] == '{' ? Outermost::object : Outermost::other;
        return std::move(walked_);
    }

  private:
    enum class Expected : std::uint8_t { value, value_or_close, key, key_or_close, colon, comma_or_close, nothing };

    bool take(char mark) {
        switch (mark) {
            case '{':
                return open(true);
            case '[':
                return open(false);
            case '}':
                return close(true);
            case ']':
                return close(false);
            case ':':
                return pass(Expected::colon, Expected::value);
            case ',':
                return pass(Expected::comma_or_close, in_object() ? Expected::key : Expected::value);
            case '"':
                return expects_key() ? take_key() : begin_value() && end_value();
            default:
                return begin_value() && is_scalar(token().in(text_)) && end_value();
        }
    }

    bool in_object() const { return is_object_[depth_]; }
    bool expects_key() const { return expected_ == Expected::key || expected_ == Expected::key_or_close; }

    bool pass(Expected from, Expected to) {
        if (expected_ != from) return false;
        expected_ = to;
        return true;
    }

    bool open(bool object) {
        if (!begin_value() || depth_ == deepest_nesting) return false;
        is_object_[++depth_] = object;
        expected_ = object ? Expected::key_or_close : Expected::value_or_close;
        return true;
    }

    bool close(bool object) {
        const Expected when_empty = object ? Expected::key_or_close : Expected::value_or_close;
        if (depth_ == 0 || in_object() != object) return false;
        if (expected_ != Expected::comma_or_close && expected_ != when_empty) return false;
        --depth_;
        if (depth_ == 1 && in_object()) end_top_value();
        return end_value();
    }

    bool take_key() {
        expected_ = Expected::colon;
        if (depth_ == 1) walked_.members.push_back({token(), {}});
        return walked_.members.size() <= most_members;
    }

    bool begin_value() {
        if (expected_ != Expected::value && expected_ != Expected::value_or_close) return false;
        if (depth_ == 1 && in_object()) walked_.members.back().value = token();
        return true;
    }

    /// Of an object or array, which began as its bracket alone.
    void end_top_value() {
        Span& value = walked_.members.back().value;
        value.size = marks_[at_] + 1 - value.offset;
    }

    bool end_value() {
        expected_ = depth_ == 0 ? Expected::nothing : Expected::comma_or_close;
        return true;
    }

    /// From this mark to the next one, without the blanks in between.
    Span token() const {
        const std::size_t begin = marks_[at_];
        std::size_t end = at_ + 1 < marks_.size() ? marks_[at_ + 1] : text_.size();
        while (end > begin + 1 &&
               (text_[end - 1] == ' ' || text_[end - 1] == '\n' || text_[end - 1] == '\r' || text_[end - 1] == '\t'))
            --end;
        return {begin, end - begin};
    }

    std::string_view text_;
    std::span<const std::uint32_t> marks_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::bitset<deepest_nesting + 1> is_object_;  ///< what the container at each depth is; [0] is none
    Expected expected_ = Expected::value;
    Walked walked_;
};

std::optional<Walked> walk_with(simdjson::internal::dom_parser_implementation& parser, std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    if (parser.stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return std::nullopt;
    return Walker(text, {parser.structural_indexes.get(), parser.n_structural_indexes}).walk();
}

/// One per shard, for a shard is a thread.
simdjson::internal::dom_parser_implementation& kept_parser() {
    thread_local const Parser parser = make_parser(largest_for_kept_parser);
    return *parser;
}

}  // namespace

std::optional<Walked> walk_json(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text.size() <= largest_for_kept_parser) return walk_with(kept_parser(), text);
    return walk_with(*make_parser(text.size()), text);
}

std::optional<std::string> unescape_json(std::string_view token) {
    const std::string_view inner = token.substr(1, token.size() - 2);
    if (inner.find('\\') == std::string_view::npos) return std::string(inner);
    std::string text(inner.size() + http::Body::slack, '\0');
    auto* const begin = reinterpret_cast<std::uint8_t*>(text.data());
    const auto* const end = kept_parser().parse_string(reinterpret_cast<const std::uint8_t*>(inner.data()), begin);
    if (end == nullptr) return std::nullopt;
    text.resize(static_cast<std::size_t>(end - begin));
    return text;
}

}  // namespace gatehouse::messages
