// SPDX-License-Identifier: Apache-2.0
// ScriptedClient: an http::Client whose answers a test writes down beforehand: whole bodies, chunk by chunk, pauses
// until the test says so (Gate), cuts in mid-stream, failures before any answer. Every request is recorded with its
// body. A request that nothing was scripted for fails with connect_failed, so that a test notices.
//
//   client.on("/token", ScriptedReply::json(200, R"({"id_token":"…"})"));      // every request to that path
//   client.next(ScriptedReply::sse().chunk("event: ping\n\n").cut());           // the next request only, in order
//   client.next(ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "down")));
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/client.h"

namespace gatehouse::testing {

/// Something that a coroutine waits for and the test opens. Shared by pointer; opening it lets everyone through.
class Gate {
  public:
    void open() {
        open_ = true;
        for (auto* timer : waiters_)
            timer->cancel();
    }
    bool is_open() const { return open_; }
    std::size_t waiting() const { return waiters_.size(); }

    /// Fails with client_gone when the waiting coroutine is cancelled.
    Task<> wait() {
        if (open_) co_return Result<>{};
        const auto executor = co_await boost::asio::this_coro::executor;
        // In the coroutine's frame, not in the gate: a gate may outlive the io_context of the test.
        boost::asio::steady_timer timer(executor, std::chrono::steady_clock::time_point::max());
        const Entry entry(*this, timer);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!open_) co_return fail(Error::client_gone());
        co_return Result<>{};
    }

  private:
    struct Entry {
        Entry(Gate& gate, boost::asio::steady_timer& timer) : gate_(gate), timer_(&timer) {
            gate_.waiters_.push_back(timer_);
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry() { std::erase(gate_.waiters_, timer_); }
        Gate& gate_;
        boost::asio::steady_timer* timer_;
    };

    bool open_ = false;
    std::vector<boost::asio::steady_timer*> waiters_;
};

/// One answer. Build it with the named functions, then add to it; every adder returns the reply itself.
struct ScriptedReply {
    struct Step {
        std::string bytes;
        std::optional<Error> cut;
        std::shared_ptr<Gate> gate;
    };

    int status = 200;
    http::Headers headers;
    std::vector<Step> steps;
    std::optional<Error> refusal;           ///< `send` fails with it
    std::shared_ptr<Gate> before_the_head;  ///< `send` waits for it first

    static ScriptedReply of(int status, std::string body = {}) {
        ScriptedReply reply;
        reply.status = status;
        return std::move(reply).chunk(std::move(body));
    }
    static ScriptedReply json(int status, std::string body) {
        return of(status, std::move(body)).header("content-type", "application/json");
    }
    /// 200 text/event-stream without any byte yet.
    static ScriptedReply sse() { return of(200).header("content-type", "text/event-stream"); }
    static ScriptedReply failure(Error error) {
        ScriptedReply reply;
        reply.refusal = std::move(error);
        return reply;
    }

    ScriptedReply&& header(std::string_view name, std::string_view value) && {
        headers.add(name, value);
        return std::move(*this);
    }
    ScriptedReply&& chunk(std::string bytes) && {
        if (!bytes.empty()) steps.push_back({std::move(bytes), std::nullopt, nullptr});
        return std::move(*this);
    }
    /// The body waits here until the test opens the gate.
    ScriptedReply&& pause(std::shared_ptr<Gate> gate) && {
        steps.push_back({{}, std::nullopt, std::move(gate)});
        return std::move(*this);
    }
    /// The body breaks off here.
    ScriptedReply&& cut(Error error = Error::upstream_unreachable(Reason::upstream_reset, "cut by the script")) && {
        steps.push_back({{}, std::move(error), nullptr});
        return std::move(*this);
    }
    /// Even the head is kept back until the test opens the gate.
    ScriptedReply&& head_after(std::shared_ptr<Gate> gate) && {
        before_the_head = std::move(gate);
        return std::move(*this);
    }
};

/// What the code under test sent, and what became of the answer.
struct RecordedRequest {
    http::Url url;
    std::string method;
    std::string target;
    http::Headers headers;
    std::string body;  ///< all pieces together
    std::size_t body_pieces = 0;
    std::chrono::milliseconds head_timeout{0};
    std::chrono::milliseconds idle_timeout{0};
    bool answered_fully = false;  ///< the body was read to its regular end
    bool dropped = false;         ///< the Source went away before that end: the connection would be closed

    /// The target without its query.
    std::string path() const { return target.substr(0, target.find('?')); }
};

class ScriptedClient final : public http::Client {
  public:
    using Responder = std::function<ScriptedReply(const RecordedRequest&)>;

    /// For the next request that no `next` before it takes, whatever its address.
    void next(ScriptedReply reply) { queue_.push_back(std::move(reply)); }
    /// For every request whose `host/path` ends so or whose path is exactly this, when nothing is queued. A later `on`
    /// for the same place replaces the earlier one.
    void on(std::string place, ScriptedReply reply) {
        answer(std::move(place), [reply = std::move(reply)](const RecordedRequest&) { return reply; });
    }
    /// The same, computed from the request.
    void answer(std::string place, Responder responder) {
        for (auto& [known, existing] : places_) {
            if (known != place) continue;
            existing = std::move(responder);
            return;
        }
        places_.emplace_back(std::move(place), std::move(responder));
    }

    /// Nothing is scripted any more; what was recorded stays.
    void forget_scripts() {
        queue_.clear();
        places_.clear();
    }

    const std::vector<std::shared_ptr<RecordedRequest>>& requests() const { return requests_; }
    const RecordedRequest& request(std::size_t index) const { return *requests_.at(index); }
    const RecordedRequest& last() const { return *requests_.back(); }
    /// How many requests went to that place.
    std::size_t count(std::string_view place) const {
        std::size_t total = 0;
        for (const auto& request : requests_)
            total += is_at(*request, place) ? 1U : 0U;
        return total;
    }

    Task<http::Reply> send(const http::Outbound& outbound) override {
        auto recorded = std::make_shared<RecordedRequest>(record(outbound));
        requests_.push_back(recorded);
        ScriptedReply script = script_for(*recorded);
        if (script.before_the_head) {
            const auto opened = co_await script.before_the_head->wait();
            if (!opened) {
                recorded->dropped = true;
                co_return fail(opened.error());
            }
        }
        if (script.refusal) co_return fail(*script.refusal);
        http::Reply reply;
        reply.status = script.status;
        reply.headers = script.headers;
        reply.body = std::make_unique<Body>(std::move(script.steps), std::move(recorded));
        co_return reply;
    }

  private:
    class Body final : public http::Source {
      public:
        Body(std::vector<ScriptedReply::Step> steps, std::shared_ptr<RecordedRequest> recorded)
            : steps_(std::move(steps)), recorded_(std::move(recorded)) {}
        Body(const Body&) = delete;
        Body& operator=(const Body&) = delete;
        ~Body() override { recorded_->dropped = !recorded_->answered_fully; }

        Task<std::string_view> read() override {
            while (next_ < steps_.size()) {
                const ScriptedReply::Step& step = steps_[next_++];
                if (step.cut) co_return fail(*step.cut);
                if (!step.gate) {
                    // A copy in fresh memory: whoever keeps a view past the next read is caught by the sanitizer.
                    handed_out_ = std::make_unique<std::string>(step.bytes);
                    co_return std::string_view(*handed_out_);
                }
                const auto opened = co_await step.gate->wait();
                if (!opened) co_return fail(opened.error());
            }
            handed_out_.reset();
            recorded_->answered_fully = true;
            co_return std::string_view{};
        }

      private:
        std::vector<ScriptedReply::Step> steps_;
        std::size_t next_ = 0;
        std::unique_ptr<std::string> handed_out_;
        std::shared_ptr<RecordedRequest> recorded_;
    };

    static RecordedRequest record(const http::Outbound& outbound) {
        RecordedRequest recorded;
        recorded.url = outbound.url;
        recorded.method = outbound.method;
        recorded.target = outbound.target;
        recorded.headers = outbound.headers;
        for (const std::string_view piece : outbound.body)
            recorded.body.append(piece);
        recorded.body_pieces = outbound.body.size();
        recorded.head_timeout = outbound.head_timeout;
        recorded.idle_timeout = outbound.idle_timeout;
        return recorded;
    }

    static bool is_at(const RecordedRequest& request, std::string_view place) {
        const std::string path = request.path();
        return path == place || (request.url.host + path).ends_with(place);
    }

    ScriptedReply script_for(const RecordedRequest& request) {
        if (!queue_.empty()) {
            ScriptedReply reply = std::move(queue_.front());
            queue_.pop_front();
            return reply;
        }
        for (const auto& [place, responder] : places_)
            if (is_at(request, place)) return responder(request);
        return ScriptedReply::failure(Error::upstream_unreachable(
            Reason::connect_failed, "nothing scripted for " + request.url.host + request.target));
    }

    std::deque<ScriptedReply> queue_;
    std::vector<std::pair<std::string, Responder>> places_;
    std::vector<std::shared_ptr<RecordedRequest>> requests_;
};

}  // namespace gatehouse::testing
