# SPDX-License-Identifier: Apache-2.0
"""One measurement: the load generator against one target, with what the target's processes spent meanwhile."""

import json
import subprocess
import time

import processes


class Meter:
    """What the target, the store, the mock and everybody else on the machine spent between two moments."""

    def __init__(self, target, mock):
        self._groups = {"cpu_s": target.pids, "store_cpu_s": list(target.store_pids), "mock_cpu_s": mock.pids}
        self._begun = self._read()

    def _read(self):
        values = {name: processes.cpu_seconds(pids) for name, pids in self._groups.items()}
        return {**values, "machine_cpu_s": processes.machine_busy_seconds(), "wall_s": time.monotonic()}

    def spent(self):
        now = self._read()
        return {name: now[name] - begun for name, begun in self._begun.items()}


def _command(tools, mode, target, port, query, body, options):
    url = f"http://127.0.0.1:{port}/v1/messages?beta=true{query}"
    pairs = {"url": url, "token": target.token, "body": body, **options}
    return [str(tools / "bench_load"), mode, *(piece for name, value in pairs.items()
                                               for piece in (f"--{name}", str(value)))]


def _noise(spent, generator_cpu, direct):
    """Share of one core that nobody of ours used: other people's work, and so the doubt in the figures."""
    ours = spent["mock_cpu_s"] + generator_cpu + (0 if direct else spent["cpu_s"] + spent["store_cpu_s"])
    return max(0.0, (spent["machine_cpu_s"] - ours) / spent["wall_s"])


def round_trips(tools, target, mock, body, connections, duration_ms, events=0, verify=False, count=0):
    options = {"connections": connections, "duration-ms": duration_ms, "count": count, "warm-up-ms": 0 if count else 200}
    if verify:
        options["verify"] = "yes"
    query = f"&events={events}" if events else ""
    port = target.stream_port if events else target.port
    meter = Meter(target, mock)
    done = subprocess.run(_command(tools, "rr", target, port, query, body, options), capture_output=True, text=True,
                          timeout=duration_ms / 1000 + 30, check=True)
    spent = meter.spent()
    result = json.loads(done.stdout.splitlines()[-1])
    requests = max(1, result["with_warm_up"])
    result["cpu_us"] = spent["cpu_s"] / requests * 1e6
    result["store_cpu_us"] = spent["store_cpu_s"] / requests * 1e6
    result["generator_busy"] = result["generator_cpu_s"] / spent["wall_s"]
    result["mock_busy"] = spent["mock_cpu_s"] / spent["wall_s"]
    result["noise"] = _noise(spent, result["generator_cpu_s"], target is mock)
    return result


def streams(tools, target, mock, body, count, events, interval_ms, rate):
    """Samples memory and CPU in the middle part, while every stream is open."""
    options = {"streams": count, "events": events, "interval-ms": interval_ms, "rate": rate}
    # From the last opening to the first end, less a margin for a slow start.
    steady_s = events * interval_ms / 1000 - count / rate - 1.0
    if steady_s < 1:
        raise ValueError("the streams are too short to be open all at once")
    whole = Meter(target, mock)
    child = subprocess.Popen(_command(tools, "streams", target, target.stream_port, "", body, options),
                             stdout=subprocess.PIPE, text=True)
    try:
        opened = child.stdout.readline().strip() == "open"
        meter = Meter(target, mock)
        time.sleep(steady_s / 2)
        resident = processes.resident_kb(target.pids)
        time.sleep(steady_s / 2)
        steady = meter.spent()
        out, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    if child.returncode != 0 or not opened:
        raise RuntimeError(f"bench_load ended with {child.returncode}: {out}")
    result = json.loads(out.splitlines()[-1])
    spent = whole.spent()
    relayed = count * steady["wall_s"] * 1000 / interval_ms
    result["cpu_us_per_event"] = steady["cpu_s"] / relayed * 1e6
    result["resident_kb"] = resident
    result["generator_busy"] = result["generator_cpu_s"] / spent["wall_s"]
    result["mock_busy"] = spent["mock_cpu_s"] / spent["wall_s"]
    result["noise"] = _noise(spent, result["generator_cpu_s"], target is mock)
    return result


def defects(result):
    """What must be zero, in words; empty when all is well."""
    found = [f"{words} ×{times}" for words, times in result["failures"].items()]
    found += [f"{name} {result[name]}" for name in ("missing", "duplicated", "reordered", "altered") if result.get(name)]
    return ", ".join(found)
