// SPDX-License-Identifier: Apache-2.0
// /v1/organizations/service_keys as an admin meets it, with a real Gate and a real Authenticator; and what the key that
// it made may never do.
#include "gateway/admin/service_keys.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "auth/secret_hash.h"
#include "policy/cap.h"
#include "tests/admin/admin_world.h"
#include "tests/support/fixed_random.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view root = "/v1/organizations/service_keys";
constexpr std::string_view good = R"({"name":"ci","owner":"ada@example.com","groups":["engineering"]})";

class ServiceKeys : public AdminWorld {
  protected:
    ServiceKeys() : AdminWorld({"platform"}) { route_.mount(router); }

    Answer ask(std::string_view method, std::string target, std::string_view body = {},
               std::string_view key = write_key) {
        return call(method, std::move(target), body, {{"x-api-key", key}});
    }
    Answer ask_as(std::string_view token, std::string_view method, std::string target, std::string_view body = {}) {
        return call(method, std::move(target), body, {{"authorization", "Bearer " + std::string(token)}});
    }
    static std::string text(const bj::value& from, std::string_view path) {
        const bj::value* value = json::find_path(from, path);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
    }
    bj::value create(std::string_view body = good) {
        Answer answer = ask("POST", std::string(root), body);
        EXPECT_EQ(answer.status, 200) << answer.message();
        return std::move(answer.body);
    }
    static std::string path_of(const bj::value& key, std::string_view more = "") {
        return std::string(root).append("/").append(text(key, "id")).append(more);
    }
    policy::Documents stored(std::string_view kind = "service_key") {
        auto documents = testing::run(records.all(std::string(kind)));
        EXPECT_TRUE(documents);
        return std::move(*documents);
    }
    /// Hands what is stored to the Authenticator, as a shard does on a change.
    void take_over() { person.authenticator.set_service_keys(read_service_keys(stored())); }
    /// The slug of the refusal, or the caller's subject.
    std::string identified(std::string_view secret, std::string address = "192.0.2.7") {
        take_over();
        http::Request request;
        request.headers.add("x-api-key", secret);
        request.peer.address = std::move(address);
        const auto identity = testing::run(person.authenticator.identify(request));
        return identity ? (*identity)->person().subject : std::string(to_slug(identity.error().reason));
    }
    policy::AuditEvent newest() { return records.trail.back(); }

    static policy::RulesPtr rules_for(std::string group) {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.policies.resize(1);
        spec.policies[0].groups = {std::move(group)};
        auto made = policy::Rules::make(std::move(spec));
        if (made) return *made;
        ADD_FAILURE() << made.error().front().path << ": " << made.error().front().message;
        return nullptr;
    }

    testing::FixedRandom random_;
    policy::RulesPtr rules_ = rules_for("engineering");
    ServiceKeysRoute route_{{gate, records, person.vault, current_settings(), person.journal, person.clock, random_,
                             [this] { return rules_; }}};
};

TEST_F(ServiceKeys, AreCreatedWithASecretThatIsShownOnce) {
    const bj::value key = create();

    const std::string id = text(key, "id");
    const std::string secret = text(key, "secret");
    EXPECT_EQ(id.size(), 4U + 32U);
    EXPECT_TRUE(id.starts_with("svk_"));
    EXPECT_TRUE(auth::is_service_key(secret));
    const std::string now = "2026-11-25T12:00:00.000Z";
    const std::vector<std::string> groups{"engineering"};
    const std::string holds = rules_->policy_for({"", "", groups})->name;
    EXPECT_EQ(
        bj::serialize(key),
        R"({"type":"service_key","id":")" + id +
            R"(","name":"ci","owner":"ada@example.com","groups":["engineering"],"allowed_cidrs":[],)"
            R"("rate_limits":{},"disabled":false,"expires_at":"2027-02-23T12:00:00.000Z","secrets":[{"created_at":")" +
            now + R"(","expires_at":null}],"created_at":")" + now +
            R"(","created_by":"admin-key:terraform","updated_at":")" + now +
            R"(","status":"active","user_id":"service:)" + id + R"(","policy":")" + holds +
            R"(","last_used_at":null,"secret":")" + secret + R"("})");

    const Answer shown = ask("GET", path_of(key), "", read_key);
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(shown.headers.value("request-id"), "req_11111111222243338444555555555555");
    bj::value without = key;
    without.get_object().erase("secret");
    EXPECT_EQ(shown.body, without);
    EXPECT_EQ(ask("GET", std::string(root)).body.at("data"), bj::value(bj::array{without}));
    EXPECT_EQ(identified(secret), "service:" + id);
}

TEST_F(ServiceKeys, LeaveNeitherSecretNorHashInTheTrailOrTheJournal) {
    const bj::value key = create();
    const bj::value rotated = ask("POST", path_of(key, "/rotate")).body;
    ask("POST", path_of(key), R"({"disabled":true})");
    ask("DELETE", path_of(key));

    ASSERT_EQ(records.trail.size(), 4U);
    std::string everything;
    for (const auto& event : records.trail)
        everything += event.before + event.after + event.reason + event.actor + event.target_id;
    for (const auto& event : person.journal.events)
        for (const auto& [name, value] : event.fields)
            everything += value;
    EXPECT_NE(everything.find("\"secrets\":["), std::string::npos);
    for (const std::string& secret : {text(key, "secret"), text(rotated, "secret")}) {
        EXPECT_EQ(everything.find(secret), std::string::npos);
        EXPECT_EQ(everything.find(auth::secret_hash(secret)), std::string::npos);
    }
}

TEST_F(ServiceKeys, AreWrittenDownWithWhoAndWhy) {
    const bj::value key = create(R"({"name":"ci","owner":"ada","groups":[],"reason":"nightly"})");
    EXPECT_EQ(newest().action, "service_key.create");
    EXPECT_EQ(newest().actor, "admin-key:terraform");
    EXPECT_EQ(newest().target_id, text(key, "id"));
    EXPECT_EQ(newest().before, "");
    EXPECT_EQ(newest().reason, "nightly");

    ask_as(testing::SignedIn::credential, "POST", path_of(key), R"({"owner":"bob","reason":"ada left"})");
    EXPECT_EQ(newest().action, "service_key.update");
    EXPECT_EQ(newest().actor, "oidc:sub-fin");
    EXPECT_EQ(newest().reason, "ada left");
    EXPECT_NE(newest().before.find(R"("owner":"ada")"), std::string::npos);
    EXPECT_NE(newest().after.find(R"("owner":"bob")"), std::string::npos);

    ask("POST", path_of(key, "/rotate"), R"({"reason":"it leaked"})");
    EXPECT_EQ(newest().action, "service_key.rotate");
    EXPECT_EQ(newest().reason, "it leaked");

    ask("DELETE", path_of(key));
    EXPECT_EQ(newest().action, "service_key.revoke");
    EXPECT_NE(newest().before.find(R"("owner":"bob")"), std::string::npos);
    EXPECT_EQ(newest().after, "");
    EXPECT_EQ(records.trail.size(), 4U);
    for (const char* event : {"admin.service_key.create", "admin.service_key.update", "admin.service_key.rotate",
                              "admin.service_key.revoke"})
        EXPECT_EQ(person.journal.count(event), 1U) << event;
}

TEST_F(ServiceKeys, BringTheirOwnCapsAndTakeThemAlong) {
    const bj::value key = create(
        R"({"name":"ci","owner":"ada","groups":[],"limits":[{"amount":"50000"},{"amount":"900","period":"daily"}]})");
    const policy::Scope own{policy::ScopeKind::user, "service:" + text(key, "id")};
    const auto caps = policy::read_caps(stored("spend_limit"));
    ASSERT_EQ(caps->caps().size(), 2U);
    for (const policy::Cap& cap : caps->caps()) {
        EXPECT_EQ(cap.scope, own);
        EXPECT_EQ(cap.amount, cap.period == policy::Period::daily ? "900" : "50000");
    }
    ASSERT_EQ(records.trail.size(), 3U);
    EXPECT_EQ(records.trail[1].action, "spend_limit.upsert");
    EXPECT_EQ(records.trail[1].actor, "admin-key:terraform");
    const bj::value other = create(R"({"name":"other","owner":"ada","groups":[],"limits":[{"amount":"1"}]})");

    EXPECT_EQ(ask("DELETE", path_of(key)).status, 200);

    const auto left = policy::read_caps(stored("spend_limit"));
    ASSERT_EQ(left->caps().size(), 1U);
    EXPECT_EQ(left->caps()[0].scope.id, "service:" + text(other, "id"));
    EXPECT_EQ(newest().action, "spend_limit.delete");
}

TEST_F(ServiceKeys, AreRotatedWithAnOverlap) {
    const bj::value key = create();
    const std::string id = text(key, "id");

    const bj::value rotated = ask("POST", path_of(key, "/rotate"), R"({"overlap_seconds":3600})").body;

    const std::string former = text(key, "secret");
    const std::string next = text(rotated, "secret");
    EXPECT_NE(former, next);
    EXPECT_EQ(rotated.at("secrets").get_array().size(), 2U);
    EXPECT_EQ(text(rotated.at("secrets").get_array().at(1), "expires_at"), "2026-11-25T13:00:00.000Z");
    EXPECT_EQ(identified(former), "service:" + id);
    EXPECT_EQ(identified(next), "service:" + id);
    person.clock.advance(hours(1));
    EXPECT_EQ(identified(former), "key_expired");
    EXPECT_EQ(identified(next), "service:" + id);
    EXPECT_EQ(ask("GET", path_of(key)).body.at("secrets").get_array().size(), 1U);
}

TEST_F(ServiceKeys, AreRotatedWithADaysOverlapUnlessToldOtherwise) {
    const bj::value key = create();
    const bj::value rotated = ask("POST", path_of(key, "/rotate")).body;
    EXPECT_EQ(text(rotated.at("secrets").get_array().at(1), "expires_at"), "2026-11-26T12:00:00.000Z");

    const bj::value again = ask("POST", path_of(key, "/rotate"), R"({"overlap_seconds":0})").body;

    EXPECT_EQ(again.at("secrets").get_array().size(), 1U);
    EXPECT_EQ(identified(text(key, "secret")), "key_revoked");
    EXPECT_EQ(identified(text(rotated, "secret")), "key_revoked");
    EXPECT_EQ(identified(text(again, "secret")), "service:" + text(key, "id"));
}

TEST_F(ServiceKeys, AreChangedFieldByField) {
    const bj::value key = create();
    person.clock.advance(seconds(5));

    const bj::value changed =
        ask("POST", path_of(key),
            R"({"name":"nightly","groups":["batch"],"allowed_cidrs":["10.0.0.0/8"],"rate_limits":{"user":{"requests_per_minute":7}}})")
            .body;

    EXPECT_EQ(text(changed, "name"), "nightly");
    EXPECT_EQ(text(changed, "owner"), "ada@example.com");
    EXPECT_EQ(bj::serialize(changed.at("rate_limits")), R"({"user":{"requests_per_minute":7}})");
    EXPECT_EQ(text(changed, "updated_at"), "2026-11-25T12:00:05.000Z");
    EXPECT_EQ(text(changed, "created_at"), text(key, "created_at"));
    EXPECT_EQ(json::find(changed, "secret"), nullptr);
    EXPECT_EQ(identified(text(key, "secret")), "address_denied");
    EXPECT_EQ(identified(text(key, "secret"), "10.1.2.3"), "service:" + text(key, "id"));
}

TEST_F(ServiceKeys, AreDisabledAndEnabledAgain) {
    const bj::value key = create();

    EXPECT_EQ(text(ask("POST", path_of(key), R"({"disabled":true})").body, "status"), "disabled");
    EXPECT_EQ(identified(text(key, "secret")), "key_revoked");
    EXPECT_EQ(text(ask("POST", path_of(key), R"({"disabled":false})").body, "status"), "active");
    EXPECT_EQ(identified(text(key, "secret")), "service:" + text(key, "id"));
}

TEST_F(ServiceKeys, SayWhenTheyExpired) {
    const bj::value key = create();
    person.clock.advance(days(90));

    EXPECT_EQ(text(ask("GET", path_of(key)).body, "status"), "expired");
    EXPECT_EQ(identified(text(key, "secret")), "key_expired");
}

TEST_F(ServiceKeys, SayWhenTheyWereLastUsed) {
    const bj::value key = create();
    person.clock.advance(seconds(90));
    ASSERT_EQ(identified(text(key, "secret")), "service:" + text(key, "id"));

    EXPECT_EQ(text(ask("GET", path_of(key)).body, "last_used_at"), "2026-11-25T12:01:30.000Z");
    const bj::value list = ask("GET", std::string(root)).body;
    EXPECT_EQ(text(list.at("data").get_array().at(0), "last_used_at"), "2026-11-25T12:01:30.000Z");
}

TEST_F(ServiceKeys, AreGoneOnceTheyAreRevoked) {
    const bj::value key = create();

    const Answer gone = ask("DELETE", path_of(key));

    EXPECT_EQ(gone.status, 200);
    EXPECT_EQ(bj::serialize(gone.body), R"({"type":"service_key_deleted","id":")" + text(key, "id") + R"("})");
    EXPECT_EQ(identified(text(key, "secret")), "key_revoked");
    for (const auto& [method, more] : {std::pair{"GET", ""}, {"DELETE", ""}, {"POST", "/rotate"}}) {
        const Answer again = ask(method, path_of(key, more));
        EXPECT_EQ(again.status, 404) << method;
        EXPECT_EQ(again.message(), "service key not found");
    }
    EXPECT_EQ(ask("POST", path_of(key), R"({"name":"x"})").status, 404);
    EXPECT_EQ(records.trail.size(), 2U);
}

TEST_F(ServiceKeys, AreListedInPagesInOrderOfCreation) {
    std::vector<std::string> ids;
    for (int count = 0; count < 5; ++count) {
        ids.push_back(text(create(), "id"));
        person.clock.advance(seconds(1));
    }
    const auto page = [&](const std::string& query) {
        const Answer answer = ask("GET", std::string(root) + "?" + query, "", read_key);
        EXPECT_EQ(answer.status, 200) << answer.message();
        const bj::value& body = answer.body;
        std::string all;
        for (const bj::value& key : body.at("data").get_array())
            for (std::size_t index = 0; index < ids.size(); ++index)
                if (text(key, "id") == ids[index]) all += std::to_string(index);
        return all + (body.at("has_more").get_bool() ? "+" : "");
    };

    EXPECT_EQ(page(""), "01234");
    EXPECT_EQ(page("limit=2"), "01+");
    EXPECT_EQ(page("limit=2&after_id=" + ids[1]), "23+");
    EXPECT_EQ(page("limit=2&after_id=" + ids[2]), "34");
    EXPECT_EQ(page("limit=2&before_id=" + ids[3]), "12+");
    EXPECT_EQ(page("limit=2&before_id=" + ids[2]), "01");
    EXPECT_EQ(page("after_id=" + ids[4]), "");
    const Answer last = ask("GET", std::string(root) + "?after_id=" + ids[4]);
    EXPECT_EQ(bj::serialize(last.body), R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
}

TEST_F(ServiceKeys, RefuseAPageThatCannotBe) {
    const std::string id = text(create(), "id");
    const auto refused = [&](const std::string& query) {
        const Answer answer = ask("GET", std::string(root) + "?" + query);
        EXPECT_EQ(answer.status, 400);
        return answer.message();
    };

    EXPECT_EQ(refused("limit=0"), "limit: must be between 1 and 1000");
    EXPECT_EQ(refused("after_id=svk_none"), "after_id: no service key with this id");
    EXPECT_EQ(refused("before_id=svk_none"), "before_id: no service key with this id");
    EXPECT_EQ(refused("before_id=" + id + "&after_id=" + id), "before_id: and after_id exclude each other");
}

// ---- who may, and what nobody may

TEST_F(ServiceKeys, AreReadWithAReadKeyAndWrittenWithAWriteKey) {
    const bj::value key = create();

    for (const auto& [method, target] : {std::pair{"POST", std::string(root)},
                                         {"POST", path_of(key)},
                                         {"POST", path_of(key, "/rotate")},
                                         {"DELETE", path_of(key)}}) {
        const Answer refused = ask(method, target, good, read_key);
        EXPECT_EQ(refused.status, 403) << method << target;
        EXPECT_EQ(refused.message(), "requires write:service_keys");
        EXPECT_EQ(newest().action, "service_keys.denied");
    }
    EXPECT_EQ(ask("GET", path_of(key), "", read_key).status, 200);
    EXPECT_EQ(identified(text(key, "secret")), "service:" + text(key, "id"));
}

TEST_F(ServiceKeys, AreNothingForFinanceOrForStrangers) {
    settings->admin_groups = {"others"};
    settings->finance_groups = {"platform"};
    EXPECT_EQ(ask_as(testing::SignedIn::credential, "GET", std::string(root)).status, 403);
    settings->finance_groups.clear();
    EXPECT_EQ(ask_as(testing::SignedIn::credential, "GET", std::string(root)).status, 401);
    EXPECT_EQ(ask("GET", std::string(root), "", "wrong").status, 401);
    EXPECT_EQ(call("POST", std::string(root), good, {}).status, 401);
    EXPECT_TRUE(stored().empty());
}

TEST_F(ServiceKeys, NeverActAsMembersOfAGroupThatAdministers) {
    for (const char* group : {"platform", "finance"}) {
        const std::string body =
            std::string(R"({"name":"ci","owner":"ada","groups":["engineering",")") + group + "\"]}";

        const Answer refused = ask("POST", std::string(root), body);

        EXPECT_EQ(refused.status, 403);
        EXPECT_EQ(refused.message(),
                  "groups[1]: " + std::string(group) + " administers this gateway, and no service key may");
        EXPECT_EQ(text(refused.body, "/error/type"), "permission_error");
        EXPECT_EQ(newest().action, "service_keys.denied");
        EXPECT_EQ(newest().actor, "admin-key:terraform");
    }
    EXPECT_TRUE(stored().empty());
    EXPECT_EQ(person.journal.count("admin.denied"), 2U);
}

TEST_F(ServiceKeys, CannotBeGivenSuchAGroupLaterEither) {
    const bj::value key = create();

    const Answer refused = ask("POST", path_of(key), R"({"groups":["platform"]})");

    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(ask("GET", path_of(key)).body.at("groups"), bj::value(bj::array{"engineering"}));
}

TEST_F(ServiceKeys, NeverAdministerEvenWhenTheirGroupComesToAdminister) {
    const bj::value key = create();
    take_over();
    settings->admin_groups = {"engineering"};

    for (const std::string_view target : {root, std::string_view("/v1/organizations/service_keys/x")}) {
        const Answer refused = ask_as(text(key, "secret"), "GET", std::string(target));
        EXPECT_EQ(refused.status, 401);
        EXPECT_EQ(refused.message(), "missing or invalid admin credentials");
    }
    EXPECT_EQ(ask("POST", std::string(root), good, text(key, "secret")).status, 401);
    EXPECT_EQ(ask_as(text(key, "secret"), "POST", std::string(root), good).status, 401);
    EXPECT_EQ(stored().size(), 1U);
}

TEST_F(ServiceKeys, FromAWrongAddressAreNoAdminsEither) {
    const bj::value key =
        create(R"({"name":"ci","owner":"ada","groups":["engineering"],"allowed_cidrs":["10.0.0.0/8"]})");
    take_over();

    EXPECT_EQ(ask_as(text(key, "secret"), "GET", std::string(root)).status, 401);
}

// ---- what goes wrong

TEST_F(ServiceKeys, RefuseABodyThatIsNoOrder) {
    EXPECT_EQ(ask("POST", std::string(root), "not json").status, 400);
    EXPECT_EQ(ask("POST", std::string(root), R"({"name":"ci"})").message(),
              "owner: is required: who answers for this key?");
    const bj::value key = create();
    EXPECT_EQ(ask("POST", path_of(key), "").status, 400);
    EXPECT_EQ(ask("POST", path_of(key, "/rotate"), "[]").status, 400);
    EXPECT_EQ(ask("POST", path_of(key, "/rotate"), R"({"overlap_seconds":-1})").status, 400);
    EXPECT_EQ(records.trail.size(), 1U);
}

TEST_F(ServiceKeys, AreAThousandAtMost) {
    std::vector<policy::RecordWrite> writes(1'000);
    for (std::size_t index = 0; index < writes.size(); ++index) {
        writes[index].kind = "service_key";
        writes[index].id = std::to_string(index);
        writes[index].document = "{}";
    }
    ASSERT_TRUE(testing::run(records.write(std::move(writes))));

    const Answer refused = ask("POST", std::string(root), good);

    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.message(), "there are 1000 service keys: delete one that is no longer used");
}

TEST_F(ServiceKeys, AnswerWithAnErrorWhileTheStoreIsAway) {
    const bj::value key = create();
    records.set_down(true);

    for (const auto& [method, target, body] : {std::tuple{"GET", std::string(root), ""},
                                               {"GET", path_of(key), ""},
                                               {"DELETE", path_of(key), ""},
                                               {"POST", path_of(key, "/rotate"), ""},
                                               {"POST", std::string(root), good.data()}})
        EXPECT_EQ(ask(method, target, body).status, 500) << method << target;
}

TEST_F(ServiceKeys, ShowTheSecretThoughTheLastUseCannotBeRead) {
    person.vault.fail_next();
    EXPECT_TRUE(auth::is_service_key(text(create(), "secret")));
}

TEST_F(ServiceKeys, AreChangedAgainWhenAnotherAdminWasFaster) {
    ContestedRecords contested(records);
    ServiceKeysRoute route{{gate, contested, person.vault, current_settings(), person.journal, person.clock, random_,
                            [this] { return rules_; }}};
    router = {};
    route.mount(router);
    const bj::value key = create();
    auth::ServiceKey theirs = *auth::parse_service_key(stored().at(text(key, "id")));
    theirs.owner = "bob";
    policy::RecordWrite write;
    write.kind = "service_key";
    write.id = theirs.id;
    write.document = auth::to_document(theirs);
    contested.contests.push_back(write);

    const Answer changed = ask("POST", path_of(key), R"({"name":"nightly"})");

    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(text(changed.body, "owner"), "bob");
    EXPECT_EQ(text(changed.body, "name"), "nightly");
    EXPECT_NE(newest().before.find(R"("owner":"bob")"), std::string::npos);

    contested.contests.push_back(write);
    EXPECT_EQ(ask("DELETE", path_of(key)).status, 200);
    EXPECT_TRUE(stored().empty());
}

TEST_F(ServiceKeys, ThatCannotBeReadGrantNothingAndCanBeTakenAway) {
    const bj::value key = create();
    policy::RecordWrite broken;
    broken.kind = "service_key";
    broken.id = text(key, "id");
    broken.document = R"({"type":"service_key","id":"x"})";
    std::vector<policy::RecordWrite> writes;
    writes.push_back(broken);
    ASSERT_TRUE(testing::run(records.write(std::move(writes))));

    EXPECT_EQ(identified(text(key, "secret")), "key_revoked");
    EXPECT_EQ(ask("GET", path_of(key)).status, 404);
    EXPECT_EQ(ask("DELETE", path_of(key)).status, 200);
    EXPECT_TRUE(stored().empty());
}

}  // namespace
}  // namespace gatehouse::admin
