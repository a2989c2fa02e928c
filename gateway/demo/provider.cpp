// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/provider.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/demo/answer.h"
#include "gateway/http/reply.h"

namespace gatehouse::demo {
namespace {

namespace asio = boost::asio;

constexpr std::size_t largest_body = std::size_t{32} << 20U;

std::string fresh_id(std::string_view prefix) {
    const std::string bytes = sha256(request_uuid());
    return std::string(prefix) + to_hex(bytes).substr(0, 24);
}

/// What the real API sends beside an answer; the gateway must keep the first and take off the others.
http::Headers answer_headers(std::string_view type) {
    http::Headers headers;
    headers.add("content-type", type);
    headers.add("cache-control", "no-cache");
    headers.add("request-id", fresh_id("req_"));
    headers.add("anthropic-ratelimit-requests-limit", "4000");
    headers.add("anthropic-ratelimit-requests-remaining", "3999");
    return headers;
}

Task<> send_whole(http::Responder& client, std::string text) {
    http::Headers headers = answer_headers("application/json");
    headers.add("content-length", std::to_string(text.size()));
    client.start(200, std::move(headers));
    const auto written = co_await client.write(text);
    if (!written) co_return fail(written.error());
    co_return co_await client.finish();
}

Task<> send_events(http::Responder& client, std::vector<std::string> events, std::chrono::milliseconds pace) {
    client.start(200, answer_headers("text/event-stream; charset=utf-8"));
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (const std::string& event : events) {
        const auto written = co_await client.write(event);
        if (!written) co_return fail(written.error());
        if (pace.count() == 0) continue;
        timer.expires_after(pace);
        const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) co_return fail(Error::client_gone());
    }
    co_return co_await client.finish();
}

Task<http::Response> nothing_here() {
    co_return fail(Error::not_found(Reason::no_route, "Not found"));
}

boost::json::object model_entry(std::string_view id, std::string_view name) {
    return {{"type", "model"}, {"id", id}, {"display_name", name}, {"created_at", "2026-01-01T00:00:00Z"}};
}

}  // namespace

DemoProvider::DemoProvider(std::string api_key, std::chrono::milliseconds pace)
    : api_key_(std::move(api_key)), pace_(pace) {}

void DemoProvider::mount(http::Router& router) {
    router.add({.method = "POST",
                .path = "/v1/messages",
                .handler = {http::Access::credential,
                            http::StreamHandler(
                                [this](http::Request& request, http::BodyReader& reader, http::Responder& client) {
                                    return messages(request, reader, client);
                                })},
                .render = http::render_inference,
                .label = "demo_messages"});
    router.add({.method = "POST",
                .path = "/v1/messages/count_tokens",
                .handler = {http::Access::credential,
                            http::StreamHandler(
                                [this](http::Request& request, http::BodyReader& reader, http::Responder& client) {
                                    return count_tokens(request, reader, client);
                                })},
                .render = http::render_inference,
                .label = "demo_count_tokens"});
    router.add({.method = "GET",
                .path = "/v1/models",
                .handler = {http::Access::credential,
                            http::ReplyHandler([this](http::Request& request) { return models(request); })},
                .render = http::render_inference,
                .label = "demo_models"});
    router.set_fallback(
        {.method = "*",
         .path = "/*",
         .handler = {http::Access::anyone, http::ReplyHandler([](http::Request&) { return nothing_here(); })},
         .render = http::render_inference});
}

Task<> DemoProvider::messages(http::Request& request, http::BodyReader& reader, http::Responder& client) {
    const auto admitted = admit(request.headers);
    if (!admitted) co_return fail(admitted.error());
    const auto read = co_await reader.read_into(request, largest_body);
    if (!read) co_return fail(read.error());
    const auto answer = make_answer(request.body.view(), fresh_id("msg_demo"));
    if (!answer) co_return fail(answer.error());
    if (answer->streamed) co_return co_await send_events(client, to_events(*answer), pace_);
    co_return co_await send_whole(client, json::to_text(to_message(*answer)));
}

Task<> DemoProvider::count_tokens(http::Request& request, http::BodyReader& reader, http::Responder& client) {
    const auto admitted = admit(request.headers);
    if (!admitted) co_return fail(admitted.error());
    const auto read = co_await reader.read_into(request, largest_body);
    if (!read) co_return fail(read.error());
    const auto tokens = demo::count_tokens(request.body.view());
    if (!tokens) co_return fail(tokens.error());
    co_return co_await send_whole(client, json::to_text(boost::json::object{{"input_tokens", *tokens}}));
}

Task<http::Response> DemoProvider::models(http::Request& request) {
    const auto admitted = admit(request.headers);
    if (!admitted) co_return fail(admitted.error());
    const boost::json::array data{model_entry("claude-opus-5", "Claude Opus 5"),
                                  model_entry("claude-sonnet-5", "Claude Sonnet 5"),
                                  model_entry("claude-haiku-4-5", "Claude Haiku 4.5")};
    co_return http::json(
        200, boost::json::object{
                 {"data", data}, {"has_more", false}, {"first_id", "claude-opus-5"}, {"last_id", "claude-haiku-4-5"}});
}

Result<> DemoProvider::admit(const http::Headers& headers) const {
    if (!api_key_.equals(headers.value("x-api-key")))
        return fail(Error::unauthenticated(Reason::token_invalid, "invalid x-api-key"));
    return {};
}

}  // namespace gatehouse::demo
