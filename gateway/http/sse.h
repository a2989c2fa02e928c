// SPDX-License-Identifier: Apache-2.0
// EventDecoder: server-sent events out of bytes in any chunking (WHATWG HTML, section 9.2.6), for code that reads along
// a relayed stream. It copies only the events that the caller wants and never touches the bytes. Lines end in LF or
// CRLF; a lone CR, which the standard allows and no provider sends, is not a line end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

/// Views are valid until the decoder's next call.
struct Event {
    std::string_view name;  ///< "" when the stream gave none
    std::string_view data;  ///< several data lines joined by LF
};

class EventDecoder {
  public:
    /// Whether events of that name are to be collected; asked with "" for events without a name.
    using Wanted = bool (*)(std::string_view name);
    static constexpr std::size_t default_limit = std::size_t{256} << 10U;

    /// Larger events are dropped, not collected.
    explicit EventDecoder(Wanted wanted, std::size_t limit = default_limit)
        : wanted_(wanted), limit_(limit), collects_(wanted("")) {}

    /// The next bytes. `next` must have given nothing before; `bytes` stay valid until it does again.
    void feed(std::string_view bytes) { rest_ = bytes; }
    /// The next wanted event, or nothing when more bytes are needed.
    std::optional<Event> next();
    /// At the end of the stream: the event that its missing last blank line left open.
    std::optional<Event> finish();
    /// Whether what was fed so far ends exactly between two events.
    bool between_events() const { return !in_event_; }
    /// Events dropped for their size.
    std::size_t dropped() const { return dropped_; }

  private:
    void carry(std::string_view bytes);
    bool takes_line(std::string_view line);
    void take_field(std::string_view line);
    void drop_event();
    void begin_event();

    Wanted wanted_;
    std::size_t limit_;
    std::string_view rest_;
    std::string carry_;  ///< the beginning of a line that straddles two chunks
    std::string name_;
    std::string data_;
    std::size_t dropped_ = 0;
    bool collects_;
    bool skips_line_ = false;  ///< the straddling line is of no interest: not carried
    bool in_event_ = false;
    bool delivered_ = false;  ///< the event in name_ and data_ was handed out
};

}  // namespace gatehouse::http
