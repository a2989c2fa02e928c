// SPDX-License-Identifier: Apache-2.0
// How much a model has written, read off the events of its answer. Used by the usage meter for answers that end before
// the provider counted them. Pure; looks at one event's data as it is, without parsing or copying it.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::messages {

/// Characters (Unicode code points, escapes resolved) of text, thinking or tool input in the data of a
/// `content_block_delta` event; 0 for its other kinds (signatures, citations). Of data that was cut off, what is there.
std::int64_t characters_in_delta(std::string_view data);

}  // namespace gatehouse::messages
