// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <sstream>

namespace gatehouse::cli {
namespace {

constexpr const char* main_footer =
    "Exit codes: 0 done; 1 failed (unreachable, cannot write, …); 2 wrong usage or configuration;\n"
    "3 not signed in, or the sign-in was refused.\n\n"
    "`gatehouse SUBCOMMAND --help` tells more.";

constexpr const char* serve_footer =
    "Example:\n"
    "  gatehouse serve --config /etc/gatehouse/gateway.yaml\n\n"
    "Signals: SIGHUP reads the file again, and keeps what runs when it is wrong; SIGTERM or SIGINT stops\n"
    "accepting, lets open requests finish and exits 0; a second one ends at once.";

constexpr const char* check_footer =
    "Example:\n"
    "  gatehouse check --config gateway.yaml && systemctl reload gatehouse\n\n"
    "Prints one line for each fault, with the file's line and the field's path, and exits 2.";

constexpr const char* demo_footer =
    "Example:\n"
    "  gatehouse demo --port 9000\n"
    "  ANTHROPIC_API_KEY=sk-ant-… gatehouse demo\n\n"
    "Everything listens on loopback: the gateway on PORT, an identity provider with three people on PORT+1,\n"
    "a provider that answers by itself on PORT+2. With ANTHROPIC_API_KEY in the environment prompts go to the\n"
    "real API instead.\n\n"
    "The first start makes up 60 days of usage by sample people, so that every page shows something; --no-sample\n"
    "leaves that out.";

constexpr const char* prices_footer =
    "Examples:\n"
    "  gatehouse prices --config /etc/gatehouse/gateway.yaml\n"
    "  gatehouse prices --json | jq .list > prices.json    # a file to change, for pricing.file\n\n"
    "Prints what requests are billed at: every model, tier and day, the overrides and the multiplier. Without\n"
    "--config it is the list that this binary brings along.";

constexpr const char* login_footer =
    "Example:\n"
    "  gatehouse login https://gatehouse.example.com\n\n"
    "Prints an address and a code, and waits until you have confirmed the code in a browser (on any machine).\n"
    "Tokens are kept in $XDG_CONFIG_HOME/gatehouse/credentials.json (else ~/.config/…), readable by you alone.";

constexpr const char* token_footer =
    "Examples:\n"
    "  As Claude Code's helper, in ~/.claude/settings.json:\n"
    "    { \"apiKeyHelper\": \"gatehouse token\" }\n"
    "  In a script:\n"
    "    curl -H \"Authorization: Bearer $(gatehouse token)\" https://gatehouse.example.com/v1/models\n\n"
    "Prints the token and nothing else on standard output, refreshing it first when it is about to expire.";

constexpr const char* logout_footer =
    "Example:\n"
    "  gatehouse logout\n\n"
    "Ends the session at the gateway and forgets its tokens on this machine.";

constexpr const char* increase_footer =
    "Examples:\n"
    "  gatehouse request-increase --reason \"the release is on Friday\"\n"
    "  gatehouse request-increase --reason \"load tests\" --amount 250 --period weekly\n\n"
    "Asks your administrators for a higher spend limit. Which limit: the one that blocks you, unless --period says.\n"
    "Prints the request's id. What they answer is on the gateway's /access page, where you can also withdraw it.";

constexpr const char* backup_footer =
    "Examples:\n"
    "  gatehouse backup --config gateway.yaml --output /backup/gatehouse.jsonl\n"
    "  gatehouse backup --config gateway.yaml | zstd > gatehouse.jsonl.zst\n\n"
    "Writes records, the audit trail, spend and keys (as hashes), not sessions, from the store that the\n"
    "configuration names; gateways may go on meanwhile. FILE appears when it is whole, readable by you alone.";

constexpr const char* restore_footer =
    "Example:\n"
    "  gatehouse restore --config gateway.yaml /backup/gatehouse.jsonl\n\n"
    "Reads the whole file first and writes nothing when it is damaged, or when the store holds such things\n"
    "already and --replace is not given.";

void add_config(CLI::App& command, std::string& config) {
    command.add_option("-c,--config", config, "gateway.yaml to read")->required()->type_name("FILE");
}

void add_url(CLI::App& command, std::string& url, bool required) {
    const char* which = required ? "the gateway's address, such as https://gatehouse.example.com"
                                 : "which gateway, when you are signed in to several";
    command.add_option("url", url, which)->required(required)->type_name("URL");
}

/// From where the command was typed; the process may move. Empty stays empty.
std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

/// The subcommands and the values they write to.
struct CommandLine {
    CLI::App app{"Gatehouse: a gateway between developers' Claude Code and the model provider.", "gatehouse"};
    Serve serve;
    Check check;
    Demo demo;
    Prices prices;
    Login login;
    Token token;
    Logout logout;
    RequestIncrease increase;
    Backup backup;
    Restore restore;
    bool version_flag = false;

    CommandLine() {
        app.require_subcommand(0, 1);
        app.footer(main_footer);
        app.add_flag("--version", version_flag, "Same as `gatehouse version`");
        add_config(add("serve", "Run the gateway", serve_footer), serve.config);
        add_config(add("check", "Validate a configuration without network access", check_footer), check.config);
        CLI::App& demonstration = add("demo", "Run everything on this machine, with nothing to configure", demo_footer);
        demonstration.add_option("--port", demo.port, "Port of the gateway on 127.0.0.1")
            ->check(CLI::Range(1, 65533))
            ->capture_default_str()
            ->type_name("PORT");
        demonstration
            .add_option("--dir", demo.directory,
                        "Where data is kept [$XDG_STATE_HOME/gatehouse/demo or ~/.local/state/gatehouse/demo]")
            ->type_name("DIR");
        demonstration.add_flag("!--no-sample", demo.sample, "Begin without made-up people and usage");
        CLI::App& price_book = add("prices", "Print the price book in force", prices_footer);
        price_book.add_option("-c,--config", prices.config, "gateway.yaml to read")->type_name("FILE");
        price_book.add_flag("--json", prices.json, "As JSON rather than as a table");
        add_url(add("login", "Sign in to a gateway from this terminal", login_footer), login.url, true);
        add_url(add("token", "Print a fresh access token", token_footer), token.url, false);
        add_url(add("logout", "End the session at a gateway", logout_footer), logout.url, false);
        add_increase();
        add_backup();
        add_restore();
        add("version", "Print the version, the libraries and the licence terms of this binary", "");
    }

    void add_increase() {
        CLI::App& command = add("request-increase", "Ask for a higher spend limit", increase_footer);
        add_url(command, increase.url, false);
        command.add_option("-r,--reason", increase.reason, "Why you need more")->required()->type_name("TEXT");
        command.add_option("-a,--amount", increase.amount, "The new limit in dollars, such as 250 or 250.00")
            ->type_name("DOLLARS");
        command.add_option("-p,--period", increase.period, "Which limit: daily, weekly or monthly")
            ->check(CLI::IsMember({"daily", "weekly", "monthly"}))
            ->type_name("PERIOD");
    }
    void add_backup() {
        CLI::App& command = add("backup", "Write what the store holds, but for sessions, to a file", backup_footer);
        add_config(command, backup.config);
        command.add_option("-o,--output", backup.output, "Where to write it [standard output]")->type_name("FILE");
    }
    void add_restore() {
        CLI::App& command = add("restore", "Bring a backup into the store", restore_footer);
        add_config(command, restore.config);
        command.add_option("file", restore.file, "what `gatehouse backup` wrote")->required()->type_name("FILE");
        command.add_flag("--replace", restore.replace,
                         "Delete first what the store holds of the same, but for sessions");
    }

    CLI::App& add(const char* name, const char* purpose, const char* footer) {
        CLI::App* command = app.add_subcommand(name, purpose);
        command->footer(footer);
        return *command;
    }

    Action chosen() const {
        const std::string name = app.get_subcommands().front()->get_name();
        if (name == "serve") return serve;
        if (name == "check") return check;
        if (name == "demo") return Demo{demo.port, absolute(demo.directory), demo.sample};
        if (name == "prices") return prices;
        if (name == "login") return login;
        if (name == "token") return token;
        if (name == "logout") return logout;
        if (name == "request-increase") return increase;
        if (name == "backup") return backup;
        if (name == "restore") return restore;
        return Version{};
    }
};

Notice notice_of(const CLI::App& app, const CLI::ParseError& stop) {
    std::ostringstream out;
    std::ostringstream err;
    const bool is_help = app.exit(stop, out, err) == 0;
    return is_help ? Notice{0, out.str()} : Notice{2, "gatehouse: " + err.str()};
}

}  // namespace

std::expected<Action, Notice> parse_arguments(int count, const char* const* words) {
    CommandLine line;
    try {
        line.app.parse(count, words);
    } catch (const CLI::ParseError& stop) {
        return std::unexpected(notice_of(line.app, stop));
    }
    if (line.version_flag) return Version{};
    if (line.app.get_subcommands().empty()) return std::unexpected(Notice{2, line.app.help()});
    return line.chosen();
}

}  // namespace gatehouse::cli
