"""The study that a soak plays: one simulated engine a visit, each with its own mix of faults."""

import random
import socket

PROFILES = ("tiny-vllm", "tiny-sglang", "tiny-llama-cpp", "tiny-tensorrt-llm")
# Generating requests that are spared, so that every engine becomes ready.
SKIP = 20
# Below the ports that the kernel gives to the soak's own connections.
PORTS = range(15000, 30000)


def request_faults(rng):
    """(name, keys) of every fault that strikes single requests, with drawn numbers."""
    return [
        ("reset", {"after_bytes": rng.randrange(0, 4000)}),
        ("half_open", {}),
        ("stall_mid", {"after_tokens": rng.randrange(1, 12)}),
        ("slow_headers", {"seconds": round(rng.uniform(0.05, 2.0), 3)}),
        ("malformed_sse", {}),
        ("giant_line", {"bytes": rng.choice((1000, 70_000, 300_000))}),
        ("error_event", {"after_tokens": rng.randrange(1, 12)}),
        ("status", {"code": rng.choice((429, 500, 503))}),
        ("no_done", {}),
        ("truncate", {"tokens": rng.randrange(1, 6)}),
        ("overlong", {"tokens": rng.randrange(1, 6)}),
        ("refuse_one_token", {}),
        ("wrong_usage", {"factor": round(rng.uniform(0.5, 2.0), 2)}),
        ("bundle", {"tokens": rng.randrange(2, 6)}),
        ("coalesce", {"tokens": rng.randrange(2, 6)}),
        ("early_role", {}),
        ("late_role", {}),
        ("buffer", {}),
        ("no_stream", {}),
    ]


def draw_faults(rng):
    """The mix of one visit, as `tokamark sim --fault` takes it. Two thirds of the faults, each on
    up to 4 % of the requests; at times the slowest are dropped, or the whole engine falters."""
    mix = []
    drawn = request_faults(rng)
    for name, keys in rng.sample(drawn, 2 * len(drawn) // 3):
        mix.append((name, {**keys, "share": round(rng.uniform(0.005, 0.04), 4), "skip": SKIP}))
    if rng.random() < 0.3:
        mix.append(("drop_slowest", {"share": 0.02, "skip": SKIP}))
    if rng.random() < 0.3:
        mix.append(("stall", {"seconds": round(rng.uniform(0.2, 1.5), 2), "every": 8}))
    if rng.random() < 0.3:
        mix.append(("second_tenant", {"seconds": 2, "every": 9, "factor": 1.5}))
    return [name + ":" + ",".join(f"{key}={value}" for key, value in keys.items()) if keys else name
            for name, keys in sorted(mix)]


def free_port():
    """Not drawn from the soak's seed: what is free is up to the machine."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


def patience_s(streams):
    """Longest silence that a request bears. An engine runs 256 sequences at a time, so that of
    more streams the rest wait in its queue."""
    return 2.0 + streams / 200.0


def make_engine(number, rng, speed, truth):
    arguments = ["--speed", str(speed), "--fault-seed", str(rng.randrange(1, 1 << 30)),
                 "--truth-file", str(truth)]
    for fault in draw_faults(rng):
        arguments += ["--fault", fault]
    return {"name": f"visit{number:02}", "kind": "simulated",
            "profile": PROFILES[(number - 1) % len(PROFILES)],
            "port": free_port(), "args": arguments, "stop_timeout_s": 60}


def make_study(rng, visits, streams, visit_s, speed, folder):
    """As JSON, which is YAML."""
    engines = [make_engine(number, rng, speed, folder / f"truth-{number:02}.jsonl")
               for number in range(1, visits + 1)]
    return {
        "name": "soak", "seed": rng.randrange(1, 1 << 30), "repeats": 1,
        "model": {"name": "soak"}, "engines": engines,
        "workloads": [{"name": "w", "input_tokens": {"uniform": [8, 48]},
                       "output_tokens": {"uniform": [8, 24]}}],
        "load": {"concurrency": streams},
        "window": {"warmup_s": 1, "warmup_requests": 0, "seconds": visit_s, "requests": 0,
                   "max_seconds": visit_s, "probes": 2},
        "timeouts": {"connect_s": 10, "first_byte_s": patience_s(streams),
                     "inter_chunk_s": patience_s(streams), "total_s": 60},
        "client": {"calibration_s": 0},
    }
