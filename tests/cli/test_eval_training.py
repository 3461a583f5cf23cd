"""`[eval]` in a run's configuration: tasks asked during training, around growths and after a kill."""

import json
import unittest

from golden_support import must
from test_train import tensorboard_scalars
from training_support import GROWTHS, STEPS, Training, metrics, name_of, untimed

SETTINGS = {"eval.tasks": "copy_real_words,copy_random_words", "eval.every": 10, "eval.limit": 5}


class EvalInTraining(Training):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().train("judged", SETTINGS)

    def runTest(self):
        pass

    def test_tasks_are_asked_every_so_many_steps_and_around_growths(self):
        _, events = metrics(self.path("judged"))
        evals = [event for event in events if event["event"] == "eval"]
        self.assertEqual([(e["step"], e["layers"]) for e in evals], [(10, 2), (20, 4), (30, 6), (STEPS, 6)])
        for event in evals:
            self.assertEqual(sorted(event["results"]), ["copy_random_words", "copy_real_words"])
            self.assertEqual(list(event["results"]["copy_real_words"]), ["acc,none"])
        growths = [event for event in events if event["event"] == "growth"]
        self.assertEqual([event["step"] for event in growths], GROWTHS)
        self.assertEqual(growths[0]["eval_before"], evals[0]["results"])  # of the same step
        self.assertEqual(sorted(growths[1]["eval_after"]), ["copy_random_words", "copy_real_words"])
        scalars = tensorboard_scalars(self.path("judged"), "eval/copy_real_words/acc,none")
        self.assertEqual([step for step, _ in scalars], [10, 20, 30, STEPS])
        scalars = tensorboard_scalars(self.path("judged"), "eval_after/copy_real_words/acc,none")
        self.assertEqual([step for step, _ in scalars], GROWTHS)

    def test_what_was_seen_last_is_what_eval_says_of_the_checkpoint(self):
        out = self.path("evaluated")
        model = self.path("judged", "checkpoints", name_of(STEPS))
        must("eval", model, "--tasks", SETTINGS["eval.tasks"], "--limit", SETTINGS["eval.limit"], "--out", out)
        (results,) = out.glob("results_*.json")
        expected = json.loads(results.read_text())["results"]
        _, events = metrics(self.path("judged"))
        for task, values in events[-1]["results"].items():
            self.assertEqual(values["acc,none"], expected[task]["acc,none"])

    def test_judging_changes_nothing_in_the_run(self):
        self.train("plain")
        steps, _ = metrics(self.path("judged"))
        plain, _ = metrics(self.path("plain"))
        self.assertEqual([s["loss"] for s in steps], [s["loss"] for s in plain])

    def test_a_resumed_run_has_every_line_once(self):
        process = self.begin("killed", SETTINGS)
        process.wait_for(lambda: process.lines() > 27)
        process.kill()
        self.train("killed", SETTINGS)
        self.assertEqual(untimed(self.path("killed")), untimed(self.path("judged")))

    def test_what_cannot_be_asked_is_refused_before_the_first_step(self):
        for settings, said in (
            ({"eval.tasks": "helaswag"}, "did you mean `hellaswag`"),
            ({"eval.tasks": "hellaswag", "eval.data": "nowhere"}, "hellaswag_val_full.txt: missing"),
            ({"eval.evry": 5}, "did you mean `eval.every`"),
        ):
            done = self.try_to_train("refused", settings)
            self.assertEqual((done.returncode, said in done.stderr), (2, True), done.stderr)
        self.assertFalse(self.path("refused").exists())


if __name__ == "__main__":
    unittest.main()
