// SPDX-License-Identifier: Apache-2.0
#include "gateway/services.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "auth/access_token.h"
#include "auth/authenticator.h"
#include "auth/oidc.h"
#include "auth/sign_in.h"
#include "gateway/admin/admin_api.h"
#include "gateway/admin/console_api.h"
#include "gateway/admin/people.h"
#include "gateway/admin/policy_versions.h"
#include "gateway/base/chores.h"
#include "gateway/base/log.h"
#include "gateway/health.h"
#include "gateway/http/reply.h"
#include "gateway/managed/route.h"
#include "gateway/messages/models.h"
#include "gateway/messages/standing.h"
#include "gateway/net/client.h"
#include "gateway/notify/deliverer.h"
#include "gateway/notify/watcher.h"
#include "gateway/otlp/forwarder.h"
#include "gateway/otlp/route.h"
#include "gateway/paused_work.h"
#include "gateway/policy_follower.h"
#include "gateway/protocol.h"
#include "gateway/spend_desk.h"
#include "gateway/store/durable_ledger.h"
#include "gateway/store/redis_client.h"
#include "gateway/store/redis_ledger.h"
#include "gateway/store/redis_outbox.h"
#include "gateway/store/redis_paused_sessions.h"
#include "gateway/store/redis_records.h"
#include "gateway/store/redis_rollups.h"
#include "gateway/store/redis_vault.h"
#include "gateway/store/revocation_feed.h"
#include "gateway/store/sweep.h"
#include "policy/changes.h"
#include "policy/mirror.h"

namespace gatehouse {
namespace {

auth::AccessSummary summarise(const policy::Rules& rules, const auth::Person& person) {
    const policy::Policy* policy = rules.policy_for({person.subject, person.email, person.groups});
    auth::AccessSummary summary;
    if (policy != nullptr) summary.policy = policy->label;
    for (const policy::Model* model : rules.models_for(policy))
        summary.models.push_back(model->id);
    return summary;
}

/// Retention is in days: an hour more or less is nothing.
constexpr std::chrono::hours sweep_every{1};

/// The three trusts of outbound traffic: providers, the identity provider (its own CA, perhaps no proxy), collectors.
struct Clients {
    std::unique_ptr<net::Client> upstream;
    std::unique_ptr<net::Client> idp;
    std::unique_ptr<net::Client> telemetry;
};

Result<Clients> make_clients(net::Deadlines& deadlines, const Settings& settings, const net::ProxySettings& proxy) {
    Clients clients;
    auto upstream = net::Client::make(deadlines, {.allow_loopback = settings.allow_loopback, .proxy = proxy});
    if (!upstream) return fail(upstream.error());
    clients.upstream = std::move(*upstream);
    auto idp = net::Client::make(deadlines, {.ca_pem = settings.oidc.ca_cert_pem,
                                             .allow_loopback = settings.allow_loopback,
                                             .proxy = settings.oidc.use_proxy ? proxy : net::ProxySettings{},
                                             .proxy_by_address = true});
    if (!idp) return fail(idp.error());
    clients.idp = std::move(*idp);
    auto telemetry = net::Client::make(
        deadlines, {.allow_loopback = settings.allow_loopback, .proxy = proxy, .proxy_by_address = true});
    if (!telemetry) return fail(telemetry.error());
    clients.telemetry = std::move(*telemetry);
    return clients;
}

/// How long somebody may have to wait for an alert, about.
constexpr std::chrono::seconds watch_every{2};
constexpr std::chrono::seconds deliver_every{1};

/// Below a second: a service key that is revoked while nobody tells of changes still ends in time.
constexpr std::chrono::milliseconds blind_pause{500};

/// Days, months and totals as long as finance wants them; hours and sessions as long as anybody looks that closely.
store::Retention retention_of(const Settings& settings) {
    const admin::AdminSettings& admin = settings.admin;
    store::Retention retention;
    retention.notes_touched = !settings.notifications->webhooks.empty();
    retention.spend = std::chrono::days((admin.spend_retention_months + 1) * 31);
    retention.detail = std::min(retention.detail, retention.spend);
    return retention;
}

messages::SpendRulesPtr make_spend_rules(const Live& live, policy::CapBookPtr caps) {
    auto rules = std::make_shared<messages::SpendRules>();
    const Settings& settings = live.settings;
    rules->capped = settings.admin.enabled;
    rules->caps = std::move(caps);
    rules->prices = settings.prices;
    rules->group_limit_mode = settings.admin.group_limit_mode;
    rules->enforcement = settings.enforcement;
    rules->blocked_message = settings.admin.blocked_message;
    rules->access_page = settings.public_url.origin() + "/access";
    return rules;
}

admin::Providers providers_of(const Live& live) {
    admin::Providers providers;
    for (const policy::UpstreamSpec& upstream : live.settings.rules->upstreams())
        providers.emplace(upstream.name, upstream.provider);
    return providers;
}

std::vector<admin::UpstreamEntry> upstreams_of(const Live& live) {
    std::vector<admin::UpstreamEntry> upstreams;
    for (const policy::UpstreamSpec& upstream : live.settings.rules->upstreams())
        upstreams.push_back({upstream.name, upstream.provider});
    return upstreams;
}

}  // namespace

/// Members in dependency order: each uses only what stands above it, and dies before it.
struct Services::State {
    State(net::Shard& shard, Shared& all, Clients made, const std::shared_ptr<const Live>& live)
        : shared(all),
          settings(live->settings),
          clients(std::move(made)),
          redis(shard.executor(), all.redis, &all.metrics),
          vault(redis, all.clock),
          redis_ledger(redis, [this] { return retention_of(shared.live.load()->settings); }),
          ledger(redis, redis_ledger, all.spend_journal, all.pool),
          records(redis),
          rollups(redis),
          paused_sessions(redis, all.clock),
          sweep(redis),
          outbox(redis),
          spend_rules(make_spend_rules(*live, caps)),
          cap_mirror(shard.executor(), records, std::string(policy::cap_record_kind),
                     [this](const policy::Documents& documents) { take_caps(policy::read_caps(documents)); }),
          versions(records, all.clock),
          follower(shard.executor(), versions, all.live),
          chores(shard.executor()),
          watching(shard.executor()),
          delivering(shard.executor()),
          tokens(settings.session, settings.public_url.origin()),
          authenticator(settings.session, settings.public_url.origin(), vault, all.clock, all.journal),
          service_key_mirror(shard.executor(), records, std::string(auth::service_key_record_kind), take_service_keys(),
                             blind_pause),
          feed(shard.executor(), all.redis, authenticator, &changes),
          paused_work(paused_sessions, authenticator),
          spend_desk({.ledger = ledger,
                      .rules = [this] { return spend_rules; },
                      .increases = [this] { return admin_api ? &admin_api->increase_desk() : nullptr; },
                      .clock = all.clock}),
          idp(settings.oidc, *clients.idp, all.pool, all.clock),
          sign_in({.settings = settings.sign_in,
                   .oidc = settings.oidc,
                   .session = settings.session,
                   .vault = vault,
                   .paused = paused_work,
                   .spend = spend_desk,
                   .idp = idp,
                   .tokens = tokens,
                   .clock = all.clock,
                   .random = all.random,
                   .journal = all.journal,
                   .metrics = all.metrics,
                   .summary =
                       [this](const auth::Person& person) {
                           return summarise(*shared.live.load()->settings.rules, person);
                       },
                   .signed_in = [this](auth::Person person) { return remember(std::move(person)); }}),
          messages({.authenticator = authenticator,
                    .upstreams = [this] { return shared.live.load()->upstreams; },
                    .spend_rules = [this] { return spend_rules; },
                    .client = *clients.upstream,
                    .ledger = ledger,
                    .journal = all.journal,
                    .metrics = all.metrics,
                    .activity = all.activity.shard(shard.index()),
                    .clock = all.clock,
                    .spawn = [this, executor = shard.executor()](
                                 auto settlement) { shared.spawn(executor, std::move(settlement)); }}),
          standing({.authenticator = authenticator,
                    .ledger = ledger,
                    .rules = [this] { return spend_rules; },
                    .journal = all.journal,
                    .clock = all.clock}),
          models({.authenticator = authenticator, .rules = current_rules(), .journal = all.journal}),
          managed({.authenticator = authenticator, .rules = current_rules(), .journal = all.journal}),
          forwarder(shard.executor(), settings.telemetry, *clients.telemetry, all.metrics),
          telemetry({.authenticator = authenticator,
                     .forwarder = forwarder,
                     .journal = all.journal,
                     .max_request_bytes = [this] { return shared.live.load()->upstreams->max_request_bytes; }}),
          console({.gate = {.authenticator = authenticator,
                            .settings = current_admin(),
                            .records = records,
                            .journal = all.journal,
                            .clock = all.clock,
                            .browser = browser_callers()},
                   .rollups = rollups,
                   .ledger = ledger,
                   .rules = current_rules(),
                   .caps = [this] { return admin::CapsInForce{caps, spend_rules->group_limit_mode}; },
                   .origin = settings.public_url.origin(),
                   .version = GATEHOUSE_VERSION,
                   .sample = [this] { return shared.sample.load(); },
                   .vault = vault,
                   .random = all.random,
                   .paused = paused_work,
                   .viewer = [this](const http::Request& request) { return sign_in.viewer(request); },
                   .files = admin::console_files()}),
          health(vault, all.metrics, all.pool, all.draining) {
        if (settings.admin.enabled) open_admin(shard.index() == 0);
        tokens.set_billing_group_tag(settings.admin.billing_group_tag);
        if (shard.index() == 0) add_sweeps();
        if (shard.index() == 0) add_alerts();
        health.mount_probes(router);
        if (!settings.metrics_listen) health.mount_metrics(router);
        mount_protocol(router);
        messages.mount(router);
        standing.mount(router);
        models.mount(router);
        managed.mount(router);
        telemetry.mount(router);
        sign_in.mount(router);
        console.mount(router);

        health.mount_probes(operator_router);
        health.mount_metrics(operator_router);
        operator_router.set_fallback({.method = "*",
                                      .path = "/*",
                                      .handler = {http::Access::anyone, http::ReplyHandler(no_such_page)},
                                      .render = http::render_plain});
    }

    std::function<Task<auth::IdentityPtr>(const http::Request&)> browser_callers() {
        return [this](const http::Request& request) { return sign_in.identify_browser(request); };
    }
    std::function<policy::RulesPtr()> current_rules() {
        return [this] { return shared.live.load()->settings.rules; };
    }
    /// What an admin block brings: its API, caps that follow what is stored, and on one shard the sweeping.
    void open_admin(bool sweeps) {
        admin_api = std::make_unique<admin::AdminApi>(
            admin::AdminApiParts{.authenticator = authenticator,
                                 .settings = current_admin(),
                                 .rules = current_rules(),
                                 .records = records,
                                 .rollups = rollups,
                                 .ledger = ledger,
                                 .paused = paused_sessions,
                                 .activity = shared.activity,
                                 .upstreams = [this] { return upstreams_of(*shared.live.load()); },
                                 .replica = shared.replica,
                                 .pool = shared.pool,
                                 .providers = [this] { return providers_of(*shared.live.load()); },
                                 .prices = [this] { return spend_rules->prices; },
                                 .policies = policy_parts(),
                                 .vault = vault,
                                 .random = shared.random,
                                 .journal = shared.journal,
                                 .clock = shared.clock,
                                 .browser = browser_callers()});
        admin_api->mount(router);
        changes.on(policy::cap_record_kind, [this] { cap_mirror.refresh(); });
        changes.on(policy::current_record_kind, [this] { follower.refresh(); });
        changes.on(
            auth::service_key_record_kind, [this] { service_key_mirror.refresh(); },
            [this] { service_key_mirror.go_blind(); });
        if (sweeps) chores.add({"audit sweep", sweep_every, [this] { return admin_api->sweep_audit(); }});
    }
    /// What is forgotten with or without an admin block. Which people were seen is every gateway's, and one of them
    /// does it; a journal is this gateway's own.
    void add_sweeps() {
        chores.add({"principal sweep", sweep_every, [this] { return sweep_principals(); }});
        chores.add({"journal sweep", sweep_every, [this] { return sweep_journal(); }});
    }
    /// Every gateway looks and delivers: the outbox keeps them from doing the same twice.
    void add_alerts() {
        const auto notifications = [this] { return shared.live.load()->settings.notifications; };
        watcher = std::make_unique<notify::Watcher>(
            notify::WatcherParts{.outbox = outbox,
                                 .ledger = ledger,
                                 .rollups = rollups,
                                 .caps = [this] { return caps; },
                                 .mode = [this] { return shared.live.load()->settings.admin.group_limit_mode; },
                                 .settings = notifications,
                                 .clock = shared.clock});
        deliverer =
            std::make_unique<notify::Deliverer>(notify::DelivererParts{.outbox = outbox,
                                                                       .client = *clients.telemetry,
                                                                       .settings = notifications,
                                                                       .metrics = shared.metrics,
                                                                       .clock = shared.clock,
                                                                       .random = shared.random,
                                                                       .user_agent = "gatehouse/" GATEHOUSE_VERSION});
        watching.add({"alerts", watch_every, [this] { return watcher->look(); }});
        delivering.add({"webhooks", deliver_every, [this] { return deliverer->deliver(); }});
    }
    /// With or without an admin block, as people at work are.
    Task<> remember(auth::Person person) {
        const auto noted = co_await rollups.note(admin::to_principal(person, shared.clock.now()));
        if (!noted)
            log::warn("somebody who signed in is not known to admins before they work",
                      {{"error", describe(noted.error())}});
        co_return Result<>{};
    }
    Task<> sweep_principals() {
        // A little less than the hour, or the next round would come a moment too early for every gateway.
        const auto mine = co_await sweep.take_turn("principals", sweep_every - std::chrono::minutes(5));
        if (!mine) co_return fail(mine.error());
        if (!*mine) co_return Result<>{};
        const auto kept = shared.live.load()->settings.admin.identity_retention;
        const auto gone = co_await sweep.forget_principals(shared.clock.now() - kept);
        if (!gone) co_return fail(gone.error());
        if (*gone > 0)
            log::info("forgot people who were not seen for long", {{"people", static_cast<long long>(*gone)}});
        co_return Result<>{};
    }
    Task<> sweep_journal() {
        const std::function<bool()> work = [journal = &shared.spend_journal] { return journal->sweep(), true; };
        co_await run_blocking(shared.pool, work);
        co_return Result<>{};
    }
    policy::Mirror::Take take_service_keys() {
        return [this](const policy::Documents& documents) {
            authenticator.set_service_keys(admin::read_service_keys(documents));
        };
    }
    void take_caps(policy::CapBookPtr book) {
        caps = std::move(book);
        spend_rules = make_spend_rules(*shared.live.load(), caps);
    }
    std::function<std::shared_ptr<const admin::AdminSettings>()> current_admin() {
        return [this] {
            const auto live = shared.live.load();
            return std::shared_ptr<const admin::AdminSettings>(live, &live->settings.admin);
        };
    }
    admin::PoliciesHere policy_parts() {
        return {.versions = versions,
                .standing = [this] { return policy_standing(); },
                .take = [this](policy::PolicyVersionPtr version) { take(std::move(version)); }};
    }
    admin::PolicyStanding policy_standing() const {
        const LivePtr live = shared.live.load();
        return {.source = live->settings.policy_source,
                .file = {live, &live->settings.rules_spec},
                .rules = live->settings.rules,
                .version = live->policies ? live->policies->number : 0};
    }
    /// One that does not fit is logged; its author sees in the answer that another one is in force.
    void take(policy::PolicyVersionPtr version) const {
        [[maybe_unused]] const auto taken = shared.live.take(std::move(version));
    }
    static Task<http::Response> no_such_page(http::Request&) { co_return fail(Error::not_found()); }

    Shared& shared;
    Settings settings;  ///< this shard's own copy: what needs a restart stays as it was at start
    Clients clients;
    store::RedisClient redis;
    store::RedisVault vault;
    store::RedisLedger redis_ledger;
    store::DurableLedger ledger;
    store::RedisRecords records;
    store::RedisRollups rollups;
    store::RedisPausedSessions paused_sessions;
    store::Sweep sweep;
    store::RedisOutbox outbox;
    policy::CapBookPtr caps = policy::read_caps({});  ///< in force; kept while the store is away
    messages::SpendRulesPtr spend_rules;
    policy::Mirror cap_mirror;
    admin::PolicyVersions versions;
    PolicyFollower follower;
    policy::Changes changes;
    Chores chores;
    Chores watching;    ///< apart from the chores, which may take long
    Chores delivering;  ///< apart from both: a receiver that hangs delays nobody but the other receivers
    auth::AccessTokens tokens;
    auth::Authenticator authenticator;
    policy::Mirror service_key_mirror;
    store::RevocationFeed feed;
    PausedWorkHere paused_work;
    SpendDeskHere spend_desk;
    auth::Oidc idp;
    auth::SignIn sign_in;
    messages::MessagesRoute messages;
    messages::StandingRoute standing;
    messages::ModelsRoute models;
    managed::ManagedRoute managed;
    otlp::Forwarder forwarder;
    otlp::OtlpRoute telemetry;
    std::unique_ptr<notify::Watcher> watcher;      ///< on one shard
    std::unique_ptr<notify::Deliverer> deliverer;  ///< on one shard
    std::unique_ptr<admin::AdminApi> admin_api;    ///< null without an admin section
    admin::ConsoleApi console;
    Health health;
    http::Router router;
    http::Router operator_router;
};

Services::Services(std::unique_ptr<State> state) : state_(std::move(state)) {}
Services::~Services() = default;

Result<std::unique_ptr<Services>> Services::make(net::Shard& shard, Shared& shared) {
    const auto live = shared.live.load();
    auto clients = make_clients(shard.deadlines(), live->settings, shared.proxy);
    if (!clients) return fail(clients.error());
    return std::unique_ptr<Services>(new Services(std::make_unique<State>(shard, shared, std::move(*clients), live)));
}

const http::Router& Services::router() const {
    return state_->router;
}
const http::Router& Services::operator_router() const {
    return state_->operator_router;
}

Task<bool> Services::prepare(Prepare prepare) {
    const LivePtr live = state_->shared.live.load();
    co_return co_await prepare({.ledger = state_->ledger,
                                .records = state_->records,
                                .rules = *live->settings.rules,
                                .prices = *live->settings.prices,
                                .clock = state_->shared.clock,
                                .random = state_->shared.random});
}

Task<> Services::prime() {
    const auto stored = co_await state_->vault.ping();
    if (!stored) co_return fail(stored.error());
    if (state_->admin_api) {
        const auto capped = co_await state_->cap_mirror.load();
        if (!capped) co_return fail(capped.error());
        const auto known = co_await state_->service_key_mirror.load();
        if (!known) co_return fail(known.error());
    } else {
        // Nobody could revoke one.
        state_->authenticator.set_service_keys({});
    }
    const auto in_force = co_await state_->follower.prime();
    if (!in_force) co_return fail(in_force.error());
    co_return co_await state_->idp.prime();
}

void Services::reload() {
    const auto live = state_->shared.live.load();
    state_->settings.sign_in.device_authorization = live->settings.sign_in.device_authorization;
    state_->settings.sign_in.device_verify = live->settings.sign_in.device_verify;
    state_->settings.sign_in.login_notice = live->settings.sign_in.login_notice;
    state_->tokens.set_billing_group_tag(live->settings.admin.billing_group_tag);
    state_->spend_rules = make_spend_rules(*live, state_->caps);
}

boost::asio::awaitable<void> Services::run() {
    using boost::asio::experimental::awaitable_operators::operator&&;
    co_await (state_->forwarder.run() && state_->cap_mirror.run() && state_->service_key_mirror.run() &&
              state_->chores.run() && state_->watching.run() && state_->delivering.run());
}

boost::asio::awaitable<void> Services::recover() {
    return state_->ledger.recover();
}

std::size_t Services::unsettled() const {
    return state_->messages.unsettled();
}

void Services::stop() {
    state_->ledger.stop();
    state_->forwarder.stop();
    state_->cap_mirror.stop();
    state_->service_key_mirror.stop();
    state_->chores.stop();
    state_->watching.stop();
    state_->delivering.stop();
    state_->follower.stop();
    state_->feed.stop();
    state_->redis.stop();
}

}  // namespace gatehouse
