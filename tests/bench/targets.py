# SPDX-License-Identifier: Apache-2.0
"""The ways to the mock provider: none in between, nginx, Gatehouse's wire alone, Gatehouse. Each starts what it needs on free loopback
ports with its files under one directory, and knows which processes' CPU and memory count as its own."""

import http.client
import json
import pathlib
import secrets
import subprocess
import time

import processes
import sign_in


class Direct:
    """The mock provider itself."""

    name = "direct"
    token = "none"
    store_pids = ()

    def __init__(self, tools, directory):
        port = processes.free_port()
        self.process = processes.Process("mock_provider", [str(tools / "mock_provider"), "--port", str(port)], directory)
        self.port = self.stream_port = port
        processes.wait_until(lambda: _answers(port, "/bench/stats"), self.process, 5)
        self.pids = [self.process.pid]

    def stats(self):
        return _get(self.port, "/bench/stats")[1].decode()


class Nginx:
    """nginx as it is fastest here: one worker, keep-alive on both sides, the body kept in memory; a second port with
    buffering off, as streams need."""

    name = "nginx"
    token = "none"
    store_pids = ()

    _CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {directory}/nginx.pid;
error_log {directory}/nginx.error.log crit;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 32m;
    client_body_buffer_size 128k;
    keepalive_requests 100000000;
    tcp_nodelay on;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_read_timeout 300s;
    upstream provider {{
        server 127.0.0.1:{provider};
        keepalive 1024;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://provider; }}
    }}
    server {{
        listen 127.0.0.1:{stream_port} backlog=4096;
        location / {{ proxy_pass http://provider; proxy_buffering off; }}
    }}
}}
"""

    def __init__(self, direct, directory):
        self.port, self.stream_port = processes.free_port(), processes.free_port()
        files = processes.raise_file_limit()
        config = pathlib.Path(directory) / "nginx.conf"
        config.write_text(self._CONFIG.format(directory=directory, provider=direct.port, port=self.port, files=files,
                                              stream_port=self.stream_port, connections=files - 200))
        command = ["nginx", "-p", str(directory), "-c", str(config), "-e", f"{directory}/nginx.start.log"]
        self.process = processes.Process("nginx", command, directory)
        processes.wait_until(lambda: _answers(self.port, "/bench/stats"), self.process, 5)
        # The worker alone: the master sleeps.
        self.pids = processes.children_of(self.process.pid)


class Relay:
    """Gatehouse's wire alone: its server and its client with nothing decided in between."""

    name = "wire alone"
    token = "none"
    store_pids = ()

    def __init__(self, tools, direct, directory):
        self.port = self.stream_port = processes.free_port()
        command = [str(tools / "bench_relay"), str(self.port), str(direct.port)]
        self.process = processes.Process("bench_relay", command, directory)
        processes.wait_until(lambda: _answers(self.port, "/bench/stats"), self.process, 5)
        self.pids = [self.process.pid]


class Gatehouse:
    """`gatehouse serve` with a policy, an allowlist, its audit log in a file, and a developer who really signed in."""

    name = "gatehouse"

    _CONFIG = """
listen: {{ host: 127.0.0.1, port: {port}, public_url: "http://127.0.0.1:{port}" }}
oidc:
  issuer: {issuer}
  client_id: {client_id}
  client_secret: {client_secret}
session: {{ jwt_secret: "{jwt_secret}", ttl_hours: 8 }}
store: {store}
upstreams:
  - provider: anthropic
    base_url: http://127.0.0.1:{provider}
    auth: {{ api_key: sk-ant-bench-0000000000000000 }}
managed:
  policies:
    - match: {{ groups: [engineering] }}
      cli: {{ availableModels: [claude-sonnet-4-5, claude-haiku-4-5] }}
    - match: {{}}
      cli: {{ availableModels: [claude-haiku-4-5] }}
"""
    # None of them is ever reached: each request is checked against all.
    _BRAKES = """      limits:
        user: {{ requests_per_minute: 100000000, tokens_per_minute: 1000000000, concurrent_requests: 100000 }}
        session: {{ requests_per_minute: 100000000, dollars_per_minute: 100000 }}
        pause_session: {{ dollars: 1000000 }}
"""
    _ADMIN = """admin: {{ write_keys: [{{ id: bench, key: "{admin_key}" }}] }}
"""

    def __init__(self, binary, direct, directory, capped=False, braked=False):
        self._binary, self._direct, self._directory = binary, direct, pathlib.Path(directory)
        self._capped, self._braked, self._admin_key = capped, braked, secrets.token_hex(32)
        self._idp = sign_in.IdentityProvider(self._directory)
        self.process = None

    def start(self, store=None):
        """Returns the seconds from exec to the first 200 of /readyz. `store` is a Redis URL; None is the embedded one."""
        self.port = self.stream_port = processes.free_port()
        config = self._directory / "gateway.yaml"
        place = f'{{ redis_url: "{store}" }}' if store else f"{{ embedded: {{ dir: {self._directory}/store }} }}"
        more = (self._BRAKES if self._braked else "") + (self._ADMIN if self._capped else "")
        config.write_text((self._CONFIG + more).format(
            port=self.port, store=place, issuer=self._idp.issuer, client_id=sign_in.CLIENT_ID,
            client_secret=sign_in.CLIENT_SECRET, jwt_secret=secrets.token_hex(32), provider=self._direct.port,
            admin_key=self._admin_key))
        command = [str(self._binary), "serve", "--config", str(config)]
        environment = {"GATEHOUSE_ALLOW_LOOPBACK": "1", "HOME": str(self._directory),
                       "XDG_STATE_HOME": str(self._directory / "state")}
        begun = time.monotonic()
        self.process = processes.Process("gatehouse", command, self._directory, environment)
        processes.wait_until(lambda: _answers(self.port, "/readyz"), self.process, 20, step=0.002)
        took = time.monotonic() - begun
        self.pids = [self.process.pid]
        self.store_pids = processes.children_of(self.process.pid)
        return took

    def sign_in(self):
        self.token = sign_in.through_device_flow(f"http://127.0.0.1:{self.port}")
        if self._capped:
            for period in ("daily", "weekly", "monthly"):
                self._cap(period)

    def _cap(self, period):
        body = json.dumps({"scope": {"type": "organization"}, "amount": "100000000000", "period": period})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/v1/organizations/spend_limits", body,
                               {"x-api-key": self._admin_key, "content-type": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"the cap was refused: {answer.read()}")
        finally:
            connection.close()

    def stop(self):
        self.process.stop()

    def seconds_to_ready(self, times):
        """With the embedded store, and with a Redis that is already there; as two lists."""
        embedded, given = [], []
        for _ in range(times):
            embedded.append(self.start())
            self.stop()
        socket = self._directory / "given.sock"
        redis = processes.Process("redis", ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""],
                                  self._directory)
        processes.wait_until(socket.exists, redis, 5)
        for _ in range(times):
            given.append(self.start(f"unix://{socket}"))
            self.stop()
        redis.stop()
        return embedded, given


def version_of(binary):
    answer = subprocess.run([str(binary), "version"], capture_output=True, text=True, timeout=10, check=False)
    return answer.stdout.strip().splitlines()[0] if answer.stdout.strip() else "unknown version"


def _get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _answers(port, path):
    try:
        return _get(port, path)[0] == 200
    except OSError:
        return False
