"""Greedy probes before and after the load: an engine that the load has damaged is found, and one
whose answers only end otherwise is not."""

import openai_server
from case import EXIT_MEASUREMENT, IntegrationCase, least_study
from results import Results

ANSWERS = {"The capital": "Paris is the capital", "Count": "one two three",
           "Write": "print('Hello, world!')"}
# More than are streamed before the load: one to see that the engine is ready, and one probe.
STREAMED_BEFORE_LOAD = 2


class Computes:
    """An engine's answers: good ones, until `after_load` says otherwise."""

    def __init__(self, after_load=lambda text: text):
        self.after_load = after_load
        self.streamed = 0

    def __call__(self, exchange, _number, request):
        if request.get("stream"):
            self.streamed += 1
            exchange.stream(request)
            return
        prompt = request["messages"][-1]["content"]
        text = next(text for part, text in ANSWERS.items() if part in prompt)
        if self.streamed > STREAMED_BEFORE_LOAD:
            text = self.after_load(text)
        if text is None:
            exchange.reply(500, {"error": {"message": "the cache is gone", "code": 500}})
            return
        exchange.reply(200, {"choices": [{"message": {"content": text}}],
                             "usage": {"prompt_tokens": 9, "completion_tokens": 12}})


class GreedyCase(IntegrationCase):

    def rows(self, after_load):
        """Engine a is sound, b answers so after the load: the rows of their comparison."""
        engines = []
        for name, answer in (("a", Computes()), ("b", Computes(after_load))):
            server = openai_server.OpenAiServer(answer).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            engines.append({"name": name, "kind": "openai", "url": server.url})
        path = self.write_study(least_study(
            "", engines=engines, client={"calibration_s": 0}, load={"concurrency": [2]},
            window={"warmup_s": 0.2, "seconds": 1, "requests": 0, "probes": 1}))
        self.results = Results(self.folder / "out")
        self.finished = self.tokamark("run", path, "--output", self.results.folder)
        arm, = self.results.json["fairness"]["arms"]
        return arm["verdict"], {row["name"]: row for row in arm["settings"]}

    def test_an_engine_damaged_by_the_load_is_found(self):
        verdict, rows = self.rows(lambda text: "!!!!!!!!!!!!")
        self.assertEqual("unequal", verdict, self.finished)
        self.assertEqual(EXIT_MEASUREMENT, self.finished.code, self.finished)
        self.assertEqual("equal", rows["answers"]["standing"])
        after = rows["answers_after_load"]
        self.assertEqual("different", after["standing"])
        self.assertEqual("3 of 3 begin as before the load", after["values"]["a"]["value"])
        self.assertEqual("0 of 3 begin as before the load (r1-b-chat-c2)",
                         after["values"]["b"]["value"])
        summary = (self.results.folder / "summary.md").read_text()
        self.assertIn("UNEQUAL: answers\\_after\\_load differ", summary)
        self.assertIn("0 of 3 begin as before the load",
                      (self.results.folder / "report.html").read_text())

    def test_an_answer_that_ends_otherwise_is_no_damage(self):
        verdict, rows = self.rows(lambda text: text.split()[0] + " and so on")
        self.assertNotEqual("unequal", verdict, self.finished)
        self.assertEqual("equal", rows["answers_after_load"]["standing"])

    def test_answers_that_stay_out_are_not_known(self):
        verdict, rows = self.rows(lambda text: None)
        self.assertEqual("not_shown", verdict, self.finished)
        self.assertEqual("unknown", rows["answers_after_load"]["standing"])
        self.assertIsNone(rows["answers_after_load"]["values"]["b"])
