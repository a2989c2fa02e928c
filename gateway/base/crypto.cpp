// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <utility>

#include "gateway/base/digest.h"

namespace gatehouse {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* pointer) const { release(pointer); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX, EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Release<EVP_MAC_CTX, EVP_MAC_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Release<EVP_MAC, EVP_MAC_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Release<EVP_KDF, EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Release<EVP_KDF_CTX, EVP_KDF_CTX_free>>;

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* raw(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::string encode_base64(std::string_view bytes, std::string_view alphabet, bool padded) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char byte : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 6; bits -= 6)
            text.push_back(alphabet[(buffer >> (bits - 6)) & 63U]);
    }
    if (bits > 0) text.push_back(alphabet[(buffer << (6 - bits)) & 63U]);
    while (padded && text.size() % 4 != 0)
        text.push_back('=');
    return text;
}

/// RFC 9562, section 5.4, of 16 random bytes.
std::string format_uuid(std::string_view bytes) {
    std::string text;
    text.reserve(36);
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        auto byte = static_cast<unsigned char>(bytes[index]);
        if (index == 6) byte = (byte & 0x0FU) | 0x40U;
        if (index == 8) byte = (byte & 0x3FU) | 0x80U;
        if (index == 4 || index == 6 || index == 8 || index == 10) text.push_back('-');
        text.push_back(hex_digits[byte >> 4U]);
        text.push_back(hex_digits[byte & 15U]);
    }
    return text;
}

}  // namespace

std::string SystemRandom::bytes(std::size_t count) {
    std::string result(count, '\0');
    require(RAND_bytes(raw(result), static_cast<int>(count)) == 1, "RAND_bytes");
    return result;
}

std::string random_token(Random& random, std::size_t count) {
    return to_base64url(random.bytes(count));
}

std::string request_uuid() {
    // RAND_bytes costs about a microsecond a call; one call feeds 64 ids.
    thread_local std::string pool;
    thread_local std::size_t used = 0;
    if (used == pool.size()) {
        pool = SystemRandom{}.bytes(std::size_t{16} * 64);
        used = 0;
    }
    used += 16;
    return format_uuid(std::string_view(pool).substr(used - 16, 16));
}

std::string sha256(std::string_view text) {
    static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    // Making a context costs more than a short text does.
    thread_local const DigestContext context(EVP_MD_CTX_new());
    std::string result(32, '\0');
    require(EVP_DigestInit_ex2(context.get(), digest, nullptr) == 1, "SHA256");
    require(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1, "SHA256");
    require(EVP_DigestFinal_ex(context.get(), raw(result), nullptr) == 1, "SHA256");
    return result;
}

struct Sha256::State {
    DigestContext context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1, "SHA256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "SHA256");
}

std::string Sha256::value() const {
    const DigestContext copy(EVP_MD_CTX_new());
    require(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1, "SHA256");
    std::string result(32, '\0');
    require(EVP_DigestFinal_ex(copy.get(), raw(result), nullptr) == 1, "SHA256");
    return result;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    const auto signature = HmacKey(key).sign(text);
    return std::string(reinterpret_cast<const char*>(signature.data()), signature.size());
}

std::string derive_key(std::string_view secret, std::string_view purpose) {
    const Kdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
    require(context != nullptr, "HKDF");
    std::string digest = "SHA256";
    std::string key(secret);
    std::string info(purpose);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                                     OSSL_PARAM_construct_end()};
    std::string result(32, '\0');
    require(EVP_KDF_derive(context.get(), raw(result), result.size(), parameters) == 1, "HKDF derive");
    OPENSSL_cleanse(key.data(), key.size());
    return result;
}

bool constant_time_equal(std::string_view left, std::string_view right) {
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string to_hex(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text.push_back(hex_digits[value >> 4U]);
        text.push_back(hex_digits[value & 15U]);
    }
    return text;
}

std::string to_base64url(std::string_view bytes) {
    return encode_base64(bytes, base64url_alphabet, false);
}

std::string to_base64(std::string_view bytes) {
    return encode_base64(bytes, base64_alphabet, true);
}

std::optional<std::string> from_base64url(std::string_view text) {
    static const auto table = [] {
        std::array<signed char, 256> values{};
        values.fill(-1);
        for (std::size_t index = 0; index < base64url_alphabet.size(); ++index)
            values[static_cast<unsigned char>(base64url_alphabet[index])] = static_cast<signed char>(index);
        return values;
    }();
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char letter : text) {
        const auto value = table[static_cast<unsigned char>(letter)];
        if (value < 0) return std::nullopt;
        buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>((buffer >> bits) & 255U));
        }
    }
    // Leftover bits must be zero and fewer than six, or two spellings would decode to the same bytes.
    if (bits >= 6 || (buffer & ((1U << bits) - 1U)) != 0) return std::nullopt;
    return bytes;
}

std::string seal(Random& random, std::string_view key, std::string_view plain, std::string_view context) {
    require(key.size() == 32, "key size");
    const std::string nonce = random.bytes(nonce_size);
    const CipherContext cipher(EVP_CIPHER_CTX_new());
    std::string box = nonce;
    box.resize(nonce_size + plain.size() + tag_size);
    int written = 0;
    require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key), raw(nonce)) == 1, "encrypt init");
    require(EVP_EncryptUpdate(cipher.get(), nullptr, &written, raw(context), static_cast<int>(context.size())) == 1,
            "encrypt context");
    require(EVP_EncryptUpdate(cipher.get(), raw(box) + nonce_size, &written, raw(plain),
                              static_cast<int>(plain.size())) == 1,
            "encrypt");
    require(EVP_EncryptFinal_ex(cipher.get(), raw(box) + nonce_size + written, &written) == 1, "encrypt final");
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size),
                                raw(box) + nonce_size + plain.size()) == 1,
            "tag");
    return box;
}

std::optional<std::string> open_sealed(std::string_view key, std::string_view box, std::string_view context) {
    if (key.size() != 32 || box.size() < nonce_size + tag_size) return std::nullopt;
    const std::string_view nonce = box.substr(0, nonce_size);
    const std::string_view encrypted = box.substr(nonce_size, box.size() - nonce_size - tag_size);
    std::string tag(box.substr(box.size() - tag_size));
    const CipherContext cipher(EVP_CIPHER_CTX_new());
    std::string plain(encrypted.size(), '\0');
    int written = 0;
    require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key), raw(nonce)) == 1, "decrypt init");
    require(EVP_DecryptUpdate(cipher.get(), nullptr, &written, raw(context), static_cast<int>(context.size())) == 1,
            "decrypt context");
    require(
        EVP_DecryptUpdate(cipher.get(), raw(plain), &written, raw(encrypted), static_cast<int>(encrypted.size())) == 1,
        "decrypt");
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()) == 1,
            "set tag");
    if (EVP_DecryptFinal_ex(cipher.get(), raw(plain) + written, &written) != 1) return std::nullopt;
    return plain;
}

struct HmacKey::State {
    MacContext prepared;
};

HmacKey::HmacKey(std::string_view key) : state_(std::make_unique<State>()) {
    const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    state_->prepared.reset(EVP_MAC_CTX_new(mac.get()));
    std::string digest = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                     OSSL_PARAM_construct_end()};
    require(EVP_MAC_init(state_->prepared.get(), raw(key), key.size(), parameters) == 1, "HMAC init");
}

HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

std::array<unsigned char, 32> HmacKey::sign(std::string_view text) const {
    const MacContext context(EVP_MAC_CTX_dup(state_->prepared.get()));
    std::array<unsigned char, 32> signature{};
    std::size_t size = 0;
    require(EVP_MAC_update(context.get(), raw(text), text.size()) == 1, "HMAC update");
    require(EVP_MAC_final(context.get(), signature.data(), &size, signature.size()) == 1, "HMAC final");
    return signature;
}

bool HmacKey::verifies(std::string_view text, std::string_view signature) const {
    const auto expected = sign(text);
    return constant_time_equal({reinterpret_cast<const char*>(expected.data()), expected.size()}, signature);
}

struct RsaKey::State {
    Key key;
};

RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

RsaKey RsaKey::generate(int bits) {
    auto state = std::make_unique<State>();
    state->key.reset(EVP_RSA_gen(static_cast<unsigned int>(bits)));
    require(state->key != nullptr, "RSA generate");
    return RsaKey(std::move(state));
}

std::string RsaKey::sign_rs256(std::string_view text) const {
    const DigestContext context(EVP_MD_CTX_new());
    std::size_t size = 0;
    require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1, "sign init");
    require(EVP_DigestSign(context.get(), nullptr, &size, raw(text), text.size()) == 1, "sign size");
    std::string signature(size, '\0');
    require(EVP_DigestSign(context.get(), raw(signature), &size, raw(text), text.size()) == 1, "sign");
    signature.resize(size);
    return signature;
}

namespace {
std::string number_of(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, raw(bytes));
    BN_free(number);
    return bytes;
}
}  // namespace

std::string RsaKey::modulus() const {
    return number_of(state_->key.get(), OSSL_PKEY_PARAM_RSA_N);
}
std::string RsaKey::exponent() const {
    return number_of(state_->key.get(), OSSL_PKEY_PARAM_RSA_E);
}

}  // namespace gatehouse
