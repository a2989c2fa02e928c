// SPDX-License-Identifier: Apache-2.0
// YamlNode: gateway.yaml as a small tree with lines, made by yaml.cpp (the only file that sees yaml-cpp) and read by
// the section parsers. It keeps scalars as written: what a field is decides how its text is read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/settings.h"

namespace gatehouse::settings {

struct Member;

struct YamlNode {
    enum class Kind : std::uint8_t { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    int line = 0;           ///< 1-based; a mapping's value has its key's line
    std::string text;       ///< of a scalar
    bool quoted = false;    ///< quoted or block scalar: a string whatever it looks like
    bool expanded = false;  ///< held a `${…}`: a string, or whatever the field wants
    bool broken = false;    ///< its `${…}` could not be resolved, which was reported: nothing more to say about it
    std::vector<Member> members;  ///< of a mapping, in file order
    std::vector<YamlNode> items;  ///< of a sequence

    const YamlNode* find(std::string_view key) const;
    YamlNode* find(std::string_view key) { return const_cast<YamlNode*>(std::as_const(*this).find(key)); }
    bool is_mapping() const { return kind == Kind::mapping; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_scalar() const { return kind == Kind::scalar; }
};

struct Member {
    std::string key;
    YamlNode value;
};

/// Where every fault of the file goes. Messages never hold a value of the file.
class Problems {
  public:
    void add(int line, std::string path, std::string message) {
        list_.emplace(line, SettingsProblem{line, std::move(path), std::move(message)});
    }
    bool empty() const { return list_.empty(); }
    /// Whether something was said about this path, about what holds it or about a part of it. A second check of the
    /// same values (policy::Rules) would only repeat it.
    bool concerns(std::string_view path) const;
    /// In file order.
    std::vector<SettingsProblem> take();

  private:
    std::multimap<int, SettingsProblem> list_;  ///< by line; equal lines in the order of discovery
};

/// Reads one YAML document. Repeated keys, anchors, aliases, tags and keys that are no plain text are problems; what
/// could be read is returned all the same, so that the rest of the file is checked too.
YamlNode parse_yaml(std::string_view text, Problems& problems);

/// Replaces `${VAR}` anywhere in a value and `${file:/path}` as a whole value; `$${` stands for `${`.
void expand(YamlNode& root, const Environment& environment, Problems& problems);

/// `key`, `list[2]`, `section.key`: the one way paths are written.
std::string path_of(std::string_view path, std::string_view key);
std::string path_of(std::string_view path, std::size_t index);

/// The line of the deepest node that `path` leads to; 0 when not even its first key is there.
int line_of(const YamlNode& root, std::string_view path);

}  // namespace gatehouse::settings
