// SPDX-License-Identifier: Apache-2.0
// SharedRedis: a real redis-server that does not belong to any gateway, as replicas share one. The test stops, kills
// and restarts it; it keeps its data.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "gateway/store/redis_process.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {

class SharedRedis {
  public:
    SharedRedis() { start(); }

    std::string socket() const { return dir_.file("redis.sock"); }
    std::string section() const { return "  redis_url: unix://" + socket() + "\n"; }

    void start() {
        const auto program = store::find_program("redis-server");
        if (!program) throw std::runtime_error("redis-server is not installed");
        process_ = std::make_unique<ChildProcess>(
            std::vector<std::string>{*program, "--port", "0", "--unixsocket", socket(), "--dir", dir_.path(),
                                     "--appendonly", "yes", "--save", "", "--daemonize", "no"},
            std::vector<std::string>{"PATH=/usr/bin:/bin"});
        process_->line_with(ChildProcess::Stream::out, "eady to accept connections");
    }
    /// It writes out its data and is gone.
    void end() {
        process_->signal(SIGTERM);
        process_->wait();
        process_.reset();
    }
    /// It is gone at once, as it stands.
    void kill() {
        process_->signal(SIGKILL);
        process_->wait();
        process_.reset();
    }
    /// It accepts connections and answers none.
    void hang() { process_->signal(SIGSTOP); }
    void go_on() { process_->signal(SIGCONT); }

  private:
    TemporaryDir dir_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace gatehouse::testing
