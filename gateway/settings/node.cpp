// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings/node.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::settings {

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const auto& [name, value] : members)
        if (name == key) return &value;
    return nullptr;
}

std::vector<SettingsProblem> Problems::take() {
    std::vector<SettingsProblem> result;
    for (auto& [line, problem] : list_)
        result.push_back(std::move(problem));
    list_.clear();
    return result;
}

bool Problems::concerns(std::string_view path) const {
    const auto holds = [](std::string_view outer, std::string_view inner) {
        if (outer.empty() || !inner.starts_with(outer)) return false;
        return inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[';
    };
    return std::ranges::any_of(
        list_, [&](const auto& entry) { return holds(entry.second.path, path) || holds(path, entry.second.path); });
}

std::string path_of(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : std::string(path).append(".").append(key);
}

std::string path_of(std::string_view path, std::size_t index) {
    return std::string(path).append("[").append(std::to_string(index)).append("]");
}

namespace {

/// The child that `path` begins with; takes its part off the path. Keys may hold dots, so the longest one wins.
const YamlNode* step(const YamlNode& node, std::string_view& path) {
    if (path.starts_with('[')) {
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
        if (error != std::errc{} || index >= node.items.size()) return nullptr;
        path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
        return &node.items[index];
    }
    if (path.starts_with('.')) path.remove_prefix(1);
    const YamlNode* best = nullptr;
    std::size_t length = 0;
    for (const auto& [key, value] : node.members) {
        const std::string_view rest = path.substr(std::min(key.size(), path.size()));
        if (!path.starts_with(key) || key.size() < length || (!rest.empty() && rest[0] != '.' && rest[0] != '['))
            continue;
        best = &value;
        length = key.size();
    }
    path.remove_prefix(length);
    return best;
}

}  // namespace

int line_of(const YamlNode& root, std::string_view path) {
    int line = 0;
    const YamlNode* node = &root;
    while (!path.empty()) {
        node = step(*node, path);
        if (node == nullptr) break;
        line = node->line;
    }
    return line;
}

}  // namespace gatehouse::settings
