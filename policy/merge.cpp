// SPDX-License-Identifier: Apache-2.0
#include "policy/merge.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <span>
#include <string_view>

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

constexpr auto united_lists =
    std::to_array<std::string_view>({"disabledMcpjsonServers", "deniedMcpServers", "blockedMarketplaces"});
constexpr auto united_permissions = std::to_array<std::string_view>({"deny", "ask"});
constexpr auto records = std::to_array<std::string_view>({"env", "modelOverrides", "skillOverrides"});

bool is_in(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bj::value unite(const bj::value& base, const bj::value& specific) {
    if (!base.is_array() || !specific.is_array()) return specific;
    bj::array result;
    for (const bj::value* list : {&base, &specific})
        for (const bj::value& item : list->get_array())
            if (std::ranges::find(result, item) == result.end()) result.push_back(item);
    return result;
}

/// Lays `specific` over `base`; keys that both have are combined by `both`.
template <class Combine>
bj::object overlay(const bj::object& base, const bj::object& specific, Combine both) {
    bj::object result = base;
    for (const auto& member : specific) {
        const bj::value* inherited = base.if_contains(member.key());
        result[member.key()] = inherited == nullptr ? member.value() : both(member.key(), *inherited, member.value());
    }
    return result;
}

bj::value take_specific(std::string_view, const bj::value&, const bj::value& specific) {
    return specific;
}

bj::value combine_permission(std::string_view key, const bj::value& base, const bj::value& specific) {
    return is_in(united_permissions, key) ? unite(base, specific) : specific;
}

bj::value combine_hook(std::string_view, const bj::value& base, const bj::value& specific) {
    return unite(base, specific);
}

bj::value combine(std::string_view key, const bj::value& base, const bj::value& specific) {
    if (is_in(united_lists, key)) return unite(base, specific);
    if (!base.is_object() || !specific.is_object()) return specific;
    const bj::object& under = base.get_object();
    const bj::object& over = specific.get_object();
    if (key == "permissions") return overlay(under, over, combine_permission);
    if (key == "hooks") return overlay(under, over, combine_hook);
    if (is_in(records, key)) return overlay(under, over, take_specific);
    return specific;
}

}  // namespace

bj::object merge_documents(const bj::object& base, const bj::object& specific) {
    return overlay(base, specific, combine);
}

void add_environment(bj::object& document, const std::vector<std::pair<std::string, std::string>>& entries) {
    if (entries.empty()) return;
    bj::value& env = document["env"];
    if (!env.is_object()) env.emplace_object();
    for (const auto& [name, value] : entries)
        env.get_object().emplace(name, bj::value(std::string_view(value)));
}

}  // namespace gatehouse::policy
