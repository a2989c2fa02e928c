// SPDX-License-Identifier: Apache-2.0
// Every HTML page of sign-in: plain server-rendered HTML with one inline style block, no script, under a policy that
// allows exactly that (Content-Security-Policy with the style's hash). Called by the endpoints with values; escapes all
// of them. Sends nothing, decides nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/identity.h"
#include "auth/sign_in.h"
#include "auth/vault.h"
#include "gateway/base/error.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

/// GET /device?user_code=…: does the developer recognise this?
struct DeviceQuestion {
    std::string user_code;  ///< as shown
    std::string client;
    std::string address;
    std::string provider_origin;                   ///< where approving leads: Chrome checks form-action along redirects
    std::vector<std::string> form_action_origins;  ///< and where that may lead on
};

/// GET /access.
struct AccessView {
    std::string origin;
    Person person;
    AccessSummary summary;
    std::vector<Session> sessions;
    std::string current_session;  ///< id of the one that looks
    std::vector<PersonalKey> keys;
    std::vector<PausedItem> paused;
    SpendSheet spend;
};

/// The one answer that holds a personal key's secret.
struct NewKeyView {
    std::string origin;
    std::string name;
    std::string secret;
    Instant expires_at;
};

http::Response landing_page(std::string_view origin);
http::Response device_entry_page();
http::Response device_question_page(const DeviceQuestion& question);
http::Response access_page(const AccessView& view);
http::Response new_key_page(const NewKeyView& view);
http::Response signed_out_page();
/// A headline and a sentence.
http::Response notice_page(std::string_view headline, std::string_view sentence);

/// Error → problem page with the fault's status; a failing store is 500.
http::Response render_problem_page(const Error& error, std::string_view request_id);
/// The same for /device: the code form again below the alert.
http::Response render_device_problem(const Error& error, std::string_view request_id);
/// The same for /oauth/callback, whose pages are always 200 unless the store fails.
http::Response render_callback_problem(const Error& error, std::string_view request_id);

/// `2026-11-21 07:03 UTC`
std::string shown_time(Instant when);

}  // namespace gatehouse::auth
