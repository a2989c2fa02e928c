// SPDX-License-Identifier: Apache-2.0
// The reports behind a gate, with spend that a test adds and an admin key that asks.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/admin/invoice_check.h"
#include "gateway/admin/reports.h"
#include "gateway/admin/spend_summary.h"
#include "gateway/base/json.h"
#include "tests/support/memory_records.h"
#include "tests/support/memory_rollups.h"
#include "tests/support/recording_responder.h"
#include "tests/support/signed_in.h"

namespace gatehouse::testing {

inline Instant moment(int year, int month, int day, std::chrono::milliseconds into = {}) {
    return Instant{std::chrono::sys_days{std::chrono::year{year} / month / day}} + into;
}

/// One settled request.
struct Spend {
    Instant when;
    std::string user = "sub-ada";
    std::string group = "core";
    std::string model = "claude-opus-5";
    std::string project;
    std::int64_t nano = 0;
    std::string service_key;
    std::string session = "session-1";
    policy::Tier tier = policy::Tier::standard;
    std::string upstream = "anthropic";
    policy::Usage usage{10, 20, 30, 40, 50, 6};
};

class ReportsTest : public ::testing::Test {
  protected:
    static constexpr std::string_view read_key = "a-read-key-of-thirty-two-characters";

    ReportsTest() {
        auto settings = std::make_shared<admin::AdminSettings>();
        settings->enabled = true;
        settings->read_keys = {{"finance", Secret(std::string(read_key))}};
        settings->finance_groups = {"controllers"};
        settings_ = settings;
        reports_.mount(router_);
        summary_.mount(router_);
        invoices_.mount(router_);
        developer_.clock.set(moment(2026, 11, 25, std::chrono::hours(15)));
        rollups_.people = {{"sub-ada", "ada@example.com", "Ada", {"core"}, false, {}},
                           {"sub-bob", "Bob@Example.com", "Bob", {"core"}, false, {}},
                           {"service:svk_1", "", "nightly build", {}, true, {}}};
    }

    void given(const Spend& spend) {
        policy::Charge charge;
        charge.when = spend.when;
        charge.who = {spend.user,  spend.group,   spend.model,       spend.upstream,
                      spend.model, spend.project, spend.service_key, spend.tier};
        charge.session = spend.session;
        charge.agent = "main";
        charge.usage = spend.usage;
        charge.cost = Money::nano(spend.nano);
        rollups_.add(charge);
    }

    struct Reply {
        int status = 0;
        http::Headers headers;
        std::string body;
        boost::json::value json() const { return gatehouse::json::parse(body).value_or(nullptr); }
        /// The message of an error envelope.
        std::string message() const {
            const auto envelope = json();
            const auto* error = gatehouse::json::find(envelope, "error");
            return error ? std::string(gatehouse::json::find_string(*error, "message").value_or("")) : body;
        }
    };
    Reply send(std::string method, std::string target, http::Headers headers, std::string body = {}) {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = std::move(method);
        request.path = http::normal_path(target);
        request.target = std::move(target);
        request.headers = std::move(headers);
        const http::Route& route = router_.find(request.method, request.path);
        if (const auto* handler = std::get_if<http::ReplyHandler>(&route.handler.call)) {
            auto answer = run(developer_.loop, (*handler)(request));
            if (!answer) answer = route.render(answer.error(), request.id);
            return {answer->status, answer->headers, answer->body};
        }
        RecordingResponder client;
        GivenBody given_body(std::move(body));
        const auto done =
            run(developer_.loop, std::get<http::StreamHandler>(route.handler.call)(request, given_body, client));
        body_was_read_ = given_body.asked;
        if (done) return {client.status, client.headers, client.body()};
        if (client.started()) return {client.status, client.headers, "(cut) " + client.body()};
        const http::Response refused = route.render(done.error(), request.id);
        return {refused.status, refused.headers, refused.body};
    }
    Reply get(std::string target, http::Headers more = {}) {
        more.add("x-api-key", read_key);
        return send("GET", "/v1/organizations/" + std::move(target), std::move(more));
    }
    Reply post_invoice(std::string_view type, std::string body, std::string_view query = "") {
        return send("POST", "/v1/organizations/invoice_check" + std::string(query),
                    {{"x-api-key", std::string(read_key)}, {"content-type", std::string(type)}}, std::move(body));
    }

    BlockingPool pool_{1};
    std::shared_ptr<const admin::AdminSettings> settings_;
    SignedIn developer_{{"sub-1", "ada@example.com", "Ada", {"engineering"}}};
    MemoryRecords records_;
    MemoryRollups rollups_;
    admin::Gate gate_{
        {developer_.authenticator, [this] { return settings_; }, records_, developer_.journal, developer_.clock}};
    policy::PriceBookPtr book_ = policy::builtin_price_book();
    admin::ReportsRoute reports_{{gate_, rollups_, developer_.clock, pool_,
                                  [] { return admin::Providers{{"anthropic", "anthropic"}}; },
                                  [this] { return book_; }}};
    admin::SpendSummaryRoute summary_{{gate_, rollups_, developer_.clock, pool_, [this] { return book_; }}};
    admin::InvoiceCheckRoute invoices_{{gate_, rollups_, pool_}};
    http::Router router_;
    bool body_was_read_ = false;
};

}  // namespace gatehouse::testing
