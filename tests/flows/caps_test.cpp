// SPDX-License-Identifier: Apache-2.0
// The admin API over the real binary: caps are set by those who may, hold for prompts on every replica, and outlive a
// restart.
#include <gtest/gtest.h>

#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view limits = "/v1/organizations/spend_limits";
constexpr std::string_view write_key = "the-write-key-of-at-least-32-letters";
constexpr std::string_view read_key = "the-read-key-of-at-least-32-letters-";

http::Headers key(std::string_view which) {
    return {{"x-api-key", which}, {"content-type", "application/json"}};
}

class CapsFlow : public ::testing::Test {
  protected:
    CapsFlow() {
        config_ = world_.config();
        config_.store = redis_.section();
        config_.more = "admin:\n  write_keys: [{ id: terraform, key: " + std::string(write_key) +
                       " }]\n  read_keys: [{ id: reports, key: " + std::string(read_key) +
                       " }]\n  admin_groups: [admins]\n  finance_groups: [contractors]\n";
        one_ = world_.serve(config_, "one.yaml");
        EXPECT_TRUE(all_shards_are_ready(one_->port()));
    }
    ~CapsFlow() override { EXPECT_EQ(one_->terminate(), 0) << one_->err(); }

    Answer get(const std::string& path, const http::Headers& who = key(read_key)) const {
        return HttpConnection(one_->port()).get(path, who);
    }
    Answer put(const std::string& body, const http::Headers& who = key(write_key)) const {
        return HttpConnection(one_->port()).ask("POST", limits, who, body);
    }
    static std::string cap_of(std::string_view scope, std::string_view amount) {
        return std::string(R"({"scope":)").append(scope).append(R"(,"amount":")").append(amount).append("\"}");
    }
    /// One member of every row of `data`.
    static std::vector<std::string> column(const Answer& answer, std::string_view member) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        std::vector<std::string> values;
        const auto body = json::parse(answer.body);
        const auto* rows = body ? json::find(*body, "data") : nullptr;
        if (rows == nullptr || !rows->is_array()) return values;
        for (const auto& row : rows->get_array())
            if (const auto* found = json::find_path(row, member)) values.push_back(json::to_text(*found));
        return values;
    }
    using Column = std::vector<std::string>;

    World world_;
    SharedRedis redis_;
    Config config_;
    std::unique_ptr<GatehouseProcess> one_;
};

TEST_F(CapsFlow, AnAdminKeySetsReplacesListsAndDeletesACap) {
    const Answer made = put(cap_of(R"({"type":"organization"})", "50000"));
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string id = text_of(made, "id");
    EXPECT_EQ(made.header("request-id").substr(0, 4), "req_");

    const Answer replaced = put(cap_of(R"({"type":"organization"})", "60000"));
    EXPECT_EQ(text_of(replaced, "id"), id);
    EXPECT_EQ(text_of(replaced, "created_at"), text_of(made, "created_at"));
    EXPECT_EQ(column(get(std::string(limits)), "amount"), Column{R"("60000")"});
    EXPECT_EQ(text_of(get(std::string(limits) + "/" + id), "amount"), "60000");

    const Answer gone = HttpConnection(one_->port()).ask("DELETE", std::string(limits) + "/" + id, key(write_key));
    EXPECT_EQ(text_of(gone, "type"), "spend_limit_deleted");
    EXPECT_EQ(get(std::string(limits) + "/" + id).status, 404);

    const Answer audit = get(std::string(limits) + "/audit");
    EXPECT_EQ(column(audit, "action"),
              (Column{R"("spend_limit.delete")", R"("spend_limit.upsert")", R"("spend_limit.upsert")"}));
    EXPECT_EQ(column(audit, "/before/amount"), (Column{R"("60000")", R"("50000")"}));
    EXPECT_EQ(column(audit, "actor")[0], R"("admin-key:terraform")");
}

TEST_F(CapsFlow, OnlyThoseWhoMayGetIn) {
    const std::string body = cap_of(R"({"type":"organization"})", "5");
    const Tokens ada = world_.sign_in(one_->port(), "demo-ada");
    const Tokens finance = world_.sign_in(one_->port(), "demo-carl");
    const Tokens admin = world_.sign_in(one_->port(), "demo-fiona");

    EXPECT_EQ(put(body, {}).status, 401);
    EXPECT_EQ(put(body, key("another-key-of-at-least-32-letters---")).status, 401);
    EXPECT_EQ(put(body, ada.bearer()).status, 401);
    EXPECT_EQ(message_of(put(body, key(read_key))), "requires write:spend_limits");
    EXPECT_EQ(put(body, finance.bearer()).status, 403);
    EXPECT_EQ(get(std::string(limits) + "/effective", finance.bearer()).status, 200);
    EXPECT_EQ(get(std::string(limits) + "/audit", finance.bearer()).status, 403);
    EXPECT_EQ(get("/v1/organizations/nothing", key(read_key)).status, 404);
    EXPECT_EQ(column(get(std::string(limits)), "id"), Column{});
    EXPECT_EQ(put(body, admin.bearer()).status, 200);

    const Answer audit = get(std::string(limits) + "/audit");
    EXPECT_EQ(column(audit, "actor"),
              (Column{R"("oidc:demo-fiona")", R"("oidc:demo-carl")", R"("admin-key:reports")"}));
    EXPECT_EQ(column(audit, "action")[1], R"("spend_limits.denied")");
}

TEST_F(CapsFlow, ACapHoldsOnAnotherReplicaAtOnceAndOutlivesARestart) {
    const auto two = world_.serve(config_, "two.yaml");
    ASSERT_TRUE(all_shards_are_ready(two->port()));
    const Tokens ada = world_.sign_in(one_->port(), "demo-ada");
    ASSERT_EQ(post_messages(two->port(), ada).status, 200);

    // By address: the first prompt made Ada known.
    ASSERT_TRUE(eventually(
        [&] { return put(cap_of(R"({"type":"user","user_email":"ADA@demo.example"})", "0")).status == 200; }));
    const auto began = std::chrono::steady_clock::now();
    // Every shard follows by itself, and chance decides on which one a connection is.
    const auto all_refuse = [&](std::uint16_t port) {
        for (int count = 0; count < 8; ++count)
            if (post_messages(port, ada).status != 429) return false;
        return true;
    };
    EXPECT_TRUE(eventually([&] { return all_refuse(two->port()); }));
    const auto took = std::chrono::steady_clock::now() - began;
    RecordProperty("microseconds_until_capped",
                   std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    const Answer refused = post_messages(two->port(), ada);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(two->terminate(), 0) << two->err();

    ASSERT_EQ(one_->terminate(), 0) << one_->err();
    one_ = world_.serve(config_, "one.yaml");

    EXPECT_TRUE(all_refuse(one_->port()));
    EXPECT_EQ(column(get(std::string(limits)), "/scope/user_id"), Column{R"("demo-ada")"});
    const Answer why = get("/v1/organizations/explain?user=ada@demo.example&model=claude-opus-5");
    const auto explained = json::parse(why.body);
    ASSERT_TRUE(explained);
    EXPECT_EQ(json::to_text(*json::find_path(*explained, "/now/state")), R"("blocked")");
    EXPECT_EQ(json::to_text(*json::find_path(*explained, "/model/allowed")), "false");

    const std::string id = text_of(put(cap_of(R"({"type":"user","user_id":"demo-ada"})", "100")), "id");
    EXPECT_TRUE(eventually([&] { return post_messages(one_->port(), ada).status == 200; })) << id;
}

TEST_F(CapsFlow, SpendIsShownPerPersonAndOfThePoolThatTheyShare) {
    ASSERT_EQ(put(cap_of(R"({"type":"group_pool","rbac_group_id":"engineering"})", "50000")).status, 200);
    const Tokens ada = world_.sign_in(one_->port(), "demo-ada");
    const auto pooled = [&] { return column(get(std::string(limits) + "/pools"), "period_to_date_spend"); };
    // A prompt on a shard that has not heard of the pool yet does not count in it.
    ASSERT_TRUE(eventually([&] {
        return post_messages(one_->port(), ada).status == 200 && !pooled().empty() && pooled()[0] != R"("0")";
    }));

    const Answer rows = get(std::string(limits) + "/effective?period[]=monthly&sort=spend_desc&q=ada");

    EXPECT_EQ(column(rows, "/actor/email_address"), Column{R"("ada@demo.example")"});
    EXPECT_EQ(column(rows, "groups"), Column{R"(["engineering"])"});
    ASSERT_EQ(column(rows, "period_to_date_spend").size(), 1U);
    EXPECT_NE(column(rows, "period_to_date_spend")[0], R"("0")");
}

TEST_F(CapsFlow, APreviewSaysWhoWouldBeBlockedAndStoresNothing) {
    const Tokens ada = world_.sign_in(one_->port(), "demo-ada");
    ASSERT_EQ(post_messages(one_->port(), ada).status, 200);
    const std::string body = cap_of(R"({"type":"rbac_group","rbac_group_id":"engineering"})", "0");
    Answer preview;

    ASSERT_TRUE(eventually([&] {
        preview = HttpConnection(one_->port()).ask("POST", std::string(limits) + "/preview", key(read_key), body);
        return preview.body.find(R"("applies_to":1)") != std::string::npos;
    })) << preview.body;

    EXPECT_NE(preview.body.find(R"("would_block":[{"actor":{"type":"user_actor","user_id":"demo-ada")"),
              std::string::npos)
        << preview.body;
    EXPECT_EQ(column(get(std::string(limits)), "id"), Column{});
    EXPECT_EQ(post_messages(one_->port(), ada).status, 200);
}

TEST_F(CapsFlow, TheStoreAwayIsA500AndCapsGoOnAsTheyWereKnown) {
    redis_.end();

    EXPECT_EQ(get(std::string(limits)).status, 500);
    EXPECT_NE(get(std::string(limits)).body.find(R"("type":"api_error")"), std::string::npos);

    redis_.start();
    EXPECT_TRUE(eventually([&] { return get(std::string(limits)).status == 200; }));
}

TEST(CapsFlowWithoutAdmin, ThePathsAreUnknownOnes) {
    World world;
    const auto gateway = world.serve(world.config());
    const Tokens ada = world.sign_in(gateway->port(), "demo-ada");

    EXPECT_EQ(HttpConnection(gateway->port()).get(limits).status, 401);
    const Answer unknown = HttpConnection(gateway->port()).get(limits, ada.bearer());
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.body, "not found");
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

}  // namespace
}  // namespace gatehouse::testing
