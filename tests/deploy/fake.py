"""What the stand-ins of tests/deploy share: a record of their calls, planned failures, and places
to stop at. The folder FAKE_RUNPOD holds all of it.

FAKE_FAIL  JSON, {"point": N}: the first N calls of that point fail
FAKE_HOLD  a point that waits, until the file `release` is there
"""

import json
import os
import time
from pathlib import Path

FOLDER = Path(os.environ["FAKE_RUNPOD"])
PODS = FOLDER / "pods.json"
HOLD_S = 60


def record(program, words):
    line = json.dumps({"program": program, "words": words}) + "\n"
    with open(FOLDER / "calls.jsonl", "a", encoding="utf-8") as calls:
        calls.write(line)


def must_fail(point):
    """Counts the calls of a point; true for as many as FAKE_FAIL says."""
    with open(FOLDER / ("count-" + point.replace(" ", "-")), "a+", encoding="utf-8") as count:
        count.write(".")
        count.flush()
        calls = count.tell()
    return calls <= json.loads(os.environ.get("FAKE_FAIL", "{}")).get(point, 0)


def hold(point):
    """Waits here when the test asked for it; the file `holding` tells the test."""
    if os.environ.get("FAKE_HOLD") != point:
        return
    (FOLDER / "holding").touch()
    give_up = time.monotonic() + HOLD_S
    while not (FOLDER / "release").exists() and time.monotonic() < give_up:
        time.sleep(0.02)


def read_pods():
    return json.loads(PODS.read_text()) if PODS.exists() else []


def write_pods(pods):
    part = PODS.with_suffix(".part")
    part.write_text(json.dumps(pods))
    part.replace(PODS)
