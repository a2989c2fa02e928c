// SPDX-License-Identifier: Apache-2.0
// The mustache templates and the style of the sign-in pages. Included by pages.cpp only. `{{x}}` is escaped; the only
// unescaped places are the layout's own style and body, which pages.cpp made.
#pragma once

#include <string_view>

namespace gatehouse::auth::templates {

inline constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--text:#1c2128;--muted:#59636e;--line:#d5dbe1;--accent:#1a5fb4;
--on-accent:#fff;--danger:#a51d2d;--alert:#fdecee;--code:#eef1f4}
@media (prefers-color-scheme:dark){:root{--page:#14181d;--card:#1d232a;--text:#e6eaef;--muted:#9aa5b1;--line:#36404a;
--accent:#78aeed;--on-accent:#0d1520;--danger:#f28b95;--alert:#3a1d22;--code:#12161b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header{font-weight:600;color:var(--muted);margin-bottom:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.15rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
section,.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:0 0 1rem}
p{margin:0 0 .75rem}
.muted,small{color:var(--muted)}
.alert{background:var(--alert);border-left:.3rem solid var(--danger);padding:.6rem .8rem;border-radius:.3rem}
.code{font:600 2rem/1.2 ui-monospace,monospace;letter-spacing:.12em;margin:.25rem 0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 .75rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
ul.rows{list-style:none;margin:0;padding:0}
ul.rows>li{display:flex;flex-wrap:wrap;gap:.5rem 1rem;justify-content:space-between;align-items:center;
padding:.6rem 0;border-top:1px solid var(--line)}
ul.rows>li>div{flex:1 1 14rem;min-width:0;overflow-wrap:anywhere}
ul.tags{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;margin:0 0 .75rem;padding:0}
ul.tags>li{background:var(--code);border-radius:.3rem;padding:.1rem .5rem;font:.9rem ui-monospace,monospace;
overflow-wrap:anywhere}
pre{background:var(--code);border-radius:.4rem;padding:.7rem .8rem;white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.45 ui-monospace,monospace;
margin:0 0 .75rem}
code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
form.fields{display:flex;flex-wrap:wrap;gap:.75rem;align-items:flex-end}
form.fields>div{flex:1 1 10rem}
label{display:block;font-weight:600;margin-bottom:.2rem}
.reached{color:var(--danger)}
input,select{width:100%;font:inherit;color:inherit;background:var(--page);border:1px solid var(--muted);border-radius:.4rem;
padding:.5rem .6rem}
button,a.button{display:inline-block;font:inherit;font-weight:600;text-decoration:none;cursor:pointer;border-radius:.4rem;
padding:.5rem 1rem;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent)}
button.plain{background:transparent;color:var(--danger);border-color:var(--danger)}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
)css";

// The referrer policy: with the header's no-referrer alone, browsers send `Origin: null` with every form (Fetch,
// "append a request Origin header") and our own same-origin check would refuse our own pages.
inline constexpr std::string_view layout = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<title>{{title}} – Gatehouse</title>
<style>{{{style}}}</style>
</head>
<body>
<main>
<header>Gatehouse</header>
{{{body}}}
</main>
</body>
</html>
)html";

inline constexpr std::string_view landing = R"html(<h1>Claude Code, through your organization's gateway</h1>
<div class="card">
<p>This server carries your organization's Claude Code requests. You sign in with your company account; no other key is
needed.</p>
<p><a class="button" href="/login">Sign in</a></p>
<p class="muted">Here from a terminal? Enter its code at <a href="/device">{{origin}}/device</a>.</p>
</div>
)html";

inline constexpr std::string_view notice = R"html(<h1>{{headline}}</h1>
<div class="card" role="status"><p>{{sentence}}</p>
{{#link}}<p><a href="{{link}}">{{link_text}}</a></p>
{{/link}}</div>
)html";

inline constexpr std::string_view problem = R"html(<h1>{{headline}}</h1>
<div class="card">
<p class="alert" role="alert">{{message}}</p>
{{#link}}<p><a href="{{link}}">{{link_text}}</a></p>
{{/link}}{{#request_id}}<p><small>For your administrator: request {{request_id}}</small></p>
{{/request_id}}</div>
)html";

// GET, so that a typed code leads to the question first: nobody approves a code without seeing who asked for it.
inline constexpr std::string_view device_entry = R"html({{^alerted}}<h1>Connect a terminal</h1>
{{/alerted}}<div class="card">
<p id="hint">Enter the code that your terminal shows.</p>
<form class="fields" method="get" action="/device">
<div><label for="user_code">Code</label>
<input id="user_code" name="user_code" required maxlength="20" autocomplete="off" autocapitalize="characters"
spellcheck="false" placeholder="XXXX-XXXX" aria-describedby="hint"></div>
<button type="submit">Continue</button>
</form>
</div>
)html";

inline constexpr std::string_view device_question = R"html(<h1>Is this your terminal?</h1>
<div class="card">
<p>Approve only if your own terminal shows this code right now.</p>
<p class="code">{{user_code}}</p>
<dl>
<dt>Program</dt><dd>{{client}}{{^client}}does not say{{/client}}</dd>
<dt>Address</dt><dd>{{address}}</dd>
</dl>
<p class="muted">Nobody from your organization will ever send you a code to approve.</p>
<form method="post" action="/device">
<input type="hidden" name="user_code" value="{{user_code}}">
<button type="submit">Approve</button>
<button type="submit" class="plain" formaction="/device/deny">Deny</button>
</form>
</div>
)html";

inline constexpr std::string_view new_key = R"html(<h1>Your new key</h1>
<div class="card">
<p role="status">This is the only time that the key “{{name}}” is shown. Copy it now.</p>
<pre>{{secret}}</pre>
<p>It expires on {{expires}}. To use it with Claude Code:</p>
<pre>export ANTHROPIC_BASE_URL={{origin}}
export ANTHROPIC_AUTH_TOKEN={{secret}}</pre>
<p><a href="/access">Back to your access</a></p>
</div>
)html";

inline constexpr std::string_view access = R"html(<h1>Your access</h1>
{{#has_paused}}<section aria-labelledby="paused"><h2 id="paused">Paused sessions</h2>
<p class="alert">A rule of your organization stopped these sessions of Claude Code, because they look as if they ran away.
Resume one only if its work is meant to go on.</p>
<ul class="rows">{{#paused}}<li><div><strong>{{session}}</strong>{{#service_key}} <span class="muted">(of the service key
{{service_key}})</span>{{/service_key}}<br>
<small>paused {{since}}: {{why}}</small></div>
<form method="post" action="/access/paused/resume"><input type="hidden" name="user" value="{{user}}">
<input type="hidden" name="session" value="{{session}}">
<button type="submit" aria-label="Resume session {{session}}">Resume</button></form></li>
{{/paused}}</ul>
</section>
{{/has_paused}}<section aria-labelledby="who"><h2 id="who">Who you are</h2>
<dl>
<dt>Name</dt><dd>{{name}}{{^name}}not given{{/name}}</dd>
<dt>Email</dt><dd>{{email}}{{^email}}not given{{/email}}</dd>
<dt>Subject</dt><dd>{{subject}}</dd>
</dl>
<h3>Groups</h3>
{{#has_groups}}<ul class="tags">{{#groups}}<li>{{.}}</li>{{/groups}}</ul>
{{/has_groups}}{{^has_groups}}<p class="muted">Your identity provider named no groups.</p>
{{/has_groups}}<form method="post" action="/logout"><button type="submit" class="plain">Sign out</button></form>
</section>
<section aria-labelledby="models"><h2 id="models">What you may use</h2>
<p>Policy: {{#policy}}<strong>{{policy}}</strong>{{/policy}}{{^policy}}<span class="muted">none matched</span>{{/policy}}</p>
{{#has_models}}<ul class="tags">{{#models}}<li>{{.}}</li>{{/models}}</ul>
{{/has_models}}{{^has_models}}<p class="muted">No models. Ask your administrator.</p>
{{/has_models}}</section>
{{#has_caps}}<section aria-labelledby="spend"><h2 id="spend">What you may spend</h2>
<ul class="rows">{{#caps}}<li><div><strong>{{spent}} of {{limit}}</strong> {{period}}{{#group}}, shared by the group
{{group}}{{/group}}{{#reached}} <strong class="reached">reached</strong>{{/reached}}<br>
<small>{{#held}}{{held}} more is set aside for requests under way · {{/held}}begins anew {{resets}}</small></div></li>
{{/caps}}</ul>
{{#has_asked}}<h3>Your requests for more</h3>
<ul class="rows">{{#asked}}<li><div><strong>{{status}}</strong> · {{period}} · {{reason}}{{#answer}}<br>{{answer}}{{/answer}}<br>
<small>asked {{asked}}</small></div>{{#open}}
<form method="post" action="/access/increase/withdraw"><input type="hidden" name="request" value="{{id}}">
<button type="submit" class="plain" aria-label="Withdraw request: {{period}}, {{reason}}">Withdraw</button></form>{{/open}}</li>
{{/asked}}</ul>
{{/has_asked}}<h3>Ask for more</h3>
<form class="fields" method="post" action="/access/increase">
<div><label for="increase-reason">Why you need more</label>
<input id="increase-reason" name="reason" required maxlength="1000" autocomplete="off"></div>
<div><label for="increase-amount">New limit in dollars (optional)</label>
<input id="increase-amount" name="amount" inputmode="decimal" maxlength="20" autocomplete="off"></div>
<div><label for="increase-period">Which limit</label><select id="increase-period" name="period">
<option value="">the one that blocks me</option><option value="daily">daily</option><option value="weekly">weekly</option>
<option value="monthly">monthly</option></select></div>
<button type="submit">Ask</button>
</form>
</section>
{{/has_caps}}<section aria-labelledby="setup"><h2 id="setup">Set up Claude Code</h2>
<h3>With <code>/login</code></h3>
<p>Put this into the machine's managed settings, then run <code>claude</code> and <code>/login</code>:</p>
<pre>{{managed_settings}}</pre>
<dl>
<dt>Linux, WSL</dt><dd><code>/etc/claude-code/managed-settings.json</code></dd>
<dt>macOS</dt><dd><code>/Library/Application Support/ClaudeCode/managed-settings.json</code></dd>
<dt>Windows</dt><dd><code>C:\Program Files\ClaudeCode\managed-settings.json</code></dd>
</dl>
<h3>Without managed settings</h3>
<p>Sign in once with <code>gatehouse login {{origin}}</code> and put this into <code>~/.claude/settings.json</code>:</p>
<pre>{{helper_settings}}</pre>
<h3>With a personal key</h3>
<p>For tools that cannot sign in. Create a key below, then:</p>
<pre>export ANTHROPIC_BASE_URL={{origin}}
export ANTHROPIC_AUTH_TOKEN=<var>your key</var></pre>
</section>
<section aria-labelledby="sessions"><h2 id="sessions">Active sessions</h2>
<ul class="rows">{{#sessions}}<li><div><strong>{{kind}}</strong>{{#current}} <span class="muted">(this one)</span>{{/current}}<br>
{{client}}{{^client}}unnamed program{{/client}}<br>
<small>{{address}} · first used {{created}} · last used {{used}}</small></div>
<form method="post" action="/access/sessions/revoke"><input type="hidden" name="session" value="{{id}}">
<button type="submit" class="plain" aria-label="Revoke session: {{kind}}, {{client}}, {{created}}">Revoke</button></form></li>
{{/sessions}}</ul>
</section>
<section aria-labelledby="keys"><h2 id="keys">Personal keys</h2>
{{#has_keys}}<ul class="rows">{{#keys}}<li><div><strong>{{name}}</strong><br>
<small>created {{created}} · expires {{expires}} · {{#used}}last used {{used}}{{/used}}{{^used}}never used{{/used}}</small></div>
<form method="post" action="/access/keys/revoke"><input type="hidden" name="key" value="{{id}}">
<button type="submit" class="plain" aria-label="Revoke key: {{name}}">Revoke</button></form></li>
{{/keys}}</ul>
{{/has_keys}}{{^has_keys}}<p class="muted">You have none.</p>
{{/has_keys}}<h3>Create a key</h3>
<form class="fields" method="post" action="/access/keys">
<div><label for="name">Name</label><input id="name" name="name" required maxlength="100" autocomplete="off"></div>
<div><label for="days">Expires after (days, 365 at most)</label>
<input id="days" name="days" type="number" required min="1" max="365" value="90"></div>
<button type="submit">Create key</button>
</form>
</section>
)html";

}  // namespace gatehouse::auth::templates
