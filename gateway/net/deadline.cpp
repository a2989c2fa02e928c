// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/deadline.h"

#include <boost/asio/steady_timer.hpp>

namespace gatehouse::net {
namespace {

constexpr std::chrono::milliseconds sweep_interval{250};

}  // namespace

struct Deadlines::Timer {
    explicit Timer(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
};

Deadline::Deadline(Deadlines& owner, std::function<void()> expire) : owner_(owner), expire_(std::move(expire)) {
    next_ = owner_.first_;
    if (next_ != nullptr) next_->previous_ = this;
    owner_.first_ = this;
}

Deadline::~Deadline() {
    if (owner_.sweeping_ == this) owner_.sweeping_ = next_;
    if (previous_ != nullptr) previous_->next_ = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
    if (owner_.first_ == this) owner_.first_ = next_;
}

Deadlines::Deadlines() = default;
Deadlines::~Deadlines() = default;

void Deadlines::start(const boost::asio::any_io_executor& executor) {
    timer_ = std::make_unique<Timer>(executor);
    wait();
}

void Deadlines::stop() {
    timer_.reset();
}

void Deadlines::wait() {
    timer_->timer.expires_after(sweep_interval);
    timer_->timer.async_wait([this](const boost::system::error_code& error) {
        if (error || !timer_) return;
        sweep();
        if (timer_) wait();
    });
}

void Deadlines::sweep() {
    const auto now = Deadline::Clock::now();
    for (sweeping_ = first_; sweeping_ != nullptr;) {
        Deadline* const current = sweeping_;
        sweeping_ = current->next_;
        if (current->when_ > now) continue;
        current->disarm();
        current->fired_ = true;
        current->expire_();
    }
}

}  // namespace gatehouse::net
