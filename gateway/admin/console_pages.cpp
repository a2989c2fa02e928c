// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/console_pages.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"

namespace gatehouse::admin {
namespace {

constexpr std::string_view assets_path = "/console/assets/";
constexpr std::string_view page_name = "index.html";
/// Our own files only, no inline code, no other origin. Pictures are drawn, but for the icon, which is a data URL.
constexpr std::string_view security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Whether `accept` names that coding with a weight above zero (RFC 9110, section 12.5.3).
bool takes(std::string_view accept, std::string_view coding) {
    while (!accept.empty()) {
        const std::size_t comma = std::min(accept.find(','), accept.size());
        std::string item = to_lower(accept.substr(0, comma));
        std::erase(item, ' ');
        accept.remove_prefix(std::min(comma + 1, accept.size()));
        const std::string_view name = std::string_view(item).substr(0, item.find(';'));
        if (name != coding) continue;
        const std::size_t weight = item.find(";q=");
        return weight == std::string::npos || item.find_first_not_of("0.", weight + 3) != std::string::npos;
    }
    return false;
}

}  // namespace

http::Response answer_with(const ConsoleFile& file, const http::Request& request) {
    http::Response response;
    response.headers.add("etag", file.etag);
    response.headers.add("vary", "accept-encoding");
    response.headers.add("content-security-policy", security_policy);
    response.headers.add("cache-control", file.name == page_name ? "no-cache" : "public, max-age=31536000, immutable");
    if (request.headers.value("if-none-match") == file.etag) {
        response.status = 304;
        return response;
    }
    response.headers.add("content-type", file.content_type);
    const std::string_view accept = request.headers.value("accept-encoding");
    if (!file.brotli.empty() && takes(accept, "br")) {
        response.headers.add("content-encoding", "br");
        response.body = file.brotli;
    } else if (!file.gzip.empty() && takes(accept, "gzip")) {
        response.headers.add("content-encoding", "gzip");
        response.body = file.gzip;
    } else {
        response.body = file.plain;
    }
    return response;
}

void ConsolePages::mount(http::Router& router) {
    for (const char* path : {"/me", "/console", "/console/*"})
        router.add({.method = "GET",
                    .path = path,
                    .handler = {http::Access::page,
                                http::ReplyHandler([this](http::Request& request) { return page(request); })},
                    .render = parts_.render,
                    .label = "console"});
    router.add({.method = "GET",
                .path = std::string(assets_path) + "*",
                .handler = {http::Access::anyone,
                            http::ReplyHandler([this](http::Request& request) { return asset(request); })},
                .render = http::render_plain,
                .label = "console"});
}

Task<http::Response> ConsolePages::page(http::Request& request) {
    const auto viewer = co_await parts_.viewer(request);
    if (!viewer) co_return fail(viewer.error());
    if (!viewer->has_value()) {
        http::Response response = http::redirect("/login?" + http::encode_form({{"return_to", request.target}}));
        response.headers.add("cache-control", "no-store");
        co_return response;
    }
    const auto found = std::ranges::find(parts_.files, page_name, &ConsoleFile::name);
    if (found == parts_.files.end()) co_return fail(Error::internal("the console's page is not embedded"));
    co_return answer_with(*found, request);
}

Task<http::Response> ConsolePages::asset(http::Request& request) {
    const std::string_view name = std::string_view(request.path).substr(assets_path.size());
    const auto found = std::ranges::find(parts_.files, name, &ConsoleFile::name);
    if (found == parts_.files.end() || name == page_name) co_return fail(Error::not_found());
    co_return answer_with(*found, request);
}

}  // namespace gatehouse::admin
