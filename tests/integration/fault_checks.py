"""What a fault must leave right, besides its codes. Each check takes (trial, records, truth) and
gives a list of complaints, empty when it holds. Times are compared with the truth file of the
simulated engine: by medians, so that a busy machine's rare delays do not matter."""

import json
import math
import statistics

from case import BUSY_MACHINE

NS_PER_MS = 1e6
# Loopback, and the server's own way from the socket to its first stamp.
TTFT_SLACK_MS, GAP_SLACK_MS, SLACK_SHARE = 0.5, 0.05, 0.02


def listed(codes):
    return ", ".join(sorted(codes)) or "none"


def raised(trial):
    return listed({code["code"] for code in trial["codes"]}) if trial else "no trial"


def print_table(head, lines):
    for line in ((), head, ["---"] * len(head), *lines):
        print("| " + " | ".join(line) + " |" if line else "")


def wrong_codes(expected, trial):
    """Complaints about codes that were not raised, and about others that were. Codes that blame
    the machine may always be there: another program may have had the core."""
    told = {code["code"]: code["evidence"] for code in trial["codes"]}
    missing = set(expected) - set(told)
    more = set(told) - set(expected) - BUSY_MACHINE
    return ([f"{code} was not raised" for code in sorted(missing)] +
            [f"{code} was raised: {told[code]}" for code in sorted(more)])


def read_truth(path):
    """The newest finished record of each request id: probes use ids that the load uses again."""
    truth = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["outcome"] == "finished":
            truth[record["request_id"]] = record
    return truth


def _gaps_per_token(times, counts):
    """The gap before each event but the first, divided by its tokens, once a token."""
    gaps = []
    for before, time, count in zip(times, times[1:], counts[1:]):
        gaps += [(time - before) / count] * count
    return gaps


def _events(emissions):
    """Tokens written at one time are one event: (times, counts)."""
    times = sorted(set(emissions))
    return times, [emissions.count(time) for time in times]


def _near(what, told_ms, true_ms, least_ms):
    if told_ms is None:
        return [f"{what} is missing, true is {true_ms:.3f} ms"]
    if abs(told_ms - true_ms) <= max(least_ms, SLACK_SHARE * true_ms):
        return []
    return [f"{what} is {told_ms:.3f} ms, true is {true_ms:.3f} ms"]


def figures_are_true(trial, records, truth):
    """Nothing failed, and the medians of TTFT, TPOT and ITL are those of the server's writes."""
    counts, metrics = trial["counts"], trial["metrics"]
    pairs = [(r, truth.get(f"tokamark-{r['sequence']}")) for r in records]
    pairs = [(r, true) for r, true in pairs if true]
    if counts["succeeded"] != counts["scheduled"] or len(pairs) < 20:
        return [f"{counts}, {len(pairs)} of them with a true record"]
    ttft, tpot, itl = [], [], []
    for record, true in pairs:
        emissions = true["emissions_ns"]
        if record["output_tokens"] != len(emissions):
            return [f"{record['output_tokens']} tokens, true are {len(emissions)}"]
        ttft.append((emissions[0] - true["arrival_ns"]) / NS_PER_MS)
        if len(emissions) > 1:
            tpot.append((emissions[-1] - emissions[0]) / (len(emissions) - 1) / NS_PER_MS)
        itl += [gap / NS_PER_MS for gap in _gaps_per_token(*_events(emissions))]
    return (_near("TTFT p50", metrics["ttft_wire_ms"]["p50"], statistics.median(ttft),
                  TTFT_SLACK_MS) +
            _near("TPOT p50", metrics["tpot_ms"]["p50"], statistics.median(tpot), GAP_SLACK_MS) +
            _near("ITL p50", metrics["itl_ms"]["p50"], statistics.median(itl), GAP_SLACK_MS))


def nothing_is_gained(trial, records, _truth):
    """An engine that drops its slowest requests looks no better in any number than it would had
    the dropped ones ended with the tokens that came (methodology M17)."""
    metrics, complaints = trial["metrics"], []

    def compare(name, of_record):
        values = sorted(of_record(r) / NS_PER_MS for r in records
                        if r["last_token_ns"] is not None)
        for p in (50, 90, 95, 99):
            told = metrics[name][f"p{p}"]
            whole = values[math.ceil(p / 100 * len(values)) - 1]
            if told is not None and told < whole - 1e-6:
                complaints.append(f"{name} p{p} is {told:.3f} ms, with the dropped {whole:.3f} ms")
        for part in ("mean", "max"):
            if metrics[name][part] is not None:
                complaints.append(f"{name} has a {part} although requests failed")

    compare("ttft_ms", lambda r: r["first_token_ns"] - r["scheduled_ns"])
    compare("e2e_ms", lambda r: r["last_token_ns"] - r["scheduled_ns"])
    compare("tpot_ms", lambda r: (r["last_token_ns"] - r["first_token_ns"]) /
            max(sum(r["chunk_tokens"]) - 1, 1))
    window_s = trial["window"]["end_s"] - trial["window"]["start_s"]
    good = metrics["goodput_requests_per_s"] * window_s
    if good > trial["counts"]["succeeded"] + 1e-6:
        complaints.append(f"goodput counts {good} of {trial['counts']['succeeded']} that succeeded")
    return complaints
