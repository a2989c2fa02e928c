// SPDX-License-Identifier: Apache-2.0
// What the notifier works with, in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/notify/settings.h"
#include "policy/cap.h"
#include "policy/charge.h"
#include "tests/support/fixed_random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_ledger.h"
#include "tests/support/memory_outbox.h"
#include "tests/support/memory_rollups.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"

namespace gatehouse::notify {

class NotifyWorld : public ::testing::Test {
  protected:
    NotifyWorld() {
        clock.set(noon);
        settings->webhooks.push_back({.name = "siem",
                                      .url = *http::parse_url("https://siem.example.com/hook?x=1"),
                                      .secret = Secret("01234567890123456789012345678901")});
    }
    template <class T>
    T good(Task<T> task) {
        auto result = testing::run(std::move(task));
        if (!result) throw std::runtime_error(describe(result.error()));
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    std::function<std::shared_ptr<const NotificationSettings>()> current() {
        return [this] { return settings; };
    }

    static constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};  // 2026-11-25T12:00:00Z, a Wednesday
    testing::ManualClock clock;
    testing::MemoryOutbox outbox;
    std::shared_ptr<NotificationSettings> settings = std::make_shared<NotificationSettings>();
};

}  // namespace gatehouse::notify
