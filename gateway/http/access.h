// SPDX-License-Identifier: Apache-2.0
// Access: who may call a route. Guarded: a handler that was made together with the check for it. A Route takes nothing
// else, so that no route exists without saying who may call it (ADR 22).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>

#include "gateway/http/body.h"
#include "gateway/http/message.h"

namespace gatehouse::http {

enum class Access : std::uint8_t {
    anyone,          ///< nothing is asked
    own_page,        ///< anyone, from a page of ours: same origin
    page,            ///< a page of who is signed in to this browser; others are sent to /login
    form,            ///< a form of who is signed in to this browser: same origin
    credential,      ///< who shows a valid credential; cookies are not looked at
    signed_in,       ///< and who calls from the console in a signed-in browser
    person,          ///< the same without service keys
    browser,         ///< the console in a signed-in browser alone
    reads_spend,     ///< finance, admins and admin keys
    reads_settings,  ///< admins and admin keys
    writes,          ///< admins and admin keys that may write
};

constexpr std::string_view to_slug(Access access) {
    switch (access) {
        case Access::anyone:
            return "anyone";
        case Access::own_page:
            return "own_page";
        case Access::page:
            return "page";
        case Access::form:
            return "form";
        case Access::credential:
            return "credential";
        case Access::signed_in:
            return "signed_in";
        case Access::person:
            return "person";
        case Access::browser:
            return "browser";
        case Access::reads_spend:
            return "reads_spend";
        case Access::reads_settings:
            return "reads_settings";
        case Access::writes:
            return "writes";
    }
    return "";
}

using ReplyHandler = std::function<Task<Response>(Request&)>;
using StreamHandler = std::function<Task<>(Request&, BodyReader&, Responder&)>;

/// Made where the check is: admin::Gate::guard, auth::guard_credential and the forms of sign-in put theirs around the
/// handler. Who makes one directly has a handler that checks for itself, or none that has anything to check.
struct Guarded {
    Guarded(Access who, ReplyHandler reply) : access(who), call(std::move(reply)) {}
    Guarded(Access who, StreamHandler stream) : access(who), call(std::move(stream)) {}

    Access access;
    std::variant<ReplyHandler, StreamHandler> call;
};

}  // namespace gatehouse::http
