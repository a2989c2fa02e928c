// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/ask.h"

#include <charconv>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/messages/json_walk.h"

namespace gatehouse::messages {
namespace {

Error not_json() {
    return Error::bad_request(Reason::body_not_json, "invalid JSON");
}

Error given_twice(std::string_view key) {
    return Error::bad_request(Reason::malformed_request, std::string(key) + " is given more than once");
}

/// The one value of each member that we act on, as written.
struct Found {
    std::optional<Span> model;
    std::optional<Span> stream;
    std::optional<Span> max_tokens;
};

Result<> note(std::optional<Span>& slot, const Member& member, Error when_taken) {
    if (slot) return fail(std::move(when_taken));
    slot = member.value;
    return {};
}

Result<Found> find_members(std::string_view text, const std::vector<Member>& members) {
    Found found;
    bool other_case = false;
    for (const Member& member : members) {
        const auto key = unescape_json(member.key.in(text));
        if (!key) return fail(not_json());
        Result<> noted;
        if (*key == "stream") {
            noted = note(found.stream, member, given_twice(*key));
        } else if (*key == "max_tokens") {
            noted = note(found.max_tokens, member, given_twice(*key));
        } else if (*key == "model") {
            noted = note(found.model, member,
                         Error::bad_request(Reason::model_duplicate,
                                            "model is given more than once: the request must name exactly one model"));
        } else {
            // Some parsers match keys without case (Go's encoding/json does): to them `Model` is a second model.
            other_case = other_case || http::same_token(*key, "model");
        }
        if (!noted) return fail(noted.error());
    }
    if (found.model && other_case)
        return fail(Error::bad_request(Reason::model_duplicate,
                                       "model is given more than once: the request must name exactly one model, and "
                                       "keys that differ from it only in case count"));
    return found;
}

Result<std::string> read_model(std::string_view text, const std::optional<Span>& value) {
    if (!value) return fail(Error::bad_request(Reason::model_missing, "model is required"));
    const std::string_view token = value->in(text);
    if (!token.starts_with('"')) return fail(Error::bad_request(Reason::model_not_string, "model must be a string"));
    auto model = unescape_json(token);
    if (!model) return fail(not_json());
    if (model->empty()) return fail(Error::bad_request(Reason::model_missing, "model is required"));
    if (model->size() > Ask::longest_model)
        return fail(Error::bad_request(Reason::malformed_request, "model must be at most 256 bytes long"));
    return std::move(*model);
}

std::optional<std::int64_t> whole_number(std::string_view token) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    return number;
}

}  // namespace

Result<Ask> Ask::parse(http::Body body) {
    const std::string_view text = body.view();
    const auto walked = walk_json(text);
    if (!walked) return fail(not_json());
    if (walked->outermost != Outermost::object)
        return fail(Error::bad_request(Reason::body_not_json, "request body must be a JSON object"));
    const auto found = find_members(text, walked->members);
    if (!found) return fail(found.error());
    auto model = read_model(text, found->model);
    if (!model) return fail(model.error());

    Ask ask;
    ask.model_ = std::move(*model);
    ask.model_offset_ = found->model->offset;
    ask.model_size_ = found->model->size;
    if (found->stream) ask.stream_ = found->stream->in(text) == "true";
    if (found->max_tokens) ask.max_tokens_ = whole_number(found->max_tokens->in(text));
    ask.body_ = std::move(body);
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
