// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/chunked.h"

#include <algorithm>
#include <cstring>

#include "gateway/base/text.h"

namespace gatehouse::net {
namespace {

constexpr std::size_t most_overhead = std::size_t{16} << 10U;

Error malformed(const char* why) {
    return Error::upstream_rejected(Reason::upstream_malformed, "malformed chunked body", why);
}

}  // namespace

Result<> ChunkedDecoder::take_size_byte(char byte) {
    if (const int value = hex_value(byte); value >= 0) {
        if (++digits_ > 15) return fail(malformed("chunk size too large"));
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return {};
    }
    if (digits_ == 0) return fail(malformed("no chunk size"));
    if (byte == '\r') {
        state_ = State::size_end;
    } else if (byte == ';' || byte == ' ' || byte == '\t') {
        state_ = State::extension;
    } else {
        return fail(malformed("bad chunk size"));
    }
    return {};
}

Result<std::size_t> ChunkedDecoder::decode(char* data, std::size_t size, std::size_t& consumed) {
    std::size_t in = 0;
    std::size_t out = 0;
    while (in < size && state_ != State::done) {
        const char byte = data[in];
        switch (state_) {
            case State::size:
                if (const auto taken = take_size_byte(byte); !taken) return fail(taken.error());
                ++in;
                break;
            case State::extension:
                if (++overhead_ > most_overhead) return fail(malformed("chunk extension too long"));
                if (byte == '\r') state_ = State::size_end;
                ++in;
                break;
            case State::size_end:
                if (byte != '\n') return fail(malformed("chunk size without LF"));
                state_ = left_ == 0 ? State::trailer : State::data;
                // A server that pads every size with blanks is no attack, however long its stream.
                overhead_ = 0;
                digits_ = 0;
                line_ = 0;
                ++in;
                break;
            case State::data: {
                const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - in));
                if (out != in) std::memmove(data + out, data + in, count);
                out += count;
                in += count;
                left_ -= count;
                if (left_ == 0) state_ = State::data_cr;
                break;
            }
            case State::data_cr:
                if (byte != '\r') return fail(malformed("chunk without CR"));
                state_ = State::data_lf;
                ++in;
                break;
            case State::data_lf:
                if (byte != '\n') return fail(malformed("chunk without LF"));
                state_ = State::size;
                ++in;
                break;
            case State::trailer:
                if (byte == '\r') {
                    state_ = State::trailer_lf;
                } else if (++overhead_ > most_overhead) {
                    return fail(malformed("trailers too long"));
                } else {
                    ++line_;
                }
                ++in;
                break;
            case State::trailer_lf:
                if (byte != '\n') return fail(malformed("trailer without LF"));
                state_ = line_ == 0 ? State::done : State::trailer;
                line_ = 0;
                ++in;
                break;
            case State::done:
                break;
        }
    }
    consumed = in;
    return out;
}

}  // namespace gatehouse::net
