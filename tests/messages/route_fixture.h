// SPDX-License-Identifier: Apache-2.0
// A MessagesRoute with real rules, a real Authenticator and real Anthropic providers, between a scripted upstream and a
// recorded client.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/log.h"
#include "gateway/http/reply.h"
#include "gateway/messages/route.h"
#include "gateway/upstream/anthropic.h"
#include "tests/support/memory_ledger.h"
#include "tests/support/recording_responder.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"
#include "tests/support/signed_in.h"

namespace gatehouse::messages {

inline constexpr std::string_view developer_key = testing::SignedIn::credential;
inline constexpr std::string_view provider_key = "sk-ant-organization";

/// What one request came to.
struct Served {
    Result<> result;
    testing::RecordingResponder client;
    std::string request_id = "11111111-2222-4333-8444-555555555555";
    http::ErrorRenderer render = nullptr;

    /// The status that the client sees.
    int status() const { return result || client.started() ? client.status : rendered().status; }
    http::Response rendered() const { return render(result.error(), request_id); }
};

class RouteFixture : public ::testing::Test {
  protected:
    RouteFixture() {
        log::set_level(log::Level::error);
        given_upstreams(1);
        route.mount(router);
    }

    void given_upstreams(std::size_t count, std::vector<policy::PolicySpec> policies = {}) {
        policy::RulesSpec spec;
        auto snapshot = std::make_shared<Upstreams>();
        for (std::size_t index = 0; index < count; ++index) {
            const std::string name = "up" + std::to_string(index);
            spec.upstreams.push_back({name, "anthropic"});
            upstream::AnthropicSettings settings;
            settings.name = name;
            settings.base_url = *http::parse_url("https://" + name + ".example.com");
            settings.api_key = Secret(std::string(provider_key));
            snapshot->providers.push_back(std::make_shared<upstream::Anthropic>(settings));
        }
        spec.policies = std::move(policies);
        spec.managed_configured = !spec.policies.empty();
        auto rules = policy::Rules::make(std::move(spec));
        ASSERT_TRUE(rules.has_value());
        snapshot->rules = *rules;
        snapshot->max_request_bytes = 4096;
        snapshot->first_byte_timeout = std::chrono::milliseconds{777};
        upstreams = snapshot;
    }

    static http::Request request_for(std::string target) {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = "POST";
        request.path = http::normal_path(target);
        request.target = std::move(target);
        request.headers = {{"Authorization", "Bearer " + std::string(developer_key)},
                           {"Content-Type", "application/json"},
                           {"anthropic-version", "2023-06-01"},
                           {"Cookie", "developer=1"}};
        request.peer.address = "10.1.2.3";
        return request;
    }

    Task<> handled(http::Request& request, http::BodyReader& body, http::Responder& client) {
        const http::Route& found = router.find(request.method, request.path);
        return std::get<http::StreamHandler>(found.handler.call)(request, body, client);
    }

    /// Serves one request to its end.
    std::unique_ptr<Served> serve(http::Request request, testing::GivenBody body, Served before = {}) {
        auto served = std::make_unique<Served>(std::move(before));
        served->render = router.find(request.method, request.path).render;
        served->result = testing::run(context, handled(request, body, served->client));
        return served;
    }
    std::unique_ptr<Served> serve(std::string body) {
        return serve(request_for("/v1/messages?beta=true"), testing::GivenBody(std::move(body)));
    }

    const observe::Entry& entry() const { return journal.entries.at(0); }
    /// What was settled, by model.
    struct Recorded {
        std::string model;
        std::int64_t requests = 0;
        policy::Usage usage;
        Money cost;
    };
    std::vector<Recorded> recorded() {
        std::vector<Recorded> sums;
        for (const policy::Charge& charge : ledger.charges()) {
            auto found = std::ranges::find(sums, charge.who.model, &Recorded::model);
            if (found == sums.end()) found = sums.insert(sums.end(), Recorded{charge.who.model, 0, {}, {}});
            found->requests += 1;
            found->usage += charge.usage;
            found->cost += charge.cost;
        }
        return sums;
    }
    /// Caps in force, in cents.
    void given_caps(std::vector<policy::Cap> caps, policy::EnforcementSettings enforcement = {},
                    std::string blocked_message = {}) {
        auto rules = std::make_shared<SpendRules>(*spend_rules);
        rules->capped = true;
        rules->caps = std::make_shared<const policy::CapBook>(std::move(caps));
        rules->enforcement = enforcement;
        rules->blocked_message = std::move(blocked_message);
        spend_rules = std::move(rules);
    }
    static policy::Cap cap(policy::Scope scope, std::string cents, policy::Period period = policy::Period::monthly) {
        policy::Cap one;
        one.id = "spl_" + std::string(to_slug(period)) + scope.id;
        one.scope = std::move(scope);
        one.amount = std::move(cents);
        one.period = period;
        return one;
    }
    static SpendRulesPtr without_caps() {
        auto rules = std::make_shared<SpendRules>();
        rules->caps = std::make_shared<const policy::CapBook>(std::vector<policy::Cap>{});
        rules->prices = policy::builtin_price_book();
        return rules;
    }

    boost::asio::io_context context{1};
    testing::SignedIn developer{{"sub-1", "ada@example.com", "Ada", {"engineering"}}};
    testing::ManualClock& clock = developer.clock;
    testing::MemoryVault& vault = developer.vault;
    testing::MemoryJournal& journal = developer.journal;
    auth::Authenticator& authenticator = developer.authenticator;
    testing::ScriptedClient upstream_client;
    testing::MemoryLedger ledger;
    observe::Metrics metrics;
    observe::Activity activity{1};
    http::Router router;
    UpstreamsPtr upstreams;
    SpendRulesPtr spend_rules = without_caps();
    MessagesRoute route{{.authenticator = authenticator,
                         .upstreams = [this] { return upstreams; },
                         .spend_rules = [this] { return spend_rules; },
                         .client = upstream_client,
                         .ledger = ledger,
                         .journal = journal,
                         .metrics = metrics,
                         .activity = activity.shard(0),
                         .clock = clock,
                         .look_every = std::chrono::milliseconds(0)}};
};

}  // namespace gatehouse::messages
