// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <charconv>

#include "gateway/http/form.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && number >= 0;
}

/// Takes `user:password@` off the front. The last @ ends them, so that a password that came from a variable need not be
/// encoded for its slashes.
bool take_credentials(std::string_view& rest, std::string_view end, store::RedisSettings& redis) {
    const std::size_t at = rest.rfind(end);
    if (at == std::string_view::npos) return true;
    const std::string_view both = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const std::size_t colon = both.find(':');
    const auto user = http::percent_decode(both.substr(0, colon));
    const auto password = http::percent_decode(colon == std::string_view::npos ? "" : both.substr(colon + 1));
    if (!user || !password) return false;
    redis.user = *user;
    redis.password = Secret(*password);
    return true;
}

bool read_unix(std::string_view rest, store::RedisSettings& redis) {
    if (!rest.starts_with('/') && !take_credentials(rest, "@/", redis)) return false;
    const std::size_t mark = rest.find('?');
    const auto path = http::percent_decode(rest.substr(0, mark));
    if (!path || !path->starts_with('/') || path->size() < 2) return false;
    redis.socket = *path;
    if (mark == std::string_view::npos) return true;
    const std::string_view query = rest.substr(mark + 1);
    return query.starts_with("db=") && read_number(query.substr(3), redis.database);
}

bool read_tcp(std::string_view rest, store::RedisSettings& redis) {
    if (!take_credentials(rest, "@", redis)) return false;
    const std::size_t slash = rest.find('/');
    std::string_view place = rest.substr(0, slash);
    const std::string_view database = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (!database.empty() && !read_number(database, redis.database)) return false;
    const bool bracketed = place.starts_with('[');
    const std::size_t end = bracketed ? place.find(']') : place.find(':');
    if (bracketed && end == std::string_view::npos) return false;
    redis.host = place.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
    place.remove_prefix(end == std::string_view::npos ? place.size() : end + (bracketed ? 1 : 0));
    if (!place.empty() && (!place.starts_with(':') || !read_number(place.substr(1), redis.port))) return false;
    return !redis.host.empty() && redis.port != 0;
}

std::optional<store::RedisSettings> parse_redis_url(std::string_view url) {
    store::RedisSettings redis;
    const auto after = [&](std::string_view scheme) {
        if (!url.starts_with(scheme)) return false;
        url.remove_prefix(scheme.size());
        return true;
    };
    bool good = false;
    if (after("redis://"))
        good = read_tcp(url, redis);
    else if (after("rediss://"))
        good = redis.tls = read_tcp(url, redis);
    else if (after("unix://"))
        good = read_unix(url, redis);
    if (!good) return std::nullopt;
    return redis;
}

/// Where state belongs when nobody says (XDG Base Directory specification), or "" when there is no such place.
std::string state_directory(const Environment& environment) {
    const auto state = environment("XDG_STATE_HOME");
    if (state && state->starts_with('/')) return *state + "/gatehouse";
    if (::geteuid() == 0) return "/var/lib/gatehouse";
    const auto home = environment("HOME");
    return home && home->starts_with('/') ? *home + "/.local/state/gatehouse" : std::string{};
}

void refuse_postgres(Section& store) {
    constexpr std::string_view instead =
        "Gatehouse keeps its state in Redis: write store.redis_url (redis://user:password@host:6379/0, rediss:// or "
        "unix://), or leave the store section out for the embedded store";
    if (store.find("postgres_url") != nullptr) store.refuse("postgres_url", std::string(instead));
    for (const std::string_view key : {"username", "password"})
        if (store.find(key) != nullptr)
            store.refuse(key, "belongs to PostgreSQL: put Redis's user and password into store.redis_url");
    if (store.find("max_connections") != nullptr)
        store.refuse("max_connections", "belongs to PostgreSQL: one Redis connection per core is enough, remove it");
    if (store.find("connect_timeout_seconds") != nullptr)
        store.refuse("connect_timeout_seconds", "belongs to PostgreSQL: remove it");
}

void read_embedded(Section& store, const Context& context, StoreSettings& settings) {
    Section embedded = store.section("embedded");
    settings.embedded_dir = embedded.text("dir").value_or(state_directory(context.environment));
    if (settings.embedded_dir.empty())
        embedded.refuse("dir", "is required: neither XDG_STATE_HOME nor HOME says where state belongs");
    else if (!settings.embedded_dir.starts_with('/'))
        embedded.refuse("dir", "must be an absolute path");
    embedded.finish();
}

constexpr long long megabyte = 1LL << 20U;

/// Beside the embedded store, which is on this machine too; else where state belongs.
void read_journal(Section& file, const Context& context, const std::string& embedded_dir,
                  store::JournalSettings& settings) {
    Section journal = file.section("journal");
    const std::string state = embedded_dir.empty() ? state_directory(context.environment) : embedded_dir;
    settings.dir = journal.text("dir").value_or(state.empty() ? "" : state + "/journal");
    if (settings.dir.empty())
        journal.refuse("dir", "is required: neither XDG_STATE_HOME nor HOME says where state belongs");
    else if (!settings.dir.starts_with('/'))
        journal.refuse("dir", "must be an absolute path");
    settings.keep = std::chrono::days(journal.whole("keep_days", 1, 3'650).value_or(settings.keep.count()));
    settings.file_size = static_cast<std::size_t>(megabyte * journal.whole("file_megabytes", 1, 1'024).value_or(16));
    journal.finish();
}

}  // namespace

void read_store(Section& file, const Context& context, Settings& settings) {
    Section store = file.section("store");
    refuse_postgres(store);
    const bool elsewhere = store.has("redis_url");
    if (elsewhere && store.has("embedded")) store.refuse("embedded", "and redis_url exclude each other: keep one");
    if (const auto url = store.text("redis_url")) {
        settings.store.redis = parse_redis_url(*url);
        if (!settings.store.redis)
            store.refuse(
                "redis_url",
                "must be redis://[user[:password]@]host[:port][/database], the same with rediss:// for TLS, or "
                "unix:///path/to/socket[?db=database]; a % is written %25");
    }
    if (!elsewhere && !store.has("postgres_url")) read_embedded(store, context, settings.store);
    store.find("embedded");
    store.finish();
    read_journal(file, context, settings.store.embedded_dir, settings.journal);
}

}  // namespace gatehouse::settings
