// SPDX-License-Identifier: Apache-2.0
// A real Authenticator that knows one developer by a personal key, for tests of routes behind a credential.
#pragma once

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <string>
#include <utility>

#include "auth/authenticator.h"
#include "auth/secret_hash.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_journal.h"
#include "tests/support/memory_vault.h"
#include "tests/support/run_task.h"

namespace gatehouse::testing {

class SignedIn {
  public:
    static constexpr std::string_view credential = "ghk_012345678901234567890123456789012345678901A";

    explicit SignedIn(auth::Person person) {
        auth::PersonalKey key;
        key.id = "key-1";
        key.hash = auth::secret_hash(credential);
        key.person = std::move(person);
        key.created_at = clock.now();
        key.expires_at = clock.now() + std::chrono::hours(24);
        EXPECT_TRUE(run(vault.put_key(key)));
    }

    /// What the router's reply handler for this GET answers. `token` empty: no credential.
    Result<http::Response> get(http::Router& router, std::string target, std::string_view token = credential,
                               http::Headers headers = {}) {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = "GET";
        request.path = http::normal_path(target);
        request.target = std::move(target);
        request.headers = std::move(headers);
        if (!token.empty()) request.headers.add("Authorization", "Bearer " + std::string(token));
        const http::Route& found = router.find(request.method, request.path);
        return run(loop, std::get<http::ReplyHandler>(found.handler.call)(request));
    }

    boost::asio::io_context loop{1};  ///< outlives the pools of tests whose routes use one
    ManualClock clock;
    MemoryVault vault{clock};
    MemoryJournal journal;
    auth::Authenticator authenticator{{{Secret(std::string(32, 's'))}, std::chrono::seconds{3600}},
                                      "https://gateway.example.com",
                                      vault,
                                      clock,
                                      journal};
};

}  // namespace gatehouse::testing
