// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/ask.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::messages {
namespace {

Error not_json() {
    return Error::bad_request(Reason::body_not_json, "invalid JSON");
}

/// The members that we act on.
constexpr std::array<std::string_view, 5> names{"model", "stream", "max_tokens", "speed", "tags"};
namespace slot {
constexpr std::size_t model = 0;
constexpr std::size_t stream = 1;
constexpr std::size_t max_tokens = 2;
constexpr std::size_t speed = 3;
constexpr std::size_t tags = 4;
}  // namespace slot

/// Some parsers match keys without case (Go's encoding/json does): to them `Model` is a second model.
bool is_blind_to_case(std::size_t acted) {
    return acted == slot::model || acted == slot::tags;
}

Error given_twice(std::size_t acted, std::string_view addition = "") {
    std::string message(names.at(acted));
    message.append(" is given more than once");
    if (acted == slot::model) message.append(": the request must name exactly one model");
    return Error::bad_request(acted == slot::model ? Reason::model_duplicate : Reason::malformed_request,
                              message.append(addition));
}

/// Where each of them stands in the list of members.
using Found = std::array<std::optional<std::size_t>, names.size()>;

Result<Found> find_members(std::string_view text, const std::vector<Member>& members) {
    Found found;
    std::array<bool, names.size()> in_other_case{};
    for (std::size_t index = 0; index < members.size(); ++index) {
        const auto key = unescape_json(members[index].key.in(text));
        if (!key) return fail(not_json());
        for (std::size_t acted = 0; acted < names.size(); ++acted) {
            if (*key == names.at(acted)) {
                if (found.at(acted)) return fail(given_twice(acted));
                found.at(acted) = index;
            } else if (is_blind_to_case(acted) && http::same_token(*key, names.at(acted))) {
                in_other_case.at(acted) = true;
            }
        }
    }
    for (std::size_t acted = 0; acted < names.size(); ++acted)
        if (found.at(acted) && in_other_case.at(acted))
            return fail(given_twice(acted, ", and keys that differ from it only in case count"));
    return found;
}

/// With the comma behind the member, or before the last one: what is left is an object as it was.
Span place_of(std::string_view text, const std::vector<Member>& members, std::size_t index) {
    const std::size_t begin = members[index].key.offset;
    const std::size_t end = members[index].value.end();
    if (index + 1 < members.size()) return {begin, text.find(',', end) + 1 - begin};
    if (index == 0) return {begin, end - begin};
    const std::size_t comma = text.find(',', members[index - 1].value.end());
    return {comma, end - comma};
}

Result<std::string> read_model(std::string_view token) {
    if (token.empty()) return fail(Error::bad_request(Reason::model_missing, "model is required"));
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

/// "" when it cannot be used.
std::string read_tag(std::string_view token) {
    constexpr std::size_t longest_escape = 6;
    if (!token.starts_with('"') || token.size() > Ask::longest_tag * longest_escape + 2) return {};
    auto text = unescape_json(token);
    if (!text || text->size() > Ask::longest_tag) return {};
    return std::move(*text);
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
    const auto value_of = [&](std::size_t acted) {
        const auto& index = found->at(acted);
        return index ? walked->members[*index].value.in(text) : std::string_view{};
    };
    auto name = read_model(value_of(slot::model));
    if (!name) return fail(name.error());

    Ask ask;
    ask.model_ = std::move(*name);
    ask.model_place_ = walked->members[*found->at(slot::model)].value;
    ask.stream_ = value_of(slot::stream) == "true";
    ask.max_tokens_ = whole_number(value_of(slot::max_tokens));
    const std::string_view speed = value_of(slot::speed);
    if (speed.starts_with('"') && unescape_json(speed) == "fast") ask.speed_ = policy::Speed::fast;
    if (const auto& index = found->at(slot::tags)) {
        ask.tags_ = walked->members[*index].value;
        ask.tags_place_ = place_of(text, walked->members, *index);
    }
    ask.size_ = text.size();
    ask.body_ = std::move(body);
    return ask;
}

std::optional<std::string> Ask::tag(std::string_view name) const {
    if (!tags_) return std::nullopt;
    // The rest of the body stands behind it, and then the body's slack.
    const std::string_view text = tags_->in(body_.view());
    const auto walked = walk_json(text);
    if (!walked || walked->outermost != Outermost::object) return std::nullopt;
    std::optional<std::string> said;
    for (const Member& member : walked->members) {
        // Of two the last counts, as with most parsers: nobody behind us reads them.
        if (unescape_json(member.key.in(text)) == name) said = read_tag(member.value.in(text));
    }
    return said;
}

std::vector<std::string_view> Ask::pieces(std::string_view model, bool drops_tags) {
    struct Change {
        Span place;
        std::string_view text;
    };
    std::vector<Change> changes;
    if (model != model_) {
        spliced_.clear();
        log::append_json_string(spliced_, model);
        changes.push_back({model_place_, spliced_});
    }
    if (drops_tags && tags_) changes.push_back({tags_place_, {}});
    std::ranges::sort(changes, {}, [](const Change& change) { return change.place.offset; });

    const std::string_view text = body_.view();
    std::vector<std::string_view> pieces;
    std::size_t at = 0;
    for (const Change& change : changes) {
        pieces.push_back(text.substr(at, change.place.offset - at));
        if (!change.text.empty()) pieces.push_back(change.text);
        at = change.place.end();
    }
    pieces.push_back(text.substr(at));
    return pieces;
}

}  // namespace gatehouse::messages
