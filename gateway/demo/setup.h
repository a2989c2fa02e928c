// SPDX-License-Identifier: Apache-2.0
// What `gatehouse demo` is configured with and what it prints: the text of its gateway.yaml, the variables that text
// refers to, the secrets kept in the demo's directory, the banner. Called by demo_app.cpp, which owns the listeners. It
// writes one file (secrets.json) and opens no socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/crypto.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"

namespace gatehouse::demo {

inline constexpr std::string_view demo_client_id = "gatehouse-demo";

/// Made at the first start and kept (mode 0600), so that a restarted demo still knows its sessions.
struct DemoSecrets {
    Secret client;    ///< of the gateway at the demo identity provider
    Secret session;   ///< session.jwt_secret
    Secret provider;  ///< the demo provider's API key
};

/// `directory` is made (0700) when it is not there. An unreadable or damaged file is an error, not a new file.
Result<DemoSecrets> load_demo_secrets(const std::string& directory, Random& random);

/// `$XDG_STATE_HOME/gatehouse/demo`, else `~/.local/state/gatehouse/demo`. Fails when neither is known.
Result<std::string> default_demo_directory();

struct DemoPlan {
    std::string gateway_url;   ///< `http://127.0.0.1:8080`: what everybody types, and `iss`
    std::string directory;     ///< absolute; the store goes below it
    std::string issuer;        ///< origin of the demo identity provider
    std::string provider_url;  ///< origin of the demo provider; empty: the real API with ANTHROPIC_API_KEY
    std::string binary;        ///< absolute path of this executable, for the lines to copy
    bool sample = true;        ///< made-up usage is put into the store
};

/// The address that the demo identity provider redirects to.
std::string demo_redirect_uri(const DemoPlan& plan);
/// gateway.yaml of the demo. Secrets appear as `${…}` only.
std::string demo_yaml(const DemoPlan& plan);
/// Answers the `${…}` of demo_yaml, allows loopback addresses, and leaves every other name to `otherwise`.
std::function<std::optional<std::string>(std::string_view)> demo_environment(
    DemoSecrets secrets, std::function<std::optional<std::string>(std::string_view)> otherwise);
/// What the demo prints when it is ready: who may sign in where, and the lines that connect Claude Code.
std::string demo_banner(const DemoPlan& plan);

}  // namespace gatehouse::demo
