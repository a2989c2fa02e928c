// SPDX-License-Identifier: Apache-2.0
// JsonWalk: is this text JSON from its first byte to its last, and which members stand at its top level? Used by Ask;
// the only module that includes simdjson.
//
// simdjson's first stage finds every token at the speed of memory and checks UTF-8, control characters and the end of
// strings. What follows here is the grammar: brackets in pairs, commas, colons and keys in their places, every number
// and literal well formed. simdjson's own on-demand parser skips most of that (its skipping counts brackets without
// telling `[` from `{`), so that a broken body could hide a key from us that a lenient parser upstream still finds; and
// where it checks, it takes twice the time. Escapes within values that are not read stay unchecked: they cannot move a
// string's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::messages {

/// A place in the text.
struct Span {
    std::size_t offset = 0;
    std::size_t size = 0;

    std::size_t end() const { return offset + size; }
    std::string_view in(std::string_view text) const { return text.substr(offset, size); }
};

/// `"key": value` of the outermost object.
struct Member {
    Span key;    ///< with its quotes
    Span value;  ///< from its first byte to its last, whatever it is
};

enum class Outermost : std::uint8_t { object, other };

struct Walked {
    Outermost outermost = Outermost::other;
    std::vector<Member> members;  ///< in order, of an object
};

/// Deeper nesting and longer lists of top-level members are refused: no request has them, and an attacker's would cost
/// many times its own size.
inline constexpr std::size_t deepest_nesting = 512;
inline constexpr std::size_t most_members = 1024;

/// Nothing when the text is not JSON. `text` is followed by at least 64 readable bytes (http::Body::slack).
std::optional<Walked> walk_json(std::string_view text);

/// What a string token of a walked text says; nothing when an escape in it is malformed.
std::optional<std::string> unescape_json(std::string_view token);

}  // namespace gatehouse::messages
