#!/usr/bin/env python3
"""Loads simulated engines full of planted faults for a long time, in one `tokamark run`, and looks
for what only time shows: memory and descriptors that grow, records that are lost, and, with a
sanitizer build, everything that a sanitizer reports.

    tests/soak/soak.py --minutes 15 --streams 2000 --seed 1
    tests/soak/soak.py --tokamark build/dev/tokamark --minutes 0.3 --streams 200

The plan is cut into visits, each to an engine of its own with its own mix of faults; all of it
follows from the seed. The last line is the verdict; exit status 1 when it is not PASS.
"""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mixes  # noqa: E402  (needs the path)

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
EXIT_VALID, EXIT_MEASUREMENT = 0, 5
# What a visit takes beside its window: start, probes, the last answers, files.
VISIT_OVERHEAD_S = 16.0
# Growth of the client from the middle third to the last one that counts as flat: allocators keep
# some of what a busier visit needed.
RSS_SLACK_SHARE, RSS_SLACK_BYTES = 0.10, 16 * MIB
FD_SLACK = 16

Sample = collections.namedtuple("Sample", "at_s fds rss_bytes")


class Checks:
    """What was looked at, in order, and whether it held."""

    def __init__(self):
        self.lines = []
        self.failed = []

    def add(self, name, good, told):
        self.lines.append(f"{'ok  ' if good else 'FAIL'}  {name}: {told}")
        if not good:
            self.failed.append(name)


def read_flags():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokamark", type=Path,
                        default=HERE.parent.parent / "build/asan-ubsan/tokamark")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--visits", type=int, help="default: one for each minute, at least 3")
    parser.add_argument("--speed", type=float, default=0.05,
                        help="of the simulated engines; lower is fewer tokens per second")
    parser.add_argument("--receive", choices=("epoll", "io_uring"), default="epoll",
                        help="how the client receives")
    parser.add_argument("--keep", type=Path, help="keep the study, the results and the logs here")
    return parser.parse_args()


def is_sanitized(program):
    return b"__asan_init" in program.read_bytes()


def sample(pid, started):
    """Descriptors and resident memory of the client; None once it is gone."""
    try:
        fds = len(os.listdir(f"/proc/{pid}/fd"))
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return Sample(time.monotonic() - started, fds, resident * os.sysconf("SC_PAGE_SIZE"))


def play(flags, study, folder):
    """Runs the study to its end; (exit status, samples of every second)."""
    environment = dict(os.environ)
    log = folder / "sanitizer"
    common = f"log_path={log}:exitcode=99"
    environment["ASAN_OPTIONS"] = common + ":detect_leaks=1:quarantine_size_mb=16"
    environment["UBSAN_OPTIONS"] = common + ":print_stacktrace=1:halt_on_error=1"
    path = folder / "study.yaml"
    path.write_text(json.dumps(study, indent=1))
    started = time.monotonic()
    with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
        process = subprocess.Popen(
            [str(flags.tokamark), "run", str(path), "--output", str(folder / "results")],
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, cwd=folder)
    samples = []
    try:
        while True:
            try:
                return process.wait(1.0), samples
            except subprocess.TimeoutExpired:
                taken = sample(process.pid, started)
                if taken:
                    samples.append(taken)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def records_of(results, trial_id):
    path = results / "trials" / trial_id / "requests.jsonl.zst"
    text = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.decode().splitlines()]


def seen_by_engine(truth):
    """Request ids that the engine says it read; the probes' among them."""
    if not truth.exists():
        return set()
    return {json.loads(line)["request_id"] for line in truth.read_text().splitlines()}


class Visit:
    """What one trial left behind."""

    def __init__(self, trial, study, folder):
        number = int(trial["engine"].removeprefix("visit"))
        self.trial = trial
        self.engine = study["engines"][number - 1]
        self.records = records_of(folder / "results", trial["id"])
        seen = seen_by_engine(folder / f"truth-{number:02}.jsonl")
        known = {f"tokamark-{record['sequence']}" for record in self.records}
        self.unknown = sorted(name for name in seen if name.startswith("tokamark-")
                              and name not in known)
        self.unseen = sorted(f"tokamark-{record['sequence']}" for record in self.records
                             if record["http_status"] == 200
                             and f"tokamark-{record['sequence']}" not in seen)

    def lost(self):
        """Why the records are not exactly those that were scheduled, or ""."""
        numbers = sorted(record["sequence"] for record in self.records)
        if numbers != list(range(len(numbers))):
            return f"sequence numbers are not 0 to {len(numbers) - 1} once each"
        counts = self.trial["counts"]
        measured = [record for record in self.records if record["phase"] == "measured"]
        if len(measured) != counts["scheduled"]:
            return f"{counts['scheduled']} scheduled, {len(measured)} records"
        if counts["succeeded"] + counts["failed"] + counts["timed_out"] != counts["scheduled"]:
            return f"outcomes do not add up: {counts}"
        if self.unknown:
            return f"{len(self.unknown)} requests at the engine without a record"
        if self.unseen:
            return f"{len(self.unseen)} answers of no request: {self.unseen[:3]}"
        return ""

    def row(self):
        errors = collections.Counter(record["error"] for record in self.records if record["error"])
        ended = collections.Counter(record["status"] for record in self.records)
        told = ", ".join(f"{count} {name}" for name, count in errors.most_common())
        return [self.trial["engine"], self.engine["profile"].removeprefix("tiny-"),
                str(len(self.records)), str(ended["succeeded"]), str(ended["failed"]),
                str(ended["timed_out"]), str(ended["cut_off"]), told or "-"]


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def thirds(samples):
    size = max(1, len(samples) // 3)
    return samples[:size], samples[size:2 * size], samples[2 * size:] or samples[-1:]


def check_growth(checks, all_samples, streams):
    """Peaks of the last third against those of the second; visits of many kinds are in each. Only
    while load is played: starts and the reports at the end are another job. Descriptors also
    between visits, where a few that leaked do not hide below the streams'."""
    samples = [taken for taken in all_samples if taken.fds > streams / 2]
    if len(samples) < 3:
        checks.add("samples under load", False, f"only {len(samples)}")
        return
    peaks = [(max(s.fds for s in part), max(s.rss_bytes for s in part)) for part in thirds(samples)]
    least = [min(s.fds for s in part) for part in thirds(all_samples)]
    told = " -> ".join(str(peak[0]) for peak in peaks)
    checks.add("descriptors", peaks[2][0] <= peaks[1][0] + FD_SLACK
               and least[2] <= least[1] + FD_SLACK and peaks[2][0] <= streams + 100,
               f"peak of each third {told}; between visits {' -> '.join(map(str, least))}")
    slack = max(RSS_SLACK_BYTES, RSS_SLACK_SHARE * peaks[1][1])
    told = " -> ".join(f"{peak[1] / MIB:.1f}" for peak in peaks)
    checks.add("memory", peaks[2][1] <= peaks[1][1] + slack,
               f"peak MiB of each third {told}; at the end, records read back, "
               f"{max(s.rss_bytes for s in all_samples) / MIB:.1f}")


def check_exit(checks, code, results, visits):
    if not results.exists():
        checks.add("exit status", False, f"{code}, and no results.json")
        return []
    trials = json.loads(results.read_text())["trials"]
    verdicts = collections.Counter(trial["verdict"] for trial in trials)
    wanted = EXIT_VALID if set(verdicts) == {"valid"} else EXIT_MEASUREMENT
    checks.add("exit status", code == wanted, f"{code}, as documented for {dict(verdicts)}"
               if code == wanted else f"{code} instead of {wanted} for {dict(verdicts)}")
    checks.add("visits", len(trials) == visits and not verdicts["incomplete"],
               f"{len(trials)} of {visits} trials, {verdicts['incomplete']} incomplete")
    return trials


def check_sanitizers(checks, sanitized, folder):
    reports = sorted(folder.glob("sanitizer.*"))
    if not sanitized:
        checks.lines.append("--    sanitizers: this is not a sanitizer build")
        return
    told = "; ".join(path.read_text(errors="replace").strip().splitlines()[0] for path in reports)
    checks.add("sanitizers and leaks", not reports, told or "no report by any process")


def soak(flags, folder):
    rng = random.Random(flags.seed)
    visits = flags.visits or max(3, round(flags.minutes))
    overhead = VISIT_OVERHEAD_S if flags.minutes >= 3 else 2.0
    visit_s = max(2.0, flags.minutes * 60 / visits - overhead)
    study = mixes.make_study(rng, visits, flags.streams, visit_s, flags.speed, folder)
    study["client"]["receive"] = flags.receive
    sanitized = is_sanitized(flags.tokamark)
    print(f"{flags.streams} streams, {visits} visits of {visit_s:.0f} s, seed {flags.seed}, "
          f"{'sanitizer' if sanitized else 'plain'} build", flush=True)
    started = time.monotonic()
    code, samples = play(flags, study, folder)
    took_s = time.monotonic() - started
    checks = Checks()
    trials = check_exit(checks, code, folder / "results" / "results.json", visits)
    rows = [["visit", "dialect", "records", "succeeded", "failed", "timed out", "cut off",
             "errors"]]
    lost, total = [], 0
    for trial in trials:
        visit = Visit(trial, study, folder)
        rows.append(visit.row())
        total += len(visit.records)
        if visit.lost():
            lost.append(f"{trial['engine']}: {visit.lost()}")
    checks.add("records", bool(trials) and not lost, "; ".join(lost) or
               f"{total} requests scheduled, one record each; none at an engine without a record")
    check_growth(checks, samples, flags.streams)
    check_sanitizers(checks, sanitized, folder)
    print_table(rows)
    print("\n".join(checks.lines))
    if checks.failed:
        print((folder / "stderr").read_text(errors="replace")[-2000:])
    verdict = "FAIL: " + ", ".join(checks.failed) if checks.failed else "PASS"
    print(f"soak of {took_s:.0f} s: {verdict}")
    return 1 if checks.failed else 0


def main():
    flags = read_flags()
    flags.tokamark = flags.tokamark.resolve()
    if shutil.which("zstd") is None:
        sys.exit("soak: zstd is not installed: apt-get install zstd")
    if flags.keep:
        flags.keep.mkdir(parents=True)
        return soak(flags, flags.keep.resolve())
    with tempfile.TemporaryDirectory(prefix="tokamark-soak-") as folder:
        return soak(flags, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
