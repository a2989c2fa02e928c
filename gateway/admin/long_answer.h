// SPDX-License-Identifier: Apache-2.0
// LongAnswer: a body that is written while it is made, so that a report of any size needs the memory of one piece.
// Until the first 256 KiB are there nothing has left, and a failure can still be answered as one; after that it cuts
// the connection, which a client sees.
#pragma once

#include <string>
#include <utility>

#include "gateway/http/body.h"
#include "gateway/http/message.h"

namespace gatehouse::admin {

class LongAnswer {
  public:
    /// `client` outlives it.
    LongAnswer(http::Responder& client, http::Headers headers) : client_(client), headers_(std::move(headers)) {}

    Task<> add(std::string text);
    Task<> finish();

  private:
    Task<> flush();

    http::Responder& client_;
    http::Headers headers_;
    std::string waiting_;
};

/// What every answer of this room carries. `file` names a download; empty: none.
http::Headers answer_headers(const http::Request& request, std::string_view content_type, std::string_view file = {});

}  // namespace gatehouse::admin
