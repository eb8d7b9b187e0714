"""`tokamark report`: files of one results folder and of several, and the page in a browser."""

import csv
import json
import re

from browser import Browser, find_browser
from case import EXIT_STUDY, EXIT_USAGE, IntegrationCase, least_study
from results import Results

HOSTILE = '</script><img src=x onerror=alert(1)> \u2028 =cmd() \\input{x} %_ | `@team` \U0001F600'
NO_BROWSER = "chromium is not installed: apt-get install chromium"
ALL_DRAWN = """document.querySelectorAll('.chart').length > 0 &&
               document.querySelectorAll('.chart').length ===
               document.querySelectorAll('.chart .marks').length"""
MIDDLES = """Array.from(document.querySelectorAll('%s'))
             .map((one) => one.getBoundingClientRect()).filter((box) => box.width > 0)
             .slice(0, 20).map((box) => ({x: box.x + box.width / 2, y: box.y + box.height / 2}))"""
TOOLTIP = "document.querySelector('#vg-tooltip-element.visible')?.innerText ?? ''"


class ReportCase(IntegrationCase):

    def measure(self, name, loads=(1, 2), model="made-up"):
        """A results folder of a short study; its verdicts do not matter here."""
        study = least_study(self.start_sim(model=model), model={"name": model},
                            load={"concurrency": list(loads)},
                            slo={"ttft_ms": 500, "tpot_ms": 50})
        path = self.write_study(study, f"{name}.json")
        done = self.tokamark("run", path, "--output", self.folder / name)
        self.assertTrue((self.folder / name / "results.json").is_file(), done)
        return self.folder / name

    def test_files_of_one_folder(self):
        folder = self.measure("one", model=HOSTILE)
        before = Results(folder).files()
        outs = [Results(self.folder / "out1"), Results(self.folder / "out2")]
        for out in outs:
            done = self.tokamark("report", folder, "-o", out.folder, "--format",
                                 "html,md,tex,csv")
            self.assertEqual(0, done.code, done)
        self.assertEqual(before, Results(folder).files(), "the results folder was changed")
        files = outs[0].files()
        self.assertEqual(files, outs[1].files(), "the same report twice has other bytes")
        for name in ("report.html", "summary.md", "citation.bib", "tables/slo-chat.csv",
                     "tables/results-chat.tex", "tables/runs.csv", "tables/self-check.md",
                     "tables/method.csv"):
            self.assertIn(name, files)
        self.check_figures(files)
        self.check_numbers(folder, files)
        self.check_hostile(files)

    def check_figures(self, files):
        specs = [name for name in files if name.endswith(".vl.json")]
        self.assertTrue(specs)
        for name in specs:
            self.assertTrue(json.loads(files[name])["usermeta"]["figure"]["simulated"], name)

    def check_numbers(self, folder, files):
        """Tables have the numbers of results.json, all digits of them."""
        rows = list(csv.DictReader(files["tables/runs.csv"].decode().splitlines()))
        trials = Results(folder).trials
        self.assertEqual([t["id"] for t in trials], [row["trial"] for row in rows])
        for trial, row in zip(trials, rows):
            self.assertEqual("true", row["simulated"])
            value = trial["metrics"]["output_tokens_per_s"]
            self.assertEqual(value, float(row["output_tokens_per_s"]))

    def check_hostile(self, files):
        for name, data in files.items():
            text = data.decode()
            if name.endswith(".tex") or name.endswith(".bib"):
                self.assertNotIn("\\input", text, name)
            if name.endswith(".md"):
                self.assertNotIn("<img", text, name)
                self.assertNotIn("@team", text, name)
        # The chart library, the first script that is no data, is not ours to judge.
        self.assertNotIn("<img", files["report.html"].decode().split("<script>")[0])

    def test_figures_drawn_as_files(self):
        if not (self.binary.parent / "tokamark-render").exists():
            self.skipTest("tokamark-render was not built (tools/install-packages render)")
        folder = self.measure("one")

        def widths(*arguments):
            out = Results(self.folder / "-".join(("out", *arguments)))
            done = self.tokamark("report", folder, "-o", out.folder, "--format", "svg", *arguments)
            self.assertEqual((0, ""), (done.code, done.err), done)
            drawn = {name: data for name, data in out.files().items() if name.endswith(".svg")}
            self.assertGreater(len(drawn), 10)
            return {re.search(rb'width="([\d.]+)"', data)[1] for data in drawn.values()}

        self.assertEqual({b"493"}, widths())
        self.assertEqual({b"238"}, widths("--size", "col1"))
        self.assertTrue(all(float(width) > 500 for width in widths("--theme", "slides")))

    def test_two_folders_side_by_side(self):
        first, second = self.measure("first"), self.measure("second")
        out = Results(self.folder / "out")
        done = self.tokamark("report", first, second, "-o", out.folder, "--format", "html,csv")
        self.assertEqual(0, done.code, done)
        self.assertIn("a (second)", done.out)
        rows = list(csv.DictReader(out.files()["tables/runs.csv"].decode().splitlines()))
        self.assertEqual({"a (first)", "a (second)"}, {row["engine"] for row in rows})
        self.assertEqual(4, len(rows))
        self.assertFalse((out.folder / "summary.md").exists(), "only what was asked for")

    def test_folders_that_do_not_belong_together_are_refused(self):
        first, second = self.measure("first", loads=(1,)), self.measure("second", loads=(1,))
        study = json.loads((second / "study.json").read_text())
        study["slo"]["ttft_ms"] = 100
        (second / "study.json").write_text(json.dumps(study))
        done = self.tokamark("report", first, second, "-o", self.folder / "out")
        self.assertEqual(EXIT_STUDY, done.code, done)
        self.assertIn("first and second cannot be put together: their SLOs differ in ttft_ms",
                      done.err)
        self.assertFalse((self.folder / "out").exists())
        done = self.tokamark("report", first, second)
        self.assertEqual(EXIT_USAGE, done.code, done)
        self.assertIn("give --output DIR", done.err)

    def test_own_figures_replace_and_add(self):
        folder = self.measure("one", loads=(1,))
        own = self.folder / "own"
        own.mkdir()
        spec = {"data": {"name": "figure"}, "mark": "point",
                "encoding": {"x": {"field": "load_asked", "type": "quantitative"}}}
        (own / "mine.vl.json").write_text(json.dumps(spec))
        out = Results(self.folder / "out")
        done = self.tokamark("report", folder, "-o", out.folder, "--format", "html,csv",
                             "--figures", own)
        self.assertEqual(0, done.code, done)
        files = out.files()
        drawn = json.loads(files["figures/mine.vl.json"])
        self.assertEqual(1, len(drawn["data"]["values"]))
        self.assertIn("SIMULATED", drawn["title"]["text"])
        self.assertIn(b'"load_asked"', files["report.html"])

    def open_page(self, page):
        """A browser that shows a page with all its charts drawn."""
        program = find_browser()
        if program is None:
            self.skipTest(NO_BROWSER)
        browser = Browser(program, self.folder / "profile")
        self.addCleanup(browser.close)
        browser.open(page.as_uri())
        browser.evaluate("void window.dispatchEvent(new Event('beforeprint'))")
        browser.wait_for(ALL_DRAWN)
        return browser

    def test_a_page_in_chromium(self):
        page = self.measure("one", model=HOSTILE) / "report.html"
        text = page.read_text()
        browser = self.open_page(page)
        self.assertEqual([], browser.complaints, "the page complains")
        self.assertEqual(text.count('<div class="chart"'),
                         browser.evaluate("document.querySelectorAll('.chart .marks').length"))
        self.assertNotIn("could not be drawn", browser.evaluate("document.body.innerText"))
        self.assertEqual(0, browser.evaluate("document.querySelectorAll('img').length"))
        self.assertIn("default-src 'none'", text, "the policy forbids every request")

    def test_legends_and_tooltips_in_chromium(self):
        out = self.folder / "out"
        done = self.tokamark("report", self.measure("first"), self.measure("second"), "-o", out,
                             "--format", "html")
        self.assertEqual(0, done.code, done)
        browser = self.open_page(out / "report.html")
        ids = browser.evaluate("JSON.parse(document.getElementById('figures').textContent)"
                               ".map((figure) => figure.spec.usermeta.figure.id)")
        with_both = [name for place, name in enumerate(ids)
                     if self.legend_picks(browser, f"figure-{place}")
                     and self.tooltip_of(browser, f"figure-{place}")]
        self.assertGreaterEqual(len(with_both), 8, ids)
        for name in ("ttft-concurrency-chat", "timeline-chat", "tokens-chat"):
            self.assertIn(name, with_both)
        self.assertEqual([], browser.complaints, "the page complains")

    def legend_picks(self, browser, chart):
        """Whether a click on a legend's first entry changes a chart, and a second one undoes it."""
        marks = f"document.querySelector('#{chart} .marks').outerHTML"
        browser.evaluate(f"document.getElementById('{chart}').scrollIntoView({{block: 'center'}})")
        entries = browser.evaluate(MIDDLES % f"#{chart} .role-legend-symbol path")
        if not entries:
            return False
        states = [browser.evaluate(marks)]
        for _ in range(2):
            browser.click(entries[0])
            browser.frames()
            states.append(browser.evaluate(marks))
        self.assertEqual(states[0], states[2], f"{chart}: the second click does not undo the first")
        return states[0] != states[1]

    @staticmethod
    def tooltip_of(browser, chart):
        """What is said at the first mark that says something."""
        marks = ", ".join(f"#{chart} .mark-{kind}.role-mark path" for kind in ("symbol", "rect"))
        for point in browser.evaluate(MIDDLES % marks):
            browser.move(point)
            browser.frames()
            text = browser.evaluate(TOOLTIP)
            if text:
                return text
        return ""
