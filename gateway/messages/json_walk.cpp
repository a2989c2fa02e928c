// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/json_walk.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "gateway/http/message.h"

namespace gatehouse::messages {
namespace {

static_assert(http::Body::slack >= simdjson::SIMDJSON_PADDING);

using Parser = std::unique_ptr<simdjson::internal::dom_parser_implementation>;

/// Claude Code's requests have a dozen.
constexpr std::size_t usual_members = 16;

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

/// What may come next. Of the outermost object, whose members are noted, there are states of their own.
enum State : std::uint8_t {
    begin,
    top_key_or_close,
    top_key,
    top_colon,
    top_value,
    top_comma_or_close,
    key_or_close,
    key,
    colon,
    value,
    comma_or_close,
    element_or_close,
    element,
    list_comma_or_close,
    end,
    states,
    // From here on not a state but something to do.
    note_key = states,
    note_string,
    look_at_scalar,
    open_object,
    open_list,
    close,
    refuse,
};

/// What a token is by its first byte. Everything else is a number or a literal, or nothing that may be there.
enum Kind : std::uint8_t { brace, bracket, end_brace, end_bracket, colon_mark, comma, quote, scalar, kinds };

constexpr auto kind_of = [] {
    std::array<Kind, 256> table{};
    table.fill(scalar);
    table['{'] = brace;
    table['['] = bracket;
    table['}'] = end_brace;
    table[']'] = end_bracket;
    table[':'] = colon_mark;
    table[','] = comma;
    table['"'] = quote;
    return table;
}();

/// Behind a value that stood there.
constexpr State after_value(State at) {
    if (at == begin) return end;
    if (at == top_value) return top_comma_or_close;
    return at == value ? comma_or_close : list_comma_or_close;
}

/// RFC 8259, sections 2 to 5: by state and kind the next state, or what to do.
constexpr auto grammar = [] {
    std::array<std::array<State, kinds>, states> table{};
    for (auto& row : table)
        row.fill(refuse);
    for (const State at : {begin, top_value, value, element, element_or_close}) {
        table[at][brace] = open_object;
        table[at][bracket] = open_list;
        table[at][quote] = at == top_value ? note_string : after_value(at);
        table[at][scalar] = look_at_scalar;
    }
    table[top_key][quote] = table[top_key_or_close][quote] = note_key;
    table[key][quote] = table[key_or_close][quote] = colon;
    table[top_colon][colon_mark] = top_value;
    table[colon][colon_mark] = value;
    table[top_comma_or_close][comma] = top_key;
    table[comma_or_close][comma] = key;
    table[list_comma_or_close][comma] = element;
    for (const State at : {top_key_or_close, top_comma_or_close, key_or_close, comma_or_close})
        table[at][end_brace] = close;
    for (const State at : {element_or_close, list_comma_or_close})
        table[at][end_bracket] = close;
    return table;
}();

/// Runs the grammar over the tokens' places.
class Walker {
  public:
    /// `marks` are the offsets of every bracket, colon, comma, opening quote and first letter of anything else.
    Walker(std::string_view text, std::span<const std::uint32_t> marks) : text_(text), marks_(marks) {}

    std::optional<Walked> walk() {
        walked_.members.reserve(usual_members);
        State state = begin;
        for (at_ = 0; at_ < marks_.size(); ++at_) {
            State next = grammar[state][kind_of[static_cast<std::uint8_t>(text_[marks_[at_]])]];
            if (next >= states) [[unlikely]]
                next = act(next, state);
            if (next == refuse) return std::nullopt;
            state = next;
        }
        if (state != end) return std::nullopt;
        walked_.outermost = text_[marks_[0]] == '{' ? Outermost::object : Outermost::other;
        return std::move(walked_);
    }

  private:
    /// The next state.
    State act(State what, State state) {
        if (what == look_at_scalar) return take_scalar(state);
        if (what == close) return close_container();
        if (what == open_object || what == open_list) return open(what, state);
        if (what == note_key) return take_key();
        if (what == note_string) return take_string();
        return refuse;
    }

    State take_key() {
        if (walked_.members.size() == most_members) return refuse;
        walked_.members.push_back({token(), {}});
        return top_colon;
    }

    State take_string() {
        walked_.members.back().value = token();
        return top_comma_or_close;
    }

    State take_scalar(State state) {
        const Span span = token();
        if (state == top_value) walked_.members.back().value = span;
        return is_scalar(span.in(text_)) ? after_value(state) : refuse;
    }

    State open(State what, State state) {
        if (depth_ == deepest_nesting) return refuse;
        behind_[depth_++] = after_value(state);
        if (state == top_value) walked_.members.back().value.offset = marks_[at_];
        if (what == open_list) return element_or_close;
        return state == begin ? top_key_or_close : key_or_close;
    }

    State close_container() {
        const State next = behind_[--depth_];
        if (next == top_comma_or_close) {
            Span& container = walked_.members.back().value;
            container.size = marks_[at_] + 1 - container.offset;
        }
        return next;
    }

    /// From this mark to the next one, without the blanks in between.
    Span token() const {
        const std::size_t first = marks_[at_];
        std::size_t last = at_ + 1 < marks_.size() ? marks_[at_ + 1] : text_.size();
        while (last > first + 1 && is_blank(text_[last - 1]))
            --last;
        return {first, last - first};
    }

    static bool is_blank(char letter) { return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t'; }

    std::string_view text_;
    std::span<const std::uint32_t> marks_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::array<State, deepest_nesting> behind_;  ///< the state behind the container at each depth
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
