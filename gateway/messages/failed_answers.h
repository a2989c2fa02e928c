// SPDX-License-Identifier: Apache-2.0
// FailedAnswers: while upstreams fail one after the other, holds the answer that the client gets if all do
// (docs/decisions/0008-how-an-answer-ends.md): the last 429, else the last 401 or 403, else the last 404, else the last
// 501, else (better than the reference) the last 529. Used by the messages route, one per request.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "gateway/base/task.h"
#include "gateway/http/client.h"

namespace gatehouse::messages {

struct FailedAnswer {
    int status = 0;
    http::Headers headers;
    std::string body;
    std::string upstream;
    std::string upstream_model;
};

class FailedAnswers {
  public:
    /// Whether an answer with that status would take the place of the one held.
    bool prefers(int status) const;
    void keep(FailedAnswer answer) { kept_ = std::move(answer); }
    /// The answer to give, or nothing when none is worth giving.
    std::optional<FailedAnswer> take() { return std::move(kept_); }

  private:
    std::optional<FailedAnswer> kept_;
};

/// The whole of a small body. Fails when it is longer than `limit`, breaks off, or is not complete after `patience`: an
/// upstream that fails slowly must not hold up the one that would answer.
Task<std::string> read_within(http::Source& source, std::size_t limit, std::chrono::milliseconds patience);

}  // namespace gatehouse::messages
