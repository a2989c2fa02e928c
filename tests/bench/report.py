# SPDX-License-Identifier: Apache-2.0
"""The samples of a run as markdown tables and as the ratios that docs/performance.md asks for. Prints what was measured
and nothing else: a target that did not run has no column, a case that did not run has no row."""

import statistics


class Samples:
    """Every measurement by case and target."""

    def __init__(self):
        self.by_case = {}

    def add(self, case, target, result):
        self.by_case.setdefault(case, {}).setdefault(target, []).append(result)

    def values(self, case, target, *path):
        found = []
        for result in self.by_case.get(case, {}).get(target, []):
            for key in path:
                result = result[key] if result is not None else None
            if result is not None:
                found.append(result)
        return found

    def median(self, case, target, *path):
        found = self.values(case, target, *path)
        return statistics.median(found) if found else None


def _cell(values, places):
    if not values:
        return "–"
    middle = f"{statistics.median(values):,.{places}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{places}f}–{max(values):,.{places}f})"


_ROUND_TRIP_ROWS = [
    ("requests/s", ("per_second",), 0), ("p50 ms", ("latency_ms", "p50"), 3), ("p99 ms", ("latency_ms", "p99"), 3),
    ("CPU µs per request", ("cpu_us",), 1), ("store CPU µs per request", ("store_cpu_us",), 1),
]
_STREAM_ROWS = [
    ("relay of an event, p50 ms", ("steady_event_ms", "p50"), 3), ("relay of an event, p99 ms", ("steady_event_ms", "p99"), 3),
    ("relay of an event, p99 ms, opening included", ("event_ms", "p99"), 3),
    ("first byte, p50 ms", ("first_byte_ms", "p50"), 2), ("first byte, p99 ms", ("first_byte_ms", "p99"), 2),
    ("CPU µs per event", ("cpu_us_per_event",), 1), ("memory per open stream, KB", ("kb_per_stream",), 1),
    ("streams failed", ("failed",), 0),
]
_DOUBT_ROWS = [
    ("load generator, share of a core", ("generator_busy",), 2), ("mock provider, share of a core", ("mock_busy",), 2),
    ("everybody else on the machine, share of a core", ("noise",), 2),
]


def table(samples, targets):
    lines = [f"| case | median (least–most) | {' | '.join(targets)} |", f"|---|---|{'---|' * len(targets)}"]
    for case in samples.by_case:
        first = next(iter(samples.by_case[case].values()))[0]
        rows = (_STREAM_ROWS if first["mode"] == "streams" else _ROUND_TRIP_ROWS) + _DOUBT_ROWS
        for words, path, places in rows:
            cells = []
            for target in targets:
                # Direct has no process of its own in between, only Gatehouse has a store.
                none = (target == "direct" and path[0] in ("cpu_us", "cpu_us_per_event", "kb_per_stream")) or (
                    target != "gatehouse" and path[0] == "store_cpu_us")
                cells.append("–" if none else _cell(samples.values(case, target, *path), places))
            if any(cell != "–" for cell in cells):
                lines.append(f"| {case} | {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def process_table(figures):
    """`figures`: words → values, of Gatehouse and nginx as processes."""
    lines = ["| process | median (least–most) |", "|---|---|"]
    lines += [f"| {words} | {_cell(values, 3 if 'seconds' in words else 1)} |" for words, values in figures.items() if values]
    return "\n".join(lines)


def _line(words, value, relation, goal, unit=""):
    if value is None or goal is None:
        return None
    met = value >= goal if relation == "≥" else value <= goal
    return f"- {words}: {value:.3g}{unit} ({'met' if met else 'MISSED'}: {relation} {goal:.3g}{unit})"


def ratios(samples, figures):
    """Gatehouse against the goals of one run: mostly relations to what was measured beside it."""
    one, many = "1 connection", "32 connections"
    middle = samples.median
    lines = []

    def over(case, *path, target):
        ours, theirs = middle(case, "gatehouse", *path), middle(case, target, *path)
        return (ours, theirs) if ours is not None and theirs is not None else (None, None)

    ours, theirs = over(many, "per_second", target="nginx")
    lines.append(_line(f"{many}, requests/s, Gatehouse ÷ nginx", ours and ours / theirs, "≥", 0.8))
    ours, theirs = over(one, "latency_ms", "p50", target="direct")
    lines.append(_line(f"{one}, p50, Gatehouse − direct", ours and ours - theirs, "≤", 0.15, " ms"))
    ours, theirs = over(many, "cpu_us", target="nginx")
    lines.append(_line(f"{many}, CPU per request, Gatehouse ÷ nginx", ours and ours / theirs, "≤", 1.5))
    for case in samples.by_case:
        if not case.endswith("streams at once"):
            continue
        ours, theirs = over(case, "steady_event_ms", "p99", target="nginx")
        lines.append(_line(f"{case}, relay of an event, p99, Gatehouse ÷ nginx", ours and ours / theirs, "≤", 1.0))
        ours, theirs = over(case, "cpu_us_per_event", target="nginx")
        lines.append(_line(f"{case}, CPU per event, Gatehouse ÷ nginx", ours and ours / theirs, "≤", 1.0))
        lines.append(_line(f"{case}, first byte, p99", middle(case, "gatehouse", "first_byte_ms", "p99"), "≤", 2.0, " ms"))
        lines.append(_line(f"{case}, memory per open stream", middle(case, "gatehouse", "kb_per_stream"), "≤", 40, " KB"))
        lines.append(_line(f"{case}, failed", middle(case, "gatehouse", "failed"), "≤", 0))
    for words, goal, unit in (("gatehouse, idle, MB", 20, " MB"), ("gatehouse, seconds to ready, Redis given", 0.1, " s")):
        values = figures.get(words)
        lines.append(_line(words, statistics.median(values) if values else None, "≤", goal, unit))
    return "\n".join(line for line in lines if line)
