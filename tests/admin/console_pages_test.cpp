// SPDX-License-Identifier: Apache-2.0
// The console's files on their way to a browser: who gets the page, in which coding, and for how long it is kept.
#include "gateway/admin/console_pages.h"

#include <gtest/gtest.h>

#include <array>

#include "gateway/http/reply.h"
#include "tests/support/run_task.h"

namespace gatehouse::admin {
namespace {

constexpr std::array files{
    ConsoleFile{"index.html", "text/html;charset=utf-8", "\"p1\"", "page", "page as gzip", "page as brotli"},
    ConsoleFile{"main-A1.js", "text/javascript;charset=utf-8", "\"s1\"", "script", "script as gzip",
                "script as brotli"},
    ConsoleFile{"tiny-B2.js", "text/javascript;charset=utf-8", "\"t1\"", "tiny", "", ""},
};

class ConsolePagesTest : public ::testing::Test {
  protected:
    ConsolePagesTest() { pages.mount(router); }

    Result<http::Response> fetch(std::string target, http::Headers headers = {}) {
        http::Request request;
        request.method = "GET";
        request.path = http::normal_path(target);
        request.target = std::move(target);
        request.headers = std::move(headers);
        const http::Route& route = router.find(request.method, request.path);
        return testing::run(std::get<http::ReplyHandler>(route.handler.call)(request));
    }
    std::string coding(std::string_view accepted, std::string file = "/console/assets/main-A1.js") {
        return std::string(fetch(std::move(file), {{"accept-encoding", accepted}})->headers.value("content-encoding"));
    }

    bool signed_in = true;
    bool store_down = false;
    http::Router router;
    ConsolePages pages{
        {.viewer = [this](const http::Request&) { return look(); }, .files = files, .render = http::render_plain}};

  private:
    Task<std::optional<auth::Person>> look() {
        if (store_down) co_return fail(Error::unavailable(Reason::store_unreachable, "the store is unreachable"));
        if (!signed_in) co_return std::nullopt;
        co_return auth::Person{"sub-ada", "", "Ada", {}};
    }
};

TEST_F(ConsolePagesTest, ShowThePageAtEachOfItsAddresses) {
    for (const char* address : {"/me", "/console", "/console/spend", "/console/people/ada?tab=days"}) {
        const auto page = fetch(address);
        ASSERT_TRUE(page) << address;
        EXPECT_EQ(page->body, "page") << address;
        EXPECT_EQ(page->headers.value("cache-control"), "no-cache") << "the next release has another script";
        EXPECT_EQ(page->headers.value("content-type"), "text/html;charset=utf-8");
    }
}

TEST_F(ConsolePagesTest, SendWhoIsSignedOutToSignInAndBackToWhereTheyWere) {
    signed_in = false;
    const auto away = fetch("/console/spend?month=2026-11&group=a%26b");

    EXPECT_EQ(away->status, 302);
    EXPECT_EQ(away->headers.value("location"),
              "/login?return_to=%2Fconsole%2Fspend%3Fmonth%3D2026-11%26group%3Da%2526b");
    EXPECT_EQ(away->headers.value("cache-control"), "no-store") << "it is not so for long";
}

TEST_F(ConsolePagesTest, ShowNobodyThePageWhileTheStoreIsAway) {
    store_down = true;
    const auto page = fetch("/me");
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().fault, Fault::unavailable);
}

TEST_F(ConsolePagesTest, AllowTheirOwnFilesAndNothingInline) {
    for (const char* address : {"/me", "/console/assets/main-A1.js"}) {
        const std::string policy(fetch(address)->headers.value("content-security-policy"));
        EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'")) << policy;
        EXPECT_EQ(policy.find("unsafe"), std::string::npos);
        EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    }
}

TEST_F(ConsolePagesTest, GiveFilesToAnybodyForGood) {
    signed_in = false;
    const auto script = fetch("/console/assets/main-A1.js");

    EXPECT_EQ(script->status, 200);
    EXPECT_EQ(script->body, "script");
    EXPECT_EQ(script->headers.value("cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(script->headers.value("vary"), "accept-encoding");
    EXPECT_EQ(fetch("/console/assets/other.js").error().fault, Fault::not_found);
    EXPECT_EQ(fetch("/console/assets/index.html").error().fault, Fault::not_found) << "the page is for the signed in";
}

TEST_F(ConsolePagesTest, CompressAsTheBrowserTakesIt) {
    EXPECT_EQ(coding("gzip, deflate, br, zstd"), "br");
    EXPECT_EQ(coding("GZIP"), "gzip");
    EXPECT_EQ(coding("gzip;q=0.5, br;q=0"), "gzip");
    EXPECT_EQ(coding("br; q=0.000 , gzip;q=0"), "");
    EXPECT_EQ(coding("br;q=0.001"), "br");
    EXPECT_EQ(coding(""), "");
    EXPECT_EQ(coding("brotli, x-gzip"), "") << "other names";
    EXPECT_EQ(coding("br, gzip", "/console/assets/tiny-B2.js"), "") << "it is smaller as it is";
    EXPECT_EQ(fetch("/console/assets/main-A1.js", {{"accept-encoding", "br"}})->body, "script as brotli");
}

TEST_F(ConsolePagesTest, SayThatNothingHasChanged) {
    const auto same = fetch("/console/assets/main-A1.js", {{"if-none-match", "\"s1\""}, {"accept-encoding", "br"}});
    EXPECT_EQ(same->status, 304);
    EXPECT_EQ(same->body, "");
    EXPECT_EQ(same->headers.value("etag"), "\"s1\"");
    EXPECT_EQ(same->headers.value("cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(fetch("/me", {{"if-none-match", "\"s1\""}})->status, 200);
}

}  // namespace
}  // namespace gatehouse::admin
