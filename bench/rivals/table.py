#!/usr/bin/env python3
"""Writes the Markdown tables of one or more rivals.json files, one table for each load.

    bench/rivals/table.py results/rivals-*/rivals.json [--short] [--markdown FILE]
"""

import argparse
import dataclasses
import json
import statistics
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from rivals import cases, clients  # noqa: E402

CPU_NET = "net_cpu_s_per_1000_tokens"


def number(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def middle(rows, *path):
    """The median of a figure over rows; None when none has it."""
    values = []
    for row in rows:
        value = row
        for key in path:
            value = (value or {}).get(key)
        if value is not None:
            values.append(value)
    return statistics.median(values) if values else None


def span(rows, *path, digits=2):
    """The median, and the range where there are several."""
    text = number(middle(rows, *path), digits)
    values = [middle([row], *path) for row in rows]
    values = [value for value in values if value is not None]
    if len(values) < 2:
        return text
    return f"{text} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def pair(rows, name, figure):
    """Reported / true."""
    return (f"{span(rows, name, 'reported', figure)} / "
            f"{number(middle(rows, name, 'true', figure))}")


def ttft(rows, figure):
    """Reported / true. tokamark's is taken from the send on, as the others', and the one from the
    schedule is put behind it."""
    if middle(rows, "ttft_wire_ms", "mean") is None:
        return pair(rows, "ttft_ms", figure)
    return (f"{span(rows, 'ttft_wire_ms', figure)}, from the schedule "
            f"{number(middle(rows, 'ttft_ms', 'reported', figure))} / "
            f"{number(middle(rows, 'ttft_ms', 'true', figure))}")


def share(rows):
    """Tokens reported, in percent of the true ones."""
    counted = [{"share": 100 * row["tokens"]["reported"] / row["tokens"]["true"]} for row in rows
               if row["tokens"]["reported"] is not None]
    return number(middle(counted, "share"), 0)


def peak(rows):
    return span([{"mib": row["peak_rss_bytes"] / 2**20} for row in rows], "mib", digits=0)


LONG = (
    ("version", lambda rows: str(rows[0]["version"])),
    ("runs", lambda rows: str(len(rows))),
    ("TTFT mean ms", lambda rows: ttft(rows, "mean")),
    ("TTFT p99 ms", lambda rows: ttft(rows, "p99")),
    ("ITL mean ms", lambda rows: pair(rows, "itl_ms", "mean")),
    ("ITL p99 ms", lambda rows: pair(rows, "itl_ms", "p99")),
    ("TPOT mean ms", lambda rows: pair(rows, "tpot_ms", "mean")),
    ("tokens, % of true", share),
    ("in flight asked / held", lambda rows: f"{rows[0]['in_flight']['asked']} / "
     f"{number(middle(rows, 'in_flight', 'mean'), 0)}"),
    ("CPU s per 1,000 tokens: whole", lambda rows: span(rows, "cpu_s_per_1000_tokens", digits=4)),
    ("net", lambda rows: span(rows, CPU_NET, digits=4)),
    ("peak memory MiB", peak),
    ("start-up s", lambda rows: number(middle(rows, "startup_s"))),
    ("failures", lambda rows: number(middle(rows, "failures"), 0)),
)
# One line for each client: columns out of several loads, client on one core.
SHORT = (
    ("pace", "TTFT mean ms"), ("pace", "ITL p99 ms"), ("flood", "ITL p99 ms"),
    ("cold", "TTFT mean ms"),
    ("chunks", "ITL mean ms"), ("chunks", "TPOT mean ms"),
    ("early-role", "TTFT mean ms"),
    ("pace", "CPU s per 1,000 tokens: whole"), ("pace", "peak memory MiB"), ("pace", "start-up s"),
)


def groups(results):
    """[(load, client cores, {client: rows})]; named loads first, clients in the order of ALL."""
    named = [dataclasses.asdict(load) for load in cases.CASES.values()]
    found = {}
    for result in results:
        load = result["load"]
        place = named.index(load) if load in named else len(named)
        key = (place, result["client_cores"] != "one", json.dumps(load))
        group = found.setdefault(key, (load, result["client_cores"], {}))
        for row in result["rows"]:
            group[2].setdefault(row["client"], []).append(row)
    return [(load, cores, {name: rows[name] for name in clients.ALL if name in rows})
            for _, (load, cores, rows) in sorted(found.items())]


def load_words(load, cores):
    words = (f"{load['streams']:,} streams, {load['tokens']} tokens a request, TTFT "
             f"{load['ttft_ms']:g} ms and ITL {load['itl_ms']:g} ms at the server, "
             f"{load['requests'] or 3 * load['streams']:,} requests, "
             f"{'warmed' if load['warm'] else 'cold'}")
    if load["tokens_per_chunk"] > 1:
        words += f", {load['tokens_per_chunk']} tokens an event"
    if load["bursts"]:
        words += f", in {load['bursts']} bursts"
    if load["early_role"]:
        words += ", role event with the headers"
    return f"{words}; client on {'one core' if cores == 'one' else 'all cores'}"


def ended(rows):
    return [row for row in rows if "skipped" not in row]


def skipped_line(name, rows, columns):
    return f"| {name} | skipped: {rows[0]['skipped']} |" + " |" * (len(columns) - 1)


def client_line(name, rows, columns):
    done = ended(rows)
    if not done:
        return skipped_line(name, rows, columns)
    return "| " + " | ".join([name] + [make(done) for _, make in columns]) + " |"


def case_name(load):
    """The name that cases.py gives a load; empty for none."""
    return next((name for name, case in cases.CASES.items()
                 if dataclasses.asdict(case) == load), "")


def markdown(results):
    """A table for each load, with every column."""
    parts = []
    for load, cores, rows in groups(results):
        name = case_name(load)
        words = f"**{name}{': ' if name else ''}{load_words(load, cores)}**"
        parts.append(textwrap.fill(words, 100, break_on_hyphens=False) + "\n")
        parts.append("| client | " + " | ".join(name for name, _ in LONG) + " |")
        parts.append("|" + " --- |" * (len(LONG) + 1))
        parts += [client_line(client, done, LONG) for client, done in rows.items()]
        parts.append("")
    return "\n".join(parts)


def short_cell(rows, make):
    if not rows:
        return "not run"
    done = ended(rows)
    return make(done) if done else rows[0]["skipped"]


def short(results):
    """One table over the named loads: the columns of SHORT."""
    make = dict(LONG)
    found = {}  # {client: {case: rows}}
    for load, cores, rows in groups(results):
        if cores == "one" and case_name(load):
            for client, all_rows in rows.items():
                found.setdefault(client, {}).setdefault(case_name(load), []).extend(all_rows)
    lines = ["| client | " + " | ".join(f"{case}: {name}" for case, name in SHORT) + " |",
             "|" + " --- |" * (len(SHORT) + 1)]
    for client in (name for name in clients.ALL if name in found):
        cases_of = found[client]
        if not any(ended(rows) for rows in cases_of.values()):
            lines.append(skipped_line(client, next(iter(cases_of.values())), SHORT))
            continue
        cells = [short_cell(cases_of.get(case), make[name]) for case, name in SHORT]
        lines.append("| " + " | ".join([client] + cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("results", nargs="+", help="rivals.json files")
    parser.add_argument("--short", action="store_true", help="one table, a line for each client")
    parser.add_argument("--markdown", default="", help="file to write (default: standard output)")
    options = parser.parse_args()
    results = [json.loads(Path(file).read_text(encoding="utf-8")) for file in options.results]
    text = short(results) if options.short else markdown(results)
    if options.markdown:
        Path(options.markdown).write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
