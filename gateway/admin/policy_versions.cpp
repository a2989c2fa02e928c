// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/policy_versions.h"

#include <charconv>
#include <memory>
#include <utility>
#include <vector>

#include "policy/policy_difference.h"

namespace gatehouse::admin {
namespace {

constexpr std::string_view file_author = "gateway.yaml";

std::vector<policy::RecordWrite> writes_of(const policy::PolicyVersion& version, const NewVersion& next) {
    const auto differences =
        policy::find_differences(next.base ? next.base->document : boost::json::object{}, version.document);
    std::vector<policy::RecordWrite> writes(2);
    policy::RecordWrite& content = writes[0];
    content.kind = policy::version_record_kind;
    content.id = policy::version_id(version.number);
    content.document = policy::to_record(version);
    content.expected = "";
    content.audit.created_at = version.created_at;
    content.audit.actor = version.author;
    content.audit.action = next.action;
    content.audit.target_id = std::to_string(version.number);
    if (next.base) content.audit.before = to_audit_text(version.base, differences, policy::Side::before);
    content.audit.after = to_audit_text(version.number, differences, policy::Side::after);
    content.audit.reason = version.reason;
    policy::RecordWrite& current = writes[1];
    current.kind = policy::current_record_kind;
    current.id = policy::current_record_id;
    current.document = std::to_string(version.number);
    current.expected = next.base ? std::to_string(version.base) : "";
    return writes;
}

}  // namespace

Task<std::int64_t> PolicyVersions::newest() {
    const auto record =
        co_await records_.find(std::string(policy::current_record_kind), std::string(policy::current_record_id));
    if (!record) co_return fail(record.error());
    if (!*record) co_return 0;
    const std::string& digits = **record;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number < 1)
        co_return fail(Error::internal("the number of the present policy version cannot be read"));
    co_return number;
}

Task<policy::PolicyVersionPtr> PolicyVersions::find(std::int64_t number) {
    const auto record = co_await records_.find(std::string(policy::version_record_kind), policy::version_id(number));
    if (!record) co_return fail(record.error());
    if (!*record) co_return nullptr;
    auto version = policy::parse_policy_version(**record);
    if (!version || version->number != number)
        co_return fail(Error::internal("policy version " + std::to_string(number) + " cannot be read"));
    co_return std::make_shared<const policy::PolicyVersion>(std::move(*version));
}

Task<policy::PolicyVersionPtr> PolicyVersions::current() {
    const auto number = co_await newest();
    if (!number) co_return fail(number.error());
    if (*number == 0) co_return nullptr;
    auto version = co_await find(*number);
    if (version && *version == nullptr)
        co_return fail(Error::internal("policy version " + std::to_string(*number) + " is missing in the store"));
    co_return std::move(version);
}

Task<policy::PolicyVersionPtr> PolicyVersions::add(NewVersion next) {
    policy::PolicyVersion version;
    version.base = next.base ? next.base->number : 0;
    version.number = version.base + 1;
    version.created_at = clock_.now();
    version.author = next.author;
    version.reason = next.reason;
    version.document = next.document;
    const auto written = co_await records_.write(writes_of(version, next));
    if (!written && written.error().fault == Fault::conflict)
        co_return fail(Error::precondition_failed(
            Reason::version_stale, "If-Match: somebody else has changed the policies meanwhile: read them again"));
    if (!written) co_return fail(written.error());
    co_return std::make_shared<const policy::PolicyVersion>(std::move(version));
}

Task<policy::PolicyVersionPtr> PolicyVersions::current_or_first(boost::json::object document) {
    auto present = co_await current();
    if (!present || *present != nullptr) co_return std::move(present);
    NewVersion first;
    first.document = std::move(document);
    first.author = file_author;
    first.reason = "the first version, from gateway.yaml";
    first.action = "policy.update";
    auto added = co_await add(std::move(first));
    const bool raced = !added && added.error().fault == Fault::precondition_failed;
    if (!raced) co_return std::move(added);
    co_return co_await current();
}

}  // namespace gatehouse::admin
