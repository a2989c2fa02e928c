// SPDX-License-Identifier: Apache-2.0
#include "policy/principal.h"

#include "gateway/base/json.h"

namespace gatehouse::policy {

boost::json::object actor_of(const Principal& who) {
    return {{"type", "user_actor"},
            {"user_id", who.id},
            {"name", json::text_or_null(who.name)},
            {"email_address", json::text_or_null(who.email)},
            {"deleted", false}};
}

}  // namespace gatehouse::policy
