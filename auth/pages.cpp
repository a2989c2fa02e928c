// SPDX-License-Identifier: Apache-2.0
#include "auth/pages.h"

#include <array>
#include <cstdio>
#include <kainjow/mustache.hpp>
#include <utility>

#include "auth/oauth_error.h"
#include "auth/page_templates.h"
#include "gateway/base/crypto.h"
#include "gateway/http/reply.h"

namespace gatehouse::auth {
namespace {

namespace ms = kainjow::mustache;

std::string fill(std::string_view source, const ms::data& values) {
    ms::mustache page{std::string(source)};
    return page.render(values);
}

/// One origin of a Content-Security-Policy source list; what could end the directive is not an origin.
bool is_plain_origin(std::string_view origin) {
    return !origin.empty() && origin.find_first_of(" \t\r\n;,'\"") == std::string_view::npos;
}

std::string security_policy(const std::vector<std::string>& form_targets) {
    // The hash instead of 'unsafe-inline': an injected style block could still read a page by its selectors.
    static const std::string style_source = "'sha256-" + to_base64(sha256(templates::style)) + "'";
    std::string policy = "default-src 'none'; style-src " + style_source + "; form-action 'self'";
    for (const std::string& target : form_targets)
        if (is_plain_origin(target)) policy.append(" ").append(target);
    return policy + "; frame-ancestors 'none'; base-uri 'none'";
}

http::Response page(int status, std::string_view title, const std::string& body,
                    const std::vector<std::string>& form_targets = {}) {
    ms::data values;
    values.set("title", std::string(title));
    values.set("style", std::string(templates::style));
    values.set("body", body);
    http::Response response = http::html(status, fill(templates::layout, values));
    response.headers.add("content-security-policy", security_policy(form_targets));
    response.headers.add("cache-control", "no-store");
    return response;
}

/// An empty string is left out, so that the template's `{{^x}}` part speaks.
void put(ms::data& values, const std::string& name, const std::string& text) {
    if (text.empty())
        values.set(name, ms::data(ms::data::type::bool_false));
    else
        values.set(name, text);
}

void put_list(ms::data& values, const std::string& name, const std::vector<std::string>& texts) {
    ms::data list(ms::data::type::list);
    for (const std::string& text : texts)
        list.push_back(text);
    values.set(name, list);
    values.set("has_" + name, ms::data(!texts.empty()));
}

std::string_view headline_of(Fault fault) {
    switch (fault) {
        case Fault::rate_limited:
        case Fault::over_budget:
            return "Too many attempts";
        case Fault::unauthenticated:
            return "You are signed out";
        case Fault::not_found:
            return "Not found";
        case Fault::forbidden:
        case Fault::bad_request:
        case Fault::conflict:
        case Fault::precondition_failed:
        case Fault::length_required:
        case Fault::too_large:
        case Fault::uri_too_long:
        case Fault::headers_too_large:
            return "This did not work";
        case Fault::upstream_rejected:
        case Fault::upstream_unreachable:
        case Fault::timed_out:
        case Fault::client_gone:
        case Fault::unavailable:
        case Fault::internal:
            return "Something is not working on our side";
    }
    return "This did not work";
}

int page_status(const Error& error) {
    return is_store_failure(error) ? 500 : http::to_status(error.fault);
}

std::string people_text(const Error& error) {
    if (is_store_failure(error)) return "The gateway cannot reach its store. Try again in a minute.";
    if (error.fault == Fault::internal) return "Something went wrong. Try again in a minute.";
    return error.message;
}

std::string problem_body(const Error& error, std::string_view request_id, const std::string& link,
                         const std::string& link_text) {
    ms::data values;
    values.set("headline", std::string(headline_of(error.fault)));
    values.set("message", people_text(error));
    values.set("link_text", link_text);
    put(values, "link", link);
    put(values, "request_id", std::string(request_id));
    return fill(templates::problem, values);
}

std::string managed_settings(std::string_view origin) {
    return "{\n  \"forceLoginMethod\": \"gateway\",\n  \"forceLoginGatewayUrl\": \"" + std::string(origin) +
           "\",\n  \"parentSettingsBehavior\": \"merge\"\n}";
}

std::string helper_settings(std::string_view origin) {
    return "{\n  \"apiKeyHelper\": \"gatehouse token\",\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"" +
           std::string(origin) + "\"\n  }\n}";
}

ms::data session_row(const Session& session, bool current) {
    ms::data row;
    row.set("id", session.id);
    row.set("kind", session.kind == SessionKind::browser ? "This website" : "Terminal");
    row.set("current", ms::data(current));
    put(row, "client", session.client);
    row.set("address", session.address);
    row.set("created", shown_time(session.created_at));
    row.set("used", shown_time(session.last_used_at));
    return row;
}

ms::data key_row(const PersonalKey& key) {
    ms::data row;
    row.set("id", key.id);
    row.set("name", key.name);
    row.set("created", shown_time(key.created_at));
    row.set("expires", shown_time(key.expires_at));
    put(row, "used", key.last_used_at ? shown_time(*key.last_used_at) : std::string{});
    return row;
}

ms::data paused_row(const PausedItem& paused) {
    ms::data row;
    row.set("user", paused.user);
    row.set("session", paused.session);
    put(row, "service_key", paused.service_key);
    row.set("since", shown_time(paused.since));
    row.set("why", paused.why);
    return row;
}

ms::data spend_row(const SpendRow& spend) {
    ms::data row;
    row.set("period", spend.period);
    put(row, "group", spend.group);
    row.set("spent", spend.spent);
    put(row, "held", spend.held);
    row.set("limit", spend.limit);
    row.set("resets", shown_time(spend.resets_at));
    row.set("reached", ms::data(spend.reached));
    return row;
}

ms::data asked_row(const AskedRow& asked) {
    ms::data row;
    row.set("id", asked.id);
    row.set("open", ms::data(asked.open));
    row.set("period", asked.period);
    row.set("status", asked.status);
    row.set("reason", asked.reason);
    put(row, "answer", asked.answer);
    row.set("asked", shown_time(asked.asked_at));
    return row;
}

void put_spend(ms::data& values, const SpendSheet& spend) {
    ms::data rows(ms::data::type::list);
    for (const SpendRow& row : spend.rows)
        rows.push_back(spend_row(row));
    values.set("caps", rows);
    values.set("has_caps", ms::data(!spend.rows.empty()));
    ms::data asked(ms::data::type::list);
    for (const AskedRow& row : spend.asked)
        asked.push_back(asked_row(row));
    values.set("asked", asked);
    values.set("has_asked", ms::data(!spend.asked.empty()));
}

}  // namespace

std::string shown_time(Instant when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(when - day);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d UTC", int{date.year()}, unsigned{date.month()},
                  unsigned{date.day()}, static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()));
    return text.data();
}

http::Response landing_page(std::string_view origin) {
    ms::data values;
    values.set("origin", std::string(origin));
    return page(200, "Sign in", fill(templates::landing, values));
}

http::Response device_entry_page() {
    return page(200, "Connect a terminal", fill(templates::device_entry, ms::data(ms::data::type::object)));
}

http::Response device_question_page(const DeviceQuestion& question) {
    ms::data values;
    values.set("user_code", question.user_code);
    values.set("address", question.address);
    put(values, "client", question.client);
    std::vector<std::string> targets{question.provider_origin};
    targets.insert(targets.end(), question.form_action_origins.begin(), question.form_action_origins.end());
    return page(200, "Is this your terminal?", fill(templates::device_question, values), targets);
}

http::Response access_page(const AccessView& view) {
    ms::data values;
    values.set("origin", view.origin);
    values.set("subject", view.person.subject);
    put(values, "name", view.person.name);
    put(values, "email", view.person.email);
    put_list(values, "groups", view.person.groups);
    put(values, "policy", view.summary.policy);
    put_list(values, "models", view.summary.models);
    values.set("managed_settings", managed_settings(view.origin));
    values.set("helper_settings", helper_settings(view.origin));
    ms::data sessions(ms::data::type::list);
    for (const Session& session : view.sessions)
        sessions.push_back(session_row(session, session.id == view.current_session));
    values.set("sessions", sessions);
    ms::data keys(ms::data::type::list);
    for (const PersonalKey& key : view.keys)
        keys.push_back(key_row(key));
    values.set("keys", keys);
    values.set("has_keys", ms::data(!view.keys.empty()));
    ms::data paused(ms::data::type::list);
    for (const PausedItem& item : view.paused)
        paused.push_back(paused_row(item));
    values.set("paused", paused);
    values.set("has_paused", ms::data(!view.paused.empty()));
    put_spend(values, view.spend);
    return page(200, "Your access", fill(templates::access, values));
}

http::Response new_key_page(const NewKeyView& view) {
    ms::data values;
    values.set("origin", view.origin);
    values.set("name", view.name);
    values.set("secret", view.secret);
    values.set("expires", shown_time(view.expires_at));
    return page(200, "Your new key", fill(templates::new_key, values));
}

http::Response signed_out_page() {
    ms::data values;
    values.set("headline", "You are signed out");
    values.set("sentence", "This browser's session has ended. Your identity provider may still know you.");
    values.set("link", "/login");
    values.set("link_text", "Sign in again");
    return page(200, "Signed out", fill(templates::notice, values));
}

http::Response notice_page(std::string_view headline, std::string_view sentence) {
    ms::data values;
    values.set("headline", std::string(headline));
    values.set("sentence", std::string(sentence));
    values.set("link", ms::data(ms::data::type::bool_false));
    return page(200, headline, fill(templates::notice, values));
}

http::Response render_problem_page(const Error& error, std::string_view request_id) {
    const bool signed_out = error.fault == Fault::unauthenticated;
    const std::string body =
        problem_body(error, request_id, signed_out ? "/login" : "/access", signed_out ? "Sign in" : "Your access");
    return page(page_status(error), headline_of(error.fault), body);
}

http::Response render_device_problem(const Error& error, std::string_view request_id) {
    ms::data values;
    values.set("alerted", ms::data(true));
    const std::string body = problem_body(error, request_id, {}, {}) + fill(templates::device_entry, values);
    return page(page_status(error), headline_of(error.fault), body);
}

http::Response render_callback_problem(const Error& error, std::string_view request_id) {
    ms::data values;
    const std::string body = problem_body(error, request_id, "/", "Start again");
    return page(is_store_failure(error) ? 500 : 200, "Sign-in could not be completed", body);
}

}  // namespace gatehouse::auth
