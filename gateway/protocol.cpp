// SPDX-License-Identifier: Apache-2.0
#include "gateway/protocol.h"

#include <string>

#include "gateway/http/reply.h"
#include "gateway/protocol_text.h"

namespace gatehouse {
namespace {

Task<http::Response> protocol(http::Request&) {
    http::Response response;
    response.headers.add("content-type", "text/markdown;charset=utf-8");
    response.body = protocol_text;
    co_return response;
}

}  // namespace

void mount_protocol(http::Router& router) {
    router.add({.method = "GET",
                .path = "/protocol",
                .handler = {http::Access::anyone, http::ReplyHandler(protocol)},
                .render = http::render_inference,
                .label = "protocol"});
}

}  // namespace gatehouse
