"""Each client: where it is installed, how it is called, and where it writes what it measured.

A client is a class with `program(context)` (a path, or raises Missing), `command(context)` and
`read(context)`, which returns the reported numbers in the shape of `report()`.
"""

import dataclasses
import json
import subprocess
from pathlib import Path

from rivals import figures

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / ".cache" / "rivals"


class Missing(Exception):
    """The client cannot be run here; the text says why."""


@dataclasses.dataclass
class Context:
    load: object
    server: object
    folder: Path  # of this client's run
    tokamark: str
    tokenizer: str = ""
    vllm_bench: str = ""  # path of the Rust program

    @property
    def log(self):
        return self.folder / "client.log"


def report(ttft, itl, tokens, failures, version, sequences=None, tpot=None):
    """ttft, itl, tpot: {"mean": ms, "p99": ms} or None; sequences: tokamark's measured requests."""
    return {"ttft_ms": ttft, "itl_ms": itl, "tpot_ms": tpot, "tokens": tokens,
            "failures": failures, "version": version, "sequences": sequences}


def installed(name, program):
    path = INSTALLED / name / "bin" / program
    if not path.exists():
        raise Missing(f"not installed (bench/rivals/install.sh {name})")
    return str(path)


def with_tokenizer(context):
    if not context.tokenizer:
        raise Missing("needs a local tokenizer folder (--tokenizer DIR)")
    return context.tokenizer


def version_of(name, package):
    python = INSTALLED / name / "bin" / "python"
    asked = f"import importlib.metadata as m; print(m.version('{package}'))"
    done = subprocess.run([python, "-c", asked], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() or None


def found(folder, pattern):
    """The newest file below a folder that matches, read as JSON."""
    files = sorted(folder.rglob(pattern), key=lambda path: path.stat().st_mtime)
    if not files:
        raise RuntimeError(f"wrote no {pattern}")
    return json.loads(files[-1].read_text(encoding="utf-8"))


def with_io_uring(context):
    """Missing where tokamark's own check of the machine finds that io_uring cannot be used."""
    done = subprocess.run([context.tokamark, "doctor"], stdout=subprocess.PIPE, text=True,
                          check=False)
    checks = (line.split(None, 2) for line in done.stdout.splitlines())
    said = next((words[2] for words in checks if words[:1] == ["io_uring"]), "is not known to it")
    if said != "can be used":
        raise Missing(f"io_uring: {said}")


class Tokamark:
    def __init__(self, *flags):
        self.flags = flags

    def command(self, context):
        load = context.load
        if "io_uring" in self.flags:
            with_io_uring(context)
        line = [context.tokamark, "bench", "--url", context.server.url, "--model",
                context.server.model, "--concurrency", str(load.streams), "--input-tokens", "32",
                "--output-tokens", str(load.tokens), "--output", str(context.folder / "results")]
        if load.warm:
            line += ["--requests", str(load.measured()), "--warmup",
                     f"{max(200, 1.2 * load.request_ms()):.0f}ms"]  # a request on each stream
        else:  # the first request of each stream is played as a warm-up all the same, see read
            line += ["--requests", str(load.streams), "--warmup", "0s"]
        return line + list(self.flags)

    def read(self, context):
        results = context.folder / "results"
        whole = json.loads((results / "results.json").read_text(encoding="utf-8"))
        trial = whole["trials"][0]
        file = next((results / "trials").rglob("requests.jsonl.zst"))
        version = subprocess.run([context.tokamark, "--version"], stdout=subprocess.PIPE, text=True,
                                 check=False).stdout.split()[-1]
        lines = subprocess.run(["zstd", "-dcq", str(file)], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.splitlines()
        records = [json.loads(line) for line in lines]
        if not context.load.warm:
            return self.first_wave([r for r in records if r["sequence"] < context.load.streams],
                                   trial, version)
        measured = {r["sequence"] for r in records if r["phase"] == "measured"}
        counts, metrics = trial["counts"], trial["metrics"]
        answer = report(metrics["ttft_ms"], metrics["itl_ms"], counts["output_tokens"],
                        counts["scheduled"] - counts["succeeded"], version, measured,
                        metrics["tpot_ms"])
        answer["ttft_wire_ms"] = metrics["ttft_wire_ms"]
        answer["verdict"] = trial["verdict"]
        answer["codes"] = [code["code"] for code in trial.get("codes", [])]
        return answer

    @staticmethod
    def first_wave(records, trial, version):
        """The requests that all started at once, by the definitions of docs/METRICS.md: the trial
        leaves them out of its metrics as a warm-up, but keeps their records."""
        done = [r for r in records if r["status"] == "succeeded"]
        ttfts = [(r["first_token_ns"] - r["scheduled_ns"]) / 1e6 for r in done]
        gaps = [(b - a) / 1e6 for r in done
                for a, b in zip(r["chunk_time_ns"], r["chunk_time_ns"][1:])]
        answer = report(figures.summary(ttfts), figures.summary(gaps),
                        sum(r["output_tokens"] for r in done), len(records) - len(done), version,
                        {r["sequence"] for r in done})
        wire = figures.summary([(r["first_token_ns"] - r["sent_ns"]) / 1e6 for r in done])
        return {**answer, "ttft_wire_ms": wire, "verdict": trial["verdict"], "codes": []}


class StandIn:
    def __init__(self, kind):
        self.kind = kind

    def command(self, context):
        load = context.load
        line = [installed("standin", "python"), "-B", str(HERE / "standin" / "client.py"),
                self.kind, "--url", context.server.url, "--model", context.server.model,
                "--streams", str(load.streams), "--requests", str(load.measured()),
                "--tokens", str(load.tokens)]
        return line + (["--warm"] if load.warm else [])

    def read(self, context):
        seen = json.loads(context.log.read_text(encoding="utf-8").splitlines()[-1])
        return report(figures.summary(seen["ttft_ms"]), figures.summary(seen["itl_ms"]),
                      seen["tokens"], seen["failed"], seen["version"])


class VllmLike:
    """`vllm bench serve`, its Rust copy, and SGLang's bench_serving: the same names in the JSON."""

    def __init__(self, kind):
        self.kind = kind

    def program(self, context):
        if self.kind == "vllm":
            return [installed("vllm", "vllm"), "bench", "serve"]
        if self.kind == "sglang":
            return [installed("sglang", "python"), "-m", "sglang.bench_serving"]
        if not context.vllm_bench:
            raise Missing("no path given (--vllm-bench PATH)")
        return [context.vllm_bench]

    def command(self, context):
        load, out = context.load, context.folder
        warm = load.streams if load.warm else 0
        line = self.program(context) + [
            "--base-url", context.server.url, "--model", context.server.model,
            "--tokenizer", with_tokenizer(context), "--random-input-len", "32",
            "--random-output-len", str(load.tokens), "--num-prompts", str(load.measured()),
            "--max-concurrency", str(load.streams), "--disable-tqdm"]
        if self.kind == "sglang":
            return line + ["--backend", "sglang-oai-chat", "--dataset-name", "random-ids",
                           "--random-range-ratio", "1.0", "--warmup-requests", str(warm),
                           "--output-file", str(out / "out.json")]
        return line + ["--backend", "openai-chat", "--endpoint", "/v1/chat/completions",
                       "--dataset-name", "random", "--ignore-eos", "--num-warmups", str(warm),
                       "--save-result", "--result-dir", str(out)]

    def read(self, context):
        seen = found(context.folder, "*.json")
        if self.kind == "rust":
            asked = subprocess.run([context.vllm_bench, "--version"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, check=False)
            version = asked.stdout.split()[-1]
        else:
            version = version_of(self.kind, self.kind)
        return report({"mean": seen["mean_ttft_ms"], "p99": seen["p99_ttft_ms"]},
                      {"mean": seen["mean_itl_ms"], "p99": seen["p99_itl_ms"]},
                      seen["total_output_tokens"], seen.get("failed"), version,
                      tpot={"mean": seen["mean_tpot_ms"], "p99": seen["p99_tpot_ms"]})


class InferencePerf:
    def command(self, context):
        load = context.load
        program, tokenizer = installed("inference-perf", "inference-perf"), with_tokenizer(context)
        lengths = {"min": load.tokens, "max": load.tokens, "mean": load.tokens, "std_dev": 0,
                   "total_count": load.measured() + load.streams}
        stages = [{"num_requests": load.measured(), "concurrency_level": load.streams}]
        if load.warm:
            stages.insert(0, {"num_requests": load.streams, "concurrency_level": load.streams})
        config = {
            "api": {"type": "completion", "streaming": True},
            "data": {"type": "random", "output_distribution": lengths, "input_distribution":
                     {**lengths, "min": 32, "max": 32, "mean": 32}},
            "load": {"type": "concurrent", "stages": stages, "num_workers": 1,
                     "worker_max_concurrency": load.streams},
            "server": {"type": "vllm", "model_name": context.server.model,
                       "base_url": context.server.url, "ignore_eos": True},
            "tokenizer": {"pretrained_model_name_or_path": tokenizer},
            "report": {"request_lifecycle": {"summary": True, "per_stage": True}},
            "storage": {"local_storage": {"path": str(context.folder / "out")}}}
        file = context.folder / "config.yml"  # JSON is YAML
        file.write_text(json.dumps(config, indent=1), encoding="utf-8")
        return [program, "--config_file", str(file)]

    def read(self, context):
        stage = 1 if context.load.warm else 0
        seen = found(context.folder, f"stage_{stage}_lifecycle_metrics.json")
        latency = seen["successes"]["latency"]

        def ms(name):
            return {key: 1e3 * latency[name][key] for key in ("mean", "p99")}
        tokens = seen["successes"]["output_len"]["mean"] * seen["successes"]["count"]
        return report(ms("time_to_first_token"), ms("inter_token_latency"), round(tokens),
                      seen["failures"]["count"], version_of("inference-perf", "inference-perf"))


class EvalScope:
    def command(self, context):
        load = context.load
        return [installed("evalscope", "evalscope"), "perf", "--model", context.server.model,
                "--url", context.server.url + "/v1/chat/completions", "--api", "openai",
                "--tokenizer-path", with_tokenizer(context), "--dataset", "random",
                "--min-prompt-length", "32", "--max-prompt-length", "32",
                "--max-tokens", str(load.tokens), "--min-tokens", str(load.tokens),
                "--number", str(load.measured()), "--parallel", str(load.streams), "--stream",
                "--extra-args", '{"ignore_eos": true}', "--outputs-dir",
                str(context.folder / "out"), "--no-timestamp",
                "--warmup-num", str(load.streams if load.warm else 0)]

    def read(self, context):
        summary = {key.lower(): value
                   for key, value in found(context.folder, "benchmark_summary.json").items()}
        last = {row["Percentiles"]: row for row in
                found(context.folder, "benchmark_percentile.json")}["99%"]

        def value(*words):
            return next((v for k, v in summary.items() if all(w in k for w in words)), None)
        scale = 1.0 if value("ttft", "(ms)") is not None else 1e3
        p99 = {k.lower(): v for k, v in last.items()}

        def tail(word):
            return next((v * (1.0 if "(ms)" in k else 1e3) for k, v in p99.items() if word in k),
                        None)
        requests, per_request = value("success"), value("avg output tokens")
        tokens = round(requests * per_request) if requests and per_request else None
        return report({"mean": scale * value("ttft") if value("ttft") else None,
                       "p99": tail("ttft")},
                      {"mean": scale * value("itl") if value("itl") else None, "p99": tail("itl")},
                      tokens, value("failed"), version_of("evalscope", "evalscope"))


class AiPerf:
    def command(self, context):
        load = context.load
        line = [installed("aiperf", "aiperf"), "profile", "-m", context.server.model, "--url",
                context.server.url, "--endpoint-type", "chat", "--streaming", "--tokenizer",
                with_tokenizer(context), "--isl", "32", "--osl", str(load.tokens),
                "--request-count", str(load.measured()), "--concurrency", str(load.streams),
                "--extra-inputs", "ignore_eos:true", "--ui-type", "none", "--artifact-dir",
                str(context.folder / "out"), "--no-gpu-telemetry", "--no-server-metrics"]
        return line + (["--warmup-request-count", str(load.streams)] if load.warm else [])

    def read(self, context):
        seen = found(context.folder, "profile_export_aiperf.json")

        def ms(name):
            return {"mean": seen[name]["avg"], "p99": seen[name]["p99"]}
        return report(ms("time_to_first_token"), ms("inter_token_latency"),
                      seen.get("total_output_tokens", {}).get("avg"),
                      seen.get("error_request_count", {}).get("avg"),
                      version_of("aiperf", "aiperf"))


class GuideLlm:
    def command(self, context):
        load = context.load
        warm = load.streams if load.warm else 0
        return [installed("guidellm", "guidellm"), "run", "--backend",
                # The server takes any name; its own, "null", would be read as no name.
                f"kind=openai_http,target={context.server.url},model=null-engine,"
                "request_format=/v1/chat/completions",
                "--profile", f"kind=concurrent,streams={load.streams},warmup={warm}",
                "--constraint", f"kind=max_requests,count={load.measured() + warm}",
                "--tokenizer", f"kind=huggingface_auto,model={with_tokenizer(context)}",
                "--data", f"kind=synthetic_text,prompt_tokens=32,output_tokens={load.tokens}",
                "--output", f"kind=json,path={context.folder / 'out.json'}", "--disable-console"]

    def read(self, context):
        metrics = found(context.folder, "out.json")["benchmarks"][0]["metrics"]

        def ms(name):
            seen = metrics[name]["successful"]
            return {"mean": seen["mean"], "p99": seen["percentiles"]["p99"]}
        return report(ms("time_to_first_token_ms"), ms("inter_token_latency_ms"),
                      metrics["output_token_count"]["successful"]["total_sum"],
                      metrics["request_totals"]["errored"], version_of("guidellm", "guidellm"))


ALL = {
    "tokamark": Tokamark(), "tokamark-uncalibrated": Tokamark("--calibration", "0s"),
    "tokamark-io_uring": Tokamark("--calibration", "0s", "--receive", "io_uring"),
    "vllm-bench-rust": VllmLike("rust"), "aiohttp": StandIn("aiohttp"),
    "uvloop": StandIn("uvloop"), "httpx": StandIn("httpx"), "vllm": VllmLike("vllm"),
    "sglang": VllmLike("sglang"), "inference-perf": InferencePerf(), "evalscope": EvalScope(),
    "aiperf": AiPerf(), "guidellm": GuideLlm(),
}
