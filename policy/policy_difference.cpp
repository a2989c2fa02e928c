// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "gateway/base/json.h"

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

constexpr std::size_t longest_audit_text = 16'384;
constexpr std::size_t most_audit_paths = 100;

using Places = std::vector<std::pair<std::optional<std::size_t>, std::optional<std::size_t>>>;

const bj::array& policies_of(const bj::object& document) {
    static const bj::array none;
    const bj::value* list = document.if_contains("policies");
    return list != nullptr && list->is_array() ? list->get_array() : none;
}

/// Whom each policy matches, as numbers: equal ones mean the same people.
std::vector<std::size_t> matches_of(const bj::array& policies, std::map<std::string, std::size_t>& numbers) {
    std::vector<std::size_t> result;
    for (const bj::value& policy : policies) {
        const bj::value* match = json::find(policy, "match");
        const std::string text = match == nullptr ? "{}" : json::to_canonical(*match);
        result.push_back(numbers.emplace(text, numbers.size()).first->second);
    }
    return result;
}

/// The longest run of equal numbers in order, as pairs of places.
std::vector<std::pair<std::size_t, std::size_t>> common_order(const std::vector<std::size_t>& before,
                                                              const std::vector<std::size_t>& after) {
    const std::size_t width = after.size() + 1;
    std::vector<std::uint32_t> longest((before.size() + 1) * width);
    for (std::size_t left = before.size(); left-- > 0;)
        for (std::size_t right = after.size(); right-- > 0;)
            longest[left * width + right] = before[left] == after[right] ? longest[(left + 1) * width + right + 1] + 1
                                                                         : std::max(longest[(left + 1) * width + right],
                                                                                    longest[left * width + right + 1]);
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    std::size_t left = 0;
    std::size_t right = 0;
    while (left < before.size() && right < after.size()) {
        if (before[left] == after[right])
            pairs.emplace_back(left++, right++);
        else if (longest[(left + 1) * width + right] >= longest[left * width + right + 1])
            ++left;
        else
            ++right;
    }
    return pairs;
}

/// Which policy to compare with which. What stands between two common ones is paired in order, as a policy whose match
/// was edited; what is left over is gone or new.
Places pair_up(const bj::array& before, const bj::array& after) {
    std::map<std::string, std::size_t> numbers;
    const auto left = matches_of(before, numbers);
    const auto right = matches_of(after, numbers);
    auto anchors = common_order(left, right);
    anchors.emplace_back(left.size(), right.size());
    Places places;
    std::size_t next_left = 0;
    std::size_t next_right = 0;
    for (const auto& [to_left, to_right] : anchors) {
        while (next_left < to_left && next_right < to_right)
            places.emplace_back(next_left++, next_right++);
        while (next_left < to_left)
            places.emplace_back(next_left++, std::nullopt);
        while (next_right < to_right)
            places.emplace_back(std::nullopt, next_right++);
        if (to_left < left.size()) places.emplace_back(next_left++, next_right++);
    }
    return places;
}

void compare(const bj::value& before, const bj::value& after, const std::string& path,
             std::vector<Difference>& differences);

void compare_members(const bj::object& before, const bj::object& after, const std::string& path,
                     std::vector<Difference>& differences) {
    std::set<std::string_view> keys;
    for (const bj::object* side : {&before, &after})
        for (const auto& member : *side)
            keys.insert(member.key());
    for (const std::string_view key : keys) {
        const std::string here = std::string(path).append(".").append(key);
        const bj::value* left = before.if_contains(key);
        const bj::value* right = after.if_contains(key);
        if (left == nullptr)
            differences.push_back({here, std::nullopt, *right});
        else if (right == nullptr)
            differences.push_back({here, *left, std::nullopt});
        else
            compare(*left, *right, here, differences);
    }
}

void compare(const bj::value& before, const bj::value& after, const std::string& path,
             std::vector<Difference>& differences) {
    if (before == after) return;
    if (before.is_object() && after.is_object())
        return compare_members(before.get_object(), after.get_object(), path, differences);
    differences.push_back({path, before, after});
}

const std::optional<bj::value>& side_of(const Difference& difference, Side side) {
    return side == Side::before ? difference.before : difference.after;
}

}  // namespace

std::vector<Difference> find_differences(const bj::object& before, const bj::object& after) {
    const bj::array& left = policies_of(before);
    const bj::array& right = policies_of(after);
    std::vector<Difference> differences;
    const auto path = [](std::size_t index) { return "policies[" + std::to_string(index) + "]"; };
    for (const auto& [from, to] : pair_up(left, right)) {
        if (!to)
            differences.push_back({path(*from), left[*from], std::nullopt});
        else if (!from)
            differences.push_back({path(*to), std::nullopt, right[*to]});
        else
            compare(left[*from], right[*to], path(*to), differences);
    }
    return differences;
}

bj::array to_json(std::span<const Difference> differences) {
    bj::array list;
    for (const Difference& difference : differences) {
        bj::object entry{{"path", difference.path}};
        if (difference.before) entry["before"] = *difference.before;
        if (difference.after) entry["after"] = *difference.after;
        list.push_back(std::move(entry));
    }
    return list;
}

std::string to_audit_text(std::int64_t version, std::span<const Difference> differences, Side side) {
    bj::object row{{"version", version}};
    bj::object values;
    for (const Difference& difference : differences)
        if (const auto& value = side_of(difference, side)) values[difference.path] = *value;
    row["values"] = std::move(values);
    std::string text = json::to_text(row);
    if (text.size() <= longest_audit_text) return text;
    bj::array paths;
    for (const Difference& difference : differences.first(std::min(differences.size(), most_audit_paths)))
        paths.emplace_back(difference.path);
    row.erase("values");
    row["differences"] = differences.size();
    row["paths"] = std::move(paths);
    return json::to_text(row);
}

}  // namespace gatehouse::policy
