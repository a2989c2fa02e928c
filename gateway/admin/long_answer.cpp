// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/long_answer.h"

#include "gateway/admin/reply.h"

namespace gatehouse::admin {
namespace {

constexpr std::size_t enough = std::size_t{256} << 10U;

}  // namespace

Task<> LongAnswer::add(std::string text) {
    waiting_ += text;
    if (waiting_.size() < enough) co_return Result<>{};
    co_return co_await flush();
}

Task<> LongAnswer::finish() {
    const auto written = co_await flush();
    if (!written) co_return fail(written.error());
    co_return co_await client_.finish();
}

Task<> LongAnswer::flush() {
    if (!client_.started()) client_.start(200, std::move(headers_));
    if (waiting_.empty()) co_return Result<>{};
    const std::string piece = std::exchange(waiting_, {});
    co_return co_await client_.write(piece);
}

http::Headers answer_headers(const http::Request& request, std::string_view content_type, std::string_view file) {
    http::Headers headers;
    headers.add("content-type", content_type);
    headers.add("request-id", admin_request_id(request.id));
    headers.add("cache-control", "no-store");
    if (!file.empty()) headers.add("content-disposition", "attachment; filename=\"" + std::string(file) + "\"");
    return headers;
}

}  // namespace gatehouse::admin
