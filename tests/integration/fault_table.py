"""The closed list of planted faults, and what each must do to a trial (methodology M37).

A row is one trial of a simulated engine with one fault. `codes` are the verdict codes that it must
raise, none for faults that a client must read right; `held` names what else must hold, a function
of fault_checks.py; `errors` are the error words that its failed requests must have. `note` says why
a row expects what it does, where that is not plain.
"""

from dataclasses import dataclass, field

LOST = {"connection_reset", "connection_closed"}


@dataclass(frozen=True)
class Row:
    fault: str  # "" is the clean engine
    codes: frozenset = frozenset()
    held: str = ""
    errors: frozenset = frozenset()
    note: str = ""
    dialect: str = "vllm"
    args: tuple = field(default=())  # of `tokamark sim`, besides the fault

    @property
    def name(self):
        """The fault without its keys, as in the list of `tokamark sim --help`."""
        return self.fault.partition(":")[0]

    @property
    def planted(self):
        return " ".join((self.fault or "(none)", *self.args))


def _row(fault, *codes, held="", errors=(), note="", dialect="vllm", args=()):
    return Row(fault, frozenset(codes), held, frozenset(errors), note, dialect, tuple(args))


def _right(fault, note="", **more):
    """A difference that must be read right: no code, no failure, and figures that are true."""
    return _row(fault, held="figures_are_true", note=note, **more)


# A closed load of 16 streams, 256 tokens in and 32 out, exactly.
CLOSED = (
    _right(""),
    _right("", dialect="sglang"),
    _right("", dialect="tensorrt-llm"),
    _right("", dialect="llama-cpp"),
    _right("stall:seconds=0.3,every=1",
           "a server may be slow: the maximum shows it, and an open load's p99 (below)"),
    _right("bundle:tokens=4", "ITL p50 is the step's time; f is the fourth token's"),
    _right("bundle:tokens=10"),
    _row("coalesce:tokens=4", "shared_reads",
         note="three of four events have the stamp of the last"),
    _right("early_role", "TTFT is the first token's, not the role's"),
    _right("late_role"),
    _row("buffer", "not_streaming"),
    _row("no_stream", "not_streaming"),
    _row("no_stream", "not_streaming", dialect="llama-cpp"),
    _right("prefix_cache:hit_rate=0"),
    _row("prefix_cache:hit_rate=0.5", "cache_warm"),
    _row("truncate:tokens=4", "unequal_output"),
    _row("overlong:tokens=4", "unequal_output"),
    _row("wrong_usage:factor=2", "token_count_mismatch",
         note="lengths mean nothing where tokens are in doubt"),
    _row("wrong_usage:factor=0.5", "token_count_mismatch"),
    _row("wrong_usage:factor=2", "token_count_mismatch", dialect="llama-cpp"),
    _row("refuse_one_token", "errors"),
    *(_row(f"status:code={code},share=0.2,skip=4", "errors", errors={"http_status"})
      for code in (429, 500, 503)),
    _row("reset:after_bytes=0,share=0.3,skip=4", "errors", errors=LOST,
         note="a reused connection is tried once more, so fewer fail than are struck"),
    _row("reset:after_bytes=100,share=0.2,skip=4", "errors", errors=LOST),
    _row("reset:after_bytes=2000,share=0.2,skip=4", "errors", errors=LOST),
    _row("half_open:share=0.05,skip=4", "errors", errors={"first_byte_timeout"}),
    _row("stall_mid:share=0.05,skip=4", "errors", errors={"inter_chunk_timeout"}),
    _right("slow_headers:seconds=0.002,share=0.1", "the head is over before the first token is"),
    _row("malformed_sse:share=0.2,skip=4", "errors", errors={"bad_event"}),
    _right("giant_line:bytes=50000"),
    _right("drift:percent=100,over_s=2",
           "a closed load's requests wait for it; see the open load below"),
    _right("second_tenant:seconds=0.3,every=1,factor=4",
           "no client can tell it from a slow engine; it needs telemetry of the machine"),
    _right("no_done"),
    *(_row("error_event:share=0.2,skip=4", "errors", errors={"error_event"}, dialect=dialect)
      for dialect in ("vllm", "sglang", "llama-cpp")),
    _row("error_event:share=0.2,skip=4", "errors", errors=LOST, dialect="tensorrt-llm",
         note="TensorRT-LLM drops the connection"),
    _row("overload_counter:factor=2", "token_count_mismatch"),
    _row("overload_counter:factor=0.5", "token_count_mismatch"),
)

# The same closed load, but answers end when they like.
NATURAL = (
    _right(""),
    _row("wrong_usage:factor=2", "token_count_mismatch"),
)

# An open load of 40 requests a second, and an engine that can serve 59.
FOUR_AT_A_TIME = ("--max-sequences", "4")
OPEN = (
    _right("", args=FOUR_AT_A_TIME),
    _row("drop_slowest:share=0.05", "errors", held="nothing_is_gained", errors=LOST,
         args=FOUR_AT_A_TIME, note="the dropped count as infinitely late"),
    _row("drift:percent=300,over_s=4", "unstable", args=FOUR_AT_A_TIME,
         note="it ends at a quarter of its capacity"),
    _row("", "unstable", args=("--max-sequences", "2"), note="overload: it can serve 30"),
)


@dataclass(frozen=True)
class Scene:
    """A fault that `tokamark sim` cannot plant: what is done, and the codes that it must raise."""
    told: str
    codes: frozenset = frozenset()


def _scene(told, *codes):
    return Scene(told, frozenset(codes))


# Each by the name of its test in fault_suite_client_cases.py.
CLIENT = {
    "no_fault": _scene("none"),
    "throttled_sender": _scene("every send takes 8 ms more, at 40 requests/s", "client_late"),
    "delayed_reader": _scene("reads 5 ms late, without kernel stamps", "client_inaccurate"),
    "slightly_delayed_reader":
        _scene("reads 1 ms late, without kernel stamps", "client_inaccurate"),
    "delayed_reader_with_kernel_stamps": _scene("reads 0.6 ms late, with kernel stamps"),
    "delayed_reader_of_short_answers":
        _scene("reads 0.3 ms late, with kernel stamps, answers of 2 ms", "client_limited"),
    "delayed_reader_of_many_events": _scene("reads 5 ms late, an event in 2 ms", "shared_reads"),
    "prompt_reader_of_many_events": _scene("reads 0.3 ms late, an event in 2 ms"),
    "clock_step": _scene("the wall clock jumps by 50 ms", "clock_stepped"),
    "starved_of_cpu": _scene("stopped for 10 ms of every 100 ms", "client_late"),
}

# Each list by the name of its test in fault_suite_trial_cases.py; twins, which differ in little and
# must not raise the code, are below the scene that must.
TRIAL = {
    "never_warm": (
        _scene("steps get longer while 40 probes or more are sent", "never_warm"),
        _scene("steps stay the same while 40 probes or more are sent"),
        _scene("steps get longer while 39 probes are sent"),
    ),
    "too_few_requests": (
        _scene("1,000 requests are asked for, in 0.5 s at most", "too_few_requests"),
        _scene("10 requests are asked for, in 0.5 s at most"),
        _scene("200 requests are asked for, in 0.5 s at least and 60 s at most"),
    ),
    "no_request_in_the_window": (
        _scene("0.2 requests/s for 0.5 s, none is asked for", "too_few_requests"),
        _scene("20 requests/s for 0.5 s, none is asked for"),
    ),
    "engine_killed": (
        _scene("the engine is killed, its answers are too short", "stopped"),
        _scene("the engine stops for 0.3 s and goes on"),
    ),
    "interrupted": (
        _scene("Ctrl-C, the answers are too short", "stopped"),
        _scene("no Ctrl-C, the answers are too short", "unequal_output"),
    ),
    "littles_law": (
        _scene("every tenth record is lost", "littles_law"),
        _scene("every fiftieth record is lost"),
        _scene("records end 10 % late", "littles_law"),
        _scene("records end 2 % late"),
        _scene("no record is changed"),
    ),
}

# Codes of `tokamark explain` that no table plants, each with the reason.
NOT_PLANTED = {}

# What the driver's library says of the GPUs: gpu_cases.
GPU = {
    "slowed": _scene("the hardware slows a GPU's clocks for heat", "clock_confounded"),
    "capped": _scene("a GPU is held by a power cap that was set"),
    "shared": _scene("two other processes are on the engine's GPU", "dirty_machine"),
    "alone": _scene("the engine is alone on its GPU"),
    "hot": _scene("a GPU is 4 °C hotter at the engine's start than at the study's",
                  "dirty_machine"),
    "warm": _scene("the same, where the study allows 5 °C"),
}
