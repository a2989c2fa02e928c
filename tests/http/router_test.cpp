// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/router.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

Route route(std::string method, std::string path, std::string_view label) {
    return {.method = std::move(method),
            .path = std::move(path),
            .handler = {Access::anyone, ReplyHandler()},
            .label = label};
}

Router sample() {
    Router router;
    router.set_fallback(route("*", "", "fallback"));
    router.add(route("GET", "/v1/*", "tree"));
    router.add(route("GET", "/v1/models", "models"));
    router.add(route("POST", "/v1/messages", "messages"));
    router.add(route("*", "/discovery", "discovery"));
    return router;
}

TEST(Router, FindsByMethodAndExactPath) {
    const Router router = sample();
    EXPECT_EQ(router.find("POST", "/v1/messages").label, "messages");
    EXPECT_EQ(router.find("PUT", "/v1/messages").label, "fallback");
    EXPECT_EQ(router.find("post", "/v1/messages").label, "fallback") << "methods have a case";
}

TEST(Router, PrefersTheExactPathToTheTree) {
    const Router router = sample();
    EXPECT_EQ(router.find("GET", "/v1/models").label, "models");
    EXPECT_EQ(router.find("GET", "/v1/other").label, "tree");
    EXPECT_EQ(router.find("GET", "/v1/").label, "tree");
    EXPECT_EQ(router.find("GET", "/v1").label, "fallback");
    EXPECT_EQ(router.find("GET", "/v10/models").label, "fallback");
}

TEST(Router, PrefersTheLongerOfTwoTreesInWhateverOrder) {
    Router router = sample();
    router.add(route("GET", "/v1/organizations/*", "longer"));
    EXPECT_EQ(router.find("GET", "/v1/organizations/x").label, "longer");
    EXPECT_EQ(router.find("GET", "/v1/other").label, "tree");
    EXPECT_EQ(router.find("PUT", "/v1/organizations/x").label, "fallback");
}

TEST(Router, TakesAStarInTheMiddleForOneSegment) {
    Router router = sample();
    router.add(route("GET", "/v1/keys/*", "key"));
    router.add(route("GET", "/v1/keys/*/rotate", "rotation"));
    EXPECT_EQ(router.find("GET", "/v1/keys/7/rotate").label, "rotation");
    EXPECT_EQ(router.find("GET", "/v1/keys/7").label, "key");
    EXPECT_EQ(router.find("GET", "/v1/keys/7/rotates").label, "key");
    EXPECT_EQ(router.find("GET", "/v1/keys/7/8/rotate").label, "key");
    EXPECT_EQ(router.find("GET", "/v1/keys/rotate").label, "key");
}

TEST(Router, TreatsSlashesAndCaseAsDifferent) {
    const Router router = sample();
    for (const char* path : {"/v1/messages/", "//v1/messages", "/V1/messages", "/v1//messages", "/v1/messages%20"})
        EXPECT_EQ(router.find("POST", path).label, "fallback") << path;
}

TEST(Router, AnswersAnyMethodWhereTheRouteSays) {
    const Router router = sample();
    for (const char* method : {"GET", "HEAD", "POST", "BREW"})
        EXPECT_EQ(router.find(method, "/discovery").label, "discovery");
}

TEST(NormalPath, RemovesDotSegmentsAndTheQuery) {
    EXPECT_EQ(normal_path("/a/b?c=/../d"), "/a/b");
    EXPECT_EQ(normal_path("/a/./b"), "/a/b");
    EXPECT_EQ(normal_path("/a/../b"), "/b");
    EXPECT_EQ(normal_path("/a/b/.."), "/a/");
    EXPECT_EQ(normal_path("/a/b/."), "/a/b/");
    EXPECT_EQ(normal_path("/../../a"), "/a");
    EXPECT_EQ(normal_path("/.."), "/");
    EXPECT_EQ(normal_path("/a/b/../../../c"), "/c");
}

TEST(NormalPath, ChangesNothingElse) {
    EXPECT_EQ(normal_path("/a//b/"), "/a//b/");
    EXPECT_EQ(normal_path("/.well-known/x"), "/.well-known/x");
    EXPECT_EQ(normal_path("/a/..b/...c"), "/a/..b/...c");
    EXPECT_EQ(normal_path("/%2e%2e/a"), "/%2e%2e/a");
    EXPECT_EQ(normal_path("/"), "/");
}

}  // namespace
}  // namespace gatehouse::http
