// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings/document.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "gateway/settings/section.h"

namespace gatehouse::settings {
namespace {

namespace bj = boost::json;

template <class Number>
bool reads_as(std::string_view text, bj::value& value) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    value = number;
    return true;
}

class Converter {
  public:
    explicit Converter(Problems& problems) : problems_(problems) {}

    bj::object mapping(const YamlNode& node, const std::string& path) {
        bj::object result;
        for (const auto& [key, value] : node.members)
            result[key] = convert(value, path_of(path, key));
        return result;
    }

    bj::object environment(const YamlNode& node) {
        bj::object result;
        for (const auto& [key, value] : node.members)
            result[key] = value.is_scalar() ? bj::value(std::string_view(value.text)) : bj::value(nullptr);
        return result;
    }

  private:
    bj::value convert(const YamlNode& node, const std::string& path) {
        switch (node.kind) {
            case YamlNode::Kind::null:
                return nullptr;
            case YamlNode::Kind::scalar:
                return scalar(node, path);
            case YamlNode::Kind::mapping:
                return mapping(node, path);
            case YamlNode::Kind::sequence:
                break;
        }
        bj::array list;
        for (std::size_t index = 0; index < node.items.size(); ++index)
            list.push_back(convert(node.items[index], path_of(path, index)));
        return list;
    }

    bj::value scalar(const YamlNode& node, const std::string& path) {
        const std::string_view text = node.text;
        if (node.quoted || node.expanded) return bj::value(text);
        switch (plain_type(text)) {
            case Plain::null:
                return nullptr;
            case Plain::boolean:
                return text[0] == 't' || text[0] == 'T';
            case Plain::integer:
            case Plain::real:
                return number(node, path);
            case Plain::text:
                break;
        }
        for (const std::string_view word : {".inf", "-.inf", "+.inf", ".nan", ".Inf", "-.Inf", ".NaN", ".INF", ".NAN"})
            if (text == word) problems_.add(node.line, path, "is no number that JSON can hold: put it in quotes");
        return bj::value(text);
    }

    bj::value number(const YamlNode& node, const std::string& path) {
        std::string_view text = node.text;
        if (text.starts_with('+')) text.remove_prefix(1);
        bj::value value;
        if (reads_as<std::int64_t>(text, value) || reads_as<std::uint64_t>(text, value)) return value;
        if (reads_as<double>(text, value) && std::isfinite(value.get_double())) return value;
        problems_.add(node.line, path, "is too large for a number: put it in quotes");
        return nullptr;
    }

    Problems& problems_;
};

}  // namespace

bj::object to_document(const YamlNode& node, const std::string& path, Problems& problems) {
    Converter converter(problems);
    bj::object document = converter.mapping(node, path);
    const YamlNode* env = node.find("env");
    if (env != nullptr && env->is_mapping()) document["env"] = converter.environment(*env);
    return document;
}

}  // namespace gatehouse::settings
