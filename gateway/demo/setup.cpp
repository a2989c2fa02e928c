// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/demo/people.h"
#include "gateway/http/url.h"

namespace gatehouse::demo {
namespace {

constexpr std::string_view client_variable = "GATEHOUSE_DEMO_CLIENT_SECRET";
constexpr std::string_view session_variable = "GATEHOUSE_DEMO_SESSION_SECRET";
constexpr std::string_view provider_variable = "GATEHOUSE_DEMO_PROVIDER_KEY";

Error unusable(std::string what, std::string why = {}) {
    return Error::of(Fault::internal, Reason::configuration_invalid, std::move(what), std::move(why));
}

/// O_EXCL: of two demos started at once one makes the file, the other fails and says so.
Result<> write_new(const std::string& path, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return fail(unusable("cannot write " + path + ": " + std::strerror(errno)));
    const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool kept = written && ::fsync(file) == 0;
    ::close(file);
    if (!kept) return fail(unusable("cannot write " + path));
    return {};
}

Result<DemoSecrets> make_secrets(const std::string& path, Random& random) {
    DemoSecrets secrets{Secret(random_token(random, 32)), Secret(random_token(random, 32)),
                        Secret("sk-demo-" + random_token(random, 24))};
    const boost::json::object text{{"client", secrets.client.reveal()},
                                   {"session", secrets.session.reveal()},
                                   {"provider", secrets.provider.reveal()}};
    const auto written = write_new(path, json::to_text(text));
    if (!written) return fail(written.error());
    return secrets;
}

Secret member(const boost::json::value& text, std::string_view name) {
    return Secret(std::string(json::find_string(text, name).value_or(std::string_view{})));
}

/// A YAML double-quoted scalar; JSON strings are a subset of them (YAML 1.2, section 1.3).
std::string yaml_string(std::string_view text) {
    return json::to_text(boost::json::value(text));
}

std::string upstream_yaml(const DemoPlan& plan) {
    std::string text("upstreams:\n  - provider: anthropic\n    auth:\n");
    if (plan.provider_url.empty()) return text + "      api_key: ${ANTHROPIC_API_KEY}\n";
    text.append("      api_key: ${").append(provider_variable).append("}\n");
    return text.append("    base_url: ").append(yaml_string(plan.provider_url)).append("\n");
}

/// Fiona of finance may set caps and read what everyone spent.
constexpr std::string_view admin_yaml =
    "admin:\n  admin_groups: [admins]\n  finance_groups: [finance]\n"
    "  blocked_message: ask Fiona Finance for more\n";

constexpr std::string_view policies_yaml = R"yaml(
managed:
  source: store
  policies:
    - match: { groups: [contractors] }
      cli:
        availableModels: [claude-haiku-4-5]
        enforceAvailableModels: true
      limits:
        user: { requests_per_minute: 30, concurrent_requests: 4 }
    - match: { groups: [engineering] }
      cli:
        availableModels: [sonnet, opus, haiku]
    - match: {}
      cli:
        availableModels: [sonnet, haiku]
        enforceAvailableModels: true
        permissions:
          deny: ["Read(./.env)"]
)yaml";

std::string people_lines() {
    std::string text;
    for (const DemoPerson& person : demo_people) {
        std::string line("    ");
        line.append(person.name);
        line.resize(22, ' ');
        std::string groups;
        for (const std::string_view group : person.groups)
            groups.append(groups.empty() ? "" : ", ").append(group);
        line.append(groups);
        line.resize(40, ' ');
        text.append(line).append(person.may_use).append("\n");
    }
    return text;
}

}  // namespace

Result<DemoSecrets> load_demo_secrets(const std::string& directory, Random& random) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed || ::chmod(directory.c_str(), 0700) != 0)
        return fail(unusable("cannot make the demo's directory " + directory, failed.message()));
    const std::string path = directory + "/secrets.json";
    if (!std::filesystem::exists(path)) return make_secrets(path, random);
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto parsed = json::parse(text);
    DemoSecrets secrets;
    if (parsed) secrets = {member(*parsed, "client"), member(*parsed, "session"), member(*parsed, "provider")};
    if (secrets.client.empty() || secrets.session.empty() || secrets.provider.empty())
        return fail(unusable(path + " is damaged: remove it and start again, everybody will have to sign in anew"));
    return secrets;
}

Result<std::string> default_demo_directory() {
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && state[0] == '/') return std::string(state) + "/gatehouse/demo";
    const char* home = std::getenv("HOME");
    if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state/gatehouse/demo";
    return fail(unusable("HOME is not set: say where the demo keeps its data with --dir"));
}

std::string demo_redirect_uri(const DemoPlan& plan) {
    return plan.gateway_url + "/oauth/callback";
}

std::string demo_yaml(const DemoPlan& plan) {
    std::string port;
    if (const auto url = http::parse_url(plan.gateway_url)) port = std::to_string(url->port);
    std::string text("# The configuration of `gatehouse demo`.\nlisten:\n  host: 127.0.0.1\n  port: ");
    text.append(port).append("\n  public_url: ").append(yaml_string(plan.gateway_url));
    text.append("\noidc:\n  issuer: ").append(yaml_string(plan.issuer));
    text.append("\n  client_id: ").append(demo_client_id);
    text.append("\n  client_secret: ${").append(client_variable);
    text.append("}\nsession:\n  jwt_secret: ${").append(session_variable);
    text.append("}\nstore:\n  embedded:\n    dir: ").append(yaml_string(plan.directory + "/store")).append("\n");
    return text.append(upstream_yaml(plan)).append(policies_yaml).append(admin_yaml);
}

std::function<std::optional<std::string>(std::string_view)> demo_environment(
    DemoSecrets secrets, std::function<std::optional<std::string>(std::string_view)> otherwise) {
    return [secrets = std::move(secrets),
            otherwise = std::move(otherwise)](std::string_view name) -> std::optional<std::string> {
        if (name == client_variable) return secrets.client.reveal();
        if (name == session_variable) return secrets.session.reveal();
        if (name == provider_variable) return secrets.provider.reveal();
        if (name == "GATEHOUSE_ALLOW_LOOPBACK") return "1";
        return otherwise(name);
    };
}

std::string demo_banner(const DemoPlan& plan) {
    const std::string& url = plan.gateway_url;
    const std::string command = plan.binary + " token " + url;
    const boost::json::object managed{
        {"forceLoginMethod", "gateway"}, {"forceLoginGatewayUrl", url}, {"parentSettingsBehavior", "merge"}};
    const boost::json::object helper{{"apiKeyHelper", command}};
    std::string text("\nGatehouse demo is ready at ");
    text.append(url).append("\n\n  Sign in at ").append(url).append("/login as one of\n").append(people_lines());
    text.append(plan.provider_url.empty() ? "\n  Prompts go to the real API with the key in ANTHROPIC_API_KEY.\n"
                                          : "\n  Prompts are answered by a demo provider: no model, no cost.\n");
    if (plan.sample)
        text.append(
            "  The figures of the last 60 days are made up; without them: --no-sample in an empty directory.\n");
    text.append(
            "\n  Connect Claude Code with /login: write this file (if it exists, add the three keys to it),\n"
            "  start `claude`, type /login\n\n")
        .append("    sudo mkdir -p /etc/claude-code\n")
        .append("    echo '")
        .append(json::to_text(managed))
        .append("' | sudo tee /etc/claude-code/managed-settings.json\n");
    text.append("\n  Or connect one run of it and leave the machine as it is\n\n    ")
        .append(plan.binary)
        .append(" login ")
        .append(url)
        .append("\n    ANTHROPIC_BASE_URL=")
        .append(url)
        .append(" claude --settings '")
        .append(json::to_text(helper))
        .append("'\n");
    text.append("\n  or, for an hour, without the helper\n\n    ANTHROPIC_BASE_URL=")
        .append(url)
        .append(" ANTHROPIC_AUTH_TOKEN=\"$(")
        .append(command)
        .append(")\" claude\n");
    return text.append("\n  Data is kept in ").append(plan.directory).append(". Stop with Ctrl-C.\n\n");
}

}  // namespace gatehouse::demo
