// SPDX-License-Identifier: Apache-2.0
// All of OpenSSL's cryptography behind plain functions, and the Random port. Nobody else includes OpenSSL for crypto.
// The functions throw std::runtime_error only when OpenSSL itself fails, which is a broken process, not bad input.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

/// Source of unpredictable bytes. Fakes make tests repeatable; nothing else implements it.
class Random {
  public:
    virtual ~Random() = default;
    /// Exactly `count` bytes.
    virtual std::string bytes(std::size_t count) = 0;
};

/// OpenSSL's RAND_bytes. Thread-safe.
class SystemRandom final : public Random {
  public:
    std::string bytes(std::size_t count) override;
};

/// `count` random bytes as unpadded base64url: 32 bytes give 43 characters.
std::string random_token(Random& random, std::size_t count);
/// A fast process-local UUID version 4 (RFC 9562, section 5.4) for request ids: unique, not secret. Thread-safe, no
/// lock.
std::string request_uuid();

std::string sha256(std::string_view text);                             ///< 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view text);  ///< 32 raw bytes
/// HKDF-SHA256 without salt (RFC 5869): 32 bytes bound to `purpose`.
std::string derive_key(std::string_view secret, std::string_view purpose);
bool constant_time_equal(std::string_view left, std::string_view right);

std::string to_hex(std::string_view bytes);
std::string to_base64url(std::string_view bytes);                  ///< unpadded (RFC 4648, section 5)
std::optional<std::string> from_base64url(std::string_view text);  ///< refuses padding and stray bits
std::string to_base64(std::string_view bytes);                     ///< padded (RFC 4648, section 4)

/// AES-256-GCM with a fresh nonce in front; `context` is authenticated but not stored. `key` is 32 bytes.
std::string seal(Random& random, std::string_view key, std::string_view plain, std::string_view context);
/// The plain text, or nothing when the box, the key or the context is not the one it was sealed with.
std::optional<std::string> open_sealed(std::string_view key, std::string_view box, std::string_view context);

/// One HMAC-SHA256 key, prepared once: about 1 us a signature where the plain function takes 2. Not thread-safe.
class HmacKey {
  public:
    explicit HmacKey(std::string_view key);
    HmacKey(HmacKey&&) noexcept;
    HmacKey& operator=(HmacKey&&) noexcept;
    ~HmacKey();
    std::array<unsigned char, 32> sign(std::string_view text) const;
    bool verifies(std::string_view text, std::string_view signature) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// An RSA key for RS256 signatures (the demo identity provider and the tests sign with it). Movable, not thread-safe.
class RsaKey {
  public:
    static RsaKey generate(int bits = 2048);
    RsaKey(RsaKey&&) noexcept;
    RsaKey& operator=(RsaKey&&) noexcept;
    ~RsaKey();
    std::string sign_rs256(std::string_view text) const;  ///< raw signature bytes
    std::string modulus() const;                          ///< raw big-endian `n`
    std::string exponent() const;                         ///< raw big-endian `e`

  private:
    struct State;
    explicit RsaKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse
