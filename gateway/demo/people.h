// SPDX-License-Identifier: Apache-2.0
// The three people of the demo, said once: the identity provider signs them in, the banner introduces them.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace gatehouse::demo {

struct DemoPerson {
    std::string_view id;  ///< `sub` and the sign-in button's value
    std::string_view name;
    std::string_view email;
    std::span<const std::string_view> groups;
    std::string_view may_use;  ///< what the demo's policies give them, for the banner
};

inline constexpr std::array<std::string_view, 1> engineering_groups{"engineering"};
inline constexpr std::array<std::string_view, 1> contractor_groups{"contractors"};
inline constexpr std::array<std::string_view, 2> finance_groups{"finance", "admins"};

inline constexpr std::array<DemoPerson, 3> demo_people{{
    {"demo-ada", "Ada Engineer", "ada@demo.example", engineering_groups, "sonnet, opus and haiku models"},
    {"demo-carl", "Carl Contractor", "carl@demo.example", contractor_groups, "claude-haiku-4-5 only"},
    {"demo-fiona", "Fiona Finance", "fiona@demo.example", finance_groups, "sonnet and haiku models"},
}};

}  // namespace gatehouse::demo
