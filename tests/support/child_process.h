// SPDX-License-Identifier: Apache-2.0
// ChildProcess: a program under test as a process of its own group, with everything that it writes. It cannot outlive
// the test: it is killed with its owner, and by the kernel when the test itself is killed. Every wait is for a
// condition, with one deadline for all of them.
#pragma once

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gatehouse::testing {

/// Longer than anything takes under a sanitizer on a busy machine; a test that waits this long has failed.
constexpr std::chrono::seconds process_patience{60};

class ChildProcess {
  public:
    enum class Stream : std::uint8_t { out, err };

    /// `environment` is all that it gets, as NAME=value, besides what sanitizers read.
    ChildProcess(std::vector<std::string> words, std::vector<std::string> environment) : name_(words.front()) {
        for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"})
            if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
        start(words, environment);
        waiter_ = std::thread([this] { await_end(); });
        reader_ = std::thread([this] { read_all(); });
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess() {
        // Not reaped yet, so neither the process's nor the group's number can be anybody else's.
        ::kill(-pid_, SIGKILL);
        waiter_.join();
        ::close(stop_[1]);
        reader_.join();
        for (const int each : {stop_[0], pipes_[0][0], pipes_[1][0]})
            ::close(each);
        ::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const { return pid_; }
    /// To the process alone, not to children of its own.
    void signal(int number) const { ::kill(pid_, number); }

    /// Its exit code, or minus the signal that ended it, once all that it wrote is here.
    int wait() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, process_patience, [&] { return code_ && open_ == 0; }))
            throw std::runtime_error(name_ + " did not end. It wrote:\n" + texts_[0] + texts_[1]);
        return *code_;
    }
    bool has_ended() const {
        const std::scoped_lock lock(mutex_);
        return code_.has_value();
    }

    std::string text(Stream stream) const {
        const std::scoped_lock lock(mutex_);
        return texts_[index(stream)];
    }
    std::string out() const { return text(Stream::out); }
    std::string err() const { return text(Stream::err); }

    /// The first whole line of that stream, from `from` on, that holds `part`; waits for it.
    std::string line_with(Stream stream, std::string_view part, std::size_t from = 0) {
        std::unique_lock lock(mutex_);
        std::string line;
        const auto found = [&] {
            line = find_line(texts_[index(stream)], part, from);
            return !line.empty() || (code_ && open_ == 0);
        };
        changed_.wait_for(lock, process_patience, found);
        if (line.empty())
            throw std::runtime_error(name_ + " did not write " + std::string(part) + ". It wrote:\n" + texts_[0] +
                                     texts_[1]);
        return line;
    }

    /// Every whole line of a text that holds `part`.
    static std::vector<std::string> lines_with(const std::string& text, std::string_view part) {
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            if (end == std::string::npos) break;
            std::string line = text.substr(at, end - at);
            if (line.find(part) != std::string::npos) lines.push_back(std::move(line));
            at = end + 1;
        }
        return lines;
    }

  private:
    static std::size_t index(Stream stream) { return stream == Stream::out ? 0 : 1; }

    static std::string find_line(const std::string& text, std::string_view part, std::size_t from) {
        const std::size_t at = text.find(part, from);
        if (at == std::string::npos) return {};
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) return {};
        const std::size_t before = text.rfind('\n', at);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        return text.substr(begin, end - begin);
    }

    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> result;
        result.reserve(texts.size() + 1);
        for (std::string& text : texts)
            result.push_back(text.data());
        result.push_back(nullptr);
        return result;
    }

    void start(std::vector<std::string>& words, std::vector<std::string>& environment) {
        for (auto* pipe : {&pipes_[0], &pipes_[1], &stop_})
            if (::pipe2(pipe->data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        const auto arguments = pointers(words);
        const auto variables = pointers(environment);
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("cannot fork");
        if (pid_ == 0) {
            // Only what is safe between fork and exec in a program with threads.
            ::setpgid(0, 0);
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(127);
            ::dup2(pipes_[0][1], STDOUT_FILENO);
            ::dup2(pipes_[1][1], STDERR_FILENO);
            // Asio's sockets are not close-on-exec: a peer of ours would never see us close what the child holds too.
            ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
            ::execve(arguments[0], arguments.data(), variables.data());
            ::_exit(127);
        }
        ::setpgid(pid_, pid_);
        ::close(pipes_[0][1]);
        ::close(pipes_[1][1]);
    }

    void await_end() {
        siginfo_t what{};
        while (::waitid(P_PID, static_cast<id_t>(pid_), &what, WEXITED | WNOWAIT) != 0) {
        }
        const std::scoped_lock lock(mutex_);
        code_ = what.si_code == CLD_EXITED ? what.si_status : -what.si_status;
        changed_.notify_all();
    }

    void read_all() {
        std::array<pollfd, 3> watched{{{pipes_[0][0], POLLIN, 0}, {pipes_[1][0], POLLIN, 0}, {stop_[0], POLLIN, 0}}};
        for (;;) {
            ::poll(watched.data(), watched.size(), -1);
            for (std::size_t stream = 0; stream < 2; ++stream)
                if (watched[stream].revents != 0) take(watched[stream], stream);
            if (watched[2].revents != 0) return;
        }
    }

    void take(pollfd& from, std::size_t stream) {
        std::array<char, 65'536> bytes;
        const auto size = ::read(from.fd, bytes.data(), bytes.size());
        const std::scoped_lock lock(mutex_);
        if (size > 0) {
            texts_[stream].append(bytes.data(), static_cast<std::size_t>(size));
        } else {
            from.fd = -1;
            --open_;
        }
        changed_.notify_all();
    }

    std::string name_;
    pid_t pid_ = -1;
    std::array<std::array<int, 2>, 2> pipes_{};
    std::array<int, 2> stop_{};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::array<std::string, 2> texts_;
    std::optional<int> code_;
    int open_ = 2;
    std::thread waiter_;
    std::thread reader_;
};

}  // namespace gatehouse::testing
