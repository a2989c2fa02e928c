// SPDX-License-Identifier: Apache-2.0
// GatehouseProcess: the real binary, serving. It listens on a port of its own choice, which it says in its log.
#pragma once

#include <signal.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/child_process.h"

namespace gatehouse::testing {

class GatehouseProcess : public ChildProcess {
  public:
    /// `words` follow the program's name.
    GatehouseProcess(std::vector<std::string> words, std::vector<std::string> environment)
        : ChildProcess(with_program(std::move(words)), std::move(environment)) {}

    /// Waits until it listens; throws when it ends instead.
    std::uint16_t port() {
        if (port_ == 0) port_ = port_in(line_with(Stream::err, R"("msg":"listening")"));
        return port_;
    }
    /// Tells it to end and gives its exit code.
    int terminate() {
        signal(SIGTERM);
        return wait();
    }
    /// Everything that it wrote: log and audit trail.
    std::string everything() const { return out() + err(); }

  private:
    static std::vector<std::string> with_program(std::vector<std::string> words) {
        words.insert(words.begin(), GATEHOUSE_BINARY);
        return words;
    }
    static std::uint16_t port_in(const std::string& line) {
        constexpr std::string_view mark = R"("address":"127.0.0.1:)";
        return static_cast<std::uint16_t>(std::stoul(line.substr(line.find(mark) + mark.size())));
    }

    std::uint16_t port_ = 0;
};

}  // namespace gatehouse::testing
