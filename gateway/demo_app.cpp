// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo_app.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "gateway/app.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/demo/identity_provider.h"
#include "gateway/demo/provider.h"
#include "gateway/demo/setup.h"
#include "gateway/net/server.h"
#include "gateway/sample_fill.h"

namespace gatehouse {
namespace {

constexpr const char* loopback = "127.0.0.1";

std::string url_of(unsigned port) {
    return std::string("http://") + loopback + ":" + std::to_string(port);
}

std::string own_path() {
    std::array<char, 4096> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "gatehouse";
}

int refuse(const std::string& why) {
    log::flush();
    std::fprintf(stderr, "gatehouse demo: %s\n", why.c_str());
    return 1;
}

/// The two demo parties, each on its own listener, on one shard.
class Stage {
  public:
    Stage(const demo::DemoPlan& plan, const demo::DemoSecrets& secrets)
        : identity_provider_(plan.issuer, std::string(demo::demo_client_id), secrets.client,
                             demo::demo_redirect_uri(plan), clock_, random_),
          provider_(secrets.provider.reveal()) {
        identity_provider_.mount(identity_routes_);
        provider_.mount(provider_routes_);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;
    ~Stage() {
        for (auto* server : {identity_server_.get(), provider_server_.get()}) {
            if (server == nullptr) continue;
            server->drain();
            server->cut_all();
        }
        shard_.stop(std::chrono::seconds(2));
    }

    Result<> open(std::uint16_t identity_port, std::uint16_t provider_port) {
        auto identity =
            net::Server::open({loopback, identity_port, {}, {}}, {{&shard_, &identity_routes_}}, traffic_, metrics_);
        if (!identity) return fail(identity.error());
        auto provider =
            net::Server::open({loopback, provider_port, {}, {}}, {{&shard_, &provider_routes_}}, traffic_, metrics_);
        if (!provider) return fail(provider.error());
        identity_server_ = std::move(*identity);
        provider_server_ = std::move(*provider);
        shard_.start();
        identity_server_->start();
        provider_server_->start();
        return {};
    }

  private:
    SystemClock clock_;
    SystemRandom random_;
    observe::Metrics metrics_;
    Snapshot<net::TrafficSettings> traffic_{std::make_shared<const net::TrafficSettings>()};
    demo::DemoIdentityProvider identity_provider_;
    demo::DemoProvider provider_;
    http::Router identity_routes_;
    http::Router provider_routes_;
    net::Shard shard_{99};
    std::unique_ptr<net::Server> identity_server_;
    std::unique_ptr<net::Server> provider_server_;
};

}  // namespace

int run_demo(const cli::Demo& options) {
    if (options.port == 0 || options.port > 65533) return refuse("--port must be from 1 to 65533");
    std::string directory = options.directory;
    if (directory.empty()) {
        auto standard = demo::default_demo_directory();
        if (!standard) return refuse(standard.error().message);
        directory = std::move(*standard);
    }
    SystemRandom random;
    auto secrets = demo::load_demo_secrets(directory, random);
    if (!secrets) return refuse(secrets.error().message);

    const auto key = process_environment("ANTHROPIC_API_KEY");
    const bool real_provider = key && !key->empty();
    const auto identity_port = static_cast<std::uint16_t>(options.port + 1);
    const auto provider_port = static_cast<std::uint16_t>(options.port + 2);
    demo::DemoPlan plan;
    plan.gateway_url = url_of(options.port);
    plan.directory = directory;
    plan.issuer = url_of(identity_port);
    plan.provider_url = real_provider ? "" : url_of(provider_port);
    plan.binary = own_path();
    plan.sample = options.sample;

    Stage stage(plan, *secrets);
    if (const auto opened = stage.open(identity_port, provider_port); !opened) return refuse(opened.error().message);
    const std::string yaml = demo::demo_yaml(plan);
    const auto environment = demo::demo_environment(*secrets, process_environment);
    const auto source = [&]() -> std::optional<Settings> {
        auto settings = parse_settings(yaml, environment);
        if (settings) return std::move(*settings);
        std::fputs(format_problems("demo", settings.error()).c_str(), stderr);
        return std::nullopt;
    };
    const auto listening = [&] {
        log::flush();
        std::fputs(demo::demo_banner(plan).c_str(), stdout);
        std::fflush(stdout);
    };
    return run_gateway(source, listening, [&](Stores stores) { return fill_with_sample(stores, options.sample); });
}

}  // namespace gatehouse
