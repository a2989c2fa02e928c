// SPDX-License-Identifier: Apache-2.0
#include "gateway/observe/metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse::observe {
namespace {

bool has_line(const std::string& text, const std::string& line) {
    return text.find(line + "\n") != std::string::npos;
}

TEST(Metrics, CountByTheirLabels) {
    Metrics metrics;
    metrics.request_finished("/v1/messages", 200, std::chrono::milliseconds(3));
    metrics.request_finished("/v1/messages", 200, std::chrono::milliseconds(30));
    metrics.request_finished("/v1/messages", 429, std::chrono::milliseconds(1));
    metrics.tokens("claude-x", "input", 5);
    metrics.tokens("claude-x", "input", 7);
    const std::string text = metrics.exposition();
    EXPECT_TRUE(has_line(text, R"(gatehouse_http_requests_total{route="/v1/messages",status="200"} 2)"));
    EXPECT_TRUE(has_line(text, R"(gatehouse_http_requests_total{route="/v1/messages",status="429"} 1)"));
    EXPECT_TRUE(has_line(text, R"(gatehouse_http_request_seconds_bucket{route="/v1/messages",le="0.005"} 2)"));
    EXPECT_TRUE(has_line(text, R"(gatehouse_tokens_total{kind="input",model="claude-x"} 12)"));
}

TEST(Metrics, NeverCountDown) {
    Metrics metrics;
    metrics.tokens("claude-x", "output", -3);
    EXPECT_EQ(metrics.exposition().find("claude-x"), std::string::npos);
}

TEST(Metrics, LoseNothingBetweenThreads) {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            for (int round = 0; round < 5'000; ++round)
                metrics.refused(round % 2 == 0 ? "even" : "odd");
        });
    for (auto& thread : threads)
        thread.join();
    const std::string text = metrics.exposition();
    EXPECT_TRUE(has_line(text, R"(gatehouse_refusals_total{reason="even"} 10000)"));
    EXPECT_TRUE(has_line(text, R"(gatehouse_refusals_total{reason="odd"} 10000)"));
}

TEST(Metrics, GaugesFollowWhatIsOpen) {
    Metrics metrics;
    metrics.connection_opened();
    metrics.connection_opened();
    metrics.connection_closed();
    const std::string text = metrics.exposition();
    EXPECT_TRUE(has_line(text, "gatehouse_connections 1"));
    EXPECT_TRUE(has_line(text, "gatehouse_connections_total 2"));
}

}  // namespace
}  // namespace gatehouse::observe
