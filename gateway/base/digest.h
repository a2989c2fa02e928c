// SPDX-License-Identifier: Apache-2.0
// Sha256: a SHA-256 over bytes that come in pieces (a backup that does not fit into memory). In crypto.cpp, like all of
// OpenSSL; a header of its own because hardly anybody needs it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace gatehouse {

class Sha256 {
  public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void add(std::string_view bytes);
    /// Of what was added so far: 32 raw bytes.
    std::string value() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse
