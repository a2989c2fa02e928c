// SPDX-License-Identifier: Apache-2.0
// EventDecoder: server-sent events out of bytes in any chunking (WHATWG HTML, section 9.2.6), for code that reads along
// a relayed stream. It copies only the events that the caller wants whole and never touches the bytes. Lines end in LF
// or CRLF; a lone CR, which the standard allows and no provider sends, is not a line end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

/// Views are valid until the decoder's next call.
struct Event {
    std::string_view name;  ///< "" when the stream gave none
    std::string_view data;  ///< several data lines joined by LF; of `Interest::lines` one of them
};

/// What is wanted of the events of one name.
enum class Interest : std::uint8_t {
    none,
    whole,  ///< handed out when it is complete, as a copy
    lines,  ///< each data line is handed out as soon as it is complete, in place where it can be
};

class EventDecoder {
  public:
    /// Asked with "" for events without a name.
    using Judge = Interest (*)(std::string_view name);
    static constexpr std::size_t default_limit = std::size_t{256} << 10U;

    /// Whole events that are larger are dropped; a line that straddles chunks is handed out up to that length.
    explicit EventDecoder(Judge judge, std::size_t limit = default_limit)
        : judge_(judge), limit_(limit), of_unnamed_(judge("")), interest_(of_unnamed_) {}

    /// The next bytes. `next` must have given nothing before; `bytes` stay valid until it does again.
    void feed(std::string_view bytes) { rest_ = bytes; }
    /// The next wanted event or line, or nothing when more bytes are needed.
    std::optional<Event> next();
    /// At the end of the stream: the event that its missing last blank line left open.
    std::optional<Event> finish();
    /// Whether what was fed so far ends exactly between two events.
    bool between_events() const { return !in_event_; }
    /// Events dropped for their size.
    std::size_t dropped() const { return dropped_; }

  private:
    enum class Delivered : std::uint8_t { nothing, line, event };

    void forget_delivered();
    void carry(std::string_view bytes);
    Delivered take_line(std::string_view line);
    Delivered take_data(std::string_view value);
    void take_name(std::string_view value);
    Event delivered_event() const;
    void drop_event();
    void begin_event();

    Judge judge_;
    std::size_t limit_;
    std::string_view rest_;
    std::string carry_;  ///< the beginning of a line that straddles two chunks
    std::string name_;   ///< the last one given: streams are runs of events of the same name
    std::string data_;
    std::string_view line_;  ///< the data line that was handed out
    std::size_t dropped_ = 0;
    Interest of_unnamed_;
    Interest of_name_ = Interest::none;  ///< what the judge says of `name_`
    Interest interest_;                  ///< in the event at hand
    Delivered delivered_ = Delivered::nothing;
    bool skips_line_ = false;  ///< the straddling line is of no interest: not carried
    bool in_event_ = false;
    bool is_named_ = false;  ///< the event at hand is called `name_`
};

}  // namespace gatehouse::http
