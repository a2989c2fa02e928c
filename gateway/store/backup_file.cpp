// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/backup_file.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <expected>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::store {
namespace {

constexpr std::string_view format_name = "gatehouse-backup";
constexpr long long format_version = 1;

struct TypeName {
    KeyType type;
    std::string_view name;
};
constexpr std::array type_names{TypeName{KeyType::string, "string"}, TypeName{KeyType::hash, "hash"},
                                TypeName{KeyType::sorted_set, "zset"}};

std::string_view name_of(KeyType type) {
    for (const TypeName& entry : type_names)
        if (entry.type == type) return entry.name;
    return {};
}

boost::json::object to_object(const BackupLine& line, bool encoded) {
    boost::json::array items;
    items.reserve(line.items.size());
    for (const std::string& item : line.items)
        items.emplace_back(encoded ? to_base64url(item) : item);
    boost::json::object object;
    object["key"] = line.key;
    object["type"] = name_of(line.type);
    if (line.expires_at) object["expires_at"] = line.expires_at->time_since_epoch().count();
    if (encoded) object["encoding"] = "base64url";
    object["items"] = std::move(items);
    return object;
}

/// The items as text where they are UTF-8, so that a backup can be read and searched; the parser knows what UTF-8 is.
std::string to_text(const BackupLine& line) {
    std::string plain = boost::json::serialize(to_object(line, false));
    return json::parse(plain) ? plain : boost::json::serialize(to_object(line, true));
}

std::optional<std::vector<std::string>> parse_items(const boost::json::value& object) {
    const auto* items = json::find(object, "items");
    if (items == nullptr || !items->is_array()) return std::nullopt;
    const bool encoded = json::find(object, "encoding") != nullptr;
    if (encoded && json::find_string(object, "encoding") != "base64url") return std::nullopt;
    std::vector<std::string> texts;
    texts.reserve(items->get_array().size());
    for (const auto& item : items->get_array()) {
        if (!item.is_string()) return std::nullopt;
        std::optional<std::string> text(std::in_place, item.get_string());
        if (encoded) text = from_base64url(*text);
        if (!text) return std::nullopt;
        texts.push_back(std::move(*text));
    }
    return texts;
}

bool is_number(const std::string& text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && !std::isnan(number);
}

bool fit(const std::vector<std::string>& items, KeyType type) {
    if (type == KeyType::string) return items.size() == 1;
    if (items.empty() || items.size() % 2 != 0) return false;
    if (type == KeyType::hash) return true;
    for (std::size_t at = 1; at < items.size(); at += 2)
        if (!is_number(items[at])) return false;
    return true;
}

/// What is wrong with it, as a sentence.
std::expected<BackupLine, std::string> parse_line(const boost::json::value& object) {
    BackupLine line;
    line.key = json::find_string(object, "key").value_or("");
    const auto type = kept_type(line.key);
    if (!type) return std::unexpected("its key is none that a backup holds");
    line.type = *type;
    if (json::find_string(object, "type") != name_of(line.type))
        return std::unexpected("type must be " + std::string(name_of(line.type)) + " for this key");
    if (json::find(object, "expires_at") != nullptr) {
        const auto end = json::find_integer(object, "expires_at");
        if (!end || *end <= 0) return std::unexpected("expires_at must be milliseconds since 1970");
        line.expires_at = Instant{std::chrono::milliseconds(*end)};
    }
    auto items = parse_items(object);
    if (!items || !fit(*items, line.type)) return std::unexpected("items do not fit its type");
    line.items = std::move(*items);
    return line;
}

}  // namespace

// ---- writing

std::string BackupText::add(std::string text) {
    text.push_back('\n');
    digest_.add(text);
    return text;
}

std::string BackupText::header(const BackupHeader& header) {
    return add(boost::json::serialize(boost::json::object{{"format", format_name},
                                                          {"version", format_version},
                                                          {"created_at", to_timestamp(header.created_at)},
                                                          {"gatehouse", header.gatehouse}}));
}

std::string BackupText::line(const BackupLine& line) {
    ++counts_.lines;
    if (line.key != last_key_) ++counts_.keys;
    last_key_ = line.key;
    return add(to_text(line));
}

std::string BackupText::end() {
    std::string text = boost::json::serialize(
        boost::json::object{{"keys", counts_.keys}, {"lines", counts_.lines}, {"sha256", to_hex(digest_.value())}});
    return text + '\n';
}

// ---- reading

Error BackupReader::refused(std::string_view sentence) const {
    return Error::bad_request(Reason::malformed_request,
                              "line " + std::to_string(number_) + ": " + std::string(sentence));
}

Result<std::string> BackupReader::read() {
    std::string text;
    ++number_;
    if (!std::getline(*in_, text))
        return fail(refused(in_->bad() ? "cannot be read" : "the file ends here, before its end was written"));
    // A line without its break was cut, even if what there is of it happens to be JSON.
    if (in_->eof()) return fail(refused("the file ends in the middle of this line"));
    return text;
}

Result<BackupHeader> BackupReader::header() {
    const auto text = read();
    if (!text) return fail(text.error());
    const auto object = json::parse(*text);
    if (!object || json::find_string(*object, "format") != format_name)
        return fail(refused("this is not a backup of Gatehouse"));
    if (json::find_integer(*object, "version") != format_version)
        return fail(refused("a newer Gatehouse wrote this backup, in a form that this one cannot read"));
    const auto created_at = parse_timestamp(json::find_string(*object, "created_at").value_or(""));
    if (!created_at) return fail(refused("created_at must be a moment"));
    digest_.add(*text + '\n');
    return BackupHeader{*created_at, std::string(json::find_string(*object, "gatehouse").value_or(""))};
}

Result<std::optional<BackupLine>> BackupReader::next() {
    const auto text = read();
    if (!text) return fail(text.error());
    const auto object = json::parse(*text);
    if (!object || !object->is_object()) return fail(refused("is not a JSON object"));
    if (json::find(*object, "sha256") != nullptr) {
        const auto sound = check_end(*text);
        if (!sound) return fail(sound.error());
        return std::optional<BackupLine>{};
    }
    digest_.add(*text + '\n');
    auto line = parse_line(*object);
    if (!line) return fail(refused(line.error()));
    ++counts_.lines;
    if (line->key != last_key_) ++counts_.keys;
    last_key_ = line->key;
    return std::optional<BackupLine>(std::move(*line));
}

Result<> BackupReader::check_end(std::string_view text) {
    const auto object = json::parse(text);
    if (json::find_string(*object, "sha256") != to_hex(digest_.value()))
        return fail(refused("the SHA-256 is not that of the lines before: the file was changed or damaged"));
    if (json::find_integer(*object, "lines") != static_cast<long long>(counts_.lines) ||
        json::find_integer(*object, "keys") != static_cast<long long>(counts_.keys))
        return fail(refused("the counts are not those of the lines before"));
    ++number_;
    if (in_->peek() != std::istream::traits_type::eof()) return fail(refused("something follows the end"));
    return {};
}

// ---- checking

Result<BackupReader> SoundBackup::reader() const {
    in_->clear();
    in_->seekg(0);
    BackupReader reader(*in_);
    if (const auto header = reader.header(); !header) return fail(header.error());
    return reader;
}

Result<SoundBackup> SoundBackup::check(std::istream& in) {
    BackupReader reader(in);
    auto header = reader.header();
    if (!header) return fail(header.error());
    for (;;) {
        const auto line = reader.next();
        if (!line) return fail(line.error());
        if (!*line) return SoundBackup(in, std::move(*header));
    }
}

}  // namespace gatehouse::store
