// SPDX-License-Identifier: Apache-2.0
// The built-in Claude models: their ids at Anthropic and at the clouds, names and release dates. Read by rules.cpp
// only, which lays the operator's `models:` over it. A new model is one line in catalogue.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse::policy {

struct Builtin {
    std::string_view id;             ///< what the Anthropic API is sent: dated where a dated id exists
    std::string_view dateless;       ///< the id without its date; equal to `id` when that has none
    std::string_view bedrock;        ///< Bedrock's base model id, without a geography in front
    std::string_view vertex;         ///< "…@date", or equal to `dateless`
    std::string_view display_name;   ///< for people
    std::string_view released;       ///< RFC 3339; the epoch when not known, as the Models API writes it
    long long max_input_tokens = 0;  ///< 0: not stated, because it depends on the account or on a beta
    bool listed = true;              ///< false: retired at Anthropic; still resolves, for upstreams that keep it
};

/// Newest first.
std::span<const Builtin> builtins();

/// The index of the model that `spelling` (lower case) names: dateless, dated, Bedrock with or without a geography,
/// Vertex. Nothing for `[1m]`, `-latest`, other dates and bare family words.
std::optional<std::size_t> find_builtin(std::string_view spelling);

}  // namespace gatehouse::policy
