// SPDX-License-Identifier: Apache-2.0
// Who may call what: every route of the gateway's own table is called by everybody there is, and answers as the rule
// that it was mounted with says. A route that says one thing and asks another fails here, whoever adds it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "gateway/http/access.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

using http::Access;

constexpr std::string_view read_key = "the-read-key-of-thirty-two-characters";
constexpr std::string_view write_key = "the-write-key-of-thirty-two-characters";

struct TableRow {
    std::string method;
    std::string path;
    Access access = Access::anyone;

    bool changes() const { return method != "GET"; }
};

using Rule = std::set<Access>;

Rule operator+(Rule rule, const Rule& more) {
    rule.insert(more.begin(), more.end());
    return rule;
}

/// Somebody who calls, and the rules that admit them.
struct Visitor {
    std::string_view name;
    std::function<Answer(const TableRow&)> call;
    Rule may;
    Rule may_read = may;  ///< by a route that changes nothing
};

bool is_refused(const Answer& answer) {
    const bool sent_to_login = answer.status == 302 && answer.header("location").starts_with("/login");
    return answer.status == 401 || answer.status == 403 || sent_to_login;
}

Access parse_access(std::string_view slug) {
    for (int number = 0; number <= static_cast<int>(Access::writes); ++number)
        if (http::to_slug(static_cast<Access>(number)) == slug) return static_cast<Access>(number);
    throw std::runtime_error("no such access: " + std::string(slug));
}

/// A path that the pattern fits.
std::string sample_of(std::string path) {
    for (std::size_t star = path.find('*'); star != std::string::npos; star = path.find('*'))
        path.replace(star, 1, "none");
    return path;
}

class AccessFlow : public ::testing::Test {
  protected:
    AccessFlow() {
        Config config = world_.config();
        config.more = "log_level: debug\nadmin:\n  admin_groups: [engineering]\n  finance_groups: [finance]\n";
        config.more.append("  read_keys: [{ id: report, key: ").append(read_key).append(" }]\n");
        config.more.append("  write_keys: [{ id: terraform, key: ").append(write_key).append(" }]\n");
        gateway_ = world_.serve(config);
    }

    /// As the gateway mounted them; what ends a session comes last.
    std::vector<TableRow> routes() {
        std::vector<TableRow> rows;
        for (const std::string& line : ChildProcess::lines_with(gateway_->err(), R"("msg":"route")")) {
            const auto value = json::parse(line).value();
            const std::string method(json::find_string(value, "method").value());
            const std::string path = sample_of(std::string(json::find_string(value, "path").value()));
            const Access access = parse_access(json::find_string(value, "access").value());
            for (const std::string& each :
                 method == "*" ? std::vector<std::string>{"GET", "POST"} : std::vector{method})
                rows.push_back({each, path, access});
        }
        std::ranges::partition(rows, [](const TableRow& row) { return row.access != Access::own_page; });
        return rows;
    }

    Visitor with(std::string_view name, const http::Headers& headers, Rule may) const {
        const auto call = [port = gateway_->port(), headers](const TableRow& row) {
            return HttpConnection(port).ask(row.method, row.path, headers);
        };
        return {name, call, std::move(may)};
    }
    /// In a browser that is signed in, with those headers on each request.
    Visitor from_browser(std::string_view name, std::string_view person, const http::Headers& headers, Rule may) {
        const auto browser = std::make_shared<Browser>(world_.browse(gateway_->port(), person));
        const auto call = [browser, headers](const TableRow& row) {
            return browser->bare(row.method, row.path, headers);
        };
        return {name, call, std::move(may)};
    }
    std::string make_service_key() const {
        const Answer made = HttpConnection(gateway_->port())
                                .ask("POST", "/v1/organizations/service_keys", {{"x-api-key", write_key}},
                                     R"({"name":"ci","owner":"ada@demo.example","groups":["batch"]})");
        return text_of(made, "secret");
    }

    std::vector<Visitor> everybody() {
        const std::uint16_t port = gateway_->port();
        const Rule nobody{Access::anyone};
        const Rule spend{Access::reads_spend};
        const Rule settings{Access::reads_spend, Access::reads_settings};
        const Rule all = settings + Rule{Access::writes};
        const Rule token = nobody + Rule{Access::credential, Access::signed_in, Access::person};
        const Rule html = nobody + Rule{Access::own_page, Access::page, Access::form};
        const Rule browser = html + Rule{Access::signed_in, Access::person, Access::browser};
        const http::Headers console{{"x-gatehouse-console", "1"}, {"origin", public_url}};
        const http::Headers plain{{"origin", public_url}};
        const http::Headers foreign{{"x-gatehouse-console", "1"}, {"origin", "https://evil.example"}};
        const std::string service = make_service_key();

        std::vector<Visitor> visitors;
        visitors.push_back(with("nobody", {}, nobody));
        visitors.push_back(with("a wrong key", {{"x-api-key", "not-a-key-of-anybody-at-all-really"}}, nobody));
        visitors.push_back(with("a wrong token", {{"authorization", "Bearer nonsense"}}, nobody));
        visitors.push_back(with("a developer", world_.sign_in(port, "demo-carl").bearer(), token));
        visitors.push_back(with("finance", world_.sign_in(port, "demo-fiona").bearer(), token + spend));
        visitors.push_back(with("an admin", world_.sign_in(port, "demo-ada").bearer(), token + all));
        visitors.push_back(with("a service key", {{"authorization", "Bearer " + service}},
                                nobody + Rule{Access::credential, Access::signed_in}));
        visitors.push_back(with("a read key", {{"x-api-key", read_key}}, nobody + settings));
        visitors.push_back(with("a write key", {{"x-api-key", write_key}}, nobody + all));
        visitors.push_back(from_browser("a developer's console", "demo-carl", console, browser));
        visitors.push_back(from_browser("finance's console", "demo-fiona", console, browser + spend));
        visitors.push_back(from_browser("an admin's console", "demo-ada", console, browser + all));
        visitors.push_back(from_browser("an admin's browser without the console's header", "demo-ada", plain, html));
        visitors.push_back(from_browser("another site in an admin's browser", "demo-ada", foreign, nobody));
        // Only after a preflight that is never granted could it set that header; reading is safe behind that alone.
        visitors.back().may_read = browser + all;
        return visitors;
    }

    World world_;
    std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(AccessFlow, EveryRouteAdmitsWhomItsRuleSaysAndNobodyElse) {
    const auto rows = routes();
    ASSERT_GT(rows.size(), 60U);
    for (const Visitor& visitor : everybody())
        for (const TableRow& row : rows) {
            const Rule& may = row.changes() ? visitor.may : visitor.may_read;
            const Answer answer = visitor.call(row);
            EXPECT_EQ(is_refused(answer), !may.contains(row.access))
                << visitor.name << ": " << row.method << " " << row.path << ", which is for "
                << http::to_slug(row.access) << ", answered " << answer.status << " " << answer.body.substr(0, 200);
        }
}

TEST_F(AccessFlow, NothingOfTheApiIsForAnyone) {
    for (const TableRow& row : routes()) {
        if (!row.path.starts_with("/v1/") && !row.path.starts_with("/managed/")) continue;
        EXPECT_NE(row.access, Access::anyone) << row.path;
        EXPECT_NE(row.access, Access::own_page) << row.path;
    }
}

}  // namespace
}  // namespace gatehouse::testing
