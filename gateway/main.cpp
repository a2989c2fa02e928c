// SPDX-License-Identifier: Apache-2.0
// argv → one action → exit code. The only catch (...) besides the session loop.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <utility>
#include <variant>

#include "gateway/app.h"
#include "gateway/base/log.h"
#include "gateway/cli/arguments.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/prices.h"
#include "gateway/cli/version.h"
#include "gateway/demo_app.h"
#include "gateway/net/client.h"
#include "gateway/settings.h"
#include "gateway/store_commands.h"

namespace gatehouse {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

/// Runs a client-side subcommand on a loop of its own.
template <class Run>
int run_client(Run run) {
    log::set_level(log::Level::error);
    auto file = cli::CredentialFile::in_home();
    auto proxy = net::ProxySettings::from_environment(process_environment);
    if (!file || !proxy) {
        std::cerr << "gatehouse: " << (file ? proxy.error().message : file.error().message) << "\n";
        return 1;
    }
    net::Deadlines deadlines;
    boost::asio::io_context context(1);
    auto client = net::Client::make(deadlines, {.guarded = false, .proxy = *proxy});
    if (!client) {
        std::cerr << "gatehouse: " << client.error().message << "\n";
        return 1;
    }
    const SystemClock clock;
    cli::Surroundings here{.client = **client,
                           .clock = clock,
                           .file = std::move(*file),
                           .out = std::cout,
                           .err = std::cerr,
                           .user_agent = cli::user_agent_of_this_machine()};
    int code = 1;
    deadlines.start(context.get_executor());
    boost::asio::co_spawn(context, run(here), [&](const std::exception_ptr& error, int result) {
        deadlines.stop();
        context.stop();
        if (error) std::rethrow_exception(error);
        code = result;
    });
    context.run();
    std::cout.flush();
    return code;
}

int print_prices(const cli::Prices& action) {
    policy::PriceBookPtr book = policy::builtin_price_book();
    if (!action.config.empty()) {
        const auto settings = load_settings(action.config, process_environment);
        if (!settings) {
            std::cerr << format_problems(action.config, settings.error());
            return 2;
        }
        book = settings->prices;
    }
    std::cout << (action.json ? cli::prices_json(*book) : cli::prices_table(*book));
    return 0;
}

int act(const cli::Action& action) {
    return std::visit(
        Overloaded{
            [](const cli::Serve& serve_action) { return serve(serve_action.config); },
            [](const cli::Check& check_action) { return check(check_action.config); },
            [](const cli::Prices& prices) { return print_prices(prices); },
            [](const cli::Demo& demo_action) { return run_demo(demo_action); },
            [](const cli::Login& login) {
                return run_client([&](cli::Surroundings& here) { return cli::run_login(login, here); });
            },
            [](const cli::Token& token) {
                return run_client([&](cli::Surroundings& here) { return cli::run_token(token, here); });
            },
            [](const cli::Logout& logout) {
                return run_client([&](cli::Surroundings& here) { return cli::run_logout(logout, here); });
            },
            [](const cli::RequestIncrease& increase) {
                return run_client([&](cli::Surroundings& here) { return cli::run_request_increase(increase, here); });
            },
            [](const cli::Backup& backup) { return run_backup(backup); },
            [](const cli::Restore& restore) { return run_restore(restore); },
            [](const cli::Version&) {
                std::cout << cli::version_text();
                return 0;
            },
        },
        action);
}

}  // namespace
}  // namespace gatehouse

int main(int count, char** words) {
    gatehouse::log::claim_descriptors();
    try {
        auto action = gatehouse::cli::parse_arguments(count, words);
        if (!action) {
            (action.error().exit_code == 0 ? std::cout : std::cerr) << action.error().text;
            return action.error().exit_code;
        }
        const bool serves = std::holds_alternative<gatehouse::cli::Serve>(*action) ||
                            std::holds_alternative<gatehouse::cli::Demo>(*action);
        if (serves) gatehouse::block_signals();
        return gatehouse::act(*action);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gatehouse: %s\n", error.what());
        return 1;
    } catch (...) {
        std::fputs("gatehouse: unknown failure\n", stderr);
        return 1;
    }
}
