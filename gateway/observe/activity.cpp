// SPDX-License-Identifier: Apache-2.0
#include "gateway/observe/activity.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gatehouse::observe {
namespace {

using std::chrono::milliseconds;

constexpr double first_step = 5;
constexpr double growth = 1.2;
constexpr int client_closed = 499;
constexpr std::int64_t minutes_kept = Activity::window.count();

std::int64_t minute_of(Instant when) {
    return std::chrono::floor<std::chrono::minutes>(when).time_since_epoch().count();
}

std::size_t slot_of(std::int64_t minute) {
    return static_cast<std::size_t>(minute % minutes_kept);
}

bool is_later(const std::optional<UpstreamFailure>& left, const std::optional<UpstreamFailure>& right) {
    return left && (!right || left->at > right->at);
}

bool fits(const RequestSeen& seen, const RequestFilter& filter) {
    const Entry& entry = seen.entry;
    return (filter.user.empty() || filter.user == entry.subject || filter.user == entry.email) &&
           (filter.model.empty() || filter.model == entry.model) &&
           (filter.upstream.empty() || filter.upstream == entry.upstream) &&
           (filter.statuses.empty() || std::ranges::find(filter.statuses, status_of(seen)) != filter.statuses.end());
}

void sort_and_cut(std::vector<RequestSeen>& requests, std::size_t limit) {
    std::ranges::sort(requests, [](const RequestSeen& left, const RequestSeen& right) {
        const bool left_ended = left.stage == Stage::ended;
        const bool right_ended = right.stage == Stage::ended;
        return left_ended != right_ended ? right_ended : left.started_at > right.started_at;
    });
    if (requests.size() > limit) requests.resize(limit);
}

}  // namespace

void Durations::add(milliseconds took) {
    const double ratio = static_cast<double>(took.count()) / first_step;
    const double step = ratio <= 1 ? 0 : std::ceil(std::log(ratio) / std::log(growth));
    ++counts_.at(std::min(static_cast<std::size_t>(step), steps - 1));
    ++total_;
}

void Durations::add(const Durations& other) {
    for (std::size_t at = 0; at < steps; ++at)
        counts_.at(at) += other.counts_.at(at);
    total_ += other.total_;
}

std::optional<milliseconds> Durations::quantile(double share) const {
    if (total_ == 0) return std::nullopt;
    const double wanted = share * static_cast<double>(total_);
    double seen = 0;
    for (std::size_t at = 0; at < steps; ++at) {
        seen += counts_.at(at);
        // The middle of the step.
        if (seen >= wanted && counts_.at(at) > 0)
            return milliseconds(std::llround(first_step * std::pow(growth, static_cast<double>(at) - 0.5)));
    }
    return std::nullopt;
}

void UpstreamMinute::add(const UpstreamMinute& other) {
    requests += other.requests;
    failures += other.failures;
    first_byte.add(other.first_byte);
    whole.add(other.whole);
}

UpstreamMinute UpstreamSeen::sum() const {
    UpstreamMinute all;
    for (const UpstreamMinute& minute : minutes)
        all.add(minute);
    return all;
}

ShardActivity::Live::Live(ShardActivity& home, RequestSeen seen) : home_(home), seen_(std::move(seen)) {
    const std::scoped_lock lock(home_.mutex_);
    place_ = home_.live_.insert(home_.live_.end(), this);
}

ShardActivity::Live::~Live() {
    const std::scoped_lock lock(home_.mutex_);
    home_.live_.erase(place_);
}

void ShardActivity::Live::sent_to(std::string_view upstream, std::string_view model) {
    const std::scoped_lock lock(home_.mutex_);
    seen_.entry.upstream = upstream;
    seen_.entry.upstream_model = model;
}

void ShardActivity::Live::answered(std::int64_t first_byte_milliseconds) {
    const std::scoped_lock lock(home_.mutex_);
    seen_.stage = Stage::streaming;
    seen_.entry.first_byte_milliseconds = first_byte_milliseconds;
}

void ShardActivity::ended(RequestSeen seen) {
    const std::scoped_lock lock(mutex_);
    if (ended_.size() < Activity::kept_per_shard) {
        ended_.push_back(std::move(seen));
        return;
    }
    // The old one's memory is freed outside the lock, by the parameter.
    std::swap(ended_.at(next_), seen);
    next_ = (next_ + 1) % ended_.size();
}

UpstreamMinute& ShardActivity::Tally::at(Instant now) {
    const std::int64_t minute = std::max(minute_of(now), newest);
    for (std::int64_t gone = std::max(newest + 1, minute - minutes_kept + 1); gone <= minute; ++gone)
        minutes.at(slot_of(gone)) = {};
    newest = minute;
    return minutes.at(slot_of(minute));
}

void ShardActivity::upstream_answered(const std::string& upstream, Instant now, milliseconds first_byte) {
    const std::scoped_lock lock(mutex_);
    Tally& tally = upstreams_[upstream];
    UpstreamMinute& minute = tally.at(now);
    ++minute.requests;
    minute.first_byte.add(first_byte);
    tally.last_success = now;
}

void ShardActivity::upstream_finished(const std::string& upstream, Instant now, milliseconds whole) {
    const std::scoped_lock lock(mutex_);
    upstreams_[upstream].at(now).whole.add(whole);
}

void ShardActivity::upstream_failed(const std::string& upstream, UpstreamFailure failure) {
    const std::scoped_lock lock(mutex_);
    Tally& tally = upstreams_[upstream];
    UpstreamMinute& minute = tally.at(failure.at);
    ++minute.requests;
    ++minute.failures;
    tally.last_failure = std::move(failure);
}

void ShardActivity::upstream_broke_off(const std::string& upstream, UpstreamFailure failure) {
    const std::scoped_lock lock(mutex_);
    Tally& tally = upstreams_[upstream];
    ++tally.at(failure.at).failures;
    tally.last_failure = std::move(failure);
}

RequestsSeen Activity::requests(const RequestFilter& filter, Instant now) {
    RequestsSeen found;
    for (ShardActivity& shard : shards_) {
        const std::scoped_lock lock(shard.mutex_);
        found.under_way += shard.live_.size();
        std::size_t taken = 0;
        for (auto live = shard.live_.rbegin(); live != shard.live_.rend() && taken < filter.limit; ++live) {
            if (!fits((*live)->seen_, filter)) continue;
            RequestSeen seen = (*live)->seen_;
            seen.entry.output_tokens = (*live)->output_tokens_.load(std::memory_order_relaxed);
            seen.entry.milliseconds = (now - seen.started_at).count();
            found.requests.push_back(std::move(seen));
            ++taken;
        }
        std::ranges::copy_if(shard.ended_, std::back_inserter(found.requests),
                             [&](const RequestSeen& seen) { return fits(seen, filter); });
    }
    sort_and_cut(found.requests, filter.limit);
    return found;
}

UpstreamSeen Activity::upstream(std::string_view name, Instant now) {
    UpstreamSeen seen;
    seen.minutes.resize(static_cast<std::size_t>(minutes_kept));
    const std::int64_t newest = minute_of(now);
    for (ShardActivity& shard : shards_) {
        const std::scoped_lock lock(shard.mutex_);
        const auto found = shard.upstreams_.find(name);
        if (found == shard.upstreams_.end()) continue;
        const ShardActivity::Tally& tally = found->second;
        for (std::int64_t back = 0; back < minutes_kept; ++back) {
            const std::int64_t minute = newest - back;
            if (minute > tally.newest || minute <= tally.newest - minutes_kept) continue;
            seen.minutes.at(static_cast<std::size_t>(minutes_kept - 1 - back)).add(tally.minutes.at(slot_of(minute)));
        }
        if (is_later(tally.last_failure, seen.last_failure)) seen.last_failure = tally.last_failure;
        seen.last_success = std::max(seen.last_success, tally.last_success);
    }
    return seen;
}

std::string_view status_of(const RequestSeen& seen) {
    if (seen.stage == Stage::waiting) return "waiting";
    if (seen.stage == Stage::streaming) return "streaming";
    const Entry& entry = seen.entry;
    if (entry.status == client_closed || entry.reason == "client_gone") return "canceled";
    if (entry.reason.empty() && entry.status < 400) return "succeeded";
    return entry.upstream.empty() ? "refused" : "failed";
}

}  // namespace gatehouse::observe
