// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings/section.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gatehouse::settings {
namespace {

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

bool is_integer(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    return is_digits(text);
}

bool is_real(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const std::size_t mark = text.find_first_of("eE");
    if (mark != std::string_view::npos && !is_integer(text.substr(mark + 1))) return false;
    text = text.substr(0, mark);
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return mark != std::string_view::npos && is_digits(text);
    const std::string_view whole = text.substr(0, dot);
    const std::string_view fraction = text.substr(dot + 1);
    return (whole.empty() || is_digits(whole)) && (fraction.empty() || is_digits(fraction)) && text.size() > 1;
}

template <class Number>
std::optional<Number> to_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Plain plain_type(std::string_view text) {
    for (const std::string_view word : {"", "~", "null", "Null", "NULL"})
        if (text == word) return Plain::null;
    for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"})
        if (text == word) return Plain::boolean;
    if (is_integer(text)) return Plain::integer;
    return is_real(text) ? Plain::real : Plain::text;
}

bool has_unsafe_letter(std::string_view text) {
    return std::ranges::any_of(text, [](char letter) { return letter <= ' ' || letter > '~'; });
}

Section::Section(Problems& problems, const YamlNode* node, std::string path, int line)
    : problems_(&problems), node_(node), path_(std::move(path)), line_(node == nullptr ? line : node->line) {
    if (node_ == nullptr || node_->is_mapping()) return;
    if (!node_->broken) problems_->add(node_->line, path_, "must be a mapping of keys to values");
    node_ = nullptr;
}

const YamlNode* Section::find(std::string_view key) {
    known_.emplace_back(key);
    const YamlNode* node = node_ == nullptr ? nullptr : node_->find(key);
    if (node == nullptr || node->broken) return nullptr;
    if (node->kind == YamlNode::Kind::null ||
        (node->is_scalar() && !node->quoted && !node->expanded && plain_type(node->text) == Plain::null)) {
        refuse(key, "has no value: give it one or remove the key");
        return nullptr;
    }
    return node;
}

const YamlNode* Section::require(std::string_view key) {
    if (!has(key)) refuse(key, "is required");
    return find(key);
}

Section Section::section(std::string_view key) {
    return Section(*problems_, find(key), path_of(path_, key), line_);
}

std::vector<Section> Section::sections(std::string_view key) {
    std::vector<Section> result;
    const YamlNode* list = find(key);
    if (list == nullptr) return result;
    if (!list->is_sequence()) {
        refuse(key, "must be a list");
        return result;
    }
    for (std::size_t index = 0; index < list->items.size(); ++index)
        result.emplace_back(*problems_, &list->items[index], path_of(path_of(path_, key), index));
    return result;
}

std::optional<std::string> Section::read_text(const YamlNode& node, const std::string& path) {
    if (node.broken) return std::nullopt;
    const bool typed = !node.quoted && !node.expanded && plain_type(node.text) != Plain::text;
    if (!node.is_scalar())
        problems_->add(node.line, path, "must be a string");
    else if (typed)
        problems_->add(node.line, path, "must be a string: put it in quotes");
    else if (node.text.empty())
        problems_->add(node.line, path, "must not be empty");
    else
        return node.text;
    return std::nullopt;
}

std::optional<std::string> Section::text(std::string_view key) {
    const YamlNode* node = find(key);
    return node == nullptr ? std::nullopt : read_text(*node, path_of(path_, key));
}

std::optional<std::string> Section::required_text(std::string_view key) {
    const YamlNode* node = require(key);
    return node == nullptr ? std::nullopt : read_text(*node, path_of(path_, key));
}

std::optional<bool> Section::flag(std::string_view key) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_scalar() && (!node->quoted || node->expanded) && plain_type(node->text) == Plain::boolean)
        return node->text[0] == 't' || node->text[0] == 'T';
    refuse(key, "must be true or false");
    return std::nullopt;
}

std::optional<long long> Section::whole(std::string_view key, long long least, long long most) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_scalar() ? to_number<long long>(node->text) : std::nullopt;
    if (value && *value >= least && *value <= most) return value;
    std::string message = "must be a whole number";
    if (most == std::numeric_limits<long long>::max())
        message.append(" of at least ").append(std::to_string(least));
    else
        message.append(" from ").append(std::to_string(least)).append(" to ").append(std::to_string(most));
    refuse(key, std::move(message));
    return std::nullopt;
}

std::optional<double> Section::number(std::string_view key) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_scalar() ? to_number<double>(node->text) : std::nullopt;
    if (value && std::isfinite(*value)) return value;
    refuse(key, "must be a number");
    return std::nullopt;
}

std::optional<std::int64_t> Section::positive_decimal(std::string_view key, int places, std::int64_t most) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    const std::string_view text = node->is_scalar() ? std::string_view(node->text) : std::string_view{};
    const std::size_t dot = text.find('.');
    const auto whole = to_number<std::int64_t>(text.substr(0, dot));
    std::string fraction(dot == std::string_view::npos ? "0" : text.substr(dot + 1));
    const bool is_decimal = is_digits(text.substr(0, dot)) && is_digits(fraction);
    while (fraction.ends_with('0'))
        fraction.pop_back();
    if (is_decimal && fraction.size() > static_cast<std::size_t>(places)) {
        refuse(key, "has more than " + std::to_string(places) + " decimal places");
        return std::nullopt;
    }
    fraction.append(static_cast<std::size_t>(places) - std::min(fraction.size(), static_cast<std::size_t>(places)),
                    '0');
    if (is_decimal && whole && *whole <= most) {
        std::int64_t unit = 1;
        for (int place = 0; place < places; ++place)
            unit *= 10;
        const std::int64_t count = *whole * unit + to_number<std::int64_t>(fraction).value_or(0);
        if (count > 0 && count <= most * unit) return count;
    }
    refuse(key, "must be a decimal number such as 0.85, greater than 0 and at most " + std::to_string(most));
    return std::nullopt;
}

std::optional<std::string> Section::word(std::string_view key, const std::vector<std::string_view>& words) {
    auto value = text(key);
    if (!value || std::ranges::find(words, *value) != words.end()) return value;
    std::string message = "must be one of ";
    for (const std::string_view& word : words) {
        if (&word != words.data()) message.append(", ");
        message.append(word);
    }
    refuse(key, std::move(message));
    return std::nullopt;
}

std::optional<std::vector<std::string>> Section::read_texts(const YamlNode& node, const std::string& path) {
    std::vector<std::string> result;
    result.reserve(node.items.size());
    for (std::size_t index = 0; index < node.items.size(); ++index)
        result.push_back(read_text(node.items[index], path_of(path, index)).value_or(""));
    if (!node.items.empty()) return result;
    problems_->add(node.line, path, "is an empty list: give it an entry or remove the key");
    return std::nullopt;
}

std::optional<std::vector<std::string>> Section::texts(std::string_view key) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_sequence()) return read_texts(*node, path_of(path_, key));
    refuse(key, "must be a list of strings");
    return std::nullopt;
}

std::optional<std::vector<std::string>> Section::text_or_texts(std::string_view key) {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_sequence()) return read_texts(*node, path_of(path_, key));
    if (node->is_mapping()) {
        refuse(key, "must be a string or a list of strings");
        return std::nullopt;
    }
    auto single = read_text(*node, path_of(path_, key));
    if (!single) return std::nullopt;
    return std::vector<std::string>{std::move(*single)};
}

std::vector<std::pair<std::string, std::string>> Section::pairs(std::string_view key) {
    std::vector<std::pair<std::string, std::string>> result;
    const Section members = section(key);
    if (!members.present()) return result;
    for (const auto& [name, value] : members.node_->members) {
        if (value.is_scalar())
            result.emplace_back(name, value.text);
        else
            problems_->add(value.line, path_of(members.path_, name), "must be a string");
    }
    return result;
}

std::optional<http::Url> Section::url(std::string_view key) {
    const auto written = text(key);
    if (!written) return std::nullopt;
    auto parsed = http::parse_url(*written);
    if (parsed) return std::move(*parsed);
    refuse(key, parsed.error().message);
    return std::nullopt;
}

void Section::refuse(std::string_view key, std::string message) {
    const YamlNode* node = node_ == nullptr || key.empty() ? nullptr : node_->find(key);
    problems_->add(node == nullptr ? line_ : node->line, key.empty() ? path_ : path_of(path_, key), std::move(message));
}

void Section::refuse_item(std::string_view key, std::size_t index, std::string message) {
    const YamlNode* list = node_ == nullptr ? nullptr : node_->find(key);
    const bool there = list != nullptr && index < list->items.size();
    problems_->add(there ? list->items[index].line : line_, path_of(path_of(path_, key), index), std::move(message));
}

void Section::finish() {
    if (node_ == nullptr) return;
    for (const auto& [key, value] : node_->members)
        if (std::ranges::find(known_, key) == known_.end())
            problems_->add(value.line, path_of(path_, key), "is not a known key");
}

}  // namespace gatehouse::settings
