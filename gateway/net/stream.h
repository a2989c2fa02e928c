// SPDX-License-Identifier: Apache-2.0
// Stream: one byte stream, whatever carries it (TCP, TLS, unix socket). The firewall that keeps Asio's sockets and
// OpenSSL's templates inside net/*.cpp: a virtual call is nothing beside a system call, a translation unit costs 1 s
// instead of 16. One coroutine may read while another writes; not thread-safe otherwise.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "gateway/base/task.h"
#include "gateway/net/proxy.h"

namespace gatehouse::net {

/// `error` is set when fewer bytes than asked for were moved; at the end of the stream it is asio::error::eof.
struct Moved {
    std::size_t size = 0;
    boost::system::error_code error;
};

class Stream {
  public:
    virtual ~Stream() = default;
    /// At least one byte, or an error.
    virtual boost::asio::awaitable<Moved> read_some(boost::asio::mutable_buffer into) = 0;
    /// What has arrived already, without waiting: 0 when nothing has or the stream has ended (read_some will tell).
    virtual std::size_t read_now(boost::asio::mutable_buffer into) = 0;
    /// All of the buffers, gathered; or an error. The caller keeps them alive.
    virtual boost::asio::awaitable<Moved> write(std::span<const boost::asio::const_buffer> buffers) = 0;
    /// Calls `closed` once if the peer closes while nobody reads. Bytes that arrive end the watch silently and are kept
    /// for the next read. One watch at a time; no read may be pending.
    virtual void watch(std::function<void()> closed) = 0;
    /// Ends a watch; its callback will not be called any more.
    virtual void unwatch() = 0;
    /// Tells the peer that nothing more will be written, where the transport can.
    virtual void shutdown_write() = 0;
    /// Ends both directions at once; pending reads and writes return an error. Safe to call twice.
    virtual void close() = 0;
    /// Whether an idle connection is still usable: open, and nothing unread.
    virtual bool is_quiet() const = 0;
    /// Address of the other side without port; empty for unix sockets.
    virtual std::string peer_address() const = 0;
};

using StreamPtr = std::unique_ptr<Stream>;

/// TLS as a client: verification is always on.
class TlsClientContext;
using TlsClientContextPtr = std::shared_ptr<TlsClientContext>;
/// `ca_pem` empty: the system's trust store. Fails with configuration_invalid when the PEM cannot be read.
Result<TlsClientContextPtr> make_tls_client_context(const std::string& ca_pem);

/// The one for the system's trust store, shared by the whole process and made on first use. Thread-safe.
Result<TlsClientContextPtr> system_tls_client_context();

struct ConnectOptions {
    std::chrono::milliseconds timeout{5'000};  ///< name look-up, connecting and the TLS handshake together
    TlsClientContextPtr tls;                   ///< null: plain
    bool guarded = true;          ///< refuse link-local and metadata addresses (addresses.h: is_forbidden_target)
    bool allow_loopback = false;  ///< when guarded
};

/// Resolves once, drops forbidden addresses, connects to exactly what was checked (no second look-up, so no DNS
/// rebinding). Errors: address_forbidden, name_not_resolved, connect_failed, tls_failed.
Task<StreamPtr> connect_tcp(std::string host, std::uint16_t port, ConnectOptions options);
/// The same through an HTTP proxy's CONNECT. `by_address`: resolve and check the name here and ask for the address,
/// else the proxy resolves it. The proxy's own address is not guarded. Without TLS in `options`: a plain tunnel.
Task<StreamPtr> connect_through(Proxy proxy, std::string host, std::uint16_t port, bool by_address,
                                ConnectOptions options);
Task<StreamPtr> connect_unix(std::string path, std::chrono::milliseconds timeout);

}  // namespace gatehouse::net
