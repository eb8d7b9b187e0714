#include "analysis/codes.h"

#include <algorithm>
#include <array>

namespace tokamark::analysis {

namespace {

constexpr std::array kCodes{
    CodeInfo{
        "cache_warm",
        "Prompts were answered from a prefix cache, although they were made to be new.",
        "The server reports more than 1 % of the prompt tokens of measured requests as cached, "
        "beyond the least cached tokens of any request (a chat template, at most 64), and "
        "the workload is salted.",
        "turn the engine's prefix cache off, or say salt: false where caching is the subject"},
    CodeInfo{"client_inaccurate",
             "The load generator's own error is too large for what it measured.",
             "In the calibration before or after the trial, the p99 error of TTFT or ITL is above "
             "max(0.05 ms, 2 % of the trial's median).",
             "stop other work on the client's machine, give the client cores of its own, or lower "
             "the load; see `tokamark calibrate`"},
    CodeInfo{"client_late", "The load generator sent requests too late.",
             "p99 of lateness is above max(1 ms, 1 % of the median TTFT); or more than 0.1 % of "
             "requests were sent over 5 ms late; or an open load's requests sent in the window "
             "differ from those scheduled by more than max(1, 1 %).",
             "give the client a core of its own or lower the load; its lateness is in these "
             "numbers"},
    CodeInfo{"client_limited", "The load generator, and not the server, shaped the load.",
             "p99 of TTFT is more than 2 % above p99 of TTFT from the send; or a closed load "
             "without failures held less than 95 % of its streams in flight on average.",
             "give the client a core of its own or more threads, or lower the load"},
    CodeInfo{"clock_confounded", "GPU clocks were not the same for what is compared.",
             "In more than 1 % of the window's samples a GPU's hardware slowed its clocks down "
             "(heat, power brake); or the mean SM clocks of two engines under the same load and "
             "repeat are more than 1 % apart.",
             "lock the clocks (nvidia-smi -lgc), cool the machine, or compare at a power that all "
             "engines stay below"},
    CodeInfo{"clock_stepped", "The wall clock was set while the kernel stamped packets.",
             "The wall clock moved against the monotonic one by more than 1 ms between two "
             "readings, a second apart.",
             "stop time synchronisation that steps the clock, and run the trial again"},
    CodeInfo{"dirty_machine", "The machine was not the engine's alone, or not as it was before.",
             "Another process than the engine's was on a GPU in the window; or a GPU was over 3 "
             "degrees hotter than at the study's start when the engine was started, after a wait "
             "for it (timeouts.cooldown_s).",
             "stop the other processes on the GPU (nvidia-smi), or improve its cooling; "
             "validity.start_temperature_c sets the limit"},
    CodeInfo{"errors", "Too many requests failed.",
             "Failed, timed-out and refused requests are more than 1 % of those scheduled in the "
             "window. A 200 answer with a single token, where more were asked for exactly, is a "
             "refusal.",
             "read error_message in the trial's requests.jsonl.zst and the engine's log"},
    CodeInfo{
        "littles_law", "Records and load do not add up to the same requests in flight.",
        "Requests in flight, averaged over the window as the load threads counted them, differ "
        "by more than 5 % from the sum of the records' times in the window over its length.",
        "report it with the trial's folder: records are missing or their times are wrong"},
    CodeInfo{"never_warm", "The engine did not settle before the load.",
             "With window.probes of 40 or more: after 200 probes the mean time per output token of "
             "the last 20 still differs by more than 5 % from that of the 20 before.",
             "keep other work off the engine's machine; or set window.probes below 40 to leave the "
             "check out"},
    CodeInfo{"not_streaming", "Answers were held back and came all at once.",
             "Of the succeeded requests with 32 tokens or more, more than half have all their "
             "tokens in the last 5 % of their time.",
             "turn off response buffering in the server or in the proxy before it"},
    CodeInfo{"shared_reads", "Events arrived together, so that their times cannot be told apart.",
             "More than 5 % of the events with tokens were read together with a later one; the "
             "kernel stamps only the last of them. Not looked for with not_streaming.",
             "let the server flush every event, or give the client more threads"},
    CodeInfo{"stopped", "The trial was cut short, so it is incomplete.",
             "The user or the engine's end stopped it before its measured requests had ended; no "
             "other code is looked for.",
             "run again with --resume to repeat this trial"},
    CodeInfo{"token_count_mismatch", "Client and server disagree on how many tokens there were.",
             "Over the whole trial the engine's own counter of generated tokens grew by more than "
             "2 % and a token a request less than the client counted, or as much more than it "
             "counted and requests that did not succeed could have got; or more than 2 % of "
             "measured answers have a usage that their events contradict.",
             "keep other clients away from the engine; else compare usage in the records with the "
             "engine's log"},
    CodeInfo{"too_few_requests", "The window holds fewer requests than the study asks for.",
             "Requests scheduled in the window are fewer than window.requests, or none.",
             "raise window.max_seconds, or lower window.requests"},
    CodeInfo{"unequal_output", "Answers do not have the length that was asked for.",
             "With output_rule: exact, more than 1 % of succeeded requests have another number of "
             "output tokens; refusals of one token are not among them. Not looked for with "
             "token_count_mismatch.",
             "use an engine that takes ignore_eos, or set output_rule: natural"},
    CodeInfo{"unstable", "The engine could not keep up: load and latency rose during the window.",
             "Open loads of 100 requests or more: over 20 equal parts of the window, both the mean "
             "of requests in flight and of TTFT rise, each by a one-sided t test at 2.5 %, and the "
             "rise of TTFT is more than 25 % of its mean.",
             "lower the rate; latencies above the capacity depend on how long one measures"},
};

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo* find_code(std::string_view code) {
  const auto* const found = std::find_if(kCodes.begin(), kCodes.end(),
                                         [code](const CodeInfo& i) { return i.code == code; });
  return found == kCodes.end() ? nullptr : found;
}

}  // namespace tokamark::analysis
