// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/spend_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/timestamp.h"
#include "gateway/store/append_file.h"
#include "gateway/store/number_set.h"

namespace gatehouse::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto sync_every = 100ms;
constexpr auto checkpoint_every = 5s;
/// How often a disk that is full is asked again, and complained about.
constexpr auto complain_every = 60s;
constexpr auto retry_every = 1s;
constexpr std::string_view lock_name = "lock";
constexpr std::string_view done_name = "done";

/// An advisory lock that lasts as long as its descriptor: the kernel gives it back however we end.
class DirectoryLock {
  public:
    /// Nothing when somebody else holds it, or it cannot be opened.
    static std::optional<DirectoryLock> take(const fs::path& directory) {
        const int descriptor = ::open((directory / lock_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0) return std::nullopt;
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return DirectoryLock(descriptor);
        ::close(descriptor);
        return std::nullopt;
    }
    DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    DirectoryLock& operator=(DirectoryLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~DirectoryLock() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

  private:
    explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// Calls for every whole line of a file; zero bytes are where nothing was written, or not to the end.
void each_line(const fs::path& file, const std::function<void(std::string_view)>& take) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t begin = rest.find_first_not_of('\0');
        if (begin == std::string_view::npos) return;
        const std::size_t end = rest.find('\n', begin);
        if (end == std::string_view::npos) return;
        take(rest.substr(begin, end - begin));
        rest.remove_prefix(end + 1);
    }
}

std::vector<std::string> files_in(const fs::path& directory) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error))
        if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
    std::ranges::sort(files);
    return files;
}

/// `20261125T221500-<epoch>` → epoch.
std::string epoch_of(const fs::path& directory) {
    const std::string name = directory.filename().string();
    return name.substr(name.rfind('-') + 1);
}

DeadRun read_run(const fs::path& directory) {
    DeadRun run{directory.string(), epoch_of(directory), 0, files_in(directory), {}};
    std::unordered_map<std::string, StartLine> open;
    for (const std::string& file : run.files)
        each_line(file, [&](std::string_view text) {
            const auto line = parse_line(text);
            if (!line) return;
            if (const auto* start = std::get_if<StartLine>(&*line)) open.insert_or_assign(start->request_id, *start);
            if (const auto* settled = std::get_if<SettleLine>(&*line)) open.erase(settled->charge.request_id);
            if (const auto* released = std::get_if<ReleaseLine>(&*line)) open.erase(released->request_id);
            if (const auto* checkpoint = std::get_if<CheckpointLine>(&*line))
                run.checkpoint = std::max(run.checkpoint, checkpoint->number);
        });
    for (auto& [id, start] : open)
        run.unfinished.push_back(std::move(start));
    return run;
}

Error cannot_use(const std::string& dir, const std::string& why) {
    return Error::unavailable(Reason::configuration_invalid, "the journal cannot be written",
                              "journal.dir " + dir + ": " + why);
}

std::string directory_name(std::string_view epoch) {
    std::string stamp;
    for (const char letter : to_timestamp(SystemClock{}.now()).substr(0, 19))
        if (letter != '-' && letter != ':') stamp.push_back(letter);
    return stamp.append("-").append(epoch);
}

}  // namespace

struct SpendJournal::State {
    State(JournalSettings wanted, const Clock& time, observe::Metrics& counted, std::string run)
        : settings(std::move(wanted)), clock(time), metrics(counted), epoch(std::move(run)) {}

    struct File {
        std::string path;
        std::uint64_t first_number = 0;
    };

    Result<> begin();
    bool append(std::string_view line);
    bool rotate();
    void complain(const Error& error);
    void trust(SteadyClock::time_point until) {
        while (!taken.empty() && taken.front().first <= until) {
            waiting.erase(taken.front().second);
            taken.pop_front();
        }
    }
    std::string checkpoint() const { return checkpoint_line(waiting.least().value_or(next_number), clock.now()); }
    void keep_synced(const std::stop_token& stop);
    std::string next_path() {
        std::string number = std::to_string(++file_count);
        number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
        return (directory / ("spend-" + number + ".jsonl")).string();
    }

    JournalSettings settings;
    const Clock& clock;
    observe::Metrics& metrics;
    std::string epoch;
    fs::path directory;
    std::optional<DirectoryLock> lock;

    std::atomic<std::uint64_t> doubts{0};  ///< changed with the mutex held, read without

    mutable std::mutex mutex;  ///< of everything below
    std::optional<AppendFile> file;
    std::vector<AppendFile> retired;  ///< full: the thread syncs and closes them
    std::optional<AppendFile> spare;  ///< the next one, made in advance by the thread
    std::vector<File> files;
    std::uint64_t file_count = 0;
    std::uint64_t next_number = 0;
    NumberSet waiting;  ///< settled and not yet known to be in the store for good
    NumberSet failed;   ///< of those, the ones that the store did not take, or may have lost
    std::deque<std::pair<SteadyClock::time_point, std::uint64_t>> taken;  ///< of those, the ones that it took, and when
    bool dirty = false;
    std::uint64_t checkpointed = 0;
    SteadyClock::time_point last_checkpoint = SteadyClock::now();
    SteadyClock::time_point last_failure{};
    SteadyClock::time_point last_complaint{};
    std::map<std::string, DirectoryLock> adopted;

    std::condition_variable_any wake;
    std::jthread thread;
};

Result<> SpendJournal::State::begin() {
    std::error_code error;
    const bool made = fs::create_directories(settings.dir, error);
    if (error) return fail(cannot_use(settings.dir, error.message()));
    // A directory that was there already has the permissions that its owner wants.
    if (made) fs::permissions(settings.dir, fs::perms::owner_all, fs::perm_options::replace, error);
    const std::string name = directory_name(epoch);
    // Locked before it has the name by which others find it.
    const fs::path hidden = fs::path(settings.dir) / ("." + name);
    directory = fs::path(settings.dir) / name;
    fs::create_directory(hidden, error);
    if (error) return fail(cannot_use(settings.dir, error.message()));
    // It says who spent what.
    fs::permissions(hidden, fs::perms::owner_all, fs::perm_options::replace, error);
    lock = DirectoryLock::take(hidden);
    if (!lock) return fail(cannot_use(settings.dir, "cannot be locked"));
    fs::rename(hidden, directory, error);
    if (error) return fail(cannot_use(settings.dir, error.message()));
    auto first = AppendFile::create(next_path(), settings.file_size);
    if (!first) return fail(cannot_use(settings.dir, first.error().detail));
    files.push_back({first->path(), 0});
    file = std::move(*first);
    thread = std::jthread([this](const std::stop_token& stop) { keep_synced(stop); });
    return {};
}

void SpendJournal::State::complain(const Error& error) {
    metrics.store_failed("journal_not_written");
    if (SteadyClock::now() - last_complaint < complain_every) return;
    last_complaint = SteadyClock::now();
    log::error("the spend journal cannot be written: what is spent now is lost if the store is away too",
               {{"error", describe(error)}});
}

bool SpendJournal::State::rotate() {
    if (!spare) {
        if (SteadyClock::now() - last_failure < retry_every) return false;
        auto next = AppendFile::create(next_path(), settings.file_size);
        if (!next) {
            last_failure = SteadyClock::now();
            complain(next.error());
            return false;
        }
        spare = std::move(*next);
    }
    if (file) retired.push_back(std::move(*file));
    file = std::move(*spare);
    spare.reset();
    files.push_back({file->path(), next_number});
    wake.notify_one();
    return file->append(checkpoint());
}

bool SpendJournal::State::append(std::string_view line) {
    dirty = true;
    if (file && file->append(line)) return true;
    if (rotate() && file->append(line)) return true;
    metrics.store_failed("journal_not_written");
    return false;
}

void SpendJournal::State::keep_synced(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::vector<AppendFile> full;
        std::optional<std::string> wanted;
        int descriptor = -1;
        {
            std::unique_lock guard(mutex);
            wake.wait_for(guard, stop, sync_every, [] { return false; });
            if (SteadyClock::now() - last_checkpoint >= checkpoint_every) {
                last_checkpoint = SteadyClock::now();
                const std::uint64_t reached = waiting.least().value_or(next_number);
                if (reached != checkpointed) append(checkpoint());
                checkpointed = reached;
            }
            full = std::exchange(retired, {});
            if (!spare) wanted = next_path();
            if (std::exchange(dirty, false) && file) descriptor = ::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, 3);
        }
        for (AppendFile& each : full)
            each.close();
        if (descriptor >= 0) {
            sync_descriptor(descriptor);
            ::close(descriptor);
        }
        if (!wanted) continue;
        auto next = AppendFile::create(*wanted, settings.file_size);
        const std::scoped_lock guard(mutex);
        if (next && !spare) spare = std::move(*next);
        if (!next) complain(next.error());
    }
}

Result<std::unique_ptr<SpendJournal>> SpendJournal::open(JournalSettings settings, const Clock& clock, Random& random,
                                                         observe::Metrics& metrics) {
    auto state = std::make_unique<State>(std::move(settings), clock, metrics, to_hex(random.bytes(8)));
    const auto begun = state->begin();
    if (!begun) return fail(begun.error());
    return std::unique_ptr<SpendJournal>(new SpendJournal(std::move(state)));
}

SpendJournal::SpendJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}

SpendJournal::~SpendJournal() {
    state_->thread.request_stop();
    state_->thread.join();
    if (state_->spare) {
        state_->spare->close();
        std::error_code ignored;
        fs::remove(state_->spare->path(), ignored);
    }
    state_->trust(SteadyClock::now());
    state_->append(state_->checkpoint());
    if (state_->file) state_->file->close();
    if (state_->waiting.empty()) std::ofstream(state_->directory / done_name) << "";
}

const std::string& SpendJournal::epoch() const {
    return state_->epoch;
}

void SpendJournal::started(const policy::Begun& begun) {
    const std::string line = start_line(begun, state_->clock.now());
    const std::scoped_lock guard(state_->mutex);
    state_->append(line);
}

void SpendJournal::released(std::string_view request_id, std::string_view why) {
    const std::string line = release_line(request_id, why, state_->clock.now());
    const std::scoped_lock guard(state_->mutex);
    state_->append(line);
}

std::uint64_t SpendJournal::settled(const policy::Charge& charge, std::string& record) {
    const std::scoped_lock guard(state_->mutex);
    // Counted on only behind the line, so that a new file begins with the number that its first line has.
    const std::uint64_t number = state_->next_number;
    record = settle_line(number, charge);
    if (state_->append(record)) state_->waiting.insert(number);
    ++state_->next_number;
    return number;
}

std::uint64_t SpendJournal::doubts() const {
    return state_->doubts;
}

void SpendJournal::posted(std::uint64_t number, std::uint64_t doubts) {
    const std::scoped_lock guard(state_->mutex);
    if (doubts != state_->doubts && state_->waiting.contains(number)) return state_->failed.insert(number);
    state_->failed.erase(number);
    state_->taken.emplace_back(SteadyClock::now(), number);
}

bool SpendJournal::has_taken(std::chrono::seconds age) const {
    const std::scoped_lock guard(state_->mutex);
    return !state_->taken.empty() && state_->taken.front().first <= SteadyClock::now() - age;
}

void SpendJournal::trust(std::chrono::seconds age) {
    const std::scoped_lock guard(state_->mutex);
    state_->trust(SteadyClock::now() - age);
}

void SpendJournal::doubt() {
    const std::scoped_lock guard(state_->mutex);
    for (const auto& [when, number] : state_->taken)
        if (state_->waiting.contains(number)) state_->failed.insert(number);
    state_->taken.clear();
    ++state_->doubts;
}

void SpendJournal::not_posted(std::uint64_t number) {
    const std::scoped_lock guard(state_->mutex);
    if (state_->waiting.contains(number)) return state_->failed.insert(number);
    state_->metrics.store_failed("settlement_lost");
    log::error("a settlement is lost: neither the disk nor the store took it",
               {{"number", static_cast<long long>(number)}});
}

bool SpendJournal::has_failed() const {
    const std::scoped_lock guard(state_->mutex);
    return !state_->failed.empty();
}

std::vector<SettleLine> SpendJournal::failed() const {
    std::string path;
    std::uint64_t from = 0;
    {
        const std::scoped_lock guard(state_->mutex);
        const auto least = state_->failed.least();
        if (!least) return {};
        from = *least;
        for (const State::File& file : state_->files)
            if (file.first_number <= from) path = file.path;
    }
    std::vector<SettleLine> lines = settlements(path, from);
    const std::scoped_lock guard(state_->mutex);
    std::erase_if(lines, [&](const SettleLine& line) { return !state_->failed.contains(line.number); });
    return lines;
}

std::vector<DeadRun> SpendJournal::adopt() {
    std::vector<DeadRun> runs;
    std::error_code error;
    std::vector<fs::path> directories;
    for (const auto& entry : fs::directory_iterator(state_->settings.dir, error))
        if (entry.is_directory() && entry.path() != state_->directory &&
            !entry.path().filename().string().starts_with('.'))
            directories.push_back(entry.path());
    std::ranges::sort(directories);
    for (const fs::path& directory : directories) {
        if (fs::exists(directory / done_name, error)) continue;
        auto lock = DirectoryLock::take(directory);
        if (!lock) continue;
        runs.push_back(read_run(directory));
        const std::scoped_lock guard(state_->mutex);
        state_->adopted.emplace(directory.string(), std::move(*lock));
    }
    return runs;
}

std::vector<SettleLine> SpendJournal::settlements(const std::string& file, std::uint64_t from) {
    std::vector<SettleLine> found;
    each_line(file, [&](std::string_view text) {
        auto line = parse_line(text);
        if (!line) return;
        if (auto* settled = std::get_if<SettleLine>(&*line); settled != nullptr && settled->number >= from)
            found.push_back(std::move(*settled));
    });
    return found;
}

void SpendJournal::finish(const DeadRun& run) {
    std::ofstream(fs::path(run.directory) / done_name) << "";
    const std::scoped_lock guard(state_->mutex);
    state_->adopted.erase(run.directory);
}

void SpendJournal::sweep() {
    const auto oldest = fs::file_time_type::clock::now() - state_->settings.keep;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(state_->settings.dir, error)) {
        if (!fs::exists(entry.path() / done_name, error)) continue;
        if (fs::last_write_time(entry.path() / done_name, error) < oldest) fs::remove_all(entry.path(), error);
    }
    const std::scoped_lock guard(state_->mutex);
    const std::uint64_t needed = state_->waiting.least().value_or(state_->next_number);
    auto& files = state_->files;
    while (files.size() > 1 && files[1].first_number <= needed && fs::last_write_time(files[0].path, error) < oldest &&
           !error) {
        fs::remove(files[0].path, error);
        files.erase(files.begin());
    }
}

}  // namespace gatehouse::store
