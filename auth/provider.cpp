// SPDX-License-Identifier: Apache-2.0
#include "auth/provider.h"

#include <algorithm>
#include <utility>

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr hours document_lifetime{1};
constexpr seconds first_back_off{1};
constexpr seconds longest_back_off{60};
constexpr seconds extra_fetch_interval{30};
/// A person is waiting for the page: a provider that takes longer counts as down.
constexpr milliseconds patience{10'000};
constexpr std::size_t largest_answer = 1'048'576;

/// A cancelled request says nothing about the provider.
bool is_about_the_provider(const Error& error) {
    return error.fault != Fault::client_gone;
}

Error unreachable(const http::Outbound& outbound, const Error& cause) {
    return Error::unavailable(
        Reason::idp_unreachable, "The identity provider cannot be reached.",
        outbound.method + " " + outbound.url.origin() + outbound.url.path + ": " + describe(cause));
}

Error unexpected(const std::string& address, int status) {
    return Error::unavailable(Reason::idp_answer_invalid, "The identity provider's answer is not valid.",
                              "GET " + address + ": status " + std::to_string(status) +
                                  (status >= 300 && status < 400 ? " (redirects are not followed)" : ""));
}

}  // namespace

template <class T>
Result<std::shared_ptr<const T>> Remembered<T>::settle(Result<T> fetched, Instant now) {
    if (fetched) {
        value_ = std::make_shared<const T>(std::move(*fetched));
        fresh_until_ = now + document_lifetime;
        next_attempt_ = {};
        back_off_ = seconds{0};
        return value_;
    }
    if (!is_about_the_provider(fetched.error())) return fail(fetched.error());
    back_off_ = std::clamp(back_off_ * 2, first_back_off, longest_back_off);
    next_attempt_ = now + back_off_;
    error_ = std::move(fetched.error());
    return value_or_error();
}

Provider::Provider(std::string issuer, const std::string& discovery_url, http::Client& client, const Clock& clock)
    : issuer_(std::move(issuer)),
      discovery_address_(discovery_address(issuer_, discovery_url)),
      client_(client),
      clock_(clock) {}

Task<MetadataPtr> Provider::metadata() {
    for (;;) {
        const Instant now = clock_.now();
        if (metadata_.is_fresh(now)) co_return metadata_.value();
        if (metadata_.is_resting(now)) co_return metadata_.value_or_error();
        if (!metadata_.flight.busy()) break;
        const auto ended = co_await metadata_.flight.wait();
        if (!ended) co_return fail(ended.error());
    }
    const SingleFlight::Turn turn(metadata_.flight);
    auto fetched = co_await fetch_metadata();
    co_return metadata_.settle(std::move(fetched), clock_.now());
}

Task<KeySetPtr> Provider::keys() {
    for (;;) {
        const Instant now = clock_.now();
        if (keys_.is_fresh(now)) co_return keys_.value();
        if (keys_.is_resting(now)) co_return keys_.value_or_error();
        if (!keys_.flight.busy()) break;
        const auto ended = co_await keys_.flight.wait();
        if (!ended) co_return fail(ended.error());
    }
    const SingleFlight::Turn turn(keys_.flight);
    auto fetched = co_await fetch_keys();
    co_return keys_.settle(std::move(fetched), clock_.now());
}

Task<KeySetPtr> Provider::keys_newer_than(KeySetPtr seen) {
    for (;;) {
        if (keys_.value() != seen) co_return keys_.value_or_error();
        if (clock_.now() < next_extra_fetch_) {
            if (extra_fetch_failed_) co_return fail(*extra_fetch_failed_);
            co_return seen;
        }
        if (!keys_.flight.busy()) break;
        const auto ended = co_await keys_.flight.wait();
        if (!ended) co_return fail(ended.error());
    }
    const SingleFlight::Turn turn(keys_.flight);
    auto fetched = co_await fetch_keys();
    if (!fetched && !is_about_the_provider(fetched.error())) co_return fail(fetched.error());
    next_extra_fetch_ = clock_.now() + extra_fetch_interval;
    extra_fetch_failed_ = fetched ? std::nullopt : std::optional(fetched.error());
    if (!fetched) co_return fail(fetched.error());
    co_return keys_.settle(std::move(fetched), clock_.now());
}

Task<ProviderMetadata> Provider::fetch_metadata() {
    auto url = http::parse_url(discovery_address_);
    if (!url)
        co_return fail(Error::unavailable(Reason::idp_unreachable, "The identity provider cannot be reached.",
                                          discovery_address_ + ": " + url.error().message));
    const auto answer = co_await get(std::move(*url), {});
    if (!answer) co_return fail(answer.error());
    if (answer->status != 200) co_return fail(unexpected(discovery_address_, answer->status));
    co_return parse_provider_metadata(answer->body, issuer_);
}

Task<KeySet> Provider::fetch_keys() {
    const auto known = co_await metadata();
    if (!known) co_return fail(known.error());
    const http::Url url = (*known)->jwks_uri;
    const auto answer = co_await get(url, {});
    if (!answer) co_return fail(answer.error());
    if (answer->status != 200) co_return fail(unexpected(url.origin() + url.path, answer->status));
    co_return KeySet::parse(answer->body);
}

Task<ProviderAnswer> Provider::get(http::Url url, std::string bearer_token) {
    http::Outbound outbound;
    outbound.method = "GET";
    outbound.target = url.target();
    outbound.url = std::move(url);
    outbound.headers.add("accept", "application/json");
    if (!bearer_token.empty()) outbound.headers.add("authorization", "Bearer " + bearer_token);
    auto answer = co_await exchange(std::move(outbound));
    co_return answer;
}

Task<ProviderAnswer> Provider::post_form(http::Url url, std::string form, std::string authorization) {
    http::Outbound outbound;
    outbound.method = "POST";
    outbound.target = url.target();
    outbound.url = std::move(url);
    outbound.headers.add("accept", "application/json");
    outbound.headers.add("content-type", "application/x-www-form-urlencoded");
    if (!authorization.empty()) outbound.headers.add("authorization", authorization);
    outbound.body.push_back(form);
    auto answer = co_await exchange(std::move(outbound));
    co_return answer;
}

Task<ProviderAnswer> Provider::exchange(http::Outbound outbound) {
    outbound.head_timeout = patience;
    outbound.idle_timeout = patience;
    auto reply = co_await client_.send(outbound);
    if (!reply && !is_about_the_provider(reply.error())) co_return fail(reply.error());
    if (!reply) co_return fail(unreachable(outbound, reply.error()));
    auto body = co_await http::read_all(*reply->body, largest_answer);
    if (!body && !is_about_the_provider(body.error())) co_return fail(body.error());
    if (!body) co_return fail(unreachable(outbound, body.error()));
    ProviderAnswer answer{reply->status, std::string(reply->headers.value("content-type")), std::move(*body)};
    co_return answer;
}

}  // namespace gatehouse::auth
