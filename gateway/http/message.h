// SPDX-License-Identifier: Apache-2.0
// Request and Response as values. The connection (net/) fills a Request; handlers return a Response or push to a
// Responder (body.h).
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http/headers.h"

namespace gatehouse::http {

/// A whole request body: exact size, followed by `slack` readable zero bytes (simdjson reads past the end).
class Body {
  public:
    static constexpr std::size_t slack = 64;

    Body() = default;
    explicit Body(std::size_t size) : bytes_(std::make_unique_for_overwrite<char[]>(size + slack)), size_(size) {
        std::memset(bytes_.get() + size, 0, slack);
    }
    static Body of(std::string_view text) {
        Body body(text.size());
        if (!text.empty()) std::memcpy(body.data(), text.data(), text.size());
        return body;
    }
    char* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {bytes_.get(), size_}; }

  private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

/// Who is at the other end of the connection.
struct Peer {
    std::string address;  ///< client address after `listen.trusted_proxies` resolution, without port
    bool secure = false;  ///< TLS ended here
};

struct Request {
    std::string id;  ///< uuid v4, goes out as x-request-id
    std::string method;
    std::string target;  ///< as received: path and query
    std::string path;    ///< without query, dot segments removed, not percent-decoded
    Headers headers;
    Body body;  ///< empty until read
    Peer peer;

    /// Without the question mark.
    std::string_view query() const {
        const std::size_t mark = target.find('?');
        return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
    }
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
};

}  // namespace gatehouse::http
