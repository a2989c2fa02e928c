// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "gateway/base/text.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

constexpr std::size_t shortest_key = 32;

void read_keys(Section& admin, std::string_view list, std::set<std::string>& ids, std::vector<admin::AdminKey>& keys) {
    for (Section& entry : admin.sections(list)) {
        if (!entry.present()) continue;
        admin::AdminKey one;
        one.id = entry.required_text("id").value_or("");
        if (has_unsafe_letter(one.id)) entry.refuse("id", "must be visible ASCII without blanks");
        if (!one.id.empty() && !ids.insert(one.id).second)
            entry.refuse("id", "is given twice: every key of read_keys and write_keys needs an id of its own");
        auto key = entry.required_text("key");
        if (key && key->size() < shortest_key) entry.refuse("key", "must have at least 32 characters");
        if (key && has_unsafe_letter(*key)) entry.refuse("key", "must be visible ASCII without blanks or line breaks");
        one.key = Secret(std::move(key).value_or(""));
        keys.push_back(std::move(one));
        entry.finish();
    }
}

/// Headers that mean something else already, or that never reach a handler as the client sent them.
bool is_taken_header(std::string_view name) {
    for (const std::string_view taken : {"authorization", "x-api-key", "cookie", "host", "content-length"})
        if (to_lower(name) == taken) return true;
    return false;
}

/// What the provider takes as the name of a request tag, so that the client's requests stay good without us.
bool is_tag_name(std::string_view name) {
    const auto fits = [](char letter) {
        const char lower = to_lower(letter);
        return (lower >= 'a' && lower <= 'z') || (letter >= '0' && letter <= '9') ||
               std::string_view("_.:/=+-@").find(letter) != std::string_view::npos;
    };
    return name.size() <= 64 && std::ranges::all_of(name, fits) && !to_lower(name).starts_with("anthropic");
}

}  // namespace

void read_admin(Section& file, Settings& settings) {
    Section admin = file.section("admin");
    admin::AdminSettings& into = settings.admin;
    into.enabled = admin.present();
    std::set<std::string> ids;
    read_keys(admin, "read_keys", ids, into.read_keys);
    read_keys(admin, "write_keys", ids, into.write_keys);
    into.admin_groups = admin.texts("admin_groups").value_or(std::vector<std::string>{});
    into.finance_groups = admin.texts("finance_groups").value_or(std::vector<std::string>{});
    into.blocked_message = admin.text("blocked_message").value_or("");
    into.audit_retention = std::chrono::days(admin.whole("audit_retention_days", 1, 36'500).value_or(365));
    into.spend_retention_months = static_cast<int>(admin.whole("spend_retention_months", 1, 1'200).value_or(13));
    into.identity_retention = std::chrono::days(admin.whole("identity_retention_days", 1, 36'500).value_or(90));
    if (admin.word("group_limit_mode", {"min", "max"}) == "max") into.group_limit_mode = policy::GroupLimitMode::max;
    into.billing_group_tag = admin.text("billing_group_tag").value_or("");
    if (!is_tag_name(into.billing_group_tag))
        admin.refuse("billing_group_tag",
                     "must be 1 to 64 ASCII letters, digits and characters of _.:/=+-@, and not begin with anthropic");
    into.project_header = admin.text("project_header").value_or("");
    if (!into.project_header.empty() &&
        (has_unsafe_letter(into.project_header) || into.project_header.find(':') != std::string::npos ||
         is_taken_header(into.project_header)))
        admin.refuse("project_header", "must be the name of a request header that has no other meaning here");
    admin.finish();

    Section enforcement = file.section("enforcement");
    settings.enforcement.fail_closed_on_error = enforcement.flag("fail_closed_on_error").value_or(false);
    settings.enforcement.cut_streams = enforcement.flag("cut_streams").value_or(false);
    if (!admin.present() && (settings.enforcement.fail_closed_on_error || settings.enforcement.cut_streams))
        enforcement.refuse("", "needs an admin block: without one there are no caps to enforce");
    enforcement.finish();
}

}  // namespace gatehouse::settings
