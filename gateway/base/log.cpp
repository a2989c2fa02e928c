// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "gateway/base/clock.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::log {
namespace {

constexpr std::size_t most_waiting = std::size_t{8} << 20U;

constexpr std::chrono::milliseconds batch_time{5};
/// How long the end of the process waits for whoever reads our output. A reader that is stuck must not keep us.
constexpr std::chrono::seconds flush_time{2};

std::atomic<Level> least{Level::info};

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) {
            // Whoever shares the pipe made it non-blocking.
            pollfd room{descriptor, POLLOUT, 0};
            ::poll(&room, 1, -1);
            continue;
        }
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// The background writer. Made on first use and never destroyed: its thread may be stuck in a write, and ends with the
/// process.
class Writer {
  public:
    Writer() {
        std::thread([this] { run(); }).detach();
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() = delete;

    void push(int descriptor, std::string_view line) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            std::string& waiting = descriptor == STDOUT_FILENO ? out_ : err_;
            if (waiting.size() + line.size() > most_waiting) {
                ++dropped_;
                return;
            }
            // One wake-up for what comes within a batch: a futex call a line is a tenth of a request's CPU time.
            first = out_.empty() && err_.empty();
            waiting.append(line).push_back('\n');
        }
        if (first) wake_.notify_one();
    }

    void flush() {
        std::unique_lock lock(mutex_);
        hurried_ = true;
        wake_.notify_one();
        idle_.wait_for(lock, flush_time, [this] { return out_.empty() && err_.empty() && !writing_; });
        hurried_ = false;
    }

  private:
    [[noreturn]] void run() {
        pthread_setname_np(pthread_self(), "log");
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return !out_.empty() || !err_.empty(); });
            wake_.wait_for(lock, batch_time, [this] { return hurried_; });
            std::string out = std::exchange(out_, {});
            std::string err = std::exchange(err_, {});
            if (const auto dropped = std::exchange(dropped_, 0); dropped > 0)
                err.append(R"({"level":"error","msg":"log lines dropped","count":)" + std::to_string(dropped) + "}\n");
            writing_ = true;
            lock.unlock();
            write_all(STDOUT_FILENO, out);
            write_all(STDERR_FILENO, err);
            lock.lock();
            writing_ = false;
            idle_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::string out_;
    std::string err_;
    std::size_t dropped_ = 0;
    bool hurried_ = false;
    bool writing_ = false;
};

Writer& writer() {
    static Writer& instance = *[] {
        auto* made = new Writer;
        std::atexit(flush);
        return made;
    }();
    return instance;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "unknown";
}

/// Printable ASCII that JSON does not escape.
bool stands_as_it_is(char letter) {
    return letter >= 0x20 && letter < 0x7F && letter != '"' && letter != '\\';
}

/// Length of the valid UTF-8 sequence at the front (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const auto continues = [&](std::size_t index) { return index < text.size() && (byte(index) & 0xC0U) == 0x80U; };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!continues(1) || !continues(2)) return 0;
        if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!continues(1) || !continues(2) || !continues(3)) return 0;
        if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

}  // namespace

void set_level(Level level) {
    least.store(level, std::memory_order_relaxed);
}
Level level() {
    return least.load(std::memory_order_relaxed);
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (;;) {
        const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, stands_as_it_is) - text.begin());
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            out.append("\\ufffd");
            text.remove_prefix(1);
            continue;
        }
        const char letter = text.front();
        if (length > 1) {
            out.append(text.substr(0, length));
        } else if (letter == '"' || letter == '\\') {
            out.push_back('\\');
            out.push_back(letter);
        } else {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter));
            out.append(escape.data());
        }
        text.remove_prefix(length);
    }
    out.push_back('"');
}

void write(Level line_level, std::string_view message, std::initializer_list<Field> fields) {
    if (line_level < level()) return;
    std::string line = R"({"ts":")" + to_timestamp(SystemClock{}.now()) + R"(","level":")";
    line.append(name_of(line_level)).append(R"(","msg":)");
    append_json_string(line, message);
    for (const Field& field : fields) {
        line.push_back(',');
        append_json_string(line, field.name);
        line.push_back(':');
        if (const auto* text = std::get_if<std::string_view>(&field.value)) {
            append_json_string(line, *text);
        } else if (const auto* number = std::get_if<long long>(&field.value)) {
            line.append(std::to_string(*number));
        } else {
            line.append(std::get<bool>(field.value) ? "true" : "false");
        }
    }
    line.push_back('}');
    writer().push(STDERR_FILENO, line);
}

void write_audit(std::string_view line) {
    writer().push(STDOUT_FILENO, line);
}

void flush() {
    writer().flush();
}

void claim_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        // The lowest free number is given out, so that this fills exactly the gap.
        if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDWR);
}

}  // namespace gatehouse::log
