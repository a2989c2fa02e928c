// SPDX-License-Identifier: Apache-2.0
// The admin room's surroundings in memory: keys of both rights, one signed-in person, records, people and their spend.
#pragma once

#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/gate.h"
#include "gateway/admin/spending.h"
#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"
#include "gateway/http/router.h"
#include "policy/charge.h"
#include "tests/support/memory_records.h"
#include "tests/support/memory_rollups.h"
#include "tests/support/signed_in.h"

namespace gatehouse::admin {

struct Answer {
    int status = 0;
    boost::json::value body;
    http::Headers headers;

    std::string message() const {
        const auto* error = json::find(body, "error");
        return error == nullptr ? "" : std::string(json::find_string(*error, "message").value_or(""));
    }
    /// One member of the body, as JSON text.
    std::string text(std::string_view path) const {
        const auto* found = json::find_path(body, path);
        return found == nullptr ? "absent" : json::to_text(*found);
    }
    /// One member of every row of `data`, as JSON text.
    std::vector<std::string> column(std::string_view name) const {
        std::vector<std::string> values;
        for (const auto& row : body.at("data").as_array())
            values.push_back(json::to_text(*json::find_path(row, name)));
        return values;
    }
};

/// Records that another admin changes between our reading and our writing, as often as told.
class ContestedRecords final : public policy::Records {
  public:
    explicit ContestedRecords(policy::Records& inner) : inner_(inner) {}
    std::vector<policy::RecordWrite> contests;

    Task<policy::Documents> all(std::string kind) override { return inner_.all(std::move(kind)); }
    Task<std::optional<std::string>> find(std::string kind, std::string id) override {
        return inner_.find(std::move(kind), std::move(id));
    }
    Task<> write(std::vector<policy::RecordWrite> changes) override {
        if (!contests.empty()) {
            std::vector<policy::RecordWrite> theirs;
            theirs.push_back(std::move(contests.back()));
            contests.pop_back();
            const auto written = co_await inner_.write(std::move(theirs));
            EXPECT_TRUE(written);
        }
        co_return co_await inner_.write(std::move(changes));
    }
    Task<> note(policy::AuditEvent event) override { return inner_.note(std::move(event)); }
    Task<std::vector<policy::AuditEvent>> audit(std::int64_t before, std::size_t limit) override {
        return inner_.audit(before, limit);
    }
    Task<> sweep_audit(Instant before) override { return inner_.sweep_audit(before); }

  private:
    policy::Records& inner_;
};

class AdminWorld : public ::testing::Test {
  protected:
    static constexpr std::string_view write_key = "write-key-0123456789-0123456789-0123";
    static constexpr std::string_view read_key = "read-key-0123456789-0123456789-01234";
    static constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};  // 2026-11-25T12:00:00Z, a Wednesday
    static constexpr std::string_view limits = "/v1/organizations/spend_limits";

    explicit AdminWorld(std::vector<std::string> groups = {"finance"})
        : person({"sub-fin", "fin@example.com", "Fin", std::move(groups)}) {
        person.clock.set(noon);
        settings->enabled = true;
        settings->write_keys = {{"terraform", Secret(std::string(write_key))}};
        settings->read_keys = {{"report", Secret(std::string(read_key))}};
        settings->admin_groups = {"platform"};
        settings->finance_groups = {"finance"};
        router.set_fallback(
            {.method = "*", .path = "/*", .handler = {http::Access::anyone, http::ReplyHandler(no_such_path)}});
    }

    std::function<std::shared_ptr<const AdminSettings>()> current_settings() {
        return [this] { return settings; };
    }
    Standings ledger() {
        return [this](std::vector<policy::Limit> asked, Instant) { return standings_of(std::move(asked)); };
    }
    /// As the whole connection would answer.
    Answer call(std::string_view method, std::string target, std::string_view body, http::Headers headers) {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = method;
        request.path = http::normal_path(target);
        request.target = std::move(target);
        request.headers = std::move(headers);
        request.body = http::Body::of(body);
        const http::Route& route = router.find(request.method, request.path);
        auto result = testing::run(person.loop, std::get<http::ReplyHandler>(route.handler.call)(request));
        if (!result && route.render == nullptr) return {.status = -1, .body = {}, .headers = {}};
        http::Response response = result ? std::move(*result) : route.render(result.error(), request.id);
        return {response.status, json::parse(response.body).value_or(boost::json::value()),
                std::move(response.headers)};
    }
    Answer get(std::string target, std::string_view key = read_key) {
        return call("GET", std::move(target), "", {{"x-api-key", key}});
    }
    Answer post(std::string target, std::string_view body, std::string_view key = write_key) {
        return call("POST", std::move(target), body, {{"x-api-key", key}});
    }
    Answer remove(std::string target, std::string_view key = write_key) {
        return call("DELETE", std::move(target), "", {{"x-api-key", key}});
    }
    Answer get_as_person(std::string target) {
        return call("GET", std::move(target), "",
                    {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}});
    }

    void given_person(std::string id, std::string email, std::vector<std::string> groups, std::string name = {}) {
        rollups.people.push_back({.id = std::move(id),
                                  .email = std::move(email),
                                  .name = std::move(name),
                                  .groups = std::move(groups),
                                  .service = false,
                                  .last_seen = noon - std::chrono::hours(1)});
    }
    /// The same in every period.
    void given_spend(const std::string& account, Money spent, Money held = {}) {
        for (const policy::Period period : policy::every_period)
            standings[{account, period}] = {spent, held};
    }
    /// The id of the cap that it makes.
    std::string given_cap(std::string_view scope, std::string_view amount, std::string_view more = "") {
        std::string body = R"({"scope":)";
        body.append(scope).append(R"(,"amount":)").append(amount).append(more).append("}");
        const Answer answer = post(std::string(limits), body);
        EXPECT_EQ(answer.status, 200) << answer.message();
        return std::string(json::find_string(answer.body, "id").value_or(""));
    }
    std::vector<std::string> actions() const {
        std::vector<std::string> found;
        for (const policy::AuditEvent& event : records.trail)
            found.push_back(event.action);
        return found;
    }

    testing::SignedIn person;
    testing::MemoryRecords records;
    testing::MemoryRollups rollups;
    std::map<std::pair<std::string, policy::Period>, policy::Standing> standings;
    int standings_asked = 0;
    bool ledger_down = false;
    std::shared_ptr<AdminSettings> settings = std::make_shared<AdminSettings>();
    http::Router router;
    Gate gate{{.authenticator = person.authenticator,
               .settings = current_settings(),
               .records = records,
               .journal = person.journal,
               .clock = person.clock}};

  private:
    static Task<http::Response> no_such_path(http::Request&) { co_return fail(Error::not_found()); }

    Task<std::vector<policy::Standing>> standings_of(std::vector<policy::Limit> asked) {
        if (ledger_down) co_return fail(Error::unavailable(Reason::store_unreachable, "the store is unreachable"));
        std::vector<policy::Standing> found;
        for (const policy::Limit& limit : asked)
            found.push_back(standings[{limit.account, limit.period}]);
        standings_asked += static_cast<int>(asked.size());
        co_return std::move(found);
    }
};

}  // namespace gatehouse::admin
