// SPDX-License-Identifier: Apache-2.0
// The client-side subcommands: login, token, logout, request-increase. Each is a coroutine that main.cpp runs to its
// end and whose number is the process's exit code. They reach the gateway through an http::Client only (no sockets
// here), keep their tokens in a CredentialFile, print results to `out` and everything else to `err`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/cli/arguments.h"
#include "gateway/cli/credentials.h"
#include "gateway/http/client.h"

namespace gatehouse::cli {

/// Waits between two polls. A test steps its clock instead.
using Pause = std::function<boost::asio::awaitable<void>(std::chrono::milliseconds)>;
boost::asio::awaitable<void> pause_on_timer(std::chrono::milliseconds span);

/// What a subcommand touches. Outlives the coroutine.
struct Surroundings {
    http::Client& client;  ///< unguarded: a person names the gateway, loopback and private addresses included
    const Clock& clock;
    CredentialFile file;
    std::ostream& out;
    std::ostream& err;
    Pause pause = pause_on_timer;
    std::string user_agent = "gatehouse";  ///< the gateway shows it in the list of sessions
};

/// `gatehouse/0.1.0 (laptop-7)`: tells one machine's session from another's.
std::string user_agent_of_this_machine();

boost::asio::awaitable<int> run_login(Login action, Surroundings& here);
boost::asio::awaitable<int> run_token(Token action, Surroundings& here);
boost::asio::awaitable<int> run_logout(Logout action, Surroundings& here);
boost::asio::awaitable<int> run_request_increase(RequestIncrease action, Surroundings& here);

}  // namespace gatehouse::cli
