// SPDX-License-Identifier: Apache-2.0
// Signing in without sockets: the real routes of auth/sign_in over MemoryVault, FakeIdp and a clock that stands still.
// Browser keeps cookies and sends what a browser sends with a form; Terminal polls like Claude Code.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/sign_in.h"
#include "gateway/base/json.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"
#include "tests/support/fake_idp.h"
#include "tests/support/fixed_random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_vault.h"
#include "tests/support/run_task.h"

namespace gatehouse::testing {

/// Keeps every security event as `name field=value …`.
class RecordingJournal final : public observe::Journal {
  public:
    void write(const observe::Entry&) override {}
    void write(const observe::SecurityEvent& event) override {
        std::string line(event.name);
        for (const auto& [name, value] : event.fields)
            if (!value.empty()) line.append(" ").append(name).append("=").append(value);
        lines.push_back(std::move(line));
    }
    /// How many events have this name and every one of these `field=value` words.
    int count(std::string_view name, std::vector<std::string> words = {}) const {
        int found = 0;
        for (const std::string& line : lines) {
            bool fits = line.starts_with(std::string(name) + " ");
            for (const std::string& word : words)
                fits = fits && line.find(" " + word) != std::string::npos;
            found += fits ? 1 : 0;
        }
        return found;
    }
    std::vector<std::string> lines;
};

/// FakeIdp whose refresh answers only after the vault has been asked `wait_for` times more: another terminal's turn.
class SlowIdp final : public auth::IdentityProvider {
  public:
    SlowIdp(FakeIdp& real, const MemoryVault& vault) : real_(real), vault_(vault) {}
    int wait_for = 0;
    bool discovered = true;            ///< false: the origin is unknown until authorize_url was called
    std::function<void()> at_the_end;  ///< called when a refresh is about to answer

    Task<std::string> authorize_url(auth::AuthorizationRequest request) override {
        discovered = true;
        return real_.authorize_url(std::move(request));
    }
    std::string authorize_origin() const override { return discovered ? real_.authorize_origin() : ""; }
    Task<auth::SignedIn> redeem(std::string code, auth::AuthorizationRequest request) override {
        return real_.redeem(std::move(code), std::move(request));
    }
    Task<auth::SignedIn> refresh(std::string refresh_token, std::string subject) override {
        const int enough = vault_.calls() + wait_for;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (vault_.calls() < enough && std::chrono::steady_clock::now() < end)
            co_await boost::asio::post(boost::asio::use_awaitable);
        auto answer = co_await real_.refresh(std::move(refresh_token), std::move(subject));
        if (at_the_end) at_the_end();
        co_return answer;
    }

  private:
    FakeIdp& real_;
    const MemoryVault& vault_;
};

/// The paused sessions of everybody, and who may resume them: the user that is named.
class FakePausedWork final : public auth::PausedWork {
  public:
    std::vector<auth::PausedItem> items;

    Task<std::vector<auth::PausedItem>> of(auth::Person person) override {
        std::vector<auth::PausedItem> theirs;
        for (const auth::PausedItem& item : items)
            if (item.user == person.subject) theirs.push_back(item);
        co_return theirs;
    }
    Task<bool> resume(auth::Person person, std::string user, std::string session) override {
        co_return std::erase_if(items, [&](const auth::PausedItem& item) {
            return item.user == user && user == person.subject && item.session == session;
        }) > 0;
    }
};

/// Everybody has the same caps; who asks is remembered.
class FakeSpendDesk final : public auth::SpendDesk {
  public:
    auth::SpendSheet sheet;
    std::vector<std::string> asked;      ///< "who period dollars reason"
    std::vector<std::string> withdrawn;  ///< "who id"
    std::optional<Error> refuses;

    Task<auth::SpendSheet> of(auth::Person) override { co_return sheet; }
    Task<> ask(auth::Person person, std::string period, std::string dollars, std::string reason) override {
        if (refuses) co_return fail(*refuses);
        asked.push_back(person.subject + " " + period + " " + dollars + " " + reason);
        co_return Result<>{};
    }
    Task<> withdraw(auth::Person person, std::string id) override {
        if (refuses) co_return fail(*refuses);
        withdrawn.push_back(person.subject + " " + id);
        co_return Result<>{};
    }
};

class SignInTest : public ::testing::Test {
  protected:
    static constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";

    /// One browser with its cookies.
    struct Browser {
        std::map<std::string, std::string, std::less<>> cookies;
        std::string address = "203.0.113.7";
        std::string user_agent = "Firefox";
        std::string origin = "https://gate.example";
    };
    /// What a terminal holds.
    struct Tokens {
        std::string access;
        std::string refresh;
    };

    explicit SignInTest(std::string_view public_url = "https://gate.example") {
        settings.public_url = http::parse_url(public_url).value();
        session.jwt_secrets = {Secret("a secret of at least thirty-two bytes")};
        boot();
        idp.will_sign_in("code-ada", ada());
    }

    /// Builds the routes anew, as a restart with these settings would.
    void boot() {
        tokens = std::make_unique<auth::AccessTokens>(session, settings.public_url.origin());
        auth::SignInParts parts{settings,
                                oidc,
                                session,
                                vault,
                                paused,
                                spend,
                                provider,
                                *tokens,
                                clock,
                                random,
                                journal,
                                metrics,
                                [this](const auth::Person& person) { return summary_of(person); }};
        parts.signed_in = [this](auth::Person person) { return hear_of(std::move(person)); };
        parts.patience = {std::chrono::milliseconds(1), 200};
        sign_in = std::make_unique<auth::SignIn>(std::move(parts));
        router = http::Router();
        http::ReplyHandler nothing = [](http::Request&) { return not_found(); };
        router.set_fallback({.method = "*",
                             .path = "/*",
                             .handler = {http::Access::anyone, std::move(nothing)},
                             .render = http::render_plain});
        sign_in->mount(router);
    }

    static auth::Person ada() { return {"ada", "ada@corp.example", "Ada Lovelace", {"engineering", "admins"}}; }
    static auth::Person bob() { return {"bob", "bob@corp.example", "Bob", {"contractors"}}; }
    Task<> hear_of(auth::Person person) {
        told_of.push_back(std::move(person.subject));
        co_return fail(Error::unavailable(Reason::store_unreachable, "nobody is kept out for this"));
    }
    auth::AccessSummary summary_of(const auth::Person& person) const {
        return {person.subject == "ada" ? "engineers" : "",
                person.subject == "ada" ? models : std::vector<std::string>{}};
    }

    // ---- one request

    static Task<http::Response> not_found() { co_return fail(Error::not_found()); }

    http::Request request_of(std::string method, std::string target, std::string_view body = {}) const {
        http::Request request;
        request.id = "11111111-2222-4333-8444-555555555555";
        request.method = std::move(method);
        request.target = std::move(target);
        request.path = http::normal_path(request.target);
        request.body = http::Body::of(body);
        request.peer.address = "198.51.100.4";
        return request;
    }

    /// As the connection does it: the route's handler, or its renderer when the handler fails.
    boost::asio::awaitable<http::Response> answer(http::Request& request) {
        const http::Route& route = router.find(request.method, request.path);
        auto response = co_await std::get<http::ReplyHandler>(route.handler.call)(request);
        if (!response) co_return route.render(response.error(), request.id);
        co_return std::move(*response);
    }

    http::Response send(http::Request request) { return run(answer(request)); }

    http::Response post_form(const std::string& path, std::vector<std::pair<std::string, std::string>> fields) {
        http::Request request = request_of("POST", path, http::encode_form(fields));
        request.headers.add("content-type", "application/x-www-form-urlencoded");
        request.headers.add("user-agent", "claude-code/2.1");
        return send(std::move(request));
    }

    // ---- a browser

    http::Response send(Browser& browser, http::Request request) {
        request.peer.address = browser.address;
        request.headers.add("user-agent", browser.user_agent);
        std::string line;
        for (const auto& [name, value] : browser.cookies)
            line += (line.empty() ? "" : "; ") + name + "=" + value;
        if (!line.empty()) request.headers.add("cookie", line);
        http::Response response = send(std::move(request));
        for (const http::Header header : response.headers)
            if (header.name == "set-cookie") keep(browser, std::string(header.value));
        return response;
    }
    http::Response get(Browser& browser, const std::string& target) { return send(browser, request_of("GET", target)); }
    http::Response submit(Browser& browser, const std::string& path,
                          std::vector<std::pair<std::string, std::string>> fields) {
        http::Request request = request_of("POST", path, http::encode_form(fields));
        request.headers.add("origin", browser.origin);
        request.headers.add("sec-fetch-site", "same-origin");
        return send(browser, std::move(request));
    }
    static void keep(Browser& browser, const std::string& line) {
        const std::size_t equals = line.find('=');
        const std::string name = line.substr(0, equals);
        const std::string value = line.substr(equals + 1, line.find(';') - equals - 1);
        if (line.find("Max-Age=0;") != std::string::npos)
            browser.cookies.erase(name);
        else
            browser.cookies[name] = value;
    }
    static std::string location(const http::Response& response) {
        return std::string(response.headers.value("location"));
    }
    /// A parameter of the redirect to the identity provider.
    static std::string parameter(const http::Response& response, std::string_view name) {
        const std::string target = location(response);
        return std::string(http::Form::parse(std::string_view(target).substr(target.find('?') + 1)).value(name));
    }
    /// What the identity provider sends the browser back with.
    static std::string callback(const http::Response& to_provider, const std::string& code) {
        return "/oauth/callback?" + http::encode_form({{"code", code}, {"state", parameter(to_provider, "state")}});
    }
    /// A whole browser sign-in.
    http::Response sign_in_browser(Browser& browser, const std::string& code = "code-ada",
                                   const std::string& target = "/login") {
        const http::Response to_provider = get(browser, target);
        return get(browser, callback(to_provider, code));
    }

    // ---- a terminal

    static std::string field(const http::Response& response, std::string_view name) {
        const auto body = json::parse(response.body);
        return body ? std::string(json::find_string(*body, name).value_or("")) : std::string();
    }
    struct Started {
        std::string device_code;
        std::string user_code;
    };
    Started start_device() {
        const http::Response response = post_form("/oauth/device_authorization", {});
        EXPECT_EQ(response.status, 200) << response.body;
        return {field(response, "device_code"), field(response, "user_code")};
    }
    http::Response poll(const std::string& device_code) {
        return post_form("/oauth/token", {{"grant_type", std::string(device_grant)}, {"device_code", device_code}});
    }
    http::Response refresh(const std::string& token) {
        return post_form("/oauth/token", {{"grant_type", "refresh_token"}, {"refresh_token", token}});
    }
    http::Response approve(Browser& browser, const std::string& user_code, const std::string& code = "code-ada") {
        const http::Response to_provider = submit(browser, "/device", {{"user_code", user_code}});
        EXPECT_EQ(to_provider.status, 302) << to_provider.body;
        return get(browser, callback(to_provider, code));
    }
    /// A whole device sign-in.
    Tokens sign_in_terminal(const std::string& code = "code-ada") {
        Browser browser;
        const Started started = start_device();
        approve(browser, started.user_code, code);
        const http::Response response = poll(started.device_code);
        EXPECT_EQ(response.status, 200) << response.body;
        return {field(response, "access_token"), field(response, "refresh_token")};
    }
    std::string session_of(const std::string& access_token) {
        const auto verified = tokens->verify(access_token, clock.now());
        return verified ? verified->session_id : std::string();
    }
    bool session_is_there(const std::string& id) { return run(vault.find_session(id)).value().has_value(); }

    auth::SignInSettings settings;
    auth::OidcSettings oidc;
    auth::SessionSettings session;
    ManualClock clock;
    FixedRandom random;
    MemoryVault vault{clock};
    FakePausedWork paused;
    FakeSpendDesk spend;
    FakeIdp idp;
    SlowIdp provider{idp, vault};
    RecordingJournal journal;
    observe::Metrics metrics;
    std::vector<std::string> models{"claude-sonnet-5", "claude-haiku-4-5"};
    std::unique_ptr<auth::AccessTokens> tokens;
    std::vector<std::string> told_of;  ///< who signed in, as services.cpp hears of it
    std::unique_ptr<auth::SignIn> sign_in;
    http::Router router;
};

}  // namespace gatehouse::testing
