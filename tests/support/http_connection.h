// SPDX-License-Identifier: Apache-2.0
// HttpConnection: a blocking HTTP/1.1 client for one connection, over RawClient. It shows a test what is on the wire
// (every header line, each chunk as it was framed) and follows, caches and retries nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/headers.h"
#include "tests/support/raw_client.h"

namespace gatehouse::testing {

struct Answer {
    int status = 0;
    http::Headers headers;
    std::string body;

    std::string header(std::string_view name) const { return std::string(headers.value(name)); }
};

class HttpConnection {
  public:
    explicit HttpConnection(std::uint16_t port, const char* from = nullptr) : wire_(port, from) {
        if (!wire_.connected()) throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }

    /// Host and Content-Length are added.
    void send(std::string_view method, std::string_view target, const http::Headers& headers = {},
              std::string_view body = {}) {
        std::string text(method);
        text.append(" ").append(target).append(" HTTP/1.1\r\nHost: gateway.test\r\n");
        headers.append_to(text);
        if (!body.empty() || method == "POST")
            text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
        wire_.send(text.append("\r\n").append(body));
        without_body_ = method == "HEAD";
    }
    /// The head of the answer; its body is still to come.
    Answer read_head() {
        const std::string head = wire_.read_until("\r\n\r\n");
        if (!head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no HTTP/1.1 answer: " + head);
        Answer answer;
        answer.status = std::stoi(head.substr(9, 3));
        for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
            const std::size_t end = head.find("\r\n", at);
            const std::size_t colon = head.find(':', at);
            const std::size_t value = head.find_first_not_of(' ', colon + 1);
            answer.headers.add(std::string_view(head).substr(at, colon - at),
                               std::string_view(head).substr(value, end - value));
            at = end + 2;
        }
        return answer;
    }
    /// The next chunk of a chunked body; nothing at its regular end. Throws when the connection is cut before.
    std::optional<std::string> read_chunk() {
        const std::size_t size = std::stoul(wire_.read_until("\r\n"), nullptr, 16);
        std::string chunk = wire_.read_exactly(size + 2);
        if (size == 0) return std::nullopt;
        chunk.resize(size);
        return chunk;
    }
    /// Chunks until their text holds `mark`, all of them as one text.
    std::string read_chunks_until(std::string_view mark) {
        std::string text;
        while (text.find(mark) == std::string::npos) {
            const auto chunk = read_chunk();
            if (!chunk) throw std::runtime_error("ended before " + std::string(mark) + ", got: " + text);
            text.append(*chunk);
        }
        return text;
    }
    std::string read_chunks_to_end() {
        std::string text;
        while (const auto chunk = read_chunk())
            text.append(*chunk);
        return text;
    }
    Answer read() {
        Answer answer = read_head();
        if (without_body_ || answer.status == 204 || answer.status == 304) return answer;
        if (const auto size = answer.headers.find("content-length"))
            answer.body = wire_.read_exactly(std::stoul(std::string(*size)));
        else if (answer.headers.has_token("transfer-encoding", "chunked"))
            answer.body = read_chunks_to_end();
        else
            answer.body = wire_.read_to_end();
        return answer;
    }
    Answer ask(std::string_view method, std::string_view target, const http::Headers& headers = {},
               std::string_view body = {}) {
        send(method, target, headers, body);
        return read();
    }
    Answer get(std::string_view target, const http::Headers& headers = {}) { return ask("GET", target, headers); }
    void close() { wire_.close(); }
    /// Whether exactly these bytes are still to come before the peer closes.
    bool closes_after(std::string_view rest) { return wire_.read_to_end() == rest; }

  private:
    RawClient wire_;
    bool without_body_ = false;
};

}  // namespace gatehouse::testing
