// SPDX-License-Identifier: Apache-2.0
// The two Stream implementations: plain sockets (TCP, unix) and TLS over TCP. Included by net/*.cpp only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "gateway/net/stream.h"

namespace gatehouse::net {

/// Takes a connected socket: non-blocking, no delay.
StreamPtr make_plain_stream(boost::asio::ip::tcp::socket socket);
/// Server side of a TLS handshake. `context` is shared so that a reload leaves running connections alone.
Task<StreamPtr> accept_tls(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> context,
                           std::chrono::milliseconds timeout);
/// Client side, over an established stream's socket; verifies that the certificate is for `host`.
Task<StreamPtr> connect_tls(boost::asio::ip::tcp::socket socket, TlsClientContextPtr context, std::string host,
                            std::chrono::milliseconds timeout);

}  // namespace gatehouse::net
