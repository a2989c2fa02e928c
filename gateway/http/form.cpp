// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/form.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view upper_hex = "0123456789ABCDEF";

/// The byte that the escape at `index` stands for, if there is one.
std::optional<char> escaped(std::string_view text, std::size_t index) {
    if (text[index] != '%' || index + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[index + 1]);
    const int low = hex_value(text[index + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>((high << 4) | low);
}

std::string decode(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto byte = escaped(text, index);
        if (byte) index += 2;
        plain.push_back(byte.value_or(text[index] == '+' ? ' ' : text[index]));
    }
    return plain;
}

bool is_unreserved(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

}  // namespace

Form Form::parse(std::string_view text, std::size_t most_fields) {
    Form form;
    while (!text.empty() && form.fields_.size() < most_fields) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        form.fields_.emplace_back(decode(pair.substr(0, equals)),
                                  decode(pair.substr(std::min(equals + 1, pair.size()))));
    }
    form.complete_ = text.find_first_not_of('&') == std::string_view::npos;
    return form;
}

std::optional<std::string_view> Form::find(std::string_view name) const {
    const auto named = [&](const auto& field) { return field.first == name; };
    const auto first = std::ranges::find_if(fields_, named);
    if (first == fields_.end() || std::find_if(first + 1, fields_.end(), named) != fields_.end()) return std::nullopt;
    return first->second;
}

std::vector<std::string> Form::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [field, value] : fields_)
        if (field == name) values.push_back(value);
    return values;
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char letter : text) {
        if (is_unreserved(letter)) {
            encoded.push_back(letter);
            continue;
        }
        const auto byte = static_cast<unsigned char>(letter);
        encoded.append({'%', upper_hex[byte >> 4U], upper_hex[byte & 15U]});
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string plain;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto byte = escaped(text, index);
        if (!byte && text[index] == '%') return std::nullopt;
        if (byte) index += 2;
        plain.push_back(byte.value_or(text[index]));
    }
    return plain;
}

std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        if (!text.empty()) text.push_back('&');
        text.append(percent_encode(name)).append("=").append(percent_encode(value));
    }
    return text;
}

}  // namespace gatehouse::http
