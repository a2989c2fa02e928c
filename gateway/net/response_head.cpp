// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/response_head.h"

#include <array>
#include <ctime>

#include "gateway/http/reply.h"

namespace gatehouse::net {
namespace {

constexpr std::string_view fixed_headers =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

/// IMF-fixdate (RFC 9110, section 5.6.7), made once a second and thread.
std::string_view date() {
    thread_local std::time_t second = 0;
    thread_local std::array<char, 40> text{};
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        second = now;
        std::tm parts{};
        gmtime_r(&now, &parts);
        size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return {text.data(), size};
}

}  // namespace

void write_response_head(std::string& wire, int status, const http::Headers& headers, std::string_view request_id,
                         bool chunked, bool keep_alive) {
    wire.clear();
    wire.reserve(1024);
    wire.append("HTTP/1.1 ")
        .append(std::to_string(status))
        .append(" ")
        .append(http::status_phrase(status))
        .append("\r\n");
    headers.append_to(wire);
    wire.append(fixed_headers).append("x-request-id: ").append(request_id).append("\r\n");
    if (!headers.find("date")) wire.append("Date: ").append(date()).append("\r\n");
    if (chunked) wire.append("Transfer-Encoding: chunked\r\n");
    if (!keep_alive) wire.append("Connection: close\r\n");
    wire.append("\r\n");
}

}  // namespace gatehouse::net
