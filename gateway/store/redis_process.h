// SPDX-License-Identifier: Apache-2.0
// RedisProcess: one redis-server child as the operating system sees it: how it is started, asked, awaited and ended.
// Used by embedded.cpp, which decides when. Plain POSIX, blocking.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "gateway/base/result.h"

namespace gatehouse::store {

/// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return number_; }
    bool is_open() const { return number_ >= 0; }
    int release();

  private:
    int number_;
};

/// Where everything of one embedded Redis is.
struct RedisPlace {
    std::string program;  ///< redis-server
    std::string dir;      ///< absolute
    std::string socket;   ///< at most 107 bytes
    std::string log;      ///< what it says; begun anew at each start
    std::string lock;     ///< held by the child itself for as long as it runs
};

/// `redis-server` on PATH, or nothing.
std::optional<std::string> find_program(const std::string& name);
/// The process that holds the child's lock: 0 when none does, -1 when it cannot be seen from here (other container).
pid_t lock_holder(const std::string& lock);

class RedisProcess {
  public:
    /// Starts it. The calling thread must outlive the child: the kernel ends the child with that thread.
    static Result<RedisProcess> start(const RedisPlace& place);

    pid_t pid() const { return pid_; }
    /// Readable when the child has ended (poll); -1 where the kernel has no pidfd.
    int ended() const { return watched_.get(); }
    /// Whether it has ended; reaps it.
    bool has_ended();
    void ask_to_end() const;
    void kill() const;

  private:
    RedisProcess(pid_t pid, Descriptor watched) : pid_(pid), watched_(std::move(watched)) {}

    pid_t pid_;
    Descriptor watched_;
    bool reaped_ = false;
};

enum class Answer : std::uint8_t { none, loading, ready };
/// Asks the server on a unix socket once, waiting at most a quarter of a second.
Answer ask_ping(const std::string& socket);
/// The last lines of what the child said, for an error.
std::string last_words(const std::string& log);

}  // namespace gatehouse::store
