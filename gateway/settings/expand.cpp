// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "gateway/base/text.h"
#include "gateway/settings/node.h"

namespace gatehouse::settings {
namespace {

constexpr std::string_view file_start = "${file:";

bool is_name(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
    return !text.empty() && letter(text[0]) &&
           std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

class Expander {
  public:
    Expander(const Environment& environment, Problems& problems) : environment_(environment), problems_(problems) {}

    void walk(YamlNode& node, const std::string& path) {
        for (auto& [key, value] : node.members)
            walk(value, path_of(path, key));
        for (std::size_t index = 0; index < node.items.size(); ++index)
            walk(node.items[index], path_of(path, index));
        if (!node.is_scalar() || node.text.find("${") == std::string::npos) return;
        if (node.text.starts_with(file_start) && node.text.find('}') == node.text.size() - 1)
            take_file(node, path);
        else
            replace_names(node, path);
    }

  private:
    void take_file(YamlNode& node, const std::string& path) {
        const std::string file = node.text.substr(file_start.size(), node.text.size() - file_start.size() - 1);
        node.expanded = true;
        node.text.clear();
        if (!file.starts_with('/')) return refuse(node, path, "${file:…} needs an absolute path");
        errno = 0;
        std::ifstream stream(file, std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
        if (!stream.is_open() || stream.bad() || errno != 0)
            return refuse(node, path, "cannot read " + file + ": " + std::strerror(errno));
        node.text = trim(content, " \t\r\n");
        if (node.text.empty()) refuse(node, path, file + " is empty");
    }

    void refuse(YamlNode& node, const std::string& path, std::string message) {
        problems_.add(node.line, path, std::move(message));
        node.text = "unset";
        node.expanded = true;
        node.broken = true;
    }

    void replace_names(YamlNode& node, const std::string& path) {
        const std::string written = node.text;
        std::string result;
        std::string_view rest = written;
        while (!rest.empty()) {
            const std::size_t dollar = rest.find('$');
            result.append(rest.substr(0, dollar));
            if (dollar == std::string_view::npos) break;
            rest.remove_prefix(dollar);
            rest.remove_prefix(replace_one(rest, node, path, result));
        }
        if (!node.broken) node.text = std::move(result);
    }

    /// How much of `rest`, which begins with a dollar sign, is dealt with now.
    std::size_t replace_one(std::string_view rest, YamlNode& node, const std::string& path, std::string& result) {
        if (rest.starts_with("$${")) {
            result.append("${");
            return 3;
        }
        const std::size_t end = rest.find('}');
        if (rest.starts_with(file_start))
            refuse(node, path, "${file:…} must be the whole value");
        else if (rest.starts_with("${") && end != std::string_view::npos && is_name(rest.substr(2, end - 2))) {
            const std::string name(rest.substr(2, end - 2));
            const auto value = environment_(name);
            if (!value) refuse(node, path, "environment variable " + name + " is not set");
            result.append(value.value_or(""));
            node.expanded = true;
            return end + 1;
        }
        // Anything else, such as a shell's ${X:-y} in a hook command, is none of ours.
        result.push_back('$');
        return 1;
    }

    const Environment& environment_;
    Problems& problems_;
};

}  // namespace

void expand(YamlNode& root, const Environment& environment, Problems& problems) {
    Expander(environment, problems).walk(root, "");
}

}  // namespace gatehouse::settings
