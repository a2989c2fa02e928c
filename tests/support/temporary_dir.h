// SPDX-License-Identifier: Apache-2.0
// TemporaryDir: a directory below /tmp that goes away with its owner. The name is short, for unix sockets live in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace gatehouse::testing {

class TemporaryDir {
  public:
    TemporaryDir() {
        std::string pattern = "/tmp/gatehouse-test-XXXXXX";
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a directory in /tmp");
        path_ = pattern;
    }
    TemporaryDir(const TemporaryDir&) = delete;
    TemporaryDir& operator=(const TemporaryDir&) = delete;
    ~TemporaryDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const { return path_; }
    std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
    /// Makes or replaces it, and gives its path.
    std::string write(std::string_view name, std::string_view text) const {
        std::ofstream(file(name), std::ios::binary | std::ios::trunc) << text;
        return file(name);
    }

  private:
    std::string path_;
};

}  // namespace gatehouse::testing
