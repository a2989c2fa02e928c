// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/credential_views.h"

#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {

namespace bj = boost::json;

bj::object to_json(const auth::Session& session) {
    return {{"type", "session"},
            {"id", session.id},
            {"kind", session.kind == auth::SessionKind::browser ? "browser" : "device"},
            {"client", session.client},
            {"address", session.address},
            {"created_at", to_timestamp(session.created_at)},
            {"last_used_at", to_timestamp(session.last_used_at)},
            {"expires_at", to_timestamp(session.expires_at)}};
}

bj::object to_json(const auth::PersonalKey& key) {
    return {{"type", "personal_key"},
            {"id", key.id},
            {"name", key.name},
            {"created_at", to_timestamp(key.created_at)},
            {"expires_at", to_timestamp(key.expires_at)},
            {"last_used_at", json::or_null(key.last_used_at)}};
}

}  // namespace gatehouse::admin
