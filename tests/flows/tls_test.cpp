// SPDX-License-Identifier: Apache-2.0
// `listen.tls` of a whole gateway, and new certificates on SIGHUP.
#include <gtest/gtest.h>

#include "gateway/net/client.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class TlsFlow : public ::testing::Test {
  protected:
    TlsFlow() {
        make_certificate("cert.pem", "key.pem");
        Config config = world_.config();
        config.listen =
            "  tls: { cert: " + world_.dir.file("cert.pem") + ", key: " + world_.dir.file("key.pem") + " }\n";
        std::string text = world_.yaml(config);
        text.replace(text.find(public_url), public_url.size(), "https://gateway.example.com");
        gateway_ = world_.run({"serve", "--config", world_.dir.write("gateway.yaml", text)});
        gateway_->port();
        deadlines_.start(context_.get_executor());
    }
    ~TlsFlow() override {
        deadlines_.stop();
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
    }

    void make_certificate(const std::string& cert, const std::string& key) {
        ChildProcess openssl(
            {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
             world_.dir.file(key), "-out", world_.dir.file(cert)},
            {"HOME=" + world_.dir.path()});
        ASSERT_EQ(openssl.wait(), 0) << openssl.err();
    }
    std::string pem(const std::string& cert) const {
        std::ifstream stream(world_.dir.file(cert));
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    /// GET /healthz by a client that trusts this certificate alone.
    Result<int> status_for(const std::string& trusted) {
        auto client = net::Client::make(deadlines_, {.ca_pem = trusted, .allow_loopback = true});
        if (!client) return fail(client.error());
        http::Outbound outbound;
        outbound.url = *http::parse_url("https://127.0.0.1:" + std::to_string(gateway_->port()));
        outbound.method = "GET";
        outbound.target = "/healthz";
        const auto reply = testing::run(context_, (*client)->send(outbound));
        if (!reply) return fail(reply.error());
        return reply->status;
    }
    void reload(std::string_view outcome) {
        const std::size_t before = gateway_->err().size();
        gateway_->signal(SIGHUP);
        gateway_->line_with(ChildProcess::Stream::err, outcome, before);
    }

    World world_;
    net::Deadlines deadlines_;
    boost::asio::io_context context_{1};
    std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(TlsFlow, SpeaksTlsOnlyAndTakesANewCertificateOnSighup) {
    const std::string first = pem("cert.pem");
    EXPECT_EQ(status_for(first), 200);
    RawClient plain(gateway_->port());
    plain.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(plain.read_to_end().find("HTTP/1.1"), std::string::npos);

    make_certificate("cert.pem", "key.pem");
    reload("configuration reloaded");

    EXPECT_EQ(status_for(pem("cert.pem")), 200);
    EXPECT_FALSE(status_for(first));
}

TEST_F(TlsFlow, KeepsItsCertificateWhenTheNewOneIsBroken) {
    const std::string first = pem("cert.pem");
    world_.dir.write("cert.pem", "not a certificate");

    reload("certificate not reloaded");

    EXPECT_EQ(status_for(first), 200);
    world_.dir.write("cert.pem", first);
}

}  // namespace
}  // namespace gatehouse::testing
