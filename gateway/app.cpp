// SPDX-License-Identifier: Apache-2.0
#include "gateway/app.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/log.h"
#include "gateway/live.h"
#include "gateway/net/server.h"
#include "gateway/services.h"
#include "gateway/store/embedded.h"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr unsigned most_shards = 32;
constexpr auto prime_patience = 30s;
constexpr int store_attempts = 3;
constexpr auto store_pause = 2s;

sigset_t handled_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, number);
    return set;
}

/// A request body of 90 KB is allocated and freed thousands of times a second. As shipped, glibc gives the top of the
/// heap back to the kernel each time and faults it in again: 13 page faults and a third of the CPU time of a request
/// (docs/performance.md).
void keep_freed_memory() {
    ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
    ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
    ::mallopt(M_TOP_PAD, 1 << 20);
}

/// A stream takes two descriptors; the usual soft limit of 1024 is none for a server.
void raise_descriptor_limit(std::size_t most_connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < most_connections * 2)
        log::warn("the limit on open files is low for listen.max_connections: raise LimitNOFILE",
                  {{"limit", static_cast<long long>(limit.rlim_max)}, {"max_connections", most_connections}});
}

unsigned shard_count() {
    return std::clamp(std::thread::hardware_concurrency(), 1U, most_shards);
}

/// What operators tell this process from others by.
admin::Replica replica_here(const Clock& clock) {
    std::array<char, 256> name{};
    // Cut short at worst.
    ::gethostname(name.data(), name.size() - 1);
    return {name.data(), ::getpid(), clock.now()};
}

/// One shard with what lives on it. The services die first, then the loop that their sockets belong to.
struct Worker {
    explicit Worker(unsigned index) : shard(index) {}
    net::Shard shard;
    std::unique_ptr<Services> services;
};

std::size_t unsettled(Worker& worker) {
    auto count = std::make_shared<std::promise<std::size_t>>();
    auto answer = count->get_future();
    worker.shard.post([count, services = worker.services.get()] { count->set_value(services->unsettled()); });
    return answer.wait_for(1s) == std::future_status::ready ? answer.get() : 0;
}

/// Names of changed settings that a running process cannot take over.
std::vector<std::string> needing_restart(const Settings& now, const Settings& next) {
    std::vector<std::string> names;
    const auto differs = [&](const char* name, bool changed) {
        if (changed) names.emplace_back(name);
    };
    differs("listen.host", now.listen.host != next.listen.host);
    differs("listen.port", now.listen.port != next.listen.port);
    differs("listen.public_url", now.public_url.origin() != next.public_url.origin());
    differs("listen.tls", now.listen.tls_cert != next.listen.tls_cert || now.listen.tls_key != next.listen.tls_key);
    const auto& operators = now.metrics_listen;
    differs("listen.metrics", operators.has_value() != next.metrics_listen.has_value() ||
                                  (operators && (operators->host != next.metrics_listen->host ||
                                                 operators->port != next.metrics_listen->port)));
    differs("oidc", !(now.oidc == next.oidc));
    differs("session", !(now.session == next.session));
    differs("store", !(now.store == next.store));
    differs("journal", !(now.journal == next.journal));
    differs("admin", now.admin.enabled != next.admin.enabled);
    differs("telemetry", !(now.telemetry == next.telemetry));
    differs("managed.source", now.policy_source != next.policy_source);
    return names;
}

/// For work that goes on after its request: what it throws is logged, not lost.
void spawn_logged(const asio::any_io_executor& executor, asio::awaitable<void> work) {
    asio::co_spawn(executor, std::move(work), [](std::exception_ptr thrown) {
        if (!thrown) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& exception) {
            log::error("background work failed", {{"error", exception.what()}});
        }
    });
}

void log_notices(const Settings& settings) {
    for (const SettingsProblem& notice : settings.notices)
        log::warn("odd in the configuration",
                  {{"line", notice.line}, {"path", notice.path}, {"notice", notice.message}});
}

/// For whoever reviews who may call what; the tests call each.
void log_routes(const http::Router& router) {
    for (const http::Route& route : router.routes())
        log::debug("route",
                   {{"method", route.method}, {"path", route.path}, {"access", http::to_slug(route.handler.access)}});
}

class App {
  public:
    App(const SettingsSource& source, Settings settings, const Prepare& prepare)
        : source_(source),
          prepare_(prepare),
          traffic_(std::make_shared<const net::TrafficSettings>(settings.traffic)),
          live_(std::move(settings), metrics_) {}

    Result<> start();
    /// Until SIGTERM or SIGINT, and through the drain.
    void wait();
    /// False: something would not end and the process must not run destructors.
    bool stop();

  private:
    Result<> open_store();
    Result<> build_workers();
    Result<> prepare();
    Result<> prime();
    Result<> prime_with_patience();
    Result<> listen();
    void reload();
    void drain();
    /// As of now: a shard may replace them at any moment.
    std::shared_ptr<const Settings> settings() const {
        LivePtr live = live_.load();
        const Settings* part = &live->settings;
        return {std::move(live), part};
    }

    const SettingsSource& source_;
    const Prepare& prepare_;
    Snapshot<net::TrafficSettings> traffic_;
    observe::Metrics metrics_;
    observe::Activity activity_{shard_count()};
    LiveState live_;
    observe::LineJournal journal_;
    SystemClock clock_;
    SystemRandom random_;
    BlockingPool pool_{2};
    std::atomic<bool> draining_{false};
    std::atomic<bool> sample_{false};
    std::unique_ptr<store::EmbeddedRedis> embedded_;
    std::unique_ptr<store::SpendJournal> spend_journal_;
    std::unique_ptr<Shared> shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<net::Server> server_;
    std::unique_ptr<net::Server> operator_server_;
};

Result<> App::open_store() {
    const StoreSettings store = settings()->store;
    store::RedisSettings redis;
    if (store.redis) {
        redis = *store.redis;
    } else {
        auto embedded = store::EmbeddedRedis::start(store.embedded_dir);
        if (!embedded) return fail(embedded.error());
        embedded_ = std::move(*embedded);
        redis = embedded_->settings();
    }
    auto proxy = net::ProxySettings::from_environment(process_environment);
    if (!proxy) return fail(proxy.error());
    auto journal = store::SpendJournal::open(settings()->journal, clock_, random_, metrics_);
    if (!journal) return fail(journal.error());
    spend_journal_ = std::move(*journal);
    shared_ = std::make_unique<Shared>(Shared{live_, std::move(redis), std::move(*proxy), metrics_, activity_,
                                              replica_here(clock_), journal_, *spend_journal_, clock_, random_, pool_,
                                              draining_, sample_, spawn_logged});
    return {};
}

Result<> App::build_workers() {
    for (unsigned index = 0; index < shard_count(); ++index) {
        auto worker = std::make_unique<Worker>(index);
        auto services = Services::make(worker->shard, *shared_);
        if (!services) return fail(services.error());
        worker->services = std::move(*services);
        workers_.push_back(std::move(worker));
    }
    return {};
}

Result<> App::prepare() {
    if (!prepare_) return {};
    auto promise = std::make_shared<std::promise<Result<bool>>>();
    auto waiting = promise->get_future();
    Worker& first = *workers_.front();
    asio::co_spawn(first.shard.executor(), first.services->prepare(prepare_),
                   [promise](std::exception_ptr thrown, Result<bool> result) {
                       if (thrown) {
                           promise->set_exception(thrown);
                       } else {
                           promise->set_value(std::move(result));
                       }
                   });
    const auto prepared = waiting.get();
    if (!prepared) return fail(prepared.error());
    sample_ = *prepared;
    return {};
}

/// Every shard's services, at the same time.
Result<> App::prime() {
    std::vector<std::future<Result<>>> results;
    for (const auto& worker : workers_) {
        auto promise = std::make_shared<std::promise<Result<>>>();
        results.push_back(promise->get_future());
        asio::co_spawn(worker->shard.executor(), worker->services->prime(),
                       [promise](std::exception_ptr thrown, Result<> result) {
                           if (thrown) {
                               promise->set_exception(thrown);
                           } else {
                               promise->set_value(std::move(result));
                           }
                       });
    }
    for (auto& waiting : results) {
        if (waiting.wait_for(prime_patience) != std::future_status::ready)
            return fail(
                Error::unavailable(Reason::idp_unreachable, "the identity provider or the store does not answer"));
        const auto result = waiting.get();
        if (!result) return fail(result.error());
    }
    return {};
}

Result<> App::prime_with_patience() {
    for (int attempt = 1;; ++attempt) {
        const auto primed = prime();
        const bool store_away = !primed && primed.error().reason == Reason::store_unreachable;
        if (!store_away || attempt == store_attempts) return primed;
        log::warn("the store does not answer, trying again",
                  {{"attempt", attempt}, {"error", describe(primed.error())}});
        std::this_thread::sleep_for(store_pause);
    }
}

Result<> App::listen() {
    const auto now = settings();
    std::vector<net::Server::Seat> seats;
    for (const auto& worker : workers_)
        seats.push_back({&worker->shard, &worker->services->router()});
    auto server = net::Server::open(now->listen, std::move(seats), traffic_, metrics_);
    if (!server) return fail(server.error());
    server_ = std::move(*server);
    if (now->metrics_listen) {
        const Worker& first = *workers_.front();
        auto operators = net::Server::open(
            *now->metrics_listen, {{&workers_.front()->shard, &first.services->operator_router()}}, traffic_, metrics_);
        if (!operators) return fail(operators.error());
        operator_server_ = std::move(*operators);
        operator_server_->start();
    }
    server_->start();
    return {};
}

Result<> App::start() {
    if (const auto opened = open_store(); !opened) return opened;
    if (const auto built = build_workers(); !built) return built;
    for (const auto& worker : workers_) {
        spawn_logged(worker->shard.executor(), worker->services->run());
        worker->shard.start();
    }
    if (const auto prepared = prepare(); !prepared) return prepared;
    if (const auto primed = prime_with_patience(); !primed) return primed;
    // One shard is enough to post what the store did not take.
    const Worker& first = *workers_.front();
    spawn_logged(first.shard.executor(), first.services->recover());
    if (const auto listening = listen(); !listening) return listening;
    log_routes(first.services->router());
    const auto now = settings();
    log::info("listening", {{"address", now->listen.host + ":" + std::to_string(server_->port())},
                            {"public_url", now->public_url.origin()},
                            {"shards", workers_.size()},
                            {"version", GATEHOUSE_VERSION}});
    return {};
}

void App::reload() {
    auto next = source_();
    const auto now = settings();
    const auto applied = next ? live_.reload(*next) : Result<>{};
    metrics_.config_reloaded(next && applied);
    if (!next || !applied) {
        log::error("configuration not reloaded: the running one stays in force");
        return;
    }
    log_notices(*next);
    for (const std::string& name : needing_restart(*now, *next))
        log::warn("changed, but applies after a restart only", {{"setting", name}});
    if (const auto loaded = server_->reload_tls(); !loaded)
        log::error("certificate not reloaded: the running one stays in force", {{"error", describe(loaded.error())}});
    log::set_level(next->log_level);
    traffic_.store(std::make_shared<const net::TrafficSettings>(next->traffic));
    for (const auto& worker : workers_)
        worker->shard.post([services = worker->services.get()] { services->reload(); });
    log::info("configuration reloaded");
}

void App::wait() {
    const sigset_t set = handled_signals();
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0) continue;
        if (number != SIGHUP) break;
        reload();
    }
    drain();
}

void App::drain() {
    const auto grace = traffic_.load()->drain_grace;
    log::info("draining",
              {{"connections", server_->connections()}, {"grace_ms", static_cast<long long>(grace.count())}});
    draining_ = true;
    server_->drain();
    const sigset_t set = handled_signals();
    const auto last = std::chrono::steady_clock::now() + grace;
    while (server_->connections() > 0 && std::chrono::steady_clock::now() < last) {
        const timespec moment{0, 20'000'000};
        const int number = sigtimedwait(&set, nullptr, &moment);
        if (number == SIGTERM || number == SIGINT) {
            log::warn("told twice to end: cutting what is open", {{"connections", server_->connections()}});
            break;
        }
    }
}

bool App::stop() {
    if (server_) server_->cut_all();
    if (operator_server_) {
        operator_server_->drain();
        operator_server_->cut_all();
    }
    const auto last = std::chrono::steady_clock::now() + 1s;
    while (server_ && server_->connections() > 0 && std::chrono::steady_clock::now() < last)
        std::this_thread::sleep_for(5ms);
    bool clean = true;
    for (const auto& worker : workers_) {
        while (server_ && unsettled(*worker) > 0 && std::chrono::steady_clock::now() < last)
            std::this_thread::sleep_for(5ms);
        worker->shard.post([services = worker->services.get()] { services->stop(); });
        clean = worker->shard.stop(2s) && clean;
    }
    pool_.join();
    if (!clean) log::warn("something was still pending at the end");
    if (embedded_) embedded_->stop();
    return clean;
}

std::optional<Settings> read_settings(const std::string& config_file) {
    auto settings = load_settings(config_file, process_environment);
    if (settings) return std::move(*settings);
    log::flush();
    std::fputs(format_problems(config_file, settings.error()).c_str(), stderr);
    return std::nullopt;
}

}  // namespace

void block_signals() {
    const sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // Writing to a closed connection is an error code, not the end of the process.
    ::signal(SIGPIPE, SIG_IGN);
}

int run_gateway(const SettingsSource& source, const std::function<void()>& listening, const Prepare& prepare) {
    auto settings = source();
    if (!settings) return 2;
    keep_freed_memory();
    log::set_level(settings->log_level);
    log_notices(*settings);
    raise_descriptor_limit(settings->traffic.max_connections);
    auto app = std::make_unique<App>(source, std::move(*settings), prepare);
    const auto started = app->start();
    if (started) {
        listening();
        app->wait();
    } else {
        log::error("cannot start", {{"error", describe(started.error())}});
    }
    const bool clean = app->stop();
    const int code = started ? 0 : 1;
    log::info("ended", {{"exit_code", code}});
    log::flush();
    // Coroutines that would not end may still hold what the destructors would free.
    if (!clean) ::_exit(code);
    return code;
}

int serve(const std::string& config_file) {
    return run_gateway([&] { return read_settings(config_file); }, [] {});
}

int check(const std::string& config_file) {
    const auto settings = read_settings(config_file);
    if (!settings) return 2;
    std::fputs(format_problems(config_file, settings->notices).c_str(), stdout);
    std::printf("%s: no problems found\n", config_file.c_str());
    return 0;
}

}  // namespace gatehouse
