// SPDX-License-Identifier: Apache-2.0
#include "gateway/store_commands.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/timestamp.h"
#include "gateway/settings.h"
#include "gateway/store/backup.h"
#include "gateway/store/embedded.h"
#include "gateway/store/redis_records.h"

namespace gatehouse {
namespace {

namespace asio = boost::asio;

/// Nobody waits behind it, and a big step may take a busy store a while.
constexpr store::RedisPatience patience{.command = std::chrono::seconds(30), .connect = std::chrono::seconds(5)};

int report(const Error& error) {
    std::cerr << "gatehouse: " << error.message;
    if (!error.detail.empty()) std::cerr << " (" << error.detail << ")";
    std::cerr << "\n";
    return error.fault == Fault::bad_request || error.fault == Fault::conflict ? 2 : 1;
}

Error cannot(const std::string& what) {
    return Error::unavailable(Reason::internal_error, "cannot " + what, std::strerror(errno));
}

std::optional<Settings> read_settings(const std::string& config) {
    auto settings = load_settings(config, process_environment);
    if (settings) return std::move(*settings);
    std::cerr << format_problems(config, settings.error());
    return std::nullopt;
}

/// A connection to the store, and the store itself where it has to be started.
struct OpenStore {
    asio::io_context context{1};
    std::unique_ptr<store::EmbeddedRedis> embedded;
    std::unique_ptr<store::RedisClient> redis;

    ~OpenStore() {
        if (redis) redis->stop();
        context.restart();
        context.poll();
    }
    OpenStore() = default;
    OpenStore(const OpenStore&) = delete;
    OpenStore& operator=(const OpenStore&) = delete;

    Result<> open(const StoreSettings& settings) {
        std::optional<store::RedisSettings> where = settings.redis;
        if (!where) where = store::EmbeddedRedis::find_running(settings.embedded_dir);
        if (!where) {
            auto started = store::EmbeddedRedis::start(settings.embedded_dir);
            if (!started) return fail(started.error());
            embedded = std::move(*started);
            where = embedded->settings();
        }
        redis = std::make_unique<store::RedisClient>(context.get_executor(), std::move(*where), nullptr, patience);
        return {};
    }

    template <class T>
    Result<T> run(Task<T> task) {
        std::optional<Result<T>> result;
        std::exception_ptr thrown;
        asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error, Result<T> value) {
            thrown = error;
            result.emplace(std::move(value));
            context.stop();
        });
        context.restart();
        context.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }
};

/// Standard output; or a file that has its name only when everything is in it and on the disk. It holds hashes of
/// credentials and what people spent: nobody else may read it.
class Output {
  public:
    ~Output() {
        if (file_ == nullptr || file_ == stdout) return;
        std::fclose(file_);
        ::unlink(partial_.c_str());
    }
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    Result<> open(const std::string& path) {
        if (path.empty()) {
            file_ = stdout;
            return {};
        }
        path_ = path;
        partial_ = path + ".partial";
        ::unlink(partial_.c_str());
        const int descriptor = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (descriptor < 0) return fail(cannot("create " + partial_));
        file_ = ::fdopen(descriptor, "wb");
        return {};
    }
    Result<> write(std::string_view text) {
        if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return {};
        return fail(cannot("write " + name()));
    }
    Result<> finish() {
        if (std::fflush(file_) != 0) return fail(cannot("write " + name()));
        if (file_ == stdout) return {};
        if (::fsync(::fileno(file_)) != 0 || std::fclose(std::exchange(file_, nullptr)) != 0 ||
            ::rename(partial_.c_str(), path_.c_str()) != 0) {
            const Error error = cannot("write " + name());
            ::unlink(partial_.c_str());
            return fail(error);
        }
        return {};
    }

  private:
    std::string name() const { return path_.empty() ? "to standard output" : path_; }

    std::FILE* file_ = nullptr;
    std::string path_;
    std::string partial_;
};

std::string sentence_of(const store::BackupCounts& counts) {
    return std::to_string(counts.keys) + " keys on " + std::to_string(counts.lines) + " lines";
}

/// Whoever may restore may change every cap, so it is in the trail like any change.
Task<> note_restore(store::RedisClient* redis, Instant now, std::string created_at, store::BackupCounts counts) {
    policy::AuditEvent event;
    event.created_at = now;
    event.actor = "gateway";
    event.action = "store.restore";
    event.after = json::to_text({{"backup_created_at", std::move(created_at)}, {"keys", counts.keys}});
    store::RedisRecords records(*redis);
    co_return co_await records.note(std::move(event));
}

}  // namespace

int run_backup(const cli::Backup& action) {
    log::set_level(log::Level::error);
    const auto settings = read_settings(action.config);
    if (!settings) return 2;
    const std::string& dir = settings->store.embedded_dir;
    if (!settings->store.redis && !std::filesystem::exists(dir))
        return report(Error::unavailable(Reason::not_found, "there is no store at " + dir));
    OpenStore opened;
    Output output;
    if (const auto done = opened.open(settings->store); !done) return report(done.error());
    if (const auto done = output.open(action.output); !done) return report(done.error());
    const SystemClock clock;
    store::Backup backup(*opened.redis, clock, [&](std::string_view text) { return output.write(text); });
    const auto counts = opened.run(backup.write(GATEHOUSE_VERSION));
    if (!counts) return report(counts.error());
    if (const auto done = output.finish(); !done) return report(done.error());
    std::cerr << "gatehouse: wrote " << sentence_of(*counts) << "\n";
    if (backup.unknown() > 0)
        std::cerr << "gatehouse: keys that this version does not know were left out (" << backup.unknown()
                  << "): use the version that runs\n";
    return 0;
}

int run_restore(const cli::Restore& action) {
    log::set_level(log::Level::error);
    const auto settings = read_settings(action.config);
    if (!settings) return 2;
    std::ifstream in(action.file, std::ios::binary);
    if (!in) return report(cannot("open " + action.file));
    if (!std::filesystem::is_regular_file(action.file))
        return report(Error::bad_request(Reason::malformed_request,
                                         action.file + " is no regular file: it is read twice, so that nothing is "
                                                       "written when it is damaged"));
    auto backup = store::SoundBackup::check(in);
    if (!backup) {
        std::cerr << "gatehouse: " << action.file << " cannot be restored, nothing was written\n";
        return report(backup.error());
    }
    const auto created_at = to_timestamp(backup->header().created_at);
    OpenStore opened;
    if (const auto done = opened.open(settings->store); !done) return report(done.error());
    store::Restore restore(*opened.redis, std::move(*backup));
    const auto counts = opened.run(restore.run(action.replace));
    if (!counts) {
        if (counts.error().fault != Fault::conflict)
            std::cerr << "gatehouse: the store may hold a part of the backup now: run it again with --replace\n";
        return report(counts.error());
    }
    const auto noted = opened.run(note_restore(opened.redis.get(), SystemClock().now(), created_at, *counts));
    if (!noted) return report(noted.error());
    std::cerr << "gatehouse: restored " << sentence_of(*counts) << " of " << created_at << "\n";
    return 0;
}

}  // namespace gatehouse
