# SPDX-License-Identifier: Apache-2.0
"""A real sign-in over HTTP, so that the benchmark depends on the wire contract and on no record's form: an OpenID provider
that approves at once, and the device flow through it as a browser and a CLI would do it. Loopback only."""

import base64
import hashlib
import html.parser
import http.cookiejar
import http.server
import json
import re
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

CLIENT_ID = "gatehouse-bench"
CLIENT_SECRET = "bench-client-secret-0123456789abcdef"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class IdentityProvider:
    """Discovery, keys, an authorization endpoint that says yes, a token endpoint. Signs with the openssl command."""

    def __init__(self, directory):
        self._key = f"{directory}/idp.pem"
        subprocess.run(["openssl", "genrsa", "-out", self._key, "2048"], check=True, capture_output=True)
        answer = subprocess.run(["openssl", "rsa", "-in", self._key, "-noout", "-modulus"], check=True,
                                capture_output=True, text=True)
        self._modulus = bytes.fromhex(answer.stdout.strip().partition("=")[2])
        self._codes = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def discovery(self):
        return {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}

    def keys(self):
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench", "e": "AQAB",
                          "n": _base64url(self._modulus)}]}

    def authorize(self, query):
        code = secrets.token_urlsafe(24)
        self._codes[code] = query
        back = {"code": code, "state": query["state"]}
        return query["redirect_uri"] + "?" + urllib.parse.urlencode(back)

    def redeem(self, form):
        query = self._codes.pop(form.get("code"), None)
        proof = _base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if query is None or query.get("code_challenge", proof) != proof:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "bench-developer", "email": "developer@bench.example",
                  "email_verified": True, "name": "Bench Developer", "groups": ["engineering"], "iat": now,
                  "exp": now + 3600, "nonce": query.get("nonce")}
        return {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": 3600,
                "id_token": self._sign(claims)}

    def _sign(self, claims):
        head = {"alg": "RS256", "typ": "JWT", "kid": "bench"}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        answer = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self._key], input=signed.encode(), check=True,
                                capture_output=True)
        return f"{signed}.{_base64url(answer.stdout)}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider = None

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._reply(200, self.provider.discovery())
        elif parts.path == "/jwks":
            self._reply(200, self.provider.keys())
        elif parts.path == "/authorize":
            self._reply(302, {}, location=self.provider.authorize(dict(urllib.parse.parse_qsl(parts.query))))
        else:
            self._reply(404, {"error": "not_found"})

    def do_POST(self):
        form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        tokens = self.provider.redeem(dict(urllib.parse.parse_qsl(form)))
        self._reply(200 if tokens else 400, tokens or {"error": "invalid_grant"})

    def _reply(self, status, body, location=None):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        """Quiet: its requests are not what is measured."""


class _Fields(html.parser.HTMLParser):
    """The hidden fields of a page's forms."""

    def __init__(self, page):
        super().__init__()
        self.hidden = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "input" and found.get("type") == "hidden" and found.get("name"):
            self.hidden[found["name"]] = found.get("value") or ""


def through_device_flow(gateway):
    """An access token, as `/login` in Claude Code gets one."""
    grant = json.loads(_post(urllib.request.build_opener(), f"{gateway}/oauth/device_authorization",
                             {"client_id": "claude-code"}))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{gateway}/device?user_code={urllib.parse.quote(grant['user_code'])}", timeout=10).read().decode()
    fields = _Fields(page).hidden or {"user_code": grant["user_code"]}
    last_page = _post(browser, f"{gateway}/device", fields, {"Origin": gateway})
    form = {"grant_type": _DEVICE_GRANT, "device_code": grant["device_code"], "client_id": "claude-code"}
    for _ in range(5):
        try:
            return json.loads(_post(urllib.request.build_opener(), f"{gateway}/oauth/token", form))["access_token"]
        except urllib.error.HTTPError as refusal:
            trouble = refusal.read().decode()
            if "slow_down" not in trouble:
                words = " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", last_page, flags=re.S).split())
                raise RuntimeError(f"sign-in failed: {trouble}; the browser saw: {words[:400]}") from refusal
            time.sleep(grant.get("interval", 5) + 0.5)
    raise RuntimeError("sign-in failed: the gateway keeps answering slow_down")


def _post(opener, url, fields, headers=None):
    body = urllib.parse.urlencode(fields).encode()
    with opener.open(urllib.request.Request(url, body, headers or {}), timeout=10) as answer:
        return answer.read().decode()
