// SPDX-License-Identifier: Apache-2.0
#include "auth/identity.h"

namespace gatehouse::auth {

std::string_view to_slug(CredentialKind kind) {
    switch (kind) {
        case CredentialKind::session:
            return "session";
        case CredentialKind::personal_key:
            return "key";
        case CredentialKind::service_key:
            return "service";
        case CredentialKind::browser_session:
            return "browser";
    }
    return "unknown";
}

}  // namespace gatehouse::auth
