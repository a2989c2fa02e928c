// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/answer.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <utility>

#include "gateway/base/json.h"

namespace gatehouse::demo {
namespace {

namespace bj = boost::json;

constexpr std::size_t longest_echo = 160;
constexpr int deepest_schema = 16;

Error refused(std::string message) {
    return Error::bad_request(Reason::malformed_request, std::move(message));
}

Result<bj::value> parse_request(std::string_view body) {
    auto parsed = json::parse(body);
    if (!parsed || !parsed->is_object()) return fail(refused("The request body is not valid JSON"));
    if (!json::find_string(*parsed, "model")) return fail(refused("model: Field required"));
    const bj::value* messages = json::find(*parsed, "messages");
    if (messages == nullptr || !messages->is_array()) return fail(refused("messages: Field required"));
    if (messages->get_array().empty()) return fail(refused("messages: at least one message is required"));
    return std::move(*parsed);
}

/// Claude Code wraps its own remarks in tags (`<system-reminder>…`); what the person typed has none.
bool is_typed(std::string_view text) {
    return !text.empty() && text.front() != '<';
}

std::string_view typed_text(const bj::value& content) {
    if (const auto* text = content.if_string()) return std::string_view(text->data(), text->size());
    std::string_view last;
    if (const auto* blocks = content.if_array()) {
        for (const bj::value& block : *blocks) {
            const std::string_view text = json::find_string(block, "text").value_or(std::string_view{});
            if (is_typed(text)) last = text;
        }
    }
    return last;
}

std::string_view last_question(const bj::value& request) {
    std::string_view question;
    for (const bj::value& message : json::find(request, "messages")->get_array()) {
        const bj::value* content = json::find(message, "content");
        if (content == nullptr || json::find_string(message, "role") != "user") continue;
        const std::string_view text = typed_text(*content);
        if (is_typed(text)) question = text;
    }
    return question;
}

/// One line, at most `longest_echo` bytes, never half a UTF-8 sequence.
std::string excerpt(std::string_view text) {
    const bool whole = text.size() <= longest_echo;
    if (!whole) {
        std::size_t end = longest_echo;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
        text = text.substr(0, end);
    }
    std::string line(text);
    std::ranges::replace_if(line, [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, ' ');
    return whole ? line : line + "…";
}

std::string spoken_text(const bj::value& request) {
    std::string text = "This is Gatehouse's demo provider, answering in place of ";
    text.append(*json::find_string(request, "model")).append(". ");
    const std::string_view question = last_question(request);
    if (!question.empty()) text.append("You wrote: \"").append(excerpt(question)).append("\". ");
    return text +
           "No model was asked: your request went through sign-in, policy and metering, and came here instead. "
           "Start the demo with ANTHROPIC_API_KEY in its environment to reach the real API.";
}

std::int64_t tokens_in(std::size_t bytes) {
    return static_cast<std::int64_t>(bytes / 4 + 1);
}

/// `tool_choice` of type tool or any leaves no choice but to call one (Messages API, tool_choice).
const bj::value* forced_tool(const bj::value& request) {
    const bj::value* choice = json::find(request, "tool_choice");
    const bj::value* tools = json::find(request, "tools");
    if (choice == nullptr || tools == nullptr || !tools->is_array() || tools->get_array().empty()) return nullptr;
    const auto kind = json::find_string(*choice, "type");
    if (kind == "any") return &tools->get_array().front();
    if (kind != "tool") return nullptr;
    for (const bj::value& tool : tools->get_array())
        if (json::find_string(tool, "name") == json::find_string(*choice, "name")) return &tool;
    return nullptr;
}

/// The schema that a structured output must follow: `output_config.format`, or `output_format` in older clients.
const bj::value* output_schema(const bj::value& request) {
    const bj::value* settings = json::find(request, "output_config");
    const bj::value* format = settings != nullptr ? json::find(*settings, "format") : nullptr;
    if (format == nullptr) format = json::find(request, "output_format");
    return format != nullptr ? json::find(*format, "schema") : nullptr;
}

void count_input(Answer& answer, std::string_view body, const bj::value& request) {
    const std::int64_t all = tokens_in(body.size());
    const bool cached = body.find("\"cache_control\"") != std::string_view::npos;
    const std::int64_t prefix = cached ? all * 9 / 10 : 0;
    const bool first_turn = json::find(request, "messages")->get_array().size() == 1;
    answer.input_tokens = all - prefix;
    (first_turn ? answer.cache_write_tokens : answer.cache_read_tokens) = prefix;
}

void fill(Answer& answer, const bj::value& request) {
    answer.stop_reason = "end_turn";
    if (const bj::value* tool = forced_tool(request)) {
        const bj::value* schema = json::find(*tool, "input_schema");
        answer.tool = json::find_string(*tool, "name").value_or("tool");
        answer.tool_input = schema != nullptr ? smallest_instance(*schema) : bj::value(bj::object{});
        answer.stop_reason = "tool_use";
        answer.output_tokens = tokens_in(json::to_text(answer.tool_input).size());
        return;
    }
    const bj::value* schema = output_schema(request);
    answer.text = schema != nullptr ? json::to_text(smallest_instance(*schema)) : spoken_text(request);
    answer.output_tokens = tokens_in(answer.text.size());
    const long long most = json::find_integer(request, "max_tokens").value_or(answer.output_tokens);
    if (schema != nullptr || most >= answer.output_tokens) return;
    std::size_t end = static_cast<std::size_t>(std::max(most, 1LL)) * 4;
    while (end > 0 && (static_cast<unsigned char>(answer.text[end]) & 0xC0U) == 0x80U)
        --end;
    answer.text.resize(end);
    answer.output_tokens = std::max(most, 1LL);
    answer.stop_reason = "max_tokens";
}

bj::object usage_of(const Answer& answer, std::int64_t output) {
    return {{"input_tokens", answer.input_tokens},
            {"cache_creation_input_tokens", answer.cache_write_tokens},
            {"cache_read_input_tokens", answer.cache_read_tokens},
            {"cache_creation",
             {{"ephemeral_5m_input_tokens", answer.cache_write_tokens}, {"ephemeral_1h_input_tokens", 0}}},
            {"output_tokens", output},
            {"service_tier", "standard"}};
}

std::string tool_id(const Answer& answer) {
    return "toolu_" + answer.id.substr(answer.id.find('_') + 1);
}

bj::object tool_block(const Answer& answer, bj::value input) {
    return {{"type", "tool_use"}, {"id", tool_id(answer)}, {"name", answer.tool}, {"input", std::move(input)}};
}

std::string event(std::string_view type, bj::object fields) {
    bj::object data{{"type", type}};
    for (auto& field : fields)
        data[field.key()] = std::move(field.value());
    std::string text("event: ");
    return text.append(type).append("\ndata: ").append(json::to_text(data)).append("\n\n");
}

std::string delta(bj::object change) {
    return event("content_block_delta", {{"index", 0}, {"delta", std::move(change)}});
}

/// A few words at a time, as a model would.
std::vector<std::string_view> pieces(std::string_view text) {
    std::vector<std::string_view> result;
    while (!text.empty()) {
        std::size_t end = 0;
        for (int words = 0; words < 4 && end != std::string_view::npos; ++words)
            end = text.find(' ', end + 1);
        result.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end, text.size()));
    }
    return result;
}

bj::value instance(const bj::value& schema, const bj::value& root, int depth);

bj::value object_instance(const bj::value& schema, const bj::value& root, int depth) {
    bj::object result;
    const bj::value* properties = json::find(schema, "properties");
    const bj::value* required = json::find(schema, "required");
    if (properties == nullptr || required == nullptr || !required->is_array()) return result;
    for (const bj::value& name : required->get_array()) {
        if (!name.is_string()) continue;
        const bj::value* property = json::find(*properties, std::string_view(name.get_string()));
        result[name.get_string()] = property != nullptr ? instance(*property, root, depth + 1) : bj::value("demo");
    }
    return result;
}

bj::value array_instance(const bj::value& schema, const bj::value& root, int depth) {
    bj::array result;
    const long long least = std::clamp(json::find_integer(schema, "minItems").value_or(0), 0LL, 16LL);
    const bj::value* items = json::find(schema, "items");
    for (long long index = 0; index < least; ++index)
        result.push_back(items != nullptr ? instance(*items, root, depth + 1) : bj::value("demo"));
    return result;
}

std::string string_instance(const bj::value& schema) {
    std::string text = "Demo answer";
    const long long least = std::clamp(json::find_integer(schema, "minLength").value_or(0), 0LL, 1024LL);
    const long long most = json::find_integer(schema, "maxLength").value_or(static_cast<long long>(text.size()));
    while (std::cmp_less(text.size(), least))
        text.push_back('.');
    if (most >= 0 && std::cmp_less(most, text.size())) text.resize(static_cast<std::size_t>(most));
    return text;
}

std::string_view type_of(const bj::value& schema) {
    const bj::value* type = json::find(schema, "type");
    if (type != nullptr && type->is_array() && !type->get_array().empty()) type = &type->get_array().front();
    if (type != nullptr && type->is_string()) return std::string_view(type->get_string());
    return json::find(schema, "properties") != nullptr ? "object" : "string";
}

/// The schema that this one stands for: a local `$ref`, or the first alternative.
const bj::value* referred(const bj::value& schema, const bj::value& root) {
    if (const auto reference = json::find_string(schema, "$ref"); reference && reference->starts_with("#/"))
        return json::find_path(root, reference->substr(1));
    for (const std::string_view keyword : {"anyOf", "oneOf", "allOf"}) {
        const bj::value* choices = json::find(schema, keyword);
        if (choices != nullptr && choices->is_array() && !choices->get_array().empty())
            return &choices->get_array().front();
    }
    return nullptr;
}

bj::value instance(const bj::value& schema, const bj::value& root, int depth) {
    if (depth > deepest_schema) return nullptr;
    if (const bj::value* constant = json::find(schema, "const")) return *constant;
    if (const bj::value* choices = json::find(schema, "enum"); choices != nullptr && choices->is_array())
        if (!choices->get_array().empty()) return choices->get_array().front();
    if (const bj::value* other = referred(schema, root)) return instance(*other, root, depth + 1);
    const std::string_view type = type_of(schema);
    if (type == "object") return object_instance(schema, root, depth);
    if (type == "array") return array_instance(schema, root, depth);
    if (type == "boolean") return false;
    if (type == "null") return nullptr;
    if (type == "integer" || type == "number") return json::find_integer(schema, "minimum").value_or(0);
    return bj::value(string_instance(schema));
}

}  // namespace

Result<Answer> make_answer(std::string_view body, std::string id) {
    const auto request = parse_request(body);
    if (!request) return fail(request.error());
    if (!json::find_integer(*request, "max_tokens")) return fail(refused("max_tokens: Field required"));
    Answer answer;
    answer.id = std::move(id);
    answer.model = *json::find_string(*request, "model");
    answer.streamed = json::find_bool(*request, "stream").value_or(false);
    count_input(answer, body, *request);
    fill(answer, *request);
    return answer;
}

Result<std::int64_t> count_tokens(std::string_view body) {
    const auto request = parse_request(body);
    if (!request) return fail(request.error());
    return tokens_in(body.size());
}

bj::object to_message(const Answer& answer) {
    const bj::object block = answer.tool.empty() ? bj::object{{"type", "text"}, {"text", answer.text}}
                                                 : tool_block(answer, answer.tool_input);
    return {{"id", answer.id},
            {"type", "message"},
            {"role", "assistant"},
            {"model", answer.model},
            {"content", bj::array{block}},
            {"stop_reason", answer.stop_reason},
            {"stop_sequence", nullptr},
            {"usage", usage_of(answer, answer.output_tokens)}};
}

std::vector<std::string> to_events(const Answer& answer) {
    bj::object opening = to_message(answer);
    opening["content"] = bj::array{};
    opening["stop_reason"] = nullptr;
    opening["usage"] = usage_of(answer, 1);
    const bj::object block =
        answer.tool.empty() ? bj::object{{"type", "text"}, {"text", ""}} : tool_block(answer, bj::object{});

    std::vector<std::string> events;
    events.push_back(event("message_start", {{"message", std::move(opening)}}));
    events.push_back(event("content_block_start", {{"index", 0}, {"content_block", block}}));
    events.push_back(event("ping", {}));
    if (answer.tool.empty()) {
        for (const std::string_view piece : pieces(answer.text))
            events.push_back(delta({{"type", "text_delta"}, {"text", piece}}));
    } else {
        events.push_back(delta({{"type", "input_json_delta"}, {"partial_json", json::to_text(answer.tool_input)}}));
    }
    events.push_back(event("content_block_stop", {{"index", 0}}));
    const bj::object ending{{"stop_reason", answer.stop_reason}, {"stop_sequence", nullptr}};
    events.push_back(event("message_delta", {{"delta", ending}, {"usage", usage_of(answer, answer.output_tokens)}}));
    events.push_back(event("message_stop", {}));
    return events;
}

bj::value smallest_instance(const bj::value& schema) {
    return instance(schema, schema, 0);
}

}  // namespace gatehouse::demo
