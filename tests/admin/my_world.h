// SPDX-License-Identifier: Apache-2.0
// AdminWorld whose person also sits at a browser: what the API about oneself answers to a cookie and to a credential.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/admin/admin_world.h"

namespace gatehouse::admin {

class MyWorld : public AdminWorld {
  protected:
    explicit MyWorld(std::vector<std::string> groups = {"engineering"}) : AdminWorld(std::move(groups)) {
        here.id = "here";
        here.kind = auth::SessionKind::browser;
        here.person = {"sub-fin", "fin@example.com", "Fin", {"engineering"}};
        here.client = "Firefox/133.0";
        here.created_at = noon;
        here.last_used_at = noon;
        here.expires_at = noon + std::chrono::hours(24);
    }

    /// With the cookie and nothing else.
    Answer browse(std::string_view method, std::string target, std::string_view body = {}) {
        return call(method, std::move(target), body, {{"cookie", "gh_session=here"}});
    }
    /// With their personal key.
    Answer ask(std::string_view method, std::string target, std::string_view body = {}) {
        return call(method, std::move(target), body,
                    {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}});
    }

    auth::Session here;
    Gate browsed{{.authenticator = person.authenticator,
                  .settings = current_settings(),
                  .records = records,
                  .journal = person.journal,
                  .clock = person.clock,
                  .browser = [this](const http::Request& request) { return look(request); }}};

  private:
    Task<auth::IdentityPtr> look(const http::Request& request) {
        if (request.headers.value("cookie") != "gh_session=here")
            co_return fail(Error::unauthenticated(Reason::token_missing, "missing token"));
        co_return auth::Authenticator::identity_of(here);
    }
};

}  // namespace gatehouse::admin
