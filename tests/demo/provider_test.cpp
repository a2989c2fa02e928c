// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/provider.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "gateway/base/json.h"
#include "tests/support/run_task.h"

namespace gatehouse::demo {
namespace {

using testing::run;

class HeldBody final : public http::BodyReader {
  public:
    explicit HeldBody(std::string body) : body_(std::move(body)) {}
    Task<> read_into(http::Request& request, std::size_t limit) override {
        if (body_.size() > limit) co_return fail(Error::too_large("payload too large"));
        request.body = http::Body::of(body_);
        co_return Result<>{};
    }

  private:
    std::string body_;
};

class KeptResponse final : public http::Responder {
  public:
    int status = 0;
    http::Headers headers;
    std::vector<std::string> writes;
    bool finished = false;
    std::size_t gone_after = 1000;  ///< the client closes after so many writes

    void start(int code, http::Headers lines) override {
        status = code;
        headers = std::move(lines);
    }
    Task<> write(std::string_view bytes) override {
        if (writes.size() >= gone_after) co_return fail(Error::client_gone());
        writes.emplace_back(bytes);
        co_return Result<>{};
    }
    Task<> finish() override {
        finished = true;
        co_return Result<>{};
    }
    bool started() const override { return status != 0; }
    std::string body() const {
        std::string text;
        for (const std::string& bytes : writes)
            text += bytes;
        return text;
    }
};

class DemoProviderTest : public ::testing::Test {
  protected:
    DemoProviderTest() { provider_.mount(router_); }

    Result<> post(const std::string& path, std::string body, const std::string& key = "demo-key") {
        http::Request request;
        request.headers.add("X-Api-Key", key);
        HeldBody reader(std::move(body));
        const http::Route& route = router_.find("POST", path);
        const auto& handler = std::get<http::StreamHandler>(route.handler.call);
        return run(handler(request, reader, response_));
    }

    DemoProvider provider_{"demo-key", std::chrono::milliseconds{0}};
    http::Router router_;
    KeptResponse response_;
};

constexpr const char* question =
    R"({"model":"claude-haiku-4-5","max_tokens":99,"messages":[{"role":"user","content":"hi"}])";

TEST_F(DemoProviderTest, AnswersWithOneJsonMessage) {
    ASSERT_TRUE(post("/v1/messages", std::string(question) + "}"));

    const auto message = json::parse(response_.body());
    ASSERT_TRUE(message);
    EXPECT_EQ(json::find_string(*message, "type"), "message");
    EXPECT_EQ(response_.headers.value("content-type"), "application/json");
    EXPECT_EQ(response_.headers.value("content-length"), std::to_string(response_.body().size()));
    EXPECT_TRUE(response_.finished);
}

TEST_F(DemoProviderTest, StreamsOneWriteForEachEvent) {
    ASSERT_TRUE(post("/v1/messages", std::string(question) + R"(,"stream":true})"));

    EXPECT_TRUE(response_.headers.value("content-type").starts_with("text/event-stream"));
    EXPECT_GT(response_.writes.size(), 8U);
    EXPECT_TRUE(response_.writes.front().starts_with("event: message_start\n"));
    EXPECT_TRUE(response_.writes.back().starts_with("event: message_stop\n"));
    EXPECT_TRUE(std::ranges::all_of(response_.writes, [](const auto& bytes) { return bytes.ends_with("\n\n"); }));
    EXPECT_TRUE(response_.finished);
}

TEST_F(DemoProviderTest, StopsWhenTheReaderIsGone) {
    response_.gone_after = 2;

    const auto result = post("/v1/messages", std::string(question) + R"(,"stream":true})");

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Reason::client_disconnected);
    EXPECT_FALSE(response_.finished);
}

TEST_F(DemoProviderTest, RefusesAnotherKeyBeforeReadingAnything) {
    for (const char* path : {"/v1/messages", "/v1/messages/count_tokens"}) {
        const auto result = post(path, "not even JSON", "demo-kez");
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().fault, Fault::unauthenticated);
        EXPECT_FALSE(response_.started());
    }
}

TEST_F(DemoProviderTest, CountsTokens) {
    ASSERT_TRUE(post("/v1/messages/count_tokens", std::string(question) + "}"));

    const auto answer = json::parse(response_.body());
    ASSERT_TRUE(answer);
    EXPECT_GT(json::find_integer(*answer, "input_tokens").value_or(0), 0);
}

TEST_F(DemoProviderTest, ListsModelsForItsKeyOnly) {
    const auto& list = std::get<http::ReplyHandler>(router_.find("GET", "/v1/models").handler.call);
    http::Request request;

    const auto refused = run(list(request));
    request.headers.add("x-api-key", "demo-key");
    const auto listed = run(list(request));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unauthenticated);
    ASSERT_TRUE(listed);
    EXPECT_NE(listed->body.find("claude-sonnet-5"), std::string::npos);
}

TEST_F(DemoProviderTest, HasNothingElse) {
    const auto& other = std::get<http::ReplyHandler>(router_.find("GET", "/v1/complete").handler.call);
    http::Request request;

    const auto result = run(other(request));

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::not_found);
}

}  // namespace
}  // namespace gatehouse::demo
