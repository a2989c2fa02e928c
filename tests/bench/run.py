#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Gatehouse beside nginx and beside nothing, in one run, on loopback: see docs/performance.md. Starts the mock
provider, nginx and `gatehouse serve` on free ports, runs the load generator in interleaved rounds, prints tables and
ratios, ends what it started. Exit status 1 when a request failed or an event was lost; slowness is not a failure."""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

import measure
import processes
import report
import request_body
import targets

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Plan:
    rounds: int
    single_ms: int
    many_ms: int
    stream_rounds: int
    streams: tuple  # (how many at once, events in each)
    ready_times: int


PLANS = {
    "brief": Plan(rounds=1, single_ms=500, many_ms=700, stream_rounds=1, streams=((200, 12),), ready_times=1),
    "quick": Plan(rounds=5, single_ms=1000, many_ms=1500, stream_rounds=3, streams=((1000, 24),), ready_times=3),
    "full": Plan(rounds=9, single_ms=2000, many_ms=3000, stream_rounds=3, streams=((1000, 32), (5000, 60)), ready_times=5),
}
INTERVAL_MS = 250  # four events a second, as a model writes
OPENED_PER_SECOND = 625


class Run:
    def __init__(self, plan, tools, binary, directory, capped=False, braked=False):
        self.capped, self.braked = capped, braked
        self.plan, self.tools, self.directory = plan, tools, directory
        self.samples, self.defects, self.figures = report.Samples(), [], {}
        self.bodies = {}
        for name, stream in (("plain", False), ("stream", True)):
            self.bodies[name] = directory / f"{name}.json"
            self.bodies[name].write_bytes(request_body.build(stream))
        self.direct = targets.Direct(tools, _made(directory / "mock"))
        self.targets = [self.direct]
        if shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]):
            self.targets.append(targets.Nginx(self.direct, _made(directory / "nginx")))
        self.targets.append(targets.Relay(tools, self.direct, _made(directory / "relay")))
        if binary:
            self.targets.append(self._gatehouse(binary, _made(directory / "gatehouse")))
        self.idle_kb = {target.name: processes.resident_kb(target.pids) for target in self.targets}
        for target in self.targets[1:]:
            words = f"{target.name}, idle after the first sign-in, MB" if target.store_pids else f"{target.name}, idle, MB"
            self.figures[words] = [self.idle_kb[target.name] / 1024]
            if target.store_pids:
                self.figures["its redis-server, idle, MB"] = [processes.resident_kb(target.store_pids) / 1024]

    def _gatehouse(self, binary, directory):
        gatehouse = targets.Gatehouse(binary, self.direct, directory, self.capped, self.braked)
        embedded, given = gatehouse.seconds_to_ready(self.plan.ready_times)
        self.figures["gatehouse, seconds to ready, embedded store"] = embedded
        self.figures["gatehouse, seconds to ready, Redis given"] = given
        gatehouse.start()
        self.figures["gatehouse, idle, MB"] = [processes.resident_kb(gatehouse.pids) / 1024]
        gatehouse.sign_in()
        return gatehouse

    def _rounds(self, case, rounds, one):
        """Interleaved, each round beginning with another target, so that a drift of the machine meets all alike."""
        for number in range(rounds):
            turn = number % len(self.targets)
            for target in self.targets[turn:] + self.targets[:turn]:
                result = one(target)
                trouble = measure.defects(result)
                if trouble:
                    self.defects.append(f"{case}, {target.name}: {trouble}")
                self.samples.add(case, target.name, result)
        print(f"  {case}: done", file=sys.stderr, flush=True)

    def verify(self):
        """Every body reaches the provider as it left the client. Not part of the figures."""
        for target in self.targets:
            result = measure.round_trips(self.tools, target, self.direct, self.bodies["plain"], 4, 5000, verify=True,
                                         count=200)
            if trouble := measure.defects(result):
                self.defects.append(f"bodies as received, {target.name}: {trouble}")

    def measure_all(self):
        self.verify()
        for count, events in self.plan.streams:
            self._rounds(f"{count:,} streams at once", self.plan.stream_rounds,
                         lambda target, count=count, events=events: self._streams(target, count, events))
        for case, connections, duration in (("1 connection", 1, self.plan.single_ms),
                                            ("32 connections", 32, self.plan.many_ms)):
            self._rounds(case, self.plan.rounds,
                         lambda target, connections=connections, duration=duration: measure.round_trips(
                             self.tools, target, self.direct, self.bodies["plain"], connections, duration))
        self._rounds("32 connections, 30 KB stream without pauses", self.plan.rounds,
                     lambda target: measure.round_trips(self.tools, target, self.direct, self.bodies["stream"], 32,
                                                        self.plan.many_ms, events=200))

    def _streams(self, target, count, events):
        result = measure.streams(self.tools, target, self.direct, self.bodies["stream"], count, events, INTERVAL_MS,
                                 OPENED_PER_SECOND)
        result["kb_per_stream"] = (result["resident_kb"] - self.idle_kb[target.name]) / count
        return result

    def _inside(self):
        """Reading a body and metering a stream, in one process of its own."""
        return subprocess.run([str(self.tools / "bench_inside"), str(self.bodies["stream"])], capture_output=True,
                              text=True, timeout=60, check=True).stdout.strip()

    def print_report(self):
        names = [target.name for target in self.targets]
        print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}; "
              f"body {request_body.SIZE:,} bytes; mock's own times: {self.direct.stats()}\n")
        print(report.table(self.samples, names), "\n")
        print(report.process_table(self.figures), "\n")
        print(self._inside(), "\n")
        print(report.ratios(self.samples, self.figures) or "No ratios: Gatehouse was not measured.", "\n")
        print("Failed, lost or altered: " + ("; ".join(self.defects) or "nothing"))


def _made(directory):
    directory.mkdir()
    return directory


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--brief", action="store_const", dest="plan", const="brief", help="half a minute: does it work")
    size.add_argument("--full", action="store_const", dest="plan", const="full", help="ten minutes, with 5,000 streams")
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / "build/bench", help="where the bench preset built")
    parser.add_argument("--gatehouse", type=pathlib.Path, help="the binary; default: the one among the tools")
    parser.add_argument("--without-gatehouse", action="store_true", help="the references only")
    parser.add_argument("--capped", action="store_true", help="with three caps that are checked and never reached")
    parser.add_argument("--braked", action="store_true", help="with rate limits and a pause rule, likewise")
    parser.add_argument("--json", type=pathlib.Path, help="write every sample there")
    parser.set_defaults(plan="quick")
    return parser.parse_args()


def main():
    arguments = _arguments()
    tools = arguments.tools.resolve()
    binary = None if arguments.without_gatehouse else (arguments.gatehouse or tools / "gatehouse").resolve()
    for needed in [tools / name for name in ("mock_provider", "bench_load", "bench_inside", "bench_relay")] + [binary]:
        if needed and not os.access(needed, os.X_OK):
            sys.exit(f"{needed} is not there: cmake --preset bench && cmake --build --preset bench")
    processes.raise_file_limit()
    # The default would end this process and leave its children.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench."))
    try:
        run = Run(PLANS[arguments.plan], tools, binary, directory, arguments.capped, arguments.braked)
        run.measure_all()
        run.print_report()
        if arguments.json:
            arguments.json.write_text(json.dumps({"samples": run.samples.by_case, "figures": run.figures,
                                                  "defects": run.defects}, indent=1))
        status = 1 if run.defects else 0
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        print(f"the processes' output is in {directory}", file=sys.stderr)
        status, directory = 1, None
    finally:
        processes.stop_all()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
