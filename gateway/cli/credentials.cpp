// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/credentials.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "gateway/base/json.h"

namespace gatehouse::cli {
namespace {

namespace bj = boost::json;

constexpr mode_t others = 077;

Error failed(std::string what) {
    return Error::of(Fault::internal, Reason::configuration_invalid, std::move(what));
}

Error failed_with(const std::string& what, int number) {
    return failed(what + ": " + std::strerror(number));
}

/// A file descriptor that closes itself.
class File {
  public:
    File(const std::string& path, int flags, mode_t mode = 0)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(file, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::optional<std::string> read_all(int file) {
    std::string text;
    char block[4096];
    for (;;) {
        const ssize_t count = ::read(file, block, sizeof block);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) return text;
        text.append(block, static_cast<std::size_t>(count));
    }
}

std::string text_of(const bj::value& entry, std::string_view name) {
    return std::string(json::find_string(entry, name).value_or(std::string_view{}));
}

Credential to_credential(const bj::value& entry) {
    return {.access_token = text_of(entry, "access_token"),
            .refresh_token = text_of(entry, "refresh_token"),
            .token_endpoint = text_of(entry, "token_endpoint"),
            .revocation_endpoint = text_of(entry, "revocation_endpoint"),
            .issued_at = from_unix_seconds(json::find_integer(entry, "issued_at").value_or(0)),
            .expires_at = from_unix_seconds(json::find_integer(entry, "expires_at").value_or(0))};
}

bj::object to_json(const Credential& credential) {
    return {{"access_token", credential.access_token},
            {"refresh_token", credential.refresh_token},
            {"token_endpoint", credential.token_endpoint},
            {"revocation_endpoint", credential.revocation_endpoint},
            {"issued_at", to_unix_seconds(credential.issued_at)},
            {"expires_at", to_unix_seconds(credential.expires_at)}};
}

}  // namespace

FileLock::~FileLock() {
    if (file_ >= 0) ::close(file_);
}

Result<CredentialFile> CredentialFile::in_home() {
    // A relative value must be ignored (XDG Base Directory Specification).
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && config[0] == '/') return CredentialFile(std::string(config) + "/gatehouse");
    const char* home = std::getenv("HOME");
    if (home != nullptr && home[0] == '/') return CredentialFile(std::string(home) + "/.config/gatehouse");
    return fail(failed("HOME is not set, so there is nowhere to keep tokens"));
}

Result<Credentials> CredentialFile::load() const {
    const File file(path(), O_RDONLY);
    if (!file.is_open() && errno == ENOENT) return Credentials{};
    if (!file.is_open()) return fail(failed_with("cannot read " + path(), errno));
    struct stat state{};
    if (::fstat(file.number(), &state) != 0) return fail(failed_with("cannot read " + path(), errno));
    if ((state.st_mode & others) != 0) return fail(failed("others can read " + path() + ": run chmod 600 on it"));
    const auto text = read_all(file.number());
    const auto parsed = text ? json::parse(*text) : std::nullopt;
    const bj::value* gateways = parsed ? json::find(*parsed, "gateways") : nullptr;
    if (gateways == nullptr || !gateways->is_object())
        return fail(failed(path() + " is damaged: remove it and sign in again with `gatehouse login URL`"));
    Credentials credentials;
    for (const auto& [url, entry] : gateways->get_object())
        credentials[std::string(url)] = to_credential(entry);
    return credentials;
}

Result<> CredentialFile::save(const Credentials& credentials) const {
    const auto made = make_directory();
    if (!made) return fail(made.error());
    bj::object gateways;
    for (const auto& [url, credential] : credentials)
        gateways[url] = to_json(credential);
    const std::string text = json::to_text(bj::object{{"version", 1}, {"gateways", std::move(gateways)}}) + "\n";

    // Written beside it and renamed over it: a crash leaves the old file or the new one. Savers hold the lock or are
    // `login`, so a fixed name would do; the process id keeps two logins apart all the same.
    const std::string fresh = path() + "." + std::to_string(::getpid());
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (!file.is_open()) return fail(failed_with("cannot write " + fresh, errno));
    const bool written = ::fchmod(file.number(), 0600) == 0 && write_all(file.number(), text);
    if (!written || ::fsync(file.number()) != 0 || ::rename(fresh.c_str(), path().c_str()) != 0) {
        const int number = errno;
        ::unlink(fresh.c_str());
        return fail(failed_with("cannot write " + path(), number));
    }
    const File directory(directory_, O_RDONLY | O_DIRECTORY);
    if (directory.is_open()) ::fsync(directory.number());  // the rename itself; not every file system can
    return {};
}

Result<FileLock> CredentialFile::try_lock() const {
    const auto made = make_directory();
    if (!made) return fail(made.error());
    // Its own file: the credentials file is replaced, and a lock on a replaced file guards nothing.
    const std::string lock_path = directory_ + "/credentials.lock";
    File file(lock_path, O_RDWR | O_CREAT, 0600);
    if (!file.is_open()) return fail(failed_with("cannot write " + lock_path, errno));
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) return FileLock(file.release());
    if (errno == EWOULDBLOCK)
        return fail(Error::conflict(Reason::already_exists, "another gatehouse process holds " + lock_path));
    return fail(failed_with("cannot lock " + lock_path, errno));
}

Result<> CredentialFile::make_directory() const {
    std::error_code error;
    const bool fresh = std::filesystem::create_directories(directory_, error);
    if (error) return fail(failed("cannot make " + directory_ + ": " + error.message()));
    if (fresh && ::chmod(directory_.c_str(), 0700) != 0)
        return fail(failed_with("cannot protect " + directory_, errno));
    return {};
}

}  // namespace gatehouse::cli
