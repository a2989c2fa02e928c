// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/head.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/src.hpp>
#include <charconv>
#include <cstring>
#include <limits>

namespace gatehouse::net {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

Error bad_head(const std::string& why) {
    return Error::bad_request(Reason::malformed_request, "malformed request: " + why);
}
Error ambiguous(const std::string& why) {
    return Error::bad_request(Reason::ambiguous_framing, "malformed request: " + why);
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

/// Collects what Beast's parser finds, as views copied into Headers. Never sees a body.
template <bool is_request>
class HeadParser final : public beast::http::basic_parser<is_request> {
  public:
    explicit HeadParser(http::Headers& headers) : headers_(headers) {
        this->eager(false);
        this->header_limit(std::numeric_limits<std::uint32_t>::max());
        this->body_limit(boost::none);
        if constexpr (!is_request) this->skip(true);
    }

    std::string_view method;
    std::string_view target;
    int status = 0;
    int version = 11;

  private:
    void on_request_impl(beast::http::verb, beast::string_view method_text, beast::string_view target_text,
                         int version_number, error_code&) override {
        method = view(method_text);
        target = view(target_text);
        version = version_number;
    }
    void on_response_impl(int code, beast::string_view, int version_number, error_code&) override {
        status = code;
        version = version_number;
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, error_code&) override {
        headers_.add(view(name), view(value));
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override { return body.size(); }
    void on_finish_impl(error_code&) override {}

    http::Headers& headers_;
};

template <bool is_request>
Result<int> run_parser(HeadParser<is_request>& parser, std::string_view head) {
    error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error) return fail(bad_head(error.message()));
    if (!parser.is_header_done()) return fail(bad_head("incomplete head"));
    return parser.version;
}

Result<std::optional<std::uint64_t>> length_of(const http::Headers& headers) {
    const std::size_t count = headers.count("content-length");
    if (count == 0) return std::nullopt;
    if (count > 1) return fail(ambiguous("repeated Content-Length"));
    const std::string_view text = headers.value("content-length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return fail(ambiguous("Content-Length is not a number"));
    return length;
}

bool keeps_alive(const http::Headers& headers, bool http11) {
    if (headers.has_token("connection", "close")) return false;
    return http11 || headers.has_token("connection", "keep-alive");
}

bool is_lone_chunked(const http::Headers& headers) {
    return headers.count("transfer-encoding") == 1 && http::same_token(headers.value("transfer-encoding"), "chunked");
}

}  // namespace

Result<bool> find_head_end(std::string_view bytes, HeadScan& scan) {
    for (;;) {
        const std::string_view rest = bytes.substr(scan.line_start);
        const auto* newline = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
        if (newline == nullptr) return false;
        const auto length = static_cast<std::size_t>(newline - rest.data());
        if (length == 0 || rest[length - 1] != '\r') return fail(ambiguous("a line ends without CR"));
        const std::string_view line = rest.substr(0, length - 1);
        if (std::memchr(line.data(), '\r', line.size()) != nullptr) return fail(ambiguous("a lone CR"));
        if (std::memchr(line.data(), '\0', line.size()) != nullptr) return fail(bad_head("a NUL byte"));
        scan.line_start += length + 1;
        if (line.empty()) {
            if (scan.lines == 0) return fail(bad_head("an empty line where the request line belongs"));
            scan.size = scan.line_start;
            return true;
        }
        // obs-fold: RFC 9112, section 5.2, lets a server refuse it, and two readings of it are a smuggling vector.
        if (scan.lines > 0 && (line.front() == ' ' || line.front() == '\t'))
            return fail(ambiguous("a folded header line"));
        ++scan.lines;
    }
}

Result<RequestHead> parse_request_head(std::string_view head) {
    RequestHead request;
    request.headers.reserve(24, head.size());
    HeadParser<true> parser(request.headers);
    const auto version = run_parser(parser, head);
    if (!version) return fail(version.error());
    request.http11 = *version >= 11;
    request.method = parser.method;
    request.target = parser.target;
    if (!request.target.starts_with('/')) return fail(bad_head("the request target must be a path"));
    const auto length = length_of(request.headers);
    if (!length) return fail(length.error());
    request.content_length = *length;
    if (request.headers.find("transfer-encoding")) {
        if (request.content_length) return fail(ambiguous("both Content-Length and Transfer-Encoding"));
        if (!is_lone_chunked(request.headers)) return fail(ambiguous("a Transfer-Encoding other than chunked"));
        if (!request.http11) return fail(ambiguous("Transfer-Encoding in HTTP/1.0"));
        request.chunked = true;
    }
    const std::size_t hosts = request.headers.count("host");
    if (hosts > 1) return fail(ambiguous("repeated Host"));
    if (hosts == 0 && request.http11) return fail(bad_head("no Host header"));
    request.keep_alive = keeps_alive(request.headers, request.http11);
    request.expects_continue = request.http11 && http::same_token(request.headers.value("expect"), "100-continue");
    return request;
}

Result<ResponseHead> parse_response_head(std::string_view head) {
    ResponseHead response;
    response.headers.reserve(24, head.size());
    HeadParser<false> parser(response.headers);
    const auto version = run_parser(parser, head);
    if (!version) return fail(version.error());
    response.status = parser.status;
    const auto length = length_of(response.headers);
    if (!length) return fail(length.error());
    response.content_length = *length;
    if (response.headers.find("transfer-encoding")) {
        if (!is_lone_chunked(response.headers)) return fail(ambiguous("a Transfer-Encoding other than chunked"));
        response.chunked = true;
        response.content_length.reset();  // RFC 9112, section 6.3: Transfer-Encoding overrides
    }
    response.keep_alive = keeps_alive(response.headers, *version >= 11);
    return response;
}

}  // namespace gatehouse::net
