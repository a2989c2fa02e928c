// SPDX-License-Identifier: Apache-2.0
// The embedded redis-server: what survives which death, and who may use a directory.
#include "gateway/store/embedded.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <thread>

#include "gateway/store/redis_process.h"
#include "tests/store/redis_fixture.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

Result<store::Reply> ask(const store::RedisSettings& settings, store::Command command) {
    boost::asio::io_context context(1);
    store::RedisClient redis(context.get_executor(), settings);
    return run(context, redis.send(std::move(command)));
}

std::string value_in(const store::EmbeddedRedis& redis) {
    const auto reply = ask(redis.settings(), {"GET", "a"});
    return reply ? reply->text : describe(reply.error());
}

bool comes_true(const std::function<bool()>& claim) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    bool true_now = claim();
    for (; !true_now && std::chrono::steady_clock::now() < end; true_now = claim())
        std::this_thread::yield();
    return true_now;
}

/// embedded_holder, as a process that can be killed.
class Holder {
  public:
    explicit Holder(std::string dir) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string program = EMBEDDED_HOLDER;
        std::array<char*, 3> arguments{program.data(), dir.data(), nullptr};
        const int failure = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (failure != 0) throw std::runtime_error("cannot start " + program);
        FILE* said = ::fdopen(ends[0], "r");
        std::array<char, 512> line{};
        if (std::fgets(line.data(), line.size(), said)) said_ = line.data();
        std::fclose(said);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { kill(); }

    void kill() {
        if (pid_ == 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    pid_t pid() const { return pid_; }
    pid_t redis() const { return std::stoi(said_); }
    const std::string& said() const { return said_; }

  private:
    pid_t pid_ = 0;
    std::string said_;
};

TEST(EmbeddedRedis, AnswersWhenStartReturnsAndIsGoneWhenStopReturns) {
    const TemporaryDir dir;
    auto redis = PrivateRedis::start(dir.path() + "/new/data");
    const auto pid = redis->pid();
    EXPECT_TRUE(redis->alive());
    EXPECT_EQ(ask(redis->settings(), {"PING"})->text, "PONG");

    redis->stop();
    redis->stop();

    EXPECT_FALSE(redis->alive());
    EXPECT_EQ(::kill(pid, 0), -1) << "reaped, not only asked";
    EXPECT_FALSE(ask(redis->settings(), {"PING"}));
    EXPECT_FALSE(std::filesystem::exists(redis->settings().socket));
}

TEST(EmbeddedRedis, LetsNobodyElseIn) {
    const TemporaryDir dir;
    ::chmod(dir.path().c_str(), 0777);

    const auto redis = PrivateRedis::start(dir.path());

    struct stat found{};
    ASSERT_EQ(::stat(dir.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat(redis->settings().socket.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    EXPECT_EQ(ask(redis->settings(), {"CONFIG", "GET", "port"})->items.at(1).text, "0");
}

TEST(EmbeddedRedis, NeverEvictsAndWritesEverythingDown) {
    const TemporaryDir dir;
    const auto redis = PrivateRedis::start(dir.path());
    const auto setting = [&](const char* name) {
        return ask(redis->settings(), {"CONFIG", "GET", name})->items.at(1).text;
    };

    EXPECT_EQ(setting("maxmemory-policy"), "noeviction");
    EXPECT_EQ(setting("appendonly"), "yes");
    EXPECT_EQ(setting("appendfsync"), "everysec");
    EXPECT_EQ(setting("save"), "");
}

TEST(EmbeddedRedis, InheritsNeitherOurConnectionsNorOurEnvironment) {
    const TemporaryDir dir;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);  // as Asio opens its sockets: not close-on-exec
    ::setenv("GATEHOUSE_TEST_SECRET", "swordfish", 1);
    const auto redis = PrivateRedis::start(dir.path());
    ::unsetenv("GATEHOUSE_TEST_SECRET");
    ::close(ends[1]);

    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "the other end is still open somewhere";
    ::close(ends[0]);
    std::ifstream file("/proc/" + std::to_string(redis->pid()) + "/environ");
    const std::string environment((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(environment.find("swordfish"), std::string::npos);
}

TEST(EmbeddedRedis, KeepsWhatWasWrittenWhenItIsStoppedAndStarted) {
    const TemporaryDir dir;
    auto redis = PrivateRedis::start(dir.path());
    ASSERT_TRUE(ask(redis->settings(), {"SET", "a", "kept"}));
    redis.reset();

    redis = PrivateRedis::start(dir.path());

    EXPECT_EQ(value_in(*redis), "kept");
}

TEST(EmbeddedRedis, IsStartedAgainWithItsDataWhenItIsKilled) {
    const TemporaryDir dir;
    const auto redis = PrivateRedis::start(dir.path());
    ASSERT_TRUE(ask(redis->settings(), {"SET", "a", "kept"}));
    const auto killed = redis->pid();

    ASSERT_EQ(::kill(killed, SIGKILL), 0);

    // The pid first: that the killed one is gone may be noticed in between.
    ASSERT_TRUE(comes_true([&] { return redis->pid() != killed && redis->alive(); }));
    EXPECT_EQ(value_in(*redis), "kept");
}

TEST(EmbeddedRedis, EndsWithAGatewayThatIsKilledAndTheNextOneFindsTheData) {
    const TemporaryDir dir;
    Holder gateway(dir.path());
    store::RedisSettings settings;
    settings.socket = dir.path() + "/redis.sock";
    ASSERT_TRUE(ask(settings, {"SET", "a", "kept"})) << gateway.said();

    gateway.kill();
    const auto redis = PrivateRedis::start(dir.path());

    EXPECT_EQ(value_in(*redis), "kept");
}

TEST(EmbeddedRedis, EndsWithAGatewayThatIsKilledEvenWhenNoneFollows) {
    const TemporaryDir dir;
    Holder gateway(dir.path());
    ASSERT_EQ(store::lock_holder(dir.path() + "/redis.lock"), gateway.redis());

    gateway.kill();

    EXPECT_TRUE(comes_true([&] { return store::lock_holder(dir.path() + "/redis.lock") == 0; }));
}

TEST(EmbeddedRedis, WaitsForTheServerOfAKilledGatewayToEnd) {
    const TemporaryDir dir;
    Holder gateway(dir.path());
    store::RedisSettings settings;
    settings.socket = dir.path() + "/redis.sock";
    ASSERT_TRUE(ask(settings, {"SET", "a", "kept"})) << gateway.said();
    const auto orphan = gateway.redis();
    ASSERT_EQ(::kill(orphan, SIGSTOP), 0);
    gateway.kill();
    ASSERT_EQ(store::lock_holder(dir.path() + "/redis.lock"), orphan);

    auto next = std::async(std::launch::async, [&] { return PrivateRedis::start(dir.path()); });
    EXPECT_EQ(next.wait_for(100ms), std::future_status::timeout) << "two servers on one file would destroy it";
    ASSERT_EQ(::kill(orphan, SIGCONT), 0);

    const auto redis = next.get();
    EXPECT_NE(redis->pid(), orphan);
    EXPECT_EQ(value_in(*redis), "kept");
}

TEST(EmbeddedRedis, RefusesASecondGatewayOnItsDirectory) {
    const TemporaryDir dir;
    const Holder gateway(dir.path());

    const auto second = store::EmbeddedRedis::start(dir.path() + "/./");

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, Reason::configuration_invalid);
    EXPECT_NE(second.error().message.find("process " + std::to_string(gateway.pid())), std::string::npos)
        << second.error().message;
    EXPECT_NE(second.error().message.find(dir.path()), std::string::npos);
    EXPECT_EQ(::kill(gateway.redis(), 0), 0) << "the first one goes on";
}

TEST(EmbeddedRedis, RefusesASecondStartInTheSameProcessUntilTheFirstIsStopped) {
    const TemporaryDir dir;
    auto first = PrivateRedis::start(dir.path());
    ASSERT_TRUE(ask(first->settings(), {"SET", "a", "kept"}));

    EXPECT_FALSE(store::EmbeddedRedis::start(dir.path()));
    EXPECT_EQ(value_in(*first), "kept");
    first->stop();

    EXPECT_EQ(value_in(*PrivateRedis::start(dir.path())), "kept");
}

std::string last_append_file(const std::string& dir) {
    for (const auto& entry : std::filesystem::directory_iterator(dir + "/appendonlydir"))
        if (entry.path().string().ends_with(".incr.aof")) return entry.path().string();
    throw std::runtime_error("no append-only file in " + dir);
}

TEST(EmbeddedRedis, StartsFromAFileWhoseEndWasLostWithThePower) {
    const TemporaryDir dir;
    auto redis = PrivateRedis::start(dir.path());
    ASSERT_TRUE(ask(redis->settings(), {"SET", "a", "kept"}));
    ASSERT_TRUE(ask(redis->settings(), {"SET", "b", "half written"}));
    redis.reset();
    const auto file = last_append_file(dir.path());
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);

    redis = PrivateRedis::start(dir.path());

    EXPECT_EQ(value_in(*redis), "kept");
    EXPECT_TRUE(ask(redis->settings(), {"GET", "b"})->is_nil());
}

TEST(EmbeddedRedis, SaysWhatRedisSaysWhenTheFileIsDamaged) {
    const TemporaryDir dir;
    auto redis = PrivateRedis::start(dir.path());
    ASSERT_TRUE(ask(redis->settings(), {"SET", "a", "kept"}));
    redis.reset();
    std::fstream(last_append_file(dir.path()), std::ios::in | std::ios::out) << "damaged!";

    const auto damaged = store::EmbeddedRedis::start(dir.path());

    ASSERT_FALSE(damaged);
    EXPECT_NE(damaged.error().message.find("Bad file format"), std::string::npos) << damaged.error().message;
}

TEST(EmbeddedRedis, TakesDirectoriesOfAnyNameAndLength) {
    const TemporaryDir dir;
    const std::string odd = dir.path() + "/it's \"odd\" \\ here";
    const std::string deep = dir.path() + "/" + std::string(100, 'd') + "/" + std::string(100, 'e');

    EXPECT_TRUE(ask(PrivateRedis::start(odd)->settings(), {"PING"}));
    const auto redis = PrivateRedis::start(deep);

    const auto socket = redis->settings().socket;
    EXPECT_LE(socket.size(), 107U);
    EXPECT_TRUE(ask(redis->settings(), {"PING"}));
    struct stat found{};
    const auto folder = std::filesystem::path(socket).parent_path();
    ASSERT_EQ(::stat(folder.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    EXPECT_TRUE(std::filesystem::exists(deep + "/appendonlydir"));
    redis->stop();
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(EmbeddedRedis, RefusesADirectoryThatIsNoneOrAnothersOwn) {
    const TemporaryDir dir;
    std::ofstream(dir.path() + "/file") << "x";

    const auto on_file = store::EmbeddedRedis::start(dir.path() + "/file");
    const auto below_file = store::EmbeddedRedis::start(dir.path() + "/file/below");

    ASSERT_FALSE(on_file);
    EXPECT_NE(on_file.error().message.find("is not a directory"), std::string::npos) << on_file.error().message;
    EXPECT_FALSE(below_file);
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    constexpr uid_t nobody = 65'534;
    ASSERT_EQ(::chown(dir.path().c_str(), nobody, nobody), 0);
    const auto foreign = store::EmbeddedRedis::start(dir.path());
    ASSERT_FALSE(foreign);
    EXPECT_NE(foreign.error().message.find("belongs to another user"), std::string::npos) << foreign.error().message;
}

TEST(EmbeddedRedis, SaysWhatToInstallWhenThereIsNoRedisServer) {
    const TemporaryDir dir;
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", dir.path().c_str(), 1);

    const auto missing = store::EmbeddedRedis::start(dir.path() + "/data");

    ::setenv("PATH", path.c_str(), 1);
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("apt-get install redis-server"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::testing
