// SPDX-License-Identifier: Apache-2.0
// RecordingResponder: the client's side of one streamed response, as a handler sees it. Keeps every write, can leave
// after any of them, can be slow. GivenBody: a request body that is there, or the error of reading it.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/body.h"
#include "tests/support/scripted_client.h"

namespace gatehouse::testing {

class RecordingResponder final : public http::Responder {
  public:
    int status = 0;
    http::Headers headers;
    std::vector<std::string> writes;
    bool finished = false;
    /// From this write on (0: the first) the client is gone.
    std::optional<std::size_t> gone_from;
    /// Each write waits here, as for a client that does not read.
    std::shared_ptr<Gate> slow;

    std::string body() const {
        std::string text;
        for (const std::string& write : writes)
            text.append(write);
        return text;
    }

    void start(int with, http::Headers head) override {
        if (started()) throw std::logic_error("a response was started twice");
        status = with;
        headers = std::move(head);
    }
    Task<> write(std::string_view bytes) override {
        if (!started() || finished) throw std::logic_error("a write outside of a response");
        if (gone_from && writes.size() >= *gone_from) co_return fail(Error::client_gone());
        writes.emplace_back(bytes);
        if (!slow) co_return Result<>{};
        const auto opened = co_await slow->wait();
        co_return opened;
    }
    Task<> finish() override {
        if (!started() || finished) throw std::logic_error("a response was finished twice or before its start");
        if (gone_from && writes.size() >= *gone_from) co_return fail(Error::client_gone());
        finished = true;
        co_return Result<>{};
    }
    bool started() const override { return status != 0; }
};

class GivenBody final : public http::BodyReader {
  public:
    explicit GivenBody(std::string text) : text_(std::move(text)) {}
    explicit GivenBody(Error error) : error_(std::move(error)) {}

    bool asked = false;
    std::size_t limit = 0;

    Task<> read_into(http::Request& request, std::size_t most) override {
        asked = true;
        limit = most;
        if (error_) co_return fail(*error_);
        if (text_.size() > most) co_return fail(Error::too_large("payload too large"));
        request.body = http::Body::of(text_);
        co_return Result<>{};
    }

  private:
    std::string text_;
    std::optional<Error> error_;
};

}  // namespace gatehouse::testing
