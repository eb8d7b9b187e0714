"""`tokamark render`: figures as files, by the real renderer beside the binary."""

import json
import os
import shutil

from case import EXIT_OUTPUT, EXIT_STUDY, EXIT_USAGE, IntegrationCase

FIGURE = {
    "width": {"$target": {"col1": 200, "col2": 440, "web": 800}}, "height": 60,
    "data": {"values": [{"engine": "a", "value": 1}, {"engine": "b", "value": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "engine", "type": "nominal"},
                 "y": {"field": "value", "type": "quantitative"}}}

# A median over 100,001 neighbours of each of 200,000 rows: hours.
ENDLESS = {
    **FIGURE, "data": {"sequence": {"start": 0, "stop": 200000, "as": "value"}},
    "transform": [{"window": [{"op": "median", "field": "value", "as": "middle"}],
                   "frame": [-50000, 50000]}]}


class RenderCase(IntegrationCase):

    def need_renderer(self):
        if not (self.binary.parent / "tokamark-render").exists():
            self.skipTest("tokamark-render is not built (tools/install-packages render)")

    def write_figure(self, name, figure):
        path = self.folder / name
        path.write_text(json.dumps(figure))
        return path

    def render(self, *arguments, env=None):
        return self.tokamark("render", *arguments, env=env)

    def test_one_figure_in_each_format(self):
        self.need_renderer()
        figure = self.write_figure("a.vl.json", FIGURE)
        for ending, begin in (("svg", b"<svg"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")):
            out = self.folder / f"a.{ending}"
            done = self.render(figure, "-o", out, "--size", "col1", "--theme", "paper",
                               env={"SOURCE_DATE_EPOCH": "1767323045"})
            self.assertEqual((0, ""), (done.code, done.err), done)
            self.assertIn(f"{out}  238 x ", done.out)
            self.assertEqual(begin, out.read_bytes()[:len(begin)])
        self.assertIn(b"20260102030405Z", (self.folder / "a.pdf").read_bytes())

    def test_several_figures_into_a_folder(self):
        self.need_renderer()
        names = ["a.vl.json", "b.json"]
        for name in names:
            self.write_figure(name, FIGURE)
        done = self.render(*names, "-o", "print/", "--format", "svg,pdf", "--size", "web")
        self.assertEqual((0, ""), (done.code, done.err), done)
        self.assertEqual(["a.pdf", "a.svg", "b.pdf", "b.svg"],
                         sorted(os.listdir(self.folder / "print")))

    def test_a_theme_of_ones_own_is_merged(self):
        self.need_renderer()
        figure = self.write_figure("a.vl.json", FIGURE)
        theme = self.write_figure("theme.json", {"bar": {"color": "#123456"}})
        self.assertEqual(0, self.render(figure, "-o", "a.svg", "--theme", theme).code)
        self.assertIn("#123456", (self.folder / "a.svg").read_text())

    def test_one_bad_figure_costs_itself_alone(self):
        self.need_renderer()
        self.write_figure("good.json", FIGURE)
        self.write_figure("file.json", {**FIGURE, "data": {"url": "/etc/hostname"}})
        self.write_figure("endless.json", ENDLESS)
        done = self.render("file.json", "endless.json", "good.json", "-o", "out/",
                           "--time-limit", "3")
        self.assertEqual(EXIT_STUDY, done.code, done)
        self.assertIn('file.json: it wants "/etc/hostname"; a figure must hold its data', done.err)
        self.assertIn("endless.json: took longer than 3 s to draw", done.err)
        self.assertIn("2 of 3 figures could not be drawn", done.err)
        self.assertEqual(["good.svg"], os.listdir(self.folder / "out"))

    def test_a_limit_on_address_space_is_named(self):
        self.need_renderer()
        self.write_figure("a.json", FIGURE)
        done = self.shell(f"ulimit -v 8000000; exec '{self.binary}' render a.json -o a.svg")
        self.assertEqual(EXIT_OUTPUT, done.code, done)
        self.assertIn("ulimit -v unlimited", done.err)

    def test_without_the_renderer_the_packages_are_named(self):
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(self.binary, alone / "tokamark")
        self.write_figure("a.json", FIGURE)
        done = self.shell(f"PATH=/bin:/usr/bin exec '{alone}/tokamark' render a.json -o a.svg")
        self.assertEqual(EXIT_OUTPUT, done.code, done)
        self.assertIn("libjavascriptcoregtk-4.1-dev", done.err)
        self.assertEqual(1, done.err.count("\n"), done)

    def test_bad_flags(self):
        figure = self.write_figure("a.json", FIGURE)
        broken = self.folder / "broken.json"
        broken.write_text("{")
        for code, said, arguments in (
                (EXIT_USAGE, "FIGURE", ()),
                (EXIT_USAGE, "--output", (figure,)),
                (EXIT_USAGE, "gif", (figure, "-o", "a.gif")),
                (EXIT_USAGE, "need a folder", (figure, figure, "-o", "a.svg")),
                (EXIT_USAGE, "there are col1, col2, web",
                 (figure, "-o", "a.svg", "--size", "col3")),
                (EXIT_USAGE, "there are paper, slides, web",
                 (figure, "-o", "a.svg", "--theme", "dark")),
                (EXIT_USAGE, "--dpi", (figure, "-o", "a.png", "--dpi", "1")),
                (EXIT_STUDY, "broken.json is no JSON", (broken, "-o", "a.svg")),
                (EXIT_STUDY, "none.json", ("none.json", "-o", "a.svg"))):
            done = self.render(*arguments)
            self.assertEqual(code, done.code, done)
            self.assertIn(said, done.err)
            self.assertEqual(1, done.err.count("\n"), done)
