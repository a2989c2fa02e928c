// SPDX-License-Identifier: Apache-2.0
// Ask: a request body of the Messages API, read once for what the gateway acts on (model, stream, max_tokens, speed,
// tags) and kept as the bytes that were received. Made by the messages route. Refuses anything that is not JSON from
// the first byte to the last, so that no other parser can find a model in it that this one has not seen; changes
// nothing but the model, and takes nothing out but the tags.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/http/message.h"
#include "gateway/messages/json_walk.h"
#include "policy/usage.h"

namespace gatehouse::messages {

class Ask {
  public:
    static constexpr std::size_t longest_model = 256;
    static constexpr std::size_t longest_tag = 200;

    /// Faults: bad_request with body_not_json, model_missing, model_not_string, model_duplicate, malformed_request.
    static Result<Ask> parse(http::Body body);

    const std::string& model() const { return model_; }
    bool stream() const { return stream_; }
    /// Nothing when absent or not a whole number; the provider says what is wrong with it.
    std::optional<std::int64_t> max_tokens() const { return max_tokens_; }
    /// What the request asks for. What it got, and is billed for, the answer says.
    policy::Speed speed() const { return speed_; }
    /// Bytes of the body, also after `release`.
    std::size_t size() const { return size_; }
    /// What the request's tags say under that name. Nothing without such a tag; "" when it is no text of at most
    /// `longest_tag` bytes. Not after `release`.
    std::optional<std::string> tag(std::string_view name) const;

    /// The body with `model` in the place of the client's and, if `drops_tags`, without the member `tags` and its
    /// comma: the original bytes in at most four pieces, and one when nothing changes. Valid until the next call of
    /// `pieces` or `release`.
    std::vector<std::string_view> pieces(std::string_view model, bool drops_tags = false);
    /// Gives the body's memory back: a stream outlives its request by minutes.
    void release() { body_ = {}; }

  private:
    Ask() = default;

    http::Body body_;
    std::size_t size_ = 0;
    std::string model_;
    Span model_place_;  ///< both quotes included
    std::optional<Span> tags_;
    Span tags_place_;  ///< the whole member and the comma that goes with it
    bool stream_ = false;
    std::optional<std::int64_t> max_tokens_;
    policy::Speed speed_ = policy::Speed::standard;
    std::string spliced_;
};

}  // namespace gatehouse::messages
