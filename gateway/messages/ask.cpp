// SPDX-License-Identifier: Apache-2.0
// The only file that includes simdjson. On-demand parsing checks little of what it skips: its skipping counts brackets
// without telling `[` from `{`, so a broken body could hide a key from us that a lenient parser upstream still finds.
// Therefore every value is walked, which checks the grammar of all but the escapes within skipped strings.
#include "gateway/messages/ask.h"

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::messages {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(http::Body::slack >= simdjson::SIMDJSON_PADDING);

/// A parser keeps several times the largest body it has seen; beyond this size it is made for one request only.
constexpr std::size_t largest_for_shared_parser = std::size_t{1} << 20U;

Error not_json() {
    return Error::bad_request(Reason::body_not_json, "invalid JSON");
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

std::string_view trimmed(std::string_view token) {
    const std::size_t last = token.find_last_not_of(" \t\r\n");
    return token.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::size_t count_digits(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

/// RFC 8259, section 6. Conversion would refuse numbers that are merely large, and those are the provider's business.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t whole = count_digits(text);
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        const std::size_t fraction = count_digits(text.substr(1));
        if (fraction == 0) return false;
        text.remove_prefix(1 + fraction);
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        const std::size_t exponent = count_digits(text);
        if (exponent == 0) return false;
        text.remove_prefix(exponent);
    }
    return text.empty();
}

bool walk(ondemand::value value, int depth);

bool walk_array(ondemand::value& value, int depth) {
    ondemand::array items;
    if (value.get_array().get(items) != simdjson::SUCCESS) return false;
    for (auto item : items) {
        ondemand::value inner;
        if (item.get(inner) != simdjson::SUCCESS || !walk(inner, depth)) return false;
    }
    return true;
}

bool walk_object(ondemand::value& value, int depth) {
    ondemand::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    for (auto member : members) {
        ondemand::value inner;
        if (member.value().get(inner) != simdjson::SUCCESS || !walk(inner, depth)) return false;
    }
    return true;
}

/// True when the whole value is JSON. Strings are consumed by name: skipping one that a colon follows (`"a":"b":…`)
/// would take it for a key.
bool walk(ondemand::value value, int depth) {
    if (depth >= Ask::deepest) return false;
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
        case ondemand::json_type::array:
            return walk_array(value, depth + 1);
        case ondemand::json_type::object:
            return walk_object(value, depth + 1);
        case ondemand::json_type::number:
            return is_number(trimmed(value.raw_json_token()));
        case ondemand::json_type::string: {
            ondemand::raw_json_string text;
            return value.get_raw_json_string().get(text) == simdjson::SUCCESS;
        }
        case ondemand::json_type::boolean: {
            bool flag = false;
            return value.get_bool().get(flag) == simdjson::SUCCESS;
        }
        case ondemand::json_type::null: {
            bool is_null = false;
            return value.is_null().get(is_null) == simdjson::SUCCESS && is_null;
        }
    }
    return false;
}

/// What to say of a text that does not begin as an object.
Error not_an_object(ondemand::document& document) {
    ondemand::json_type type{};
    if (document.type().get(type) != simdjson::SUCCESS) return not_json();
    return Error::bad_request(Reason::body_not_json, "request body must be a JSON object");
}

}  // namespace

/// Fills one Ask, member by member.
class AskReader {
  public:
    explicit AskReader(Ask& ask) : ask_(ask) {}

    Result<> read(ondemand::parser& parser) {
        const std::string_view text = ask_.body_.view();
        const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + http::Body::slack);
        ondemand::document document;
        if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return fail(not_json());
        ondemand::object members;
        const simdjson::error_code opened = document.get_object().get(members);
        if (opened == simdjson::INCORRECT_TYPE) return fail(not_an_object(document));
        if (opened != simdjson::SUCCESS) return fail(not_json());
        for (auto member : members) {
            ondemand::field field;
            if (std::move(member).get(field) != simdjson::SUCCESS) return fail(not_json());
            const auto read = read_member(field);
            if (!read) return read;
        }
        // What follows the object would be a second document to some parsers.
        const char* rest = nullptr;
        if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) return fail(not_json());
        if (faulty_) return fail(*faulty_);
        if (ask_.model_.empty()) return fail(Error::bad_request(Reason::model_missing, "model is required"));
        return {};
    }

  private:
    Result<> read_member(ondemand::field& field) {
        std::string_view key;
        if (field.unescaped_key().get(key) != simdjson::SUCCESS) return fail(not_json());
        ondemand::value value = field.value();
        // Some parsers match keys without case (Go's encoding/json does), so `Model` counts as a second model.
        if (http::same_token(key, "model")) return read_model(key, value);
        if (key == "stream") return read_stream(value);
        if (key == "max_tokens") return read_max_tokens(value);
        if (!walk(value, 1)) return fail(not_json());
        return {};
    }

    Result<> read_model(std::string_view key, ondemand::value& value) {
        if (models_++ > 0)
            note(Error::bad_request(Reason::model_duplicate,
                                    "model is given more than once: the request must name exactly one model"));
        ondemand::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS) return fail(not_json());
        if (key != "model" || type != ondemand::json_type::string) {
            if (key == "model") note(Error::bad_request(Reason::model_not_string, "model must be a string"));
            return walk(value, 1) ? Result<>{} : fail(not_json());
        }
        const std::string_view token = trimmed(value.raw_json_token());
        ask_.model_offset_ = static_cast<std::size_t>(token.data() - ask_.body_.view().data());
        ask_.model_size_ = token.size();
        std::string_view model;
        if (value.get_string().get(model) != simdjson::SUCCESS) return fail(not_json());
        if (model.size() > Ask::longest_model)
            note(Error::bad_request(Reason::malformed_request, "model must be at most 256 bytes long"));
        else
            ask_.model_ = model;
        return {};
    }

    Result<> read_stream(ondemand::value& value) {
        if (streams_++ > 0) note(Error::bad_request(Reason::malformed_request, "stream is given more than once"));
        ondemand::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS) return fail(not_json());
        if (type != ondemand::json_type::boolean) return walk(value, 1) ? Result<>{} : fail(not_json());
        if (value.get_bool().get(ask_.stream_) != simdjson::SUCCESS) return fail(not_json());
        return {};
    }

    Result<> read_max_tokens(ondemand::value& value) {
        if (limits_++ > 0) note(Error::bad_request(Reason::malformed_request, "max_tokens is given more than once"));
        ondemand::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS) return fail(not_json());
        if (type != ondemand::json_type::number) return walk(value, 1) ? Result<>{} : fail(not_json());
        if (!is_number(trimmed(value.raw_json_token()))) return fail(not_json());
        std::int64_t number = 0;
        if (value.get_int64().get(number) == simdjson::SUCCESS) ask_.max_tokens_ = number;
        return {};
    }

    /// Keeps the first fault; `invalid JSON` comes before any, as in the contract's order of checks.
    void note(Error fault) {
        if (!faulty_) faulty_ = std::move(fault);
    }

    Ask& ask_;
    std::optional<Error> faulty_;
    int models_ = 0;
    int streams_ = 0;
    int limits_ = 0;
};

Result<Ask> Ask::parse(http::Body body) {
    Ask ask(std::move(body));
    if (ask.body_.size() == 0) return fail(not_json());
    Result<> read;
    if (ask.body_.size() <= largest_for_shared_parser) {
        // One per shard: a shard is a thread.
        thread_local ondemand::parser shared;
        read = AskReader(ask).read(shared);
    } else {
        ondemand::parser own;
        read = AskReader(ask).read(own);
    }
    if (!read) return fail(read.error());
    return ask;
}

std::vector<std::string_view> Ask::pieces(std::string_view model) {
    const std::string_view text = body_.view();
    if (model == model_) return {text};
    spliced_.clear();
    log::append_json_string(spliced_, model);
    return {text.substr(0, model_offset_), spliced_, text.substr(model_offset_ + model_size_)};
}

}  // namespace gatehouse::messages
