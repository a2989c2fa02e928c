// SPDX-License-Identifier: Apache-2.0
// World: what surrounds a real gateway in the tests of tests/flows: a directory for its file and its data, the demo
// identity provider, scripted upstreams, and a browser that signs people in. Each test says what its gateway.yaml
// holds; nothing here knows what the gateway should answer.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/http/form.h"
#include "gateway/store/redis_client.h"
#include "gateway/store/rollup_keys.h"
#include "tests/support/gatehouse_process.h"
#include "tests/support/http_connection.h"
#include "tests/support/live_idp.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::testing {

/// What clients call the gateway. Nobody listens there: a browser of ours takes the way through the gateway's port.
inline constexpr std::string_view public_url = "http://localhost:4180";
inline constexpr std::string_view provider_key = "sk-ant-the-providers-own-credential";
inline constexpr std::string_view client_secret = "the-identity-providers-client-secret";
inline constexpr std::string_view session_secret = "the-session-secret-of-at-least-32-bytes";
inline constexpr std::string_view question = "a prompt that is nobody's business";
inline constexpr std::string_view answer_text = "an answer that is nobody's business";

/// A request body as clients send it.
inline std::string ask_for(std::string_view model, bool stream = true) {
    std::string text(R"({"model":")");
    text.append(model).append(R"(","max_tokens":64,"messages":[{"role":"user","content":")").append(question);
    return text.append(R"("}],"stream":)").append(stream ? "true}" : "false}");
}

/// The events of one ordinary answer, with 11 input, 3 cache write, 5 cache read and 7 output tokens.
inline std::vector<std::string> answer_events() {
    const auto event = [](std::string_view name, const std::string& data) {
        return std::string("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
    };
    return {event("message_start", R"({"type":"message_start","message":{"id":"msg_1","type":"message",)"
                                   R"("role":"assistant","content":[],"model":"claude-sonnet-5","usage":)"
                                   R"({"input_tokens":11,"cache_creation_input_tokens":3,)"
                                   R"("cache_read_input_tokens":5,"output_tokens":1}}})"),
            event("ping", R"({"type": "ping"})"),
            event("content_block_start",
                  R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
            event("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
                                         R"("text":")" +
                                             std::string(answer_text) + R"("}})"),
            event("content_block_stop", R"({"type":"content_block_stop","index":0})"),
            event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                                   R"("usage":{"output_tokens":7}})"),
            event("message_stop", R"({"type":"message_stop"})")};
}

inline std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all.append(text);
    return all;
}

inline Script streamed(const std::vector<std::string>& events) {
    Script script = Script::stream(
        "request-id: req_upstream\r\nanthropic-ratelimit-requests-limit: 4000\r\n"
        "anthropic-ratelimit-unified-status: allowed\r\n");
    for (const std::string& event : events)
        script = std::move(script).chunk(event);
    return std::move(script).end();
}

/// The sections of one gateway.yaml that tests vary.
struct Config {
    std::string listen;     ///< more lines of the section, each indented by two blanks
    std::string store;      ///< the lines of the section
    std::string upstreams;  ///< the lines of the section
    std::string managed;    ///< more lines of the section, each indented by two blanks
    std::string policies;   ///< the lines of managed.policies
    std::string more;       ///< further sections
};

struct Tokens {
    std::string access;
    std::string refresh;
    http::Headers bearer() const { return {{"authorization", "Bearer " + access}}; }
};

/// A person at a browser: cookies by name, forms with an Origin, redirects followed by the test.
class Browser {
  public:
    explicit Browser(std::uint16_t gateway, std::string_view origin = public_url)
        : gateway_(gateway), origin_(origin) {}

    Answer get(std::string_view target) { return keep(HttpConnection(gateway_).get(target, headers())); }
    Answer post(std::string_view target, const std::string& form) {
        http::Headers all = headers();
        all.add("origin", origin_);
        all.add("content-type", "application/x-www-form-urlencoded");
        return keep(HttpConnection(gateway_).ask("POST", target, all, form));
    }
    /// As the console's script calls the API: with the cookie, its header and an Origin; `more` is added.
    Answer call(std::string_view method, std::string_view target, const std::string& body = {},
                const http::Headers& more = {}) {
        http::Headers all = headers();
        all.add("x-gatehouse-console", "1");
        all.add("origin", origin_);
        for (const auto& line : more)
            all.add(line.name, line.value);
        return keep(HttpConnection(gateway_).ask(method, target, all, body));
    }
    /// With the cookie and exactly these headers.
    Answer bare(std::string_view method, std::string_view target, const http::Headers& more,
                const std::string& body = {}) {
        http::Headers all = headers();
        for (const auto& line : more)
            all.add(line.name, line.value);
        return keep(HttpConnection(gateway_).ask(method, target, all, body));
    }
    /// From the redirect to the identity provider to what the callback answers.
    Answer sign_in_at(std::uint16_t idp, const Answer& redirected, std::string_view person) {
        const std::string location = redirected.header("location");
        const std::string form =
            location.substr(location.find('?') + 1) + "&" + http::encode_form({{"person", std::string(person)}});
        const Answer chosen = HttpConnection(idp).ask("POST", "/authorize",
                                                      {{"content-type", "application/x-www-form-urlencoded"}}, form);
        const std::string back = chosen.header("location");
        if (!back.starts_with(origin_)) throw std::runtime_error("the identity provider answered " + chosen.body);
        return get(back.substr(origin_.size()));
    }
    std::string cookie(const std::string& name) const { return cookies_.contains(name) ? cookies_.at(name) : ""; }

  private:
    http::Headers headers() const {
        std::string line;
        for (const auto& [name, value] : cookies_)
            line.append(line.empty() ? "" : "; ").append(name).append("=").append(value);
        http::Headers all;
        if (!line.empty()) all.add("cookie", line);
        return all;
    }
    Answer keep(Answer answer) {
        for (const auto& line : answer.headers) {
            if (!http::same_token(line.name, "set-cookie")) continue;
            const std::size_t mark = line.value.find('=');
            cookies_[std::string(line.value.substr(0, mark))] =
                line.value.substr(mark + 1, line.value.find(';') - mark - 1);
        }
        return answer;
    }

    std::uint16_t gateway_;
    std::string origin_;
    std::map<std::string, std::string> cookies_;
};

inline std::string text_of(const Answer& answer, std::string_view member) {
    const auto value = json::parse(answer.body);
    return value ? std::string(json::find_string(*value, member).value_or("")) : "";
}

class World {
  public:
    World()
        : idp(std::string(client_secret), std::string(public_url) + "/oauth/callback"),
          upstream(streamed(answer_events())) {}

    /// Embedded store in the world's directory, one upstream, everyone may use sonnet and haiku.
    Config config() const {
        Config result;
        result.store = "  embedded: { dir: " + dir.file("store") + " }\n";
        result.upstreams = upstream_entry("anthropic", upstream.url());
        result.policies = "    - cli: { availableModels: [sonnet, haiku] }\n";
        return result;
    }
    static std::string upstream_entry(std::string_view name, const std::string& url) {
        return "  - { provider: anthropic, name: " + std::string(name) + ", base_url: \"" + url +
               "\", auth: { api_key: \"${PROVIDER_KEY}\" } }\n";
    }
    std::string yaml(const Config& config) const {
        std::string text = "listen:\n  host: 127.0.0.1\n  port: 0\n  public_url: " + std::string(public_url) + "\n";
        text.append(config.listen);
        text.append("oidc:\n  issuer: ").append(idp.issuer()).append("\n  client_id: ").append(LiveIdp::client_id);
        text.append("\n  client_secret: ${CLIENT_SECRET}\nsession:\n  jwt_secret: ${SESSION_SECRET}\n");
        text.append("journal: { dir: " + dir.file("journal") + " }\n");
        text.append("store:\n").append(config.store).append("upstreams:\n").append(config.upstreams);
        text.append("managed:\n").append(config.managed).append("  policies:\n").append(config.policies);
        text.append("rate_limits:\n  device_authorization: { max: 10000, window_seconds: 60 }\n");
        text.append("  device_verify: { max: 10000, window_seconds: 60 }\n");
        return text.append(config.more);
    }
    std::string write(const Config& config, std::string_view name = "gateway.yaml") const {
        return dir.write(name, yaml(config));
    }
    std::vector<std::string> environment() const {
        return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=" + dir.path(),
                "GATEHOUSE_ALLOW_LOOPBACK=1",
                "PROVIDER_KEY=" + std::string(provider_key),
                "CLIENT_SECRET=" + std::string(client_secret),
                "SESSION_SECRET=" + std::string(session_secret)};
    }
    std::unique_ptr<GatehouseProcess> run(std::vector<std::string> words) const {
        return std::make_unique<GatehouseProcess>(std::move(words), environment());
    }
    /// A gateway that listens.
    std::unique_ptr<GatehouseProcess> serve(const Config& config, std::string_view name = "gateway.yaml") const {
        auto process = run({"serve", "--config", write(config, name)});
        process->port();
        return process;
    }

    /// The device flow, as a terminal and a browser do it. `elsewhere`: the browser uses another replica.
    Tokens sign_in(std::uint16_t gateway, std::string_view person, std::uint16_t elsewhere = 0) {
        HttpConnection terminal(gateway);
        const Answer begun = terminal.ask("POST", "/oauth/device_authorization", {{"user-agent", "terminal/1"}});
        Browser browser(elsewhere == 0 ? gateway : elsewhere);
        const Answer approved =
            browser.post("/device", http::encode_form({{"user_code", text_of(begun, "user_code")}}));
        const Answer done = browser.sign_in_at(idp.port(), approved, person);
        EXPECT_EQ(done.status, 200) << done.body;
        const Answer answer =
            terminal.ask("POST", "/oauth/token", {{"content-type", "application/x-www-form-urlencoded"}},
                         http::encode_form({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                            {"device_code", text_of(begun, "device_code")}}));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return {text_of(answer, "access_token"), text_of(answer, "refresh_token")};
    }
    Answer refresh(std::uint16_t gateway, const Tokens& tokens) {
        return HttpConnection(gateway).ask(
            "POST", "/oauth/token", {{"content-type", "application/x-www-form-urlencoded"}},
            http::encode_form({{"grant_type", "refresh_token"}, {"refresh_token", tokens.refresh}}));
    }
    /// A browser that is signed in at /login.
    Browser browse(std::uint16_t gateway, std::string_view person) {
        Browser browser(gateway);
        const Answer done = browser.sign_in_at(idp.port(), browser.get("/login"), person);
        EXPECT_EQ(done.status, 302) << done.body;
        return browser;
    }

    TemporaryDir dir;
    LiveIdp idp;
    ScriptedUpstream upstream;
};

/// One exchange on a connection of its own.
inline Answer post_messages(std::uint16_t gateway, const Tokens& who, std::string_view body = {}) {
    return HttpConnection(gateway).ask("POST", "/v1/messages", who.bearer(),
                                       body.empty() ? ask_for("claude-sonnet-5") : std::string(body));
}

/// The message inside an error envelope.
inline std::string message_of(const Answer& answer) {
    const auto envelope = json::parse(answer.body);
    const auto* error = envelope ? json::find(*envelope, "error") : nullptr;
    return error ? std::string(json::find_string(*error, "message").value_or("")) : answer.body;
}

/// The claims of a token that we were given, unverified.
inline std::string claim(const std::string& token, std::string_view name) {
    const std::size_t first = token.find('.') + 1;
    const auto text = from_base64url(token.substr(first, token.find('.', first) - first));
    const auto claims = json::parse(text.value_or(""));
    return claims ? std::string(json::find_string(*claims, name).value_or("")) : "";
}

/// What was added up in the store for a person and a model.
struct Consumed {
    std::int64_t requests = 0;
    policy::Usage usage;
    Money cost;
};

/// A store's own client, for looking at what is there.
class StoreView {
  public:
    explicit StoreView(const std::string& socket) {
        store::RedisSettings settings;
        settings.socket = socket;
        // A machine with much to do is no failure.
        constexpr store::RedisPatience patience{.command = process_patience, .connect = process_patience};
        redis_ = std::make_unique<store::RedisClient>(context_.get_executor(), settings, nullptr, patience);
    }
    store::Reply ask(store::Command command) {
        auto reply = testing::run(context_, redis_->send(std::move(command)));
        if (!reply) throw std::runtime_error(describe(reply.error()));
        return std::move(*reply);
    }
    /// Of this month and, should it have begun just now, the last. An empty model: of every model; likewise a person.
    Consumed consumed(std::string_view subject, std::string_view model) {
        Consumed sum;
        const Instant now = SystemClock().now();
        const Instant month = policy::period_begin(policy::Period::monthly, now);
        for (const Instant when : {now, month - std::chrono::days(1)}) {
            const auto cells = ask({"HGETALL", store::cells_key(policy::Grain::month, when)});
            for (std::size_t at = 0; at + 1 < cells.items.size(); at += 2)
                add(sum, cells.items[at].text, cells.items[at + 1].text, subject, model);
        }
        return sum;
    }

  private:
    static void add(Consumed& sum, const std::string& field, const std::string& value, std::string_view subject,
                    std::string_view model) {
        std::vector<std::string> parts;
        for (std::size_t begin = 0; begin <= field.size();) {
            const std::size_t end = std::min(field.find('|', begin), field.size());
            parts.push_back(field.substr(begin, end - begin));
            begin = end + 1;
        }
        if (!subject.empty() && parts.at(0) != subject) return;
        if (!model.empty() && parts.at(2) != model) return;
        std::istringstream numbers(value);
        policy::Usage usage;
        std::int64_t requests = 0;
        std::int64_t nano = 0;
        numbers >> requests >> usage.input >> usage.output >> usage.cache_read >> usage.cache_write_5m >>
            usage.cache_write_1h >> usage.web_searches >> nano;
        sum.requests += requests;
        sum.usage += usage;
        sum.cost += Money::nano(nano);
    }

    boost::asio::io_context context_{1};
    std::unique_ptr<store::RedisClient> redis_;
};

inline Consumed usage_in(const std::string& socket, const std::string& subject, const std::string& model) {
    return StoreView(socket).consumed(subject, model);
}

/// Asks again until `claim` holds; false when it does not within the deadline.
template <class Claim>
bool eventually(Claim claim, std::chrono::seconds patience = process_patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
        if (claim()) return true;
        std::this_thread::yield();
    }
    return false;
}

/// Every shard has a connection of its own to Redis, and chance decides which shard a connection is on.
inline bool all_shards_are_ready(std::uint16_t gateway) {
    constexpr int enough = 20;
    for (int count = 0; count < enough; ++count)
        if (HttpConnection(gateway).get("/readyz").status != 200) return false;
    return true;
}

}  // namespace gatehouse::testing
