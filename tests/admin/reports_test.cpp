// SPDX-License-Identifier: Apache-2.0
// The usage and cost reports and the FOCUS export, as an API client sees them.
#include "tests/admin/reports_fixture.h"

#include <fstream>
#include <iterator>

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

/// A file of tests/admin/reports; `GATEHOUSE_UPDATE_GOLDEN=1` writes it instead, and a review decides.
void expect_golden(std::string_view name, const std::string& text) {
    const std::string path = std::string(GATEHOUSE_SOURCE_DIR "/tests/admin/reports/").append(name);
    if (std::getenv("GATEHOUSE_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
    std::ifstream file(path, std::ios::binary);
    EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(file), {})) << path;
}

class Reports : public ReportsTest {
  protected:
    void given_a_week() {
        given({.when = moment(2026, 11, 2, 9h), .project = "apollo", .nano = 1'234'567'891});
        given({.when = moment(2026, 11, 2, 10h), .user = "sub-bob", .model = "claude-haiku-5-5", .nano = 9});
        given({.when = moment(2026, 11, 2, 23h + 59min), .user = "sub-bob", .group = "", .nano = 20'000'000});
        given({.when = moment(2026, 11, 3), .nano = 50'000'000, .tier = policy::Tier::fast_long_context});
        given({.when = moment(2026, 11, 3, 5h),
               .user = "service:svk_1",
               .group = "=cmd|'/c calc'!A1",
               .project = "a,\"b\"",
               .nano = 70,
               .service_key = "svk_1"});
    }
    /// The sum of `cost_nano` over all rows of all pages.
    std::int64_t sum_of(const std::string& target) {
        std::int64_t sum = 0;
        std::string page;
        do {
            const auto answer = get(target + (page.empty() ? "" : "&page=" + page));
            EXPECT_EQ(answer.status, 200) << answer.body;
            const auto report = answer.json();
            for (const auto& bucket : report.at("data").as_array())
                for (const auto& row : bucket.at("results").as_array())
                    sum += std::stoll(std::string(row.at("cost_nano").as_string()));
            page = report.at("has_more").as_bool() ? std::string(report.at("next_page").as_string()) : "";
        } while (!page.empty());
        return sum;
    }
};

TEST_F(Reports, UsageIsInTheShapeOfTheAdminApi) {
    given_a_week();

    const auto answer = get("usage_report/messages?starting_at=2026-11-02T00:00:00Z&ending_at=2026-11-04T00:00:00Z");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.value("content-type"), "application/json;charset=utf-8");
    EXPECT_EQ(answer.headers.value("request-id"), "req_11111111222243338444555555555555");
    EXPECT_EQ(answer.headers.value("cache-control"), "no-store");
    expect_golden("usage.json", answer.body);
}

TEST_F(Reports, UsageIsGroupedByTheNamesOfTheAdminApi) {
    given_a_week();
    const auto answer = get(
        "usage_report/messages?starting_at=2026-11-02T00:00:00Z&limit=2&group_by[]=account_id&group_by[]=api_key_id&"
        "group_by[]=workspace_id&group_by[]=model&group_by[]=context_window&group_by[]=speed&group_by[]=service_tier&"
        "group_by[]=inference_geo&group_by[]=service_account_id");
    EXPECT_EQ(answer.status, 200);
    expect_golden("usage_grouped.json", answer.body);
}

TEST_F(Reports, CostIsInTheShapeOfTheAdminApi) {
    given_a_week();
    const auto answer =
        get("cost_report?starting_at=2026-11-02T00:00:00Z&ending_at=2026-11-04T00:00:00Z&group_by[]=workspace_id&"
            "group_by[]=description");
    EXPECT_EQ(answer.status, 200);
    expect_golden("cost.json", answer.body);
}

TEST_F(Reports, CsvHasTheSameRowsAndNoFormulas) {
    given_a_week();
    const std::string target =
        "cost_report?starting_at=2026-11-02&ending_at=2026-11-04&group_by=user,group,project,service_key";

    const auto answer = get(target + "&format=csv");

    EXPECT_EQ(answer.headers.value("content-type"), "text/csv;charset=utf-8;header=present");
    EXPECT_EQ(answer.headers.value("content-disposition"), "attachment; filename=\"cost-2026-11-02.csv\"");
    expect_golden("cost.csv", answer.body);
    EXPECT_EQ(get(target, {{"accept", "text/csv"}}).body, answer.body);
    EXPECT_EQ(get(target + "&format=json", {{"accept", "text/csv"}}).body, get(target).body);
}

TEST_F(Reports, UsageCsvNamesPeopleAndTiers) {
    given_a_week();
    expect_golden("usage.csv", get("usage_report/messages?starting_at=2026-11-02&ending_at=2026-11-04&format=csv&"
                                   "group_by=user,model,speed,context_window")
                                   .body);
}

TEST_F(Reports, EveryGroupingAndWidthAddsUpToTheLedger) {
    given_a_week();
    constexpr std::int64_t all = 1'234'567'891 + 9 + 20'000'000 + 50'000'000 + 70;
    for (const std::string_view report : {"usage_report/messages", "cost_report"})
        for (const std::string_view width : {"1h&limit=168", "1h&limit=5", "1d", "1d&limit=1", "1mo"})
            for (const std::string_view by : {"", "&group_by=user", "&group_by=group,project", "&group_by=model",
                                              "&group_by=upstream,upstream_model", "&group_by=service_key,user,model"})
                EXPECT_EQ(sum_of(std::string(report) +
                                 "?starting_at=2026-11-01T05:00:00Z&ending_at=2026-12-01&"
                                 "bucket_width=" +
                                 std::string(width) + std::string(by)),
                          all)
                    << report << width << by;
}

TEST_F(Reports, SessionsAreShownForOneUserByDay) {
    given({.when = moment(2026, 11, 2, 9h), .nano = 5, .session = "s-1"});
    given({.when = moment(2026, 11, 2, 9h), .nano = 6, .session = "s-2"});
    given({.when = moment(2026, 11, 2, 9h), .user = "sub-bob", .nano = 7, .session = "s-3"});

    for (const std::string_view user : {"sub-ada", "ADA@example.com"}) {
        const auto report =
            get("cost_report?starting_at=2026-11-02&ending_at=2026-11-03&group_by=session&users[]=" + std::string(user))
                .json();
        const auto& rows = report.at("data").at(0).at("results").as_array();
        ASSERT_EQ(rows.size(), 2U) << user;
        EXPECT_EQ(rows[0].at("session"), "s-1");
        EXPECT_EQ(rows[1].at("cost_nano"), "6");
    }
    EXPECT_EQ(sum_of("cost_report?starting_at=2026-11-02&users[]=sub-ada&sessions[]=s-2&group_by=agent,user,model"), 6);
}

TEST_F(Reports, FiltersLetThroughWhatTheyName) {
    given_a_week();
    const std::string from = "cost_report?starting_at=2026-11-02";

    EXPECT_EQ(sum_of(from + "&users[]=sub-bob"), 20'000'009);
    EXPECT_EQ(sum_of(from + "&account_ids[]=bob@example.com"), 20'000'009);
    EXPECT_EQ(sum_of(from + "&projects[]="), 20'000'009 + 50'000'000);
    EXPECT_EQ(sum_of(from + "&workspace_ids[]=apollo&groups[]=core"), 1'234'567'891);
    EXPECT_EQ(sum_of(from + "&service_keys=svk_1"), 70);
    EXPECT_EQ(sum_of(from + "&models[]=claude-haiku-5-5&models[]=us.anthropic.claude-haiku-5-5"), 9);
    EXPECT_EQ(sum_of(from + "&speeds[]=fast"), 50'000'000);
    EXPECT_EQ(sum_of(from + "&context_window[]=200k-1M&upstreams[]=anthropic"), 50'000'000);
    EXPECT_EQ(sum_of(from + "&upstreams[]=elsewhere"), 0);
}

TEST_F(Reports, PagesFollowEachOther) {
    given_a_week();
    const std::string target = "cost_report?starting_at=2026-11-01T13:00:00Z&ending_at=2026-11-04&limit=2";

    const auto first = get(target).json();
    EXPECT_EQ(first.at("data").as_array().size(), 2U);
    EXPECT_EQ(first.at("data").at(0).at("starting_at"), "2026-11-01T00:00:00.000Z");
    EXPECT_TRUE(first.at("data").at(0).at("results").as_array().empty());
    EXPECT_TRUE(first.at("has_more").as_bool());
    const auto second = get(target + "&page=" + std::string(first.at("next_page").as_string())).json();
    ASSERT_EQ(second.at("data").as_array().size(), 1U);
    EXPECT_EQ(second.at("data").at(0).at("starting_at"), "2026-11-03T00:00:00.000Z");
    EXPECT_FALSE(second.at("has_more").as_bool());
    EXPECT_TRUE(second.at("next_page").is_null());
    EXPECT_EQ(get(target + "&format=csv").headers.value("x-next-page"), first.at("next_page").as_string());
}

TEST_F(Reports, TheOpenBucketIsThereUnlessAnEndIsGiven) {
    const auto open = get("cost_report?starting_at=2026-11-24").json();
    ASSERT_EQ(open.at("data").as_array().size(), 2U);
    EXPECT_EQ(open.at("data").at(1).at("ending_at"), "2026-11-26T00:00:00.000Z");
    // As the API has it: buckets that end by then.
    EXPECT_EQ(get("cost_report?starting_at=2026-11-24&ending_at=2026-11-25T15:00:00%2B02:00")
                  .json()
                  .at("data")
                  .as_array()
                  .size(),
              1U);
    EXPECT_EQ(get("cost_report?starting_at=2026-10-25&bucket_width=1mo").json().at("data").as_array().size(), 2U);
}

TEST_F(Reports, WidthsHaveTheirLimits) {
    const auto buckets = [&](const std::string& more) {
        return get("usage_report/messages?starting_at=2025-01-01" + more).json().at("data").as_array().size();
    };
    EXPECT_EQ(buckets(""), 7U);
    EXPECT_EQ(buckets("&limit=31"), 31U);
    EXPECT_EQ(buckets("&bucket_width=1h"), 24U);
    EXPECT_EQ(buckets("&bucket_width=1h&limit=168"), 168U);
    EXPECT_EQ(buckets("&bucket_width=1mo"), 12U);
    EXPECT_EQ(buckets("&bucket_width=1mo&limit=24"), 23U);
}

TEST_F(Reports, BadQuestionsAreRefusedByTheNameOfTheField) {
    const auto message = [&](const std::string& query) {
        const auto answer = get("cost_report?" + query);
        EXPECT_EQ(answer.status, 400) << query;
        return answer.message();
    };
    const std::string from = "starting_at=2026-11-02";
    EXPECT_EQ(message(""), "starting_at: is required");
    EXPECT_EQ(message("starting_at=yesterday"),
              "starting_at: must be an RFC 3339 timestamp such as 2026-11-01T00:00:00Z");
    EXPECT_EQ(message(from + "&ending_at=2026-11-02"), "ending_at: must be after starting_at");
    EXPECT_EQ(message(from + "&bucket_width=1m"),
              "bucket_width: minutes are not kept here: use 1h, 1d or 1mo (a month)");
    EXPECT_EQ(message(from + "&bucket_width=1w"), "bucket_width: must be 1h, 1d or 1mo (a month)");
    EXPECT_EQ(message(from + "&limit=32"), "limit: must be a whole number from 1 to 31");
    EXPECT_EQ(message(from + "&bucket_width=1h&limit=8760"), "limit: must be a whole number from 1 to 168");
    EXPECT_EQ(message(from + "&limit=two"), "limit: must be a whole number from 1 to 31");
    EXPECT_EQ(message(from + "&page=2"), "page: is not a page of this report: use next_page of the answer before");
    EXPECT_EQ(message(from + "&page=" + admin::page_token(moment(2026, 11, 2, 1h))),
              "page: is not a page of this report: use next_page of the answer before");
    EXPECT_EQ(message(from + "&group_by[]=team"),
              "group_by: 'team' is none of user, group, model, upstream, upstream_model, project, service_key, "
              "session, agent, workspace_id or description");
    EXPECT_EQ(message(from + "&format=xml"), "format: must be json or csv");
    EXPECT_EQ(message(from + "&recompute=yes"), "recompute: must be true or false");
    EXPECT_EQ(message(from + "&limit=1&limit=2"), "limit: is given more than once");
    EXPECT_TRUE(message(from + "&model[]=claude-opus-5").starts_with("model[]: is not known here: use starting_at, "));
    EXPECT_EQ(message(from + "&users[]=nobody@example.com"), "users: nobody is known as 'nobody@example.com'");
    EXPECT_EQ(message(from + "&group_by=session"),
              "group_by: sessions and agents are shown for one user: name exactly one in users[]");
    EXPECT_EQ(message(from + "&sessions[]=s-1&users=a,b"),
              "group_by: sessions and agents are shown for one user: name exactly one in users[]");
    EXPECT_EQ(message(from + "&group_by=session&users=a&bucket_width=1h"),
              "bucket_width: must be 1d for sessions and agents: they are kept by day");
    EXPECT_EQ(message(from + "&group_by=session,project&users=a"),
              "group_by: session and agent go with user and model only");
    EXPECT_EQ(message(from + "&group_by=session&users=a&groups=b"),
              "group_by: sessions and agents can be filtered by users[], models[] and sessions[]");
    std::string many = from;
    for (int count = 0; count < 64; ++count)
        many += "&users[]=a";
    EXPECT_EQ(message(many), "query: has too many parameters: 64 are the most");
}

TEST_F(Reports, NamesOfUsageAreNotThoseOfCost) {
    EXPECT_EQ(get("usage_report/messages?starting_at=2026-11-02&group_by[]=description").status, 400);
    EXPECT_EQ(get("usage_report/messages?starting_at=2026-11-02&recompute=true").status, 400);
    EXPECT_EQ(get("cost_report?starting_at=2026-11-02&group_by[]=api_key_id").status, 400);
}

TEST_F(Reports, ACorrectedPriceIsShownBesideWhatWasCharged) {
    // By the list: 10 × 5,000 + 20 × 25,000 + 30 × 500 + 40 × 6,250 + 50 × 10,000 + 6 × 10,000,000 nano-dollars.
    constexpr std::int64_t by_list = 61'315'000;
    given({.when = moment(2026, 11, 2), .nano = by_list - 5'000'000});
    given({.when = moment(2026, 11, 2), .group = "web", .nano = by_list});
    const std::string target = "cost_report?starting_at=2026-11-02&ending_at=2026-11-03&recompute=true";

    const auto found = get(target).json();
    const auto& row = found.at("data").at(0).at("results").at(0);
    EXPECT_EQ(row.at("amount"), "11.763");
    EXPECT_EQ(row.at("recomputed_amount"), "12.263");
    EXPECT_EQ(row.at("difference"), "0.5");
    EXPECT_EQ(found.at("price_book").as_string(), policy::builtin_price_list().version);

    const auto groups = get(target + "&group_by=group").json();
    EXPECT_EQ(groups.at("data").at(0).at("results").at(1).at("difference"), "0");
    const std::string csv = get(target + "&format=csv").body;
    EXPECT_NE(csv.find("recomputed_usd,difference_usd,price_book\r\n"), std::string::npos);
    EXPECT_NE(csv.find(",0.12263,0.005,"), std::string::npos);
    EXPECT_FALSE(get("cost_report?starting_at=2026-11-02").json().as_object().contains("price_book"));
}

TEST_F(Reports, APriceIsTheOneOfTheDayWhereverItIsAddedUp) {
    given({.when = moment(2026, 10, 6), .model = "claude-sonnet-5-5", .nano = 1, .usage = {0, 0, 1'000'000, 0, 0, 0}});
    given({.when = moment(2026, 10, 7), .model = "claude-sonnet-5-5", .nano = 1, .usage = {0, 0, 1'000'000, 0, 0, 0}});

    // Reading the cache became cheaper on the 7th: 0.20 and 0.10 dollars.
    const auto month = get("cost_report?starting_at=2026-10-01&bucket_width=1mo&recompute=true").json();
    EXPECT_EQ(month.at("data").at(0).at("results").at(0).at("recomputed_amount"), "30");
    EXPECT_EQ(get("cost_report?starting_at=2026-10-01&bucket_width=1mo&recompute=true&group_by=user").message(),
              "recompute: needs bucket_width 1d or 1h where users or service keys are told apart");
    EXPECT_EQ(get("cost_report?starting_at=2026-10-01&recompute=true&group_by=session&users=sub-ada").message(),
              "recompute: sessions and agents are kept without their upstream, which prices need");
}

TEST_F(Reports, NeedTheRightToReadSpend) {
    for (const std::string_view target :
         {"usage_report/messages?starting_at=2026-11-02", "cost_report?starting_at=2026-11-02",
          "focus_export?starting_at=2026-11-02", "spend_summary"}) {
        const std::string path = "/v1/organizations/" + std::string(target);
        EXPECT_EQ(send("GET", path, {}).status, 401) << target;
        EXPECT_EQ(send("GET", path, {{"x-api-key", "wrong"}}).status, 401) << target;
        EXPECT_EQ(send("GET", path, {{"authorization", "Bearer " + std::string(SignedIn::credential)}}).status, 401)
            << target;
    }
    EXPECT_GT(developer_.journal.count("admin.denied"), 0U);
}

TEST_F(Reports, AStoreThatIsAwayIsAnErrorAndNotAnEmptyReport) {
    rollups_.set_down(true);
    for (const std::string_view target : {"cost_report?starting_at=2026-11-02", "focus_export?starting_at=2026-11-02",
                                          "cost_report?starting_at=2026-11-02&group_by=user", "spend_summary"}) {
        const auto answer = get(std::string(target));
        EXPECT_EQ(answer.status, 500) << target;
        EXPECT_EQ(answer.message(), "the store is unreachable") << target;
    }
}

TEST_F(Reports, BigReportsLeaveInPieces) {
    for (int user = 0; user < 2'000; ++user)
        given({.when = moment(2026, 11, 2), .user = "sub-" + std::to_string(user), .nano = 1});

    const auto answer = get("usage_report/messages?starting_at=2026-11-01&ending_at=2026-11-04&group_by=user");

    EXPECT_GT(answer.body.size(), std::size_t{256} << 10U);
    EXPECT_EQ(answer.json().at("data").at(1).at("results").as_array().size(), 2'000U);
}

TEST_F(Reports, FocusHasItsColumnsInOrder) {
    given_a_week();
    given({.when = moment(2026, 11, 3), .model = "", .nano = 3, .upstream = "retired"});

    const auto answer = get("focus_export?starting_at=2026-11-02&ending_at=2026-11-04");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.value("x-focus-version"), "1.2");
    EXPECT_EQ(answer.headers.value("content-disposition"), "attachment; filename=\"focus-2026-11-02.csv\"");
    expect_golden("focus.csv", answer.body);
}

TEST_F(Reports, FocusCoversAMonthAtMost) {
    EXPECT_EQ(get("focus_export?starting_at=2026-10-01&ending_at=2026-11-01").status, 200);
    EXPECT_EQ(get("focus_export?starting_at=2026-10-01&ending_at=2026-11-02").message(),
              "ending_at: must be at most 31 days after starting_at: ask month by month");
    EXPECT_EQ(get("focus_export?starting_at=2026-11-02&ending_at=2026-11-02T23:00:00Z").message(),
              "ending_at: must be at least a day after starting_at");
    EXPECT_EQ(get("focus_export").message(), "starting_at: is required");
    EXPECT_EQ(get("focus_export?starting_at=2026-11-02&group_by=user").status, 400);
}

}  // namespace
}  // namespace gatehouse::testing
