// SPDX-License-Identifier: Apache-2.0
// Removes chunked framing (RFC 9112, section 7.1) in place: what a read brought is compacted to pure data at the front
// of the same buffer, so one view and one write serve however many chunks came together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gateway/base/result.h"

namespace gatehouse::net {

class ChunkedDecoder {
  public:
    /// Decodes `size` bytes at `data` in place and returns how many bytes of payload now stand at its front. Bytes
    /// after the body's end are not consumed: `consumed` tells how far it got. Refuses malformed framing.
    Result<std::size_t> decode(char* data, std::size_t size, std::size_t& consumed);
    bool done() const { return state_ == State::done; }

  private:
    enum class State : std::uint8_t { size, extension, size_end, data, data_cr, data_lf, trailer, trailer_lf, done };
    Result<> take_size_byte(char byte);

    State state_ = State::size;
    std::uint64_t left_ = 0;
    unsigned digits_ = 0;
    std::size_t line_ = 0;      ///< bytes in the present trailer line
    std::size_t overhead_ = 0;  ///< bytes of the present extension, or of all trailers: bounded
};

}  // namespace gatehouse::net
