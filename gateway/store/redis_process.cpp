// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace gatehouse::store {
namespace {

Error cannot(std::string_view what) {
    return Error::unavailable(Reason::configuration_invalid,
                              "cannot start redis-server: " + std::string(what) + ": " + std::strerror(errno));
}

/// A value in a Redis configuration file: quoted, so that any path works.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + '"';
}

std::string configuration_of(const RedisPlace& place) {
    return "port 0\n"
           "unixsocket " +
           quoted(place.socket) +
           "\n"
           "unixsocketperm 600\n"
           "dir " +
           quoted(place.dir) +
           "\n"
           "databases 1\n"
           "daemonize no\n"
           "supervised no\n"
           "save \"\"\n"
           "appendonly yes\n"
           "appendfsync everysec\n"
           "aof-load-truncated yes\n"
           // Evicting would sign people out and forget what they consumed: a full store must refuse instead.
           "maxmemory-policy noeviction\n"
           "loglevel notice\n";
}

/// What the child needs, made before the fork: between fork and exec only async-signal-safe calls are allowed, other
/// threads may have held any lock.
struct Launch {
    const char* program;
    char* const* arguments;
    char* const* environment;
    int input;
    int output;
    int lock;
    int parent_gone;  ///< write end kept by the child until exec: closed tells the parent that exec succeeded
    pid_t parent;
};

[[noreturn]] void become_redis(const Launch& launch) {
    setpgid(0, 0);  // Ctrl-C in the terminal is for the gateway, which then ends us in order
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != launch.parent) _exit(0);  // the gateway died before the line above
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGCHLD})
        sigaction(signal, &standard, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(launch.input, STDIN_FILENO);
    dup2(launch.output, STDOUT_FILENO);
    dup2(launch.output, STDERR_FILENO);
    // A record lock belongs to this process, survives exec and is not inherited by what it forks: exactly "this
    // redis-server runs". The descriptor has to stay open for that.
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    // Asio's sockets are not close-on-exec: inherited, a client's connection would stay open after we closed it.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    fcntl(launch.lock, F_SETFD, 0);
    if (fcntl(launch.lock, F_SETLK, &whole) == 0) execve(launch.program, launch.arguments, launch.environment);
    const int failure = errno;
    [[maybe_unused]] const auto told = ::write(launch.parent_gone, &failure, sizeof failure);
    _exit(127);
}

Result<Descriptor> input_of(const std::string& text) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(cannot("pipe"));
    Descriptor read_end(ends[0]);
    const Descriptor write_end(ends[1]);
    if (::write(write_end.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(cannot("writing its configuration"));
    return read_end;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        const Descriptor old(std::exchange(number_, other.release()));
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

int Descriptor::release() {
    return std::exchange(number_, -1);
}

std::optional<std::string> find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return std::nullopt;
}

pid_t lock_holder(const std::string& lock) {
    const Descriptor file(::open(lock.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.is_open()) return 0;
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (fcntl(file.get(), F_GETLK, &whole) != 0 || whole.l_type == F_UNLCK) return 0;
    return whole.l_pid > 0 ? whole.l_pid : -1;
}

Result<RedisProcess> RedisProcess::start(const RedisPlace& place) {
    auto input = input_of(configuration_of(place));
    if (!input) return fail(input.error());
    const Descriptor output(::open(place.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!output.is_open()) return fail(cannot(place.log));
    const Descriptor lock(::open(place.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.is_open()) return fail(cannot(place.lock));
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(cannot("pipe"));
    const Descriptor news(ends[0]);
    Descriptor tell(ends[1]);

    std::string program = place.program;
    std::string from_input = "-";
    std::array<char*, 3> arguments{program.data(), from_input.data(), nullptr};
    // Ours holds secrets that a store has no use for. This one tells an operator whose server it is, and gives Redis
    // the room to write its socket into the process list.
    std::string owner = "GATEHOUSE_STORE=" + place.socket;
    std::array<char*, 2> environment{owner.data(), nullptr};
    const Launch launch{program.c_str(), arguments.data(), environment.data(), input->get(),
                        output.get(),    lock.get(),       tell.get(),         ::getpid()};
    const pid_t pid = ::fork();
    if (pid < 0) return fail(cannot("fork"));
    if (pid == 0) become_redis(launch);

    tell = Descriptor();
    int failure = 0;
    const auto told = ::read(news.get(), &failure, sizeof failure);
    if (told == static_cast<ssize_t>(sizeof failure)) {
        ::waitpid(pid, nullptr, 0);
        errno = failure;
        return fail(cannot(place.program));
    }
    return RedisProcess(pid, Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
}

bool RedisProcess::has_ended() {
    if (!reaped_) reaped_ = ::waitpid(pid_, nullptr, WNOHANG) != 0;
    return reaped_;
}

void RedisProcess::ask_to_end() const {
    if (!reaped_) ::kill(pid_, SIGTERM);
}

void RedisProcess::kill() const {
    if (!reaped_) ::kill(pid_, SIGKILL);
}

Answer ask_ping(const std::string& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.sun_path) return Answer::none;
    std::ranges::copy(socket, address.sun_path);
    const Descriptor peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!peer.is_open()) return Answer::none;
    if (::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Answer::none;
    constexpr std::string_view ping = "PING\r\n";
    if (::send(peer.get(), ping.data(), ping.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ping.size()))
        return Answer::none;
    pollfd wait{peer.get(), POLLIN, 0};
    if (::poll(&wait, 1, 250) <= 0) return Answer::none;
    std::array<char, 128> bytes{};
    const auto size = ::recv(peer.get(), bytes.data(), bytes.size(), 0);
    const std::string_view said(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (said.starts_with("+PONG")) return Answer::ready;
    return said.starts_with("-LOADING") ? Answer::loading : Answer::none;
}

std::string last_words(const std::string& log) {
    constexpr std::size_t enough = 600;
    std::ifstream file(log);
    std::ostringstream text;
    text << file.rdbuf();
    std::string said = text.str();
    if (said.size() > enough) said = said.substr(said.find('\n', said.size() - enough) + 1);
    while (said.ends_with('\n'))
        said.pop_back();
    return said;
}

}  // namespace gatehouse::store
