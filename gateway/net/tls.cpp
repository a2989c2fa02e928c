// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/tls.h"

#include <boost/asio/ssl/impl/src.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

namespace gatehouse::net {
namespace {

namespace ssl = boost::asio::ssl;

Error bad_configuration(std::string message) {
    return Error::of(Fault::bad_request, Reason::configuration_invalid, std::move(message));
}

void harden(ssl::context& context) {
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

Result<TlsClientContextPtr> make_tls_client_context(const std::string& ca_pem) {
    ssl::context context(ssl::context::tls_client);
    harden(context);
    context.set_verify_mode(ssl::verify_peer);
    boost::system::error_code error;
    if (ca_pem.empty()) {
        context.set_default_verify_paths(error);
    } else {
        context.add_certificate_authority(boost::asio::buffer(ca_pem), error);
    }
    if (error) return fail(bad_configuration("the CA certificate cannot be read as PEM: " + error.message()));
    return std::make_shared<TlsClientContext>(std::move(context));
}

Result<TlsClientContextPtr> system_tls_client_context() {
    static const Result<TlsClientContextPtr> context = make_tls_client_context("");
    return context;
}

Result<TlsServerContextPtr> make_tls_server_context(const std::string& certificate_file, const std::string& key_file) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    harden(*context);
    boost::system::error_code error;
    context->use_certificate_chain_file(certificate_file, error);
    if (error)
        return fail(bad_configuration("listen.tls.cert: cannot use " + certificate_file + ": " + error.message()));
    context->use_private_key_file(key_file, ssl::context::pem, error);
    if (error) return fail(bad_configuration("listen.tls.key: cannot use " + key_file + ": " + error.message()));
    if (SSL_CTX_check_private_key(context->native_handle()) != 1)
        return fail(bad_configuration("listen.tls.key: does not belong to the certificate in " + certificate_file));
    return context;
}

}  // namespace gatehouse::net
