// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/embedded.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"
#include "gateway/store/backoff.h"
#include "gateway/store/redis_process.h"

namespace gatehouse::store {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto ending_grace = 10s;    ///< from SIGTERM to SIGKILL
constexpr auto starting_grace = 10s;  ///< until it listens; loading a large file may then take longer
constexpr auto loading_grace = 300s;
constexpr std::size_t longest_socket_path = 107;  ///< sockaddr_un holds 108 bytes, the last is a zero

Error refused(std::string sentence) {
    return Error::unavailable(Reason::configuration_invalid, std::move(sentence));
}

Error refused(const std::string& what, int error) {
    return refused(what + ": " + std::strerror(error));
}

/// A directory that is ours alone. In /tmp somebody else may have made it first, to read our socket.
Result<> make_private_dir(const std::string& dir) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(dir).parent_path(), error);
    if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return fail(refused("cannot create " + dir, errno));
    struct stat found{};
    if (::lstat(dir.c_str(), &found) != 0) return fail(refused("cannot look at " + dir, errno));
    if (!S_ISDIR(found.st_mode)) return fail(refused(dir + " is not a directory"));
    if (found.st_uid != ::geteuid()) return fail(refused(dir + " belongs to another user"));
    if ((found.st_mode & 0777U) != 0700 && ::chmod(dir.c_str(), 0700) != 0)
        return fail(refused("cannot make " + dir + " private", errno));
    return {};
}

/// A unix socket's path must be short. Where ours lies when it would be too long in `dir`: in a folder made for it.
std::string socket_of(const std::string& dir) {
    if (std::string path = dir + "/redis.sock"; path.size() <= longest_socket_path) return path;
    constexpr std::size_t enough = 24;
    const auto name = "/gatehouse-" + to_hex(sha256(std::to_string(::geteuid()) + ':' + dir)).substr(0, enough);
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::string folder = (runtime && *runtime == '/' ? std::string(runtime) : "/tmp") + name;
    if (folder.size() + std::strlen("/redis.sock") > longest_socket_path) folder = "/tmp" + name;
    return folder + "/redis.sock";
}

Result<std::string> socket_in(const std::string& dir) {
    std::string path = socket_of(dir);
    const std::string folder = std::filesystem::path(path).parent_path();
    if (folder == dir) return path;
    const auto made = make_private_dir(folder);
    if (!made) return fail(made.error());
    return path;
}

std::string absolute_dir(const std::string& dir) {
    std::error_code error;
    auto absolute = std::filesystem::absolute(dir, error).lexically_normal().string();
    while (absolute.size() > 1 && absolute.ends_with('/'))
        absolute.pop_back();
    return absolute;
}

std::string lock_in(const std::string& dir) {
    return dir + "/redis.lock";
}

Result<RedisPlace> place_in(const std::string& dir) {
    auto program = find_program("redis-server");
    if (!program)
        return fail(refused("redis-server is not installed: apt-get install redis-server, or set store.redis_url"));
    const std::string absolute = absolute_dir(dir);
    if (absolute.find('\n') != std::string::npos) return fail(refused("store.embedded.dir holds a line break"));
    const auto made = make_private_dir(absolute);
    if (!made) return fail(made.error());
    auto socket = socket_in(absolute);
    if (!socket) return fail(socket.error());
    return RedisPlace{std::move(*program), absolute, std::move(*socket), absolute + "/redis.log", lock_in(absolute)};
}

/// The right to use `dir`, for as long as the descriptor is open; the kernel ends it with us.
Result<Descriptor> claim(const std::string& dir) {
    const std::string path = dir + "/gatehouse.lock";
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open()) return fail(refused("cannot open " + path, errno));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        std::string owner;
        std::ifstream(path) >> owner;
        return fail(refused("another gateway (process " + owner + ") is using " + dir +
                            ": stop it, or give this one another directory (store.embedded.dir)"));
    }
    const auto mine = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), mine.data(), mine.size(), 0) < 0)
        return fail(refused("cannot write " + path, errno));
    return file;
}

/// The redis-server of a gateway that was killed has been told to end by the kernel and may still be writing out.
/// Two servers on one append-only file would destroy it, so it is awaited, and killed when it does not end.
Result<> await_orphan(const RedisPlace& place) {
    const auto patience_ends = SteadyClock::now() + ending_grace;
    for (bool asked = false;; asked = true) {
        const pid_t holder = lock_holder(place.lock);
        if (holder == 0) return {};
        if (!asked) {
            log::info("waiting for the redis-server of an earlier gateway to end", {{"pid", static_cast<int>(holder)}});
            if (holder > 0) ::kill(holder, SIGTERM);
        }
        const auto now = SteadyClock::now();
        if (now > patience_ends && holder > 0) ::kill(holder, SIGKILL);
        if (now > patience_ends + 2s)
            return fail(refused("the redis-server of an earlier gateway still runs on " + place.dir));
        std::this_thread::sleep_for(5ms);
    }
}

/// True when `stop_asked` was signalled within `span`.
bool is_asked(const Descriptor& stop_asked, std::chrono::milliseconds span) {
    pollfd watched{stop_asked.get(), POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(span.count())) > 0;
}

Result<RedisProcess> start_and_await(const RedisPlace& place, const Descriptor& stop_asked) {
    ::unlink(place.socket.c_str());
    auto process = RedisProcess::start(place);
    if (!process) return process;
    auto patience_ends = SteadyClock::now() + starting_grace;
    for (bool loading = false;;) {
        const Answer answer = ask_ping(place.socket);
        if (answer == Answer::ready) return process;
        if (process->has_ended()) return fail(refused("redis-server ended at once, it said: " + last_words(place.log)));
        if (answer == Answer::loading && !std::exchange(loading, true)) patience_ends += loading_grace;
        if (SteadyClock::now() > patience_ends || is_asked(stop_asked, 2ms)) break;
    }
    process->kill();  // it has served nobody yet, so there is nothing to write out
    while (!process->has_ended())
        std::this_thread::sleep_for(2ms);
    return fail(refused("redis-server does not answer, it said: " + last_words(place.log)));
}

void end(RedisProcess& process) {
    process.ask_to_end();
    const auto patience_ends = SteadyClock::now() + ending_grace;
    while (!process.has_ended()) {
        if (SteadyClock::now() > patience_ends) process.kill();
        std::this_thread::sleep_for(2ms);
    }
}

}  // namespace

/// The child lives with one thread of ours, because PR_SET_PDEATHSIG means the thread that forked, not the process.
struct EmbeddedRedis::State {
    RedisPlace place;
    Descriptor claim;
    Descriptor stop_asked{::eventfd(0, EFD_CLOEXEC)};
    std::atomic<pid_t> pid{0};
    std::thread keeper;

    void keep(std::promise<Result<>> started);
    /// False when it is time to stop.
    bool await_end(RedisProcess& process) const;
};

void EmbeddedRedis::State::keep(std::promise<Result<>> started) {
    auto process = start_and_await(place, stop_asked);
    if (!process) return started.set_value(fail(process.error()));
    pid = process->pid();
    started.set_value({});
    Backoff backoff(50ms, 2s);
    while (await_end(*process)) {
        pid = 0;
        log::error("the embedded redis-server ended unexpectedly and is started again",
                   {{"said", last_words(place.log)}});
        for (;;) {
            if (is_asked(stop_asked, backoff.next())) return;
            process = start_and_await(place, stop_asked);
            if (process) break;
            log::error("the embedded redis-server does not start", {{"detail", describe(process.error())}});
        }
        pid = process->pid();
    }
    end(*process);
    pid = 0;
}

bool EmbeddedRedis::State::await_end(RedisProcess& process) const {
    std::array<pollfd, 2> watched{{{stop_asked.get(), POLLIN, 0}, {process.ended(), POLLIN, 0}}};
    for (;;) {
        // poll ignores negative descriptors; without a pidfd we look from time to time.
        ::poll(watched.data(), watched.size(), process.ended() >= 0 ? -1 : 200);
        if (watched[0].revents != 0) return false;
        if (process.has_ended()) return true;
    }
}

EmbeddedRedis::EmbeddedRedis(std::unique_ptr<State> state) : state_(std::move(state)) {}

EmbeddedRedis::~EmbeddedRedis() {
    stop();
}

Result<std::unique_ptr<EmbeddedRedis>> EmbeddedRedis::start(const std::string& dir) {
    auto place = place_in(dir);
    if (!place) return fail(place.error());
    auto claimed = claim(place->dir);
    if (!claimed) return fail(claimed.error());
    const auto alone = await_orphan(*place);
    if (!alone) return fail(alone.error());

    auto state = std::make_unique<State>();
    state->place = std::move(*place);
    state->claim = std::move(*claimed);
    std::promise<Result<>> promise;
    auto started = promise.get_future();
    state->keeper =
        std::thread([raw = state.get(), promise = std::move(promise)]() mutable { raw->keep(std::move(promise)); });
    // From here on the destructor joins the thread.
    std::unique_ptr<EmbeddedRedis> embedded(new EmbeddedRedis(std::move(state)));
    const auto result = started.get();
    if (!result) return fail(result.error());
    return embedded;
}

std::optional<RedisSettings> EmbeddedRedis::find_running(const std::string& dir) {
    const std::string absolute = absolute_dir(dir);
    if (lock_holder(lock_in(absolute)) == 0) return std::nullopt;
    RedisSettings settings;
    settings.socket = socket_of(absolute);
    return settings;
}

RedisSettings EmbeddedRedis::settings() const {
    RedisSettings settings;
    settings.socket = state_->place.socket;
    return settings;
}

bool EmbeddedRedis::alive() const {
    return state_->pid != 0;
}

pid_t EmbeddedRedis::pid() const {
    return state_->pid;
}

void EmbeddedRedis::stop() {
    if (!state_->keeper.joinable()) return;
    ::eventfd_write(state_->stop_asked.get(), 1);
    state_->keeper.join();
    ::unlink(state_->place.socket.c_str());
    const auto folder = std::filesystem::path(state_->place.socket).parent_path();
    if (folder != state_->place.dir) ::rmdir(folder.c_str());
    state_->claim = Descriptor();
}

}  // namespace gatehouse::store
