// SPDX-License-Identifier: Apache-2.0
// TLS contexts: minimum version 1.2, verification always on for clients, reloadable certificates for the server.
// Included by net/*.cpp only (it brings in Asio's SSL headers).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "gateway/base/result.h"
#include "gateway/net/stream.h"

namespace gatehouse::net {

class TlsClientContext {
  public:
    explicit TlsClientContext(boost::asio::ssl::context context) : context_(std::move(context)) {}
    boost::asio::ssl::context& native() { return context_; }

  private:
    boost::asio::ssl::context context_;
};

using TlsServerContextPtr = std::shared_ptr<boost::asio::ssl::context>;

/// PEM files. Fails with configuration_invalid naming the file that cannot be used.
Result<TlsServerContextPtr> make_tls_server_context(const std::string& certificate_file, const std::string& key_file);

}  // namespace gatehouse::net
