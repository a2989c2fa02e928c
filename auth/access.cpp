// SPDX-License-Identifier: Apache-2.0
#include "auth/access.h"

#include <string>
#include <utility>

#include "auth/audit.h"
#include "auth/pages.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"

namespace gatehouse::auth {

Task<http::Response> AccessEndpoints::landing(http::Request&) const {
    co_return landing_page(parts_.settings.public_url.origin());
}

Task<http::Response> AccessEndpoints::access(http::Request& request) const {
    auto session = co_await sessions_.find(request);
    if (!session) co_return fail(session.error());
    if (!session->has_value()) {
        http::Response response = http::redirect("/login?return_to=/access");
        response.headers.add("cache-control", "no-store");
        co_return response;
    }
    AccessView view;
    view.origin = parts_.settings.public_url.origin();
    view.current_session = (*session)->id;
    view.person = std::move((*session)->person);
    view.summary = parts_.summary(view.person);
    auto sessions = co_await parts_.vault.sessions_of(view.person.subject);
    if (!sessions) co_return fail(sessions.error());
    view.sessions = std::move(*sessions);
    auto keys = co_await parts_.vault.keys_of(view.person.subject);
    if (!keys) co_return fail(keys.error());
    view.keys = std::move(*keys);
    auto paused = co_await parts_.paused.of(view.person);
    if (!paused) co_return fail(paused.error());
    view.paused = std::move(*paused);
    auto spend = co_await parts_.spend.of(view.person);
    if (!spend) co_return fail(spend.error());
    view.spend = std::move(*spend);
    co_return access_page(view);
}

Task<http::Response> AccessEndpoints::revoke_session(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const std::string id(form.value("session"));
    const auto gone = co_await end_own_session(parts_.vault, mine.person.subject, id);
    if (!gone) co_return fail(gone.error());
    audit_success(parts_.journal, "session.revoke", request, mine.person, {{"credential_id", id}});
    if (id != mine.id) co_return http::redirect("/access");
    http::Response page = signed_out_page();
    sessions_.forget(page);
    co_return page;
}

/// A person in a browser, and not the credential that the paused work itself goes on with: what runs away could resume
/// itself.
Task<http::Response> AccessEndpoints::resume(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const std::string user(form.value("user"));
    const std::string session(form.value("session"));
    const auto resumed = co_await resume_own(parts_.paused, mine.person, user, session);
    if (!resumed) co_return fail(resumed.error());
    audit_success(parts_.journal, "paused_session.resume", request, mine.person,
                  {{"user", user}, {"session_id", session}});
    co_return http::redirect("/access");
}

Task<http::Response> AccessEndpoints::ask_for_more(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const std::string period(form.value("period"));
    const std::string amount(form.value("amount"));
    const std::string reason(form.value("reason"));
    const auto asked = co_await parts_.spend.ask(mine.person, period, amount, reason);
    if (!asked) {
        audit_failure(parts_.journal, "increase.request", request, asked.error(), mine.person);
        co_return fail(asked.error());
    }
    audit_success(parts_.journal, "increase.request", request, mine.person, {{"period", period}});
    co_return http::redirect("/access");
}

Task<http::Response> AccessEndpoints::withdraw_request(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const std::string id(form.value("request"));
    const auto withdrawn = co_await parts_.spend.withdraw(mine.person, id);
    if (!withdrawn) {
        audit_failure(parts_.journal, "increase.withdraw", request, withdrawn.error(), mine.person);
        co_return fail(withdrawn.error());
    }
    audit_success(parts_.journal, "increase.withdraw", request, mine.person, {{"increase_request_id", id}});
    co_return http::redirect("/access");
}

}  // namespace gatehouse::auth
