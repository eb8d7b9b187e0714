"""What a fault must leave right, besides its codes. Each check takes (trial, records, truth) and
gives a list of complaints, empty when it holds. Times are compared with the truth file of the
simulated engine: by medians, so that a busy machine's rare delays do not matter."""

import json
import math
import statistics

from case import BUSY_MACHINE, READ_TOGETHER

NS_PER_MS = 1e6
# What may lie between a write and its stamp; a large first event takes a while.
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
    the machine may always be there: another program may have had the core. So may events that
    were read together, beside a client that was late."""
    told = {code["code"]: code["evidence"] for code in trial["codes"]}
    missing = set(expected) - set(told)
    if "client_late" in told:
        missing.discard("client_limited")  # a late client says it already
    more = set(told) - set(expected) - BUSY_MACHINE
    if "client_late" in told:
        more -= READ_TOGETHER
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


def _rank(values, share):
    """Nearest rank, as docs/METRICS.md has it."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _near(what, errors_ms, true_ms, least_ms):
    """The median error of all requests, so that clusters of latencies do no harm."""
    error, limit = statistics.median(errors_ms), max(least_ms, SLACK_SHARE * true_ms)
    return [] if abs(error) <= limit else [f"{what} is {error:.3f} ms off, limit {limit:.3f} ms"]


def _same(what, told_ms, values_ms):
    if told_ms is not None and abs(told_ms - _rank(values_ms, 0.5)) < 1e-6:
        return []
    return [f"{what} p50 is {told_ms}, by the records {_rank(values_ms, 0.5)}"]


def figures_are_true(trial, records, truth):
    """Nothing failed; TTFT, TPOT and ITL of each request are those of the server's writes, and
    the percentiles are those of the requests."""
    counts, metrics = trial["counts"], trial["metrics"]
    pairs = [(r, truth.get(f"tokamark-{r['sequence']}")) for r in records]
    pairs = [(r, true) for r, true in pairs if true]
    if counts["succeeded"] != counts["scheduled"] or len(pairs) < 20:
        return [f"{counts}, {len(pairs)} of them with a true record"]
    # From the server's clock to the trial's, by the answer that was the quickest to end.
    offset = min(r["last_token_ns"] - true["emissions_ns"][-1] for r, true in pairs)
    told = {"TTFT": [], "TPOT": [], "ITL": []}
    true_ms = {"TTFT": [], "TPOT": [], "ITL": []}
    for record, true in pairs:
        emissions, tokens = true["emissions_ns"], record["output_tokens"]
        if tokens != len(emissions) or sum(record["chunk_tokens"]) != tokens:
            return [f"{record['chunk_tokens']} tokens, true are {len(emissions)}"]
        told["TTFT"].append(record["first_token_ns"] - offset - true["arrival_ns"])
        true_ms["TTFT"].append(emissions[0] - true["arrival_ns"])
        told["TPOT"].append((record["last_token_ns"] - record["first_token_ns"]) / (tokens - 1))
        true_ms["TPOT"].append((emissions[-1] - emissions[0]) / (tokens - 1))
        told["ITL"].append(statistics.median(
            _gaps_per_token(record["chunk_time_ns"], record["chunk_tokens"])))
        true_ms["ITL"].append(statistics.median(_gaps_per_token(*_events(emissions))))
    complaints = []
    for name, slack_ms in (("TTFT", TTFT_SLACK_MS), ("TPOT", GAP_SLACK_MS), ("ITL", GAP_SLACK_MS)):
        errors = [(a - b) / NS_PER_MS for a, b in zip(told[name], true_ms[name])]
        complaints += _near(name, errors, statistics.median(true_ms[name]) / NS_PER_MS, slack_ms)
    if len(pairs) == len(records):
        complaints += _same("TTFT", metrics["ttft_ms"]["p50"],
                            [(r["first_token_ns"] - r["scheduled_ns"]) / NS_PER_MS
                             for r in records])
        complaints += _same("TPOT", metrics["tpot_ms"]["p50"],
                            [value / NS_PER_MS for value in told["TPOT"]])
        gaps = [gap / NS_PER_MS for r in records
                for gap in _gaps_per_token(r["chunk_time_ns"], r["chunk_tokens"])]
        complaints += _same("ITL", metrics["itl_ms"]["p50"], gaps)
    return complaints


def nothing_is_gained(trial, records, _truth):
    """An engine that drops its slowest requests looks no better in any number than it would had
    the dropped ones ended with the tokens that came (methodology M17)."""
    metrics, complaints = trial["metrics"], []

    def compare(name, of_record):
        values = sorted(of_record(r) / NS_PER_MS for r in records
                        if r["last_token_ns"] is not None)
        for p in (50, 90, 95, 99):
            told = metrics[name][f"p{p}"]
            whole = _rank(values, p / 100)
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
