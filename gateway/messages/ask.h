// SPDX-License-Identifier: Apache-2.0
// Ask: a request body of the Messages API, read once for what the gateway acts on (model, stream, max_tokens) and kept
// as the bytes that were received. Made by the messages route. Refuses anything that is not JSON from the first byte to
// the last, so that no other parser can find a model in it that this one has not seen; changes nothing but the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/http/message.h"

namespace gatehouse::messages {

class Ask {
  public:
    static constexpr std::size_t longest_model = 256;

    /// Faults: bad_request with body_not_json, model_missing, model_not_string, model_duplicate, malformed_request.
    static Result<Ask> parse(http::Body body);

    const std::string& model() const { return model_; }
    bool stream() const { return stream_; }
    /// Nothing when absent or not a whole number; the provider says what is wrong with it.
    std::optional<std::int64_t> max_tokens() const { return max_tokens_; }

    /// The body with `model` in the place of the client's: the original bytes when it is the same, else three pieces
    /// around it. Valid until the next call of `pieces` or `release`.
    std::vector<std::string_view> pieces(std::string_view model);
    /// Gives the body's memory back: a stream outlives its request by minutes.
    void release() { body_ = {}; }

  private:
    Ask() = default;

    http::Body body_;
    std::string model_;
    std::size_t model_offset_ = 0;  ///< of the opening quote
    std::size_t model_size_ = 0;    ///< both quotes included
    bool stream_ = false;
    std::optional<std::int64_t> max_tokens_;
    std::string spliced_;
};

}  // namespace gatehouse::messages
