"""Numbers out of lists of numbers, the same way for the truth and for a stand-in's own samples."""

import math


def summary(samples):
    """mean, p50 and p99 (nearest rank); None without samples."""
    if not samples:
        return None
    ordered = sorted(samples)

    def rank(share):
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return {"mean": sum(ordered) / len(ordered), "p50": rank(0.5), "p99": rank(0.99),
            "n": len(ordered)}


def most_in_flight(truths):
    """Most requests that the server had at once."""
    steps = [(t.arrival_ns, 1) for t in truths] + [(t.emissions_ns[-1], -1) for t in truths]
    now = most = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


def token_gaps_ms(emissions_ns):
    """The time per token between two events, once for each token of the later one."""
    gaps, start = [], 0
    for i in range(1, len(emissions_ns) + 1):
        if i < len(emissions_ns) and emissions_ns[i] == emissions_ns[i - 1]:
            continue
        # Tokens start..i-1 left in one event.
        if start > 0:
            gap = (emissions_ns[start] - emissions_ns[start - 1]) / 1e6
            count = i - start
            gaps += [gap / count] * count
        start = i
    return gaps


def of_truth(truths):
    """What the server knows about these requests."""
    ttfts = [(t.emissions_ns[0] - t.arrival_ns) / 1e6 for t in truths]
    gaps = [gap for t in truths for gap in token_gaps_ms(t.emissions_ns)]
    tpots = [(t.emissions_ns[-1] - t.emissions_ns[0]) / 1e6 / (t.tokens - 1)
             for t in truths if t.tokens > 1]
    return {"ttft_ms": summary(ttfts), "itl_ms": summary(gaps), "tpot_ms": summary(tpots),
            "tokens": sum(t.tokens for t in truths), "requests": len(truths)}
