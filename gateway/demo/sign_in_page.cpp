// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/sign_in_page.h"

#include "gateway/base/crypto.h"
#include "gateway/demo/people.h"
#include "gateway/http/reply.h"

namespace gatehouse::demo {
namespace {

constexpr std::string_view style = R"(
body{font:16px/1.5 system-ui,sans-serif;background:#f4f4f2;color:#1c1c1a;margin:0;display:grid;place-items:center;min-height:100vh}
main{background:#fff;border:1px solid #ddd;border-radius:12px;padding:2rem;max-width:26rem;width:100%;box-sizing:border-box}
h1{font-size:1.3rem;margin:0 0 .5rem}p{margin:0 0 1.25rem;color:#555}
button{display:block;width:100%;text-align:left;font:inherit;padding:.75rem 1rem;margin:0 0 .6rem;border:1px solid #bbb;border-radius:8px;background:#fff;color:inherit;cursor:pointer}
button:hover,button:focus-visible{border-color:#1c1c1a;background:#fafaf8}
button span{display:block;font-size:.85rem;color:#666}
)";

http::Response page(int status, std::string_view body, std::string_view form_targets) {
    std::string html(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<title>Demo company sign-in</title><style>");
    html.append(style).append("</style></head><body><main>").append(body).append("</main></body></html>");
    http::Response response = http::html(status, std::move(html));
    std::string policy("default-src 'none'; style-src 'sha256-");
    policy.append(to_base64(sha256(style))).append("'; frame-ancestors 'none'; base-uri 'none'; form-action ");
    response.headers.add("content-security-policy", policy.append(form_targets));
    response.headers.add("cache-control", "no-store");
    return response;
}

std::string joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words)
        text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string safe;
    for (const char letter : text) {
        switch (letter) {
            case '&':
                safe.append("&amp;");
                break;
            case '<':
                safe.append("&lt;");
                break;
            case '>':
                safe.append("&gt;");
                break;
            case '"':
                safe.append("&quot;");
                break;
            case '\'':
                safe.append("&#39;");
                break;
            default:
                safe.push_back(letter);
        }
    }
    return safe;
}

http::Response sign_in_page(const std::vector<std::pair<std::string, std::string>>& fields,
                            std::string_view redirect_origin) {
    std::string body(
        "<h1>Demo company sign-in</h1><p>This identity provider exists only in <code>gatehouse demo</code>. "
        "Choose who you are.</p><form method=\"post\" action=\"/authorize\">");
    for (const auto& [name, value] : fields)
        body.append("<input type=\"hidden\" name=\"")
            .append(escape_html(name))
            .append("\" value=\"")
            .append(escape_html(value))
            .append("\">");
    for (const DemoPerson& person : demo_people)
        body.append("<button name=\"person\" value=\"")
            .append(person.id)
            .append("\">")
            .append(person.name)
            .append("<span>")
            .append(joined(person.groups))
            .append("</span></button>");
    return page(200, body.append("</form>"), std::string("'self' ").append(redirect_origin));
}

http::Response refusal_page(std::string_view sentence) {
    return page(400, "<h1>Sign-in cannot start</h1><p role=\"alert\">" + escape_html(sentence) + "</p>", "'none'");
}

}  // namespace gatehouse::demo
