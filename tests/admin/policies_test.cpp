// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/policies.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "policy/policy_document.h"
#include "tests/support/memory_records.h"
#include "tests/support/signed_in.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view root = "/v1/organizations/policies";
constexpr std::string_view write_key = "the-write-key-of-thirty-two-characters";
constexpr std::string_view read_key = "the-read-key-of-thirty-two-characters-";
constexpr std::string_view first_document = R"({"policies":[{"match":{"groups":["devs"]},"cli":{"model":"opus"}}]})";

bj::object parse(std::string_view text) {
    const auto value = json::parse(text);
    if (value && value->is_object()) return value->get_object();
    ADD_FAILURE() << "no JSON object: " << text;
    return {};
}

policy::RulesSpec file_spec() {
    policy::RulesSpec spec;
    spec.upstreams = {{"anthropic", "anthropic"}};
    spec.policies = policy::parse_policies(parse(first_document)).policies;
    return spec;
}

/// Another editor, faster by a moment: what it does happens between an endpoint's reading and its writing.
class RacingRecords final : public policy::Records {
  public:
    explicit RacingRecords(policy::Records& real) : real_(real) {}
    Task<policy::Documents> all(std::string kind) override { return real_.all(std::move(kind)); }
    Task<std::optional<std::string>> find(std::string kind, std::string id) override {
        return real_.find(std::move(kind), std::move(id));
    }
    Task<> write(std::vector<policy::RecordWrite> changes) override {
        if (meanwhile) {
            const auto act = std::exchange(meanwhile, nullptr);
            act();
        }
        return real_.write(std::move(changes));
    }
    Task<> note(policy::AuditEvent event) override { return real_.note(std::move(event)); }
    Task<std::vector<policy::AuditEvent>> audit(std::int64_t before, std::size_t limit) override {
        return real_.audit(before, limit);
    }
    Task<> sweep_audit(Instant before) override { return real_.sweep_audit(before); }

    std::function<void()> meanwhile;

  private:
    policy::Records& real_;
};

class Policies : public ::testing::Test {
  protected:
    Policies() {
        settings_.enabled = true;
        settings_.write_keys = {{"terraform", Secret(std::string(write_key))}};
        settings_.read_keys = {{"grafana", Secret(std::string(read_key))}};
        settings_.finance_groups = {"finance"};
        standing_.source = policy::PolicySource::store;
        standing_.file = std::make_shared<const policy::RulesSpec>(file_spec());
        route_.mount(router_);
    }

    /// As a replica does at its first start.
    void given_first_version() {
        const auto first = run(versions_.current_or_first(parse(first_document)));
        ASSERT_TRUE(first);
        take(*first);
    }
    void given_the_file_holds_them() {
        standing_.source = policy::PolicySource::file;
        standing_.rules = *policy::make_rules(*standing_.file, parse(first_document));
    }
    void given_version(std::string_view document, std::string_view tag) {
        const auto answer = put(std::string(document), tag);
        ASSERT_EQ(answer.status, 200) << answer.body;
    }

    /// What the router's handler answers, errors rendered as the connection does it.
    http::Response ask(std::string method, std::string target, std::string_view body = {}, http::Headers headers = {},
                       std::string_view key = write_key) {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = std::move(method);
        request.path = http::normal_path(target.substr(0, target.find('?')));
        request.target = std::move(target);
        request.headers = std::move(headers);
        request.body = http::Body::of(body);
        if (!key.empty()) request.headers.add("x-api-key", std::string(key));
        const http::Route& found = router_.find(request.method, request.path);
        auto answer = run(std::get<http::ReplyHandler>(found.handler.call)(request));
        return answer ? std::move(*answer) : found.render(answer.error(), request.id);
    }
    http::Response get(std::string_view below = {}) { return ask("GET", std::string(root).append(below)); }
    /// The document with a reason, as an editor sends it.
    http::Response put(const std::string& document, std::string_view tag, std::string_view query = {}) {
        bj::object body = parse(document);
        body["reason"] = "a reason";
        http::Headers headers;
        if (!tag.empty()) headers.add("if-match", std::string(tag));
        return ask("PUT", std::string(root).append(query), json::to_text(body), std::move(headers));
    }
    http::Response roll_back(std::string_view body, std::string_view tag, std::string_view query = {}) {
        return ask("POST", std::string(root).append("/rollback").append(query), body, {{"if-match", std::string(tag)}});
    }
    static std::string message_of(const http::Response& answer) {
        const bj::object body = parse(answer.body);
        return std::string(json::find_string(body.at("error"), "message").value_or(""));
    }
    template <class T>
    T run(boost::asio::awaitable<T> task) {
        return testing::run(std::move(task));
    }
    void take(policy::PolicyVersionPtr version) {
        standing_.rules = *policy::make_rules(*standing_.file, version->document);
        standing_.version = version->number;
    }

    testing::SignedIn developer_{{"sub-1", "ada@example.com", "Ada", {"finance"}}};
    testing::MemoryRecords store_;
    RacingRecords records_{store_};
    AdminSettings settings_;
    PolicyStanding standing_;
    std::vector<policy::Principal> people_;
    Gate gate_{{developer_.authenticator, [this] { return std::make_shared<const AdminSettings>(settings_); }, store_,
                developer_.journal, developer_.clock}};
    PolicyVersions versions_{records_, developer_.clock};
    http::Router router_;
    PoliciesRoute route_{{.gate = gate_,
                          .here = {.versions = versions_,
                                   .standing = [this] { return standing_; },
                                   .take = [this](policy::PolicyVersionPtr version) { take(std::move(version)); }},
                          .people = [this]() -> Task<std::vector<policy::Principal>> { return people(); },
                          .journal = developer_.journal}};

  private:
    Task<std::vector<policy::Principal>> people() { co_return people_; }
};

// ---- reading

TEST_F(Policies, AreShownWithWhoWhenAndWhyAndATag) {
    given_first_version();

    const http::Response answer = get();

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.value("etag"), "\"v1\"");
    bj::object body = parse(answer.body);
    EXPECT_EQ(body["type"], "policy_version");
    EXPECT_EQ(body["version"], 1);
    EXPECT_EQ(body["source"], "store");
    EXPECT_EQ(body["author"], "gateway.yaml");
    EXPECT_EQ(body["reason"], "the first version, from gateway.yaml");
    EXPECT_EQ(body["created_at"].as_string(), to_timestamp(developer_.clock.now()));
    EXPECT_EQ(body["base_version"], 0);
    EXPECT_EQ(body["in_force_version"], 1);
    EXPECT_EQ(json::to_canonical(body["document"]), json::to_canonical(parse(first_document)));
}

TEST_F(Policies, OfTheFileAreShownAsVersionZero) {
    given_the_file_holds_them();

    const http::Response answer = get();

    EXPECT_EQ(answer.headers.value("etag"), "\"v0\"");
    bj::object body = parse(answer.body);
    EXPECT_EQ(body["version"], 0);
    EXPECT_EQ(body["source"], "file");
    EXPECT_EQ(body["author"], "gateway.yaml");
    EXPECT_TRUE(body["created_at"].is_null());
    EXPECT_EQ(json::to_canonical(body["document"]), json::to_canonical(parse(first_document)));
}

TEST_F(Policies, AreNotShownToFinanceNorToStrangers) {
    given_first_version();
    EXPECT_EQ(ask("GET", std::string(root), {}, {}, "").status, 401);
    const http::Response finance = ask("GET", std::string(root), {},
                                       {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}}, "");
    EXPECT_EQ(finance.status, 403);
    EXPECT_EQ(message_of(finance), "requires read:policies");
    EXPECT_EQ(ask("GET", std::string(root), {}, {}, read_key).status, 200);
}

// ---- changing

TEST_F(Policies, AreReplacedByTheEditorWhoHasReadThem) {
    given_first_version();

    const http::Response answer =
        put(R"({"policies":[{"match":{"groups":["devs"]},"cli":{"model":"haiku"}}]})", "\"v1\"");

    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.headers.value("etag"), "\"v2\"");
    bj::object body = parse(answer.body);
    EXPECT_EQ(body["version"], 2);
    EXPECT_EQ(body["author"], "admin-key:terraform");
    EXPECT_EQ(body["reason"], "a reason");
    EXPECT_EQ(body["base_version"], 1);
    EXPECT_EQ(body["in_force_version"], 2) << "in force here before the author hears of it";
    EXPECT_EQ(body["notices"].as_array().size(), 0U);
    const std::vector<std::string> groups{"devs"};
    EXPECT_EQ(standing_.rules->policy_for({"u", "", groups})->settings_text, R"({"model":"haiku"})");
    EXPECT_EQ(developer_.journal.count("admin.policy.update"), 1U);
}

TEST_F(Policies, LeaveOneRowInTheAuditTrailThatSaysWhatIsDifferent) {
    given_first_version();
    given_version(R"({"policies":[{"match":{"groups":["devs"]},"cli":{"model":"haiku"}}]})", "\"v1\"");

    ASSERT_EQ(store_.trail.size(), 2U);
    EXPECT_EQ(store_.trail[0].actor, "gateway.yaml");
    EXPECT_EQ(store_.trail[0].before, "");
    const policy::AuditEvent& row = store_.trail[1];
    EXPECT_EQ(row.action, "policy.update");
    EXPECT_EQ(row.actor, "admin-key:terraform");
    EXPECT_EQ(row.target_id, "2");
    EXPECT_EQ(row.reason, "a reason");
    EXPECT_EQ(row.before, R"({"version":1,"values":{"policies[0].cli.model":"opus"}})");
    EXPECT_EQ(row.after, R"({"version":2,"values":{"policies[0].cli.model":"haiku"}})");
}

TEST_F(Policies, AreNotReplacedWithoutIfMatch) {
    given_first_version();
    const http::Response answer = put(R"({"policies":[]})", "");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(message_of(answer).find("If-Match: is required"), 0U) << message_of(answer);
    for (const std::string_view tag : {"*", "\"v\"", "v1", "\"1\"", "W/\"v1\"", "\"v1\", \"v2\"", "\"v-1\""})
        EXPECT_EQ(put(R"({"policies":[]})", tag).status, 400) << tag;
    EXPECT_EQ(parse(get().body)["version"], 1);
}

TEST_F(Policies, AreNotReplacedByAnEditorWhoHasReadAnOlderVersion) {
    given_first_version();
    given_version(R"({"policies":[]})", "\"v1\"");

    const http::Response answer = put(R"({"policies":[{}]})", "\"v1\"");

    EXPECT_EQ(answer.status, 412);
    EXPECT_EQ(message_of(answer), "If-Match: the policies are at version 2, not at 1: read them again");
    EXPECT_EQ(parse(get().body)["version"], 2);
}

TEST_F(Policies, LetOneOfTwoEditorsWinWhoWriteAtTheSameMoment) {
    given_first_version();
    records_.meanwhile = [this] { EXPECT_EQ(put(R"({"policies":[]})", "\"v1\"").status, 200); };

    const http::Response second = put(R"({"policies":[{}]})", "\"v1\"");

    EXPECT_EQ(second.status, 412);
    EXPECT_EQ(json::to_text(parse(get().body)["document"]), R"({"policies":[]})");
    EXPECT_EQ(store_.trail.size(), 2U);
}

TEST_F(Policies, NameEveryFaultOfADocumentAtOnce) {
    given_first_version();

    const http::Response answer = put(
        R"({"policies":[{"cli":{"bogus":1}},{"match":{"groups":[]},"cli":{"availableModels":[7]}}],"x":1})", "\"v1\"");

    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(message_of(answer),
              "x: is not a member of a policy document\n"
              "policies[1].match.groups: must be a list of at least one group; without the key the policy matches "
              "every group\n"
              "policies[0].cli.bogus: is not a setting of Claude Code that this version of Gatehouse knows\n"
              "policies[1].cli.availableModels[0]: must be a string that is not empty");
    EXPECT_EQ(store_.trail.size(), 1U);
}

TEST_F(Policies, WantAReason) {
    given_first_version();
    const http::Headers tag{{"if-match", "\"v1\""}};
    EXPECT_EQ(message_of(ask("PUT", std::string(root), R"({"policies":[]})", tag)).find("reason: is required"), 0U);
    EXPECT_EQ(message_of(ask("PUT", std::string(root), R"({"policies":[],"reason":" "})", tag)).find("reason: "), 0U);
    EXPECT_EQ(message_of(ask("PUT", std::string(root), R"({"policies":[],"reason":1})", tag)),
              "reason: must be a string");
    EXPECT_EQ(
        ask("PUT", std::string(root), R"({"policies":[],"reason":")" + std::string(1'001, 'x') + "\"}", tag).status,
        400);
    EXPECT_EQ(message_of(ask("PUT", std::string(root), "[]", tag)), "request body must be a JSON object");
}

TEST_F(Policies, MakeNoVersionOfADocumentThatSaysTheSame) {
    given_first_version();

    const http::Response answer =
        put(R"({"policies":[{"cli":{"model":"opus"},"match":{"groups":["devs"]}}]})", "\"v1\"");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.value("etag"), "\"v1\"");
    EXPECT_EQ(store_.trail.size(), 1U);
}

TEST_F(Policies, TellTheEditorWhatIsOdd) {
    given_first_version();
    const http::Response answer =
        put(R"({"policies":[{"cli":{"availableModels":["claude-sonet-5"]}},{"match":{"groups":["late"]}}]})", "\"v1\"");
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(json::to_text(parse(answer.body)["notices"]),
              R"([{"path":"policies[0].cli.availableModels[0]","message":"admits no model that this gateway offers"},)"
              R"({"path":"policies[1]","message":"is never reached: a policy without a match stands before it and )"
              R"(matches everyone"}])");
}

TEST_F(Policies, AreNotChangedWithAReadKeyAndTheAttemptIsWrittenDown) {
    given_first_version();
    const http::Response answer =
        ask("PUT", std::string(root), R"({"policies":[],"reason":"r"})", {{"if-match", "\"v1\""}}, read_key);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(message_of(answer), "requires write:policies");
    EXPECT_EQ(store_.trail.back().action, "policies.denied");
    EXPECT_EQ(store_.trail.back().actor, "admin-key:grafana");
    EXPECT_EQ(ask("POST", std::string(root) + "/rollback", R"({"version":1,"reason":"r"})", {{"if-match", "\"v1\""}},
                  read_key)
                  .status,
              403);
}

TEST_F(Policies, OfTheFileAreChangedByNobody) {
    given_the_file_holds_them();
    const std::string sentence =
        "the policies come from gateway.yaml (managed.source: file): change them there, or set managed.source to store";
    const http::Response replaced = put(R"({"policies":[]})", "\"v0\"");
    const http::Response rolled = roll_back(R"({"version":1,"reason":"r"})", "\"v0\"");
    const http::Response dry = put(R"({"policies":[]})", "\"v0\"", "?dry_run=true");
    for (const http::Response& answer : {replaced, rolled, dry}) {
        EXPECT_EQ(answer.status, 409);
        EXPECT_EQ(message_of(answer), sentence);
    }
    EXPECT_TRUE(store_.trail.empty());
}

TEST_F(Policies, SayThatTheStoreIsAway) {
    given_first_version();
    store_.set_down(true);
    EXPECT_EQ(get().status, 500);
    EXPECT_EQ(put(R"({"policies":[]})", "\"v1\"").status, 500);
    EXPECT_EQ(standing_.version, 1);
}

// ---- dry run

TEST_F(Policies, SayInADryRunWhoWouldBeTouchedAndStoreNothing) {
    given_first_version();
    people_ = {
        {.id = "ada", .email = "ada@example.com", .name = "Ada", .groups = {"devs"}, .service = false, .last_seen = {}},
        {.id = "bob", .email = "bob@example.com", .name = "Bob", .groups = {"ops"}, .service = false, .last_seen = {}},
        {.id = "service:ci", .email = "", .name = "ci", .groups = {"devs"}, .service = true, .last_seen = {}}};

    const http::Response answer =
        put(R"({"policies":[{"match":{"groups":["devs"]},"cli":{"availableModels":["haiku"]}}]})", "", "?dry_run=true");

    ASSERT_EQ(answer.status, 200) << answer.body;
    bj::object body = parse(answer.body);
    EXPECT_EQ(body["type"], "policy_preview");
    EXPECT_EQ(body["base_version"], 1);
    EXPECT_EQ(json::to_text(body["counts"]),
              R"({"known":3,"changed":2,"policy":0,"models":2,"settings":2,"limits":0})");
    const bj::array& users = body["users"].as_array();
    ASSERT_EQ(users.size(), 2U);
    EXPECT_EQ(users[0].at("user_id"), "ada");
    EXPECT_EQ(users[0].at("policy"),
              (bj::value{{"before", "policies[0]: devs"}, {"after", "policies[0]: devs"}, {"changed", false}}));
    EXPECT_EQ(users[0].at("models_gained").as_array().size(), 0U);
    EXPECT_GT(users[0].at("models_lost").as_array().size(), 5U);
    EXPECT_EQ(json::to_text(users[0].at("settings_changed")), R"(["availableModels","model"])");
    EXPECT_EQ(users[1].at("service"), true);
    EXPECT_EQ(body["differences"].as_array().size(), 2U);
    EXPECT_EQ(parse(get().body)["version"], 1);
    EXPECT_EQ(store_.trail.size(), 1U);
}

TEST_F(Policies, CheckADryRunAsTheRealOneWouldBe) {
    given_first_version();
    EXPECT_EQ(put(R"({"policies":[{"cli":{"bogus":1}}]})", "", "?dry_run=true").status, 400);
    EXPECT_EQ(put(R"({"policies":[]})", "\"v2\"", "?dry_run=true").status, 412);
    EXPECT_EQ(message_of(put(R"({"policies":[]})", "", "?dry_run=yes")), "dry_run: must be true or false");
    EXPECT_EQ(put(R"({"policies":[]})", "\"v1\"", "?dry_run=false").status, 200);
}

TEST_F(Policies, ListAThousandPeopleOfADryRunAndCountTheRest) {
    given_first_version();
    for (int index = 0; index < 1'200; ++index)
        people_.push_back({.id = std::to_string(index),
                           .email = {},
                           .name = {},
                           .groups = {"devs"},
                           .service = false,
                           .last_seen = {}});
    bj::object body = parse(put(R"({"policies":[]})", "", "?dry_run=true").body);
    EXPECT_EQ(body["counts"].at("changed"), 1'200);
    EXPECT_EQ(body["users"].as_array().size(), 1'000U);
    EXPECT_EQ(body["has_more"], true);
}

// ---- history

TEST_F(Policies, KeepEveryVersionNewestFirstAndInPages) {
    given_first_version();
    given_version(R"({"policies":[]})", "\"v1\"");
    given_version(R"({"policies":[{}]})", "\"v2\"");

    bj::object newest = parse(get("/versions?limit=2").body);
    bj::object rest = parse(get("/versions?limit=2&after_id=2").body);

    ASSERT_EQ(newest["data"].as_array().size(), 2U);
    EXPECT_EQ(newest["data"].as_array()[0].at("version"), 3);
    EXPECT_FALSE(newest["data"].as_array()[0].as_object().contains("document"));
    EXPECT_EQ(newest["has_more"], true);
    EXPECT_EQ(newest["first_id"], "3");
    EXPECT_EQ(newest["last_id"], "2");
    ASSERT_EQ(rest["data"].as_array().size(), 1U);
    EXPECT_EQ(rest["data"].as_array()[0].at("author"), "gateway.yaml");
    EXPECT_EQ(rest["has_more"], false);
    EXPECT_EQ(message_of(get("/versions?limit=0")), "limit: must be a whole number from 1 to 100");
    EXPECT_EQ(message_of(get("/versions?after_id=x")), "after_id: must be the number of a version");
}

TEST_F(Policies, WithoutAHistoryListNothing) {
    given_the_file_holds_them();
    EXPECT_EQ(get("/versions").body.find(R"("data":[])") != std::string::npos, true) << get("/versions").body;
    EXPECT_TRUE(parse(get("/versions").body)["first_id"].is_null());
}

TEST_F(Policies, ShowAnOldVersionAsItWas) {
    given_first_version();
    given_version(R"({"policies":[]})", "\"v1\"");

    const http::Response answer = get("/versions/1");

    EXPECT_EQ(answer.headers.value("etag"), "\"v1\"");
    EXPECT_EQ(json::to_canonical(parse(answer.body)["document"]), json::to_canonical(parse(first_document)));
    for (const std::string_view missing :
         {"/versions/3", "/versions/0", "/versions/-1", "/versions/x", "/versions/1/y"})
        EXPECT_EQ(get(missing).status, 404) << missing;
}

TEST_F(Policies, SayWhatIsDifferentBetweenTwoVersions) {
    given_first_version();
    given_version(R"({"policies":[{"match":{"groups":["devs"]},"cli":{"model":"haiku"}}]})", "\"v1\"");
    given_version(R"({"policies":[{"match":{"groups":["devs"]},"cli":{"model":"sonnet"}}]})", "\"v2\"");

    EXPECT_EQ(json::to_text(parse(get("/versions/3/diff").body)["differences"]),
              R"([{"path":"policies[0].cli.model","before":"haiku","after":"sonnet"}])");
    EXPECT_EQ(json::to_text(parse(get("/versions/3/diff?against=1").body)["differences"]),
              R"([{"path":"policies[0].cli.model","before":"opus","after":"sonnet"}])");
    EXPECT_EQ(parse(get("/versions/1/diff").body)["differences"].as_array().size(), 1U) << "against nothing";
    EXPECT_EQ(get("/versions/3/diff?against=9").status, 404);
    EXPECT_EQ(get("/versions/3/diff?against=x").status, 400);
}

TEST_F(Policies, GoBackToAnEarlierVersionByANewOne) {
    given_first_version();
    given_version(R"({"policies":[]})", "\"v1\"");

    const http::Response answer = roll_back(R"({"version":1,"reason":"it was a mistake"})", "\"v2\"");

    ASSERT_EQ(answer.status, 200) << answer.body;
    bj::object body = parse(answer.body);
    EXPECT_EQ(body["version"], 3);
    EXPECT_EQ(body["base_version"], 2);
    EXPECT_EQ(json::to_canonical(body["document"]), json::to_canonical(parse(first_document)));
    EXPECT_EQ(standing_.version, 3);
    EXPECT_EQ(store_.trail.back().action, "policy.rollback");
    EXPECT_EQ(developer_.journal.count("admin.policy.rollback"), 1U);
    EXPECT_EQ(store_.trail.back().reason, "it was a mistake");
}

TEST_F(Policies, CheckARollbackAsAnyOtherChange) {
    given_first_version();
    given_version(R"({"policies":[]})", "\"v1\"");
    EXPECT_EQ(ask("POST", std::string(root) + "/rollback", R"({"version":1,"reason":"r"})").status, 400);
    EXPECT_EQ(roll_back(R"({"version":1,"reason":"r"})", "\"v1\"").status, 412);
    EXPECT_EQ(roll_back(R"({"version":9,"reason":"r"})", "\"v2\"").status, 404);
    EXPECT_EQ(message_of(roll_back(R"({"version":"x","reason":"r"})", "\"v2\"")),
              "version: must be the number of a version");
    EXPECT_EQ(message_of(roll_back(R"({"version":1,"reason":"r","policies":[]})", "\"v2\"")),
              "policies: is not a member of a rollback: version and reason are");
    EXPECT_EQ(parse(roll_back(R"({"version":1})", "\"v2\"", "?dry_run=true").body)["type"], "policy_preview");
    EXPECT_EQ(standing_.version, 2);
}

// ---- the first version

TEST_F(Policies, BeginWithTheSameFirstVersionWhicheverReplicaWritesIt) {
    records_.meanwhile = [this] {
        PolicyVersions other(store_, developer_.clock);
        EXPECT_TRUE(run(other.current_or_first(parse(R"({"policies":[]})"))));
    };

    const auto first = run(versions_.current_or_first(parse(first_document)));

    ASSERT_TRUE(first);
    EXPECT_EQ((*first)->number, 1);
    EXPECT_EQ(json::to_text((*first)->document), R"({"policies":[]})");
    EXPECT_EQ(store_.trail.size(), 1U);
}

TEST_F(Policies, AreNotSeededAgainWhenTheFileChanges) {
    given_first_version();
    const auto again = run(versions_.current_or_first(parse(R"({"policies":[]})")));
    ASSERT_TRUE(again);
    EXPECT_EQ(json::to_canonical((*again)->document), json::to_canonical(parse(first_document)));
}

}  // namespace
}  // namespace gatehouse::admin
