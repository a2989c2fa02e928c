// SPDX-License-Identifier: Apache-2.0
// The command line as a closed list of actions. main.cpp parses once and visits; what an action does is not known here.
// Refuses unknown words, missing values and two subcommands, with a sentence and exit code 2.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <variant>

namespace gatehouse::cli {

struct Serve {
    std::string config;
};
struct Check {
    std::string config;
};
struct Demo {
    std::uint16_t port = 8080;  ///< of the gateway; the demo's two other listeners take the two ports above it
    std::string directory;      ///< empty: the default of demo/setup.h
    bool sample = true;         ///< fill the store with made-up usage
};
struct Prices {
    std::string config;  ///< empty: the built-in list
    bool json = false;
};
struct Login {
    std::string url;
};
struct Token {
    std::string url;  ///< empty: the only gateway that is signed in to
};
struct Logout {
    std::string url;  ///< empty: likewise
};
struct RequestIncrease {
    std::string url;  ///< empty: likewise
    std::string reason;
    std::string amount;  ///< dollars; empty: left to the admin
    std::string period;  ///< empty: that of the limit that blocks
};
struct Backup {
    std::string config;
    std::string output;  ///< empty: standard output
};
struct Restore {
    std::string config;
    std::string file;
    bool replace = false;
};
struct Version {};

using Action =
    std::variant<Serve, Check, Demo, Prices, Login, Token, Logout, RequestIncrease, Backup, Restore, Version>;

/// The program ends with this text instead of an action: help (exit code 0, standard output) or a refusal (2, standard
/// error).
struct Notice {
    int exit_code = 0;
    std::string text;
};

std::expected<Action, Notice> parse_arguments(int count, const char* const* words);

}  // namespace gatehouse::cli
