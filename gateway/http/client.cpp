// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/client.h"

namespace gatehouse::http {

Task<std::string> read_all(Source& source, std::size_t limit) {
    std::string text;
    for (;;) {
        const auto bytes = co_await source.read();
        if (!bytes) co_return fail(bytes.error());
        if (bytes->empty()) co_return text;
        if (text.size() + bytes->size() > limit)
            co_return fail(Error::upstream_rejected(Reason::upstream_malformed, "answer too large"));
        text.append(*bytes);
    }
}

}  // namespace gatehouse::http
