// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/delta_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace gatehouse::messages {
namespace {

/// As the provider writes it.
constexpr std::string_view usual_head = R"({"type":"content_block_delta","index":)";
constexpr std::array<std::string_view, 3> openings{R"(,"delta":{"type":"text_delta","text":")",
                                                   R"(,"delta":{"type":"input_json_delta","partial_json":")",
                                                   R"(,"delta":{"type":"thinking_delta","thinking":")"};
constexpr std::array<std::string_view, 3> keys{R"("text")", R"("partial_json")", R"("thinking")"};
constexpr std::string_view blanks = " \t\r\n";

/// Behind the opening quote of the text; the end when there is none. What stands before the opening need not be
/// compared: within a string a quote has a backslash before it, so that no text can contain an opening.
std::size_t find_as_usual(std::string_view data) {
    if (data.size() < usual_head.size()) return data.size();
    std::size_t at = usual_head.size();
    while (at < data.size() && data[at] >= '0' && data[at] <= '9')
        ++at;
    for (const std::string_view opening : openings)
        if (data.substr(at).starts_with(opening)) return at + opening.size();
    return data.size();
}

/// The same for members in another order or with blanks; only keys and whole values can match, for the same reason.
std::size_t find_anywhere(std::string_view data) {
    for (const std::string_view key : keys) {
        for (std::size_t at = data.find(key); at != std::string_view::npos; at = data.find(key, at + 1)) {
            const std::size_t colon = data.find_first_not_of(blanks, at + key.size());
            if (colon == std::string_view::npos || data[colon] != ':') continue;
            const std::size_t quote = data.find_first_not_of(blanks, colon + 1);
            if (quote != std::string_view::npos && data[quote] == '"') return quote + 1;
        }
    }
    return data.size();
}

/// The low half of a surrogate pair: its character was counted with the high half.
bool is_low_half(std::string_view escape) {
    return escape.size() > 3 && (escape[2] == 'd' || escape[2] == 'D') &&
           std::string_view("cdefCDEF").find(escape[3]) != std::string_view::npos;
}

constexpr bool continues_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Eight bytes at once: an answer is mostly text, and all of it passes here.
using Word = std::uint64_t;
constexpr Word ones = 0x0101010101010101U;
constexpr Word tops = ones << 7U;

/// Whether one of the word's bytes is `letter`.
constexpr bool holds(Word word, char letter) {
    const Word difference = word ^ (ones * static_cast<unsigned char>(letter));
    return ((difference - ones) & ~difference & tops) != 0;
}

/// Takes words off the front of a string's inside while nothing in them needs a closer look.
std::int64_t take_plain_words(std::string_view& text) {
    std::int64_t count = 0;
    while (text.size() >= sizeof(Word)) {
        Word word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        // Of ASCII the subtraction sets a top bit where a byte was equal, and nothing else does.
        const Word quotes = (word ^ (ones * '"')) - ones;
        const Word backslashes = (word ^ (ones * '\\')) - ones;
        if (((quotes | backslashes | word) & tops) != 0) {
            if (holds(word, '"') || holds(word, '\\')) break;
            count -= std::popcount(word & tops & ~(word << 1U));
        }
        count += static_cast<std::int64_t>(sizeof word);
        text.remove_prefix(sizeof word);
    }
    return count;
}

/// Of a JSON string's inside, up to its closing quote.
std::int64_t count_characters(std::string_view text) {
    std::int64_t count = 0;
    for (;;) {
        count += take_plain_words(text);
        std::size_t at = 0;
        for (; at < text.size() && text[at] != '"' && text[at] != '\\'; ++at)
            if (!continues_character(text[at])) ++count;
        if (at == text.size() || text[at] == '"') return count;
        const std::string_view escape = text.substr(at);
        const bool is_unicode = escape.substr(1).starts_with('u');
        if (!is_unicode || !is_low_half(escape)) ++count;
        text = escape.substr(std::min<std::size_t>(is_unicode ? 6 : 2, escape.size()));
    }
}

}  // namespace

std::int64_t characters_in_delta(std::string_view data) {
    std::size_t begin = find_as_usual(data);
    if (begin == data.size()) begin = find_anywhere(data);
    return count_characters(data.substr(begin));
}

}  // namespace gatehouse::messages
