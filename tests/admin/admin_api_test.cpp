// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/admin_api.h"

#include <fstream>
#include <iterator>

#include "tests/admin/admin_world.h"
#include "tests/support/fixed_random.h"
#include "tests/support/memory_ledger.h"

namespace gatehouse::admin {
namespace {

struct Endpoint {
    std::string method;
    std::string path;
};

const std::vector<Endpoint> every_endpoint{{"GET", "/v1/organizations/spend_limits"},
                                           {"POST", "/v1/organizations/spend_limits"},
                                           {"GET", "/v1/organizations/spend_limits/spl_0"},
                                           {"DELETE", "/v1/organizations/spend_limits/spl_0"},
                                           {"GET", "/v1/organizations/spend_limits/effective"},
                                           {"GET", "/v1/organizations/spend_limits/pools"},
                                           {"POST", "/v1/organizations/spend_limits/preview"},
                                           {"GET", "/v1/organizations/spend_limits/audit"},
                                           {"GET", "/v1/organizations/audit"},
                                           {"GET", "/v1/organizations/explain"},
                                           {"GET", "/v1/organizations/paused_sessions"},
                                           {"POST", "/v1/organizations/paused_sessions/resume"},
                                           {"GET", "/v1/organizations/spend_limit_increase_requests"},
                                           {"GET", "/v1/organizations/spend_limit_increase_requests/slir_0"},
                                           {"POST", "/v1/organizations/spend_limit_increase_requests/slir_0/approve"},
                                           {"POST", "/v1/organizations/spend_limit_increase_requests/slir_0/deny"},
                                           {"GET", "/v1/organizations/service_keys"},
                                           {"POST", "/v1/organizations/service_keys"},
                                           {"GET", "/v1/organizations/service_keys/svk_0"},
                                           {"POST", "/v1/organizations/service_keys/svk_0"},
                                           {"DELETE", "/v1/organizations/service_keys/svk_0"},
                                           {"POST", "/v1/organizations/service_keys/svk_0/rotate"}};

class AdminApiTest : public AdminWorld {
  protected:
    AdminApiTest() { api.mount(router); }

    testing::MemoryLedger accounts;
    testing::FixedRandom random;
    policy::RulesPtr rules;
    BlockingPool pool{1};
    PolicyVersions versions{records, person.clock};
    observe::Activity activity{1};
    AdminApi api{{.authenticator = person.authenticator,
                  .settings = current_settings(),
                  .rules = [this] { return rules; },
                  .records = records,
                  .rollups = rollups,
                  .ledger = accounts,
                  .paused = accounts,
                  .activity = activity,
                  .upstreams = [] { return std::vector<UpstreamEntry>{}; },
                  .replica = {},
                  .pool = pool,
                  .providers = [] { return Providers{}; },
                  .prices = [] { return policy::builtin_price_book(); },
                  .policies = {.versions = versions,
                               .standing = [this] { return PolicyStanding{.file = {}, .rules = rules}; },
                               .take = [](policy::PolicyVersionPtr) {}},
                  .vault = person.vault,
                  .random = random,
                  .journal = person.journal,
                  .clock = person.clock}};
};

TEST_F(AdminApiTest, LetsNobodyInWithoutACredential) {
    for (const auto& [method, path] : every_endpoint) {
        const Answer answer = call(method, path, "{}", {});
        EXPECT_EQ(answer.status, 401) << method << " " << path;
        EXPECT_EQ(answer.message(), "missing or invalid admin credentials");
    }
    EXPECT_EQ(person.journal.count("admin.denied"), every_endpoint.size());
}

TEST_F(AdminApiTest, DoesNotLetAGoodTokenRescueAWrongKey) {
    settings->admin_groups = {"finance"};
    const std::string token = "Bearer " + std::string(testing::SignedIn::credential);
    EXPECT_EQ(call("GET", std::string(limits), "", {{"authorization", token}}).status, 200);
    EXPECT_EQ(call("GET", std::string(limits), "", {{"authorization", token}, {"x-api-key", "wrong"}}).status, 401);
}

TEST_F(AdminApiTest, TakesChangedKeysAtTheNextRequest) {
    EXPECT_EQ(get(std::string(limits)).status, 200);
    settings->read_keys.clear();
    EXPECT_EQ(get(std::string(limits)).status, 401);
}

TEST_F(AdminApiTest, KnowsNothingBesideItsPaths) {
    for (const auto& [method, path] : std::vector<Endpoint>{{"PUT", "/v1/organizations/spend_limits"},
                                                            {"POST", "/v1/organizations/spend_limits/effective"},
                                                            {"GET", "/v1/organizations/spend_limits/"},
                                                            {"GET", "/v1/organizations/spend_limits/a/b"},
                                                            {"PATCH", "/v1/organizations/spend_limits/spl_0"},
                                                            {"GET", "/v1/organizations/"}}) {
        const Answer answer = call(method, path, "{}", {{"x-api-key", write_key}});
        EXPECT_EQ(answer.status, 404) << method << " " << path;
        EXPECT_EQ(*json::find_string(answer.body.at("error"), "type"), "not_found_error");
    }
    EXPECT_EQ(call("GET", "/v1/organizations", "", {{"x-api-key", write_key}}).status, -1) << "not one of ours";
}

TEST_F(AdminApiTest, ReadsSpendFromTheLedger) {
    accounts.spend(policy::user_account("ada"), Money::cents(12), noon);
    const Answer answer = get(std::string(limits) + "/effective?user_ids[]=ada&period[]=daily");
    EXPECT_EQ(answer.column("period_to_date_spend"), std::vector<std::string>{R"("12")"});
}

TEST_F(AdminApiTest, IsDocumented) {
    std::ifstream file(std::string(GATEHOUSE_SOURCE_DIR) + "/docs/api.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const auto& [method, path] : every_endpoint) {
        std::string shown = path;
        for (const std::string_view id : {"spl_0", "svk_0", "slir_0"})
            if (const std::size_t at = shown.find(id); at != std::string::npos) shown.replace(at, id.size(), "{id}");
        EXPECT_NE(page.find("`" + method + " " + shown + "`"), std::string::npos) << method << " " << shown;
    }
}

}  // namespace
}  // namespace gatehouse::admin
