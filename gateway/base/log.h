// SPDX-License-Identifier: Apache-2.0
// The operational log: one JSON line per event on standard error, written by one background thread so that no shard
// waits for a slow pipe. Lines are dropped (and counted) rather than blocking when 8 MiB are waiting.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace gatehouse::log {

enum class Level : std::uint8_t { debug, info, warn, error };

struct Field {
    std::string_view name;
    std::variant<std::string_view, long long, bool> value;
    Field(std::string_view field, std::string_view text) : name(field), value(text) {}
    Field(std::string_view field, const std::string& text) : name(field), value(std::string_view(text)) {}
    Field(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
    Field(std::string_view field, long long number) : name(field), value(number) {}
    Field(std::string_view field, int number) : name(field), value(static_cast<long long>(number)) {}
    Field(std::string_view field, std::size_t number) : name(field), value(static_cast<long long>(number)) {}
    Field(std::string_view field, bool flag) : name(field), value(flag) {}
};

void set_level(Level level);
Level level();

/// Never pass a secret, a prompt or a completion. `message` is a short fixed sentence, what varies is a field.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

/// Writes a ready line (an audit line) to standard output through the same thread. `line` has no newline.
void write_audit(std::string_view line);
/// Waits until everything written so far has reached the file descriptors, but not for a reader that is stuck (2 s).
void flush();
/// Opens /dev/null for each of descriptors 0 to 2 that is closed. Without it the next file or socket would get that
/// number, and our lines would go into it. Call first of all.
void claim_descriptors();
/// Appends `text` as a JSON string with quotes, replacing invalid UTF-8 by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace gatehouse::log
