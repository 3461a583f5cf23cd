"""`cambium analyze` as a user runs it: files, resuming, what is refused."""

import csv
import json
import pathlib
import shutil
import tempfile
import unittest

from golden_support import GOLDEN, cambium, must, write_jsonl

DEEP = GOLDEN / "analyses" / "grouped"
TRAINING = GOLDEN / "training"
PAPER = ["contributions", "cosines", "skip-effect", "depth-score", "logit-lens", "remove", "swap", "weight-similarity"]


class Analyze(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"
        self.model = DEEP / "model"
        self.prompts = DEEP / "prompts.jsonl"

    def analyze(self, names, *options, out=True):
        options = (*options, "--out", self.out) if out else options
        return must("analyze", self.model, "--analysis", names, "--prompts", self.prompts, *options).stdout

    def read(self, name):
        return json.loads((self.out / f"{name}.json").read_text())

    def refused(self, *words, arguments):
        done = cambium("analyze", *arguments, "--out", self.out)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(list(self.out.glob("*.json")), "left an answer behind")


class Files(Analyze):
    def test_list_needs_no_model(self):
        names = [line.split()[0] for line in must("analyze", "--list").stdout.splitlines()]
        self.assertEqual(set(PAPER) - set(names), set())

    def test_paper_set(self):
        shown = self.analyze("paper")
        self.assertEqual(sorted(path.stem for path in self.out.glob("*.json")), sorted(PAPER))
        self.assertFalse((self.out / ".partial").exists())
        for name in PAPER:
            result = self.read(name)
            self.assertEqual(result["analysis"], name)
            self.assertEqual(result["model"], str(self.model))
            self.assertEqual(result["seed"], 1)
            self.assertEqual(result["prompts"]["count"], 3)
            self.assertEqual(result["prompts"]["tokens"], 23 + 14 + 17)
            self.assertGreater(len(result["definition"]), 40)
            self.assertIn(f"\n{name}: ", shown)

    def test_all_of_them(self):
        self.analyze("all")
        listed = [line.split()[0] for line in must("analyze", "--list").stdout.splitlines()]
        found = {path.stem for path in self.out.glob("*.json")}
        self.assertEqual(set(listed) - found, {"tuned-lens"})
        verdicts = self.read("signatures")["values"]
        for name in ("curse_of_depth", "early_exit"):
            low, high = verdicts[name + "_interval"]
            self.assertLessEqual(low, high)
            self.assertIn(verdicts[name + "_verdict"], ("present", "absent", "uncertain"))
        self.assertEqual(verdicts["fragility_verdict"], "unknown")  # random ids: worse than knowing nothing already
        self.assertIsNone(verdicts["fragility"])

    def test_csv_holds_the_same_numbers(self):
        self.analyze("remove")
        values = self.read("remove")["values"]
        rows = list(csv.DictReader((self.out / "remove.csv").read_text().splitlines()))
        found = {(row["i"], row["j"]): row["value"] for row in rows if row["name"] == "nll"}
        self.assertEqual(len(found), 6 * len(values["sizes"]))
        for start, line in enumerate(values["nll"]):
            for size, value in enumerate(line):
                cell = found[(str(start), str(size))]
                self.assertEqual(None if cell == "" else float(cell), value)

    def test_built_in_prompts_are_named(self):
        self.model = self.folder / "model"
        shutil.copytree(TRAINING / "matrices" / "initial", self.model)
        shutil.copy(TRAINING / "tokenizer.json", self.model)
        must("analyze", self.model, "--analysis", "cosines", "--out", self.out)
        prompts = self.read("cosines")["prompts"]
        self.assertIn("built-in", prompts["source"])
        self.assertEqual(prompts["count"], 10)

    def test_bfloat16_is_near(self):
        self.analyze("cosines")
        exact = self.read("cosines")["values"]["cos_io"]
        self.analyze("cosines", "--precision", "bfloat16")
        for a, b in zip(exact, self.read("cosines")["values"]["cos_io"]):
            self.assertAlmostEqual(a, b, delta=0.05)


class Resuming(Analyze):
    def test_finished_analyses_are_not_run_again(self):
        self.analyze("cosines")
        before = (self.out / "cosines.json").stat().st_mtime_ns
        self.assertIn("made before", self.analyze("cosines"))
        self.assertEqual((self.out / "cosines.json").stat().st_mtime_ns, before)
        self.assertNotIn("made before", self.analyze("cosines", "--block-size", "2"))

    def test_goes_on_from_what_a_kill_left(self):
        """Two of three prompts are there, the second changed by hand, and half a line behind them."""
        self.analyze("skip-effect")
        whole, key = self.read("skip-effect")["values"], self.read("skip-effect")["key"]
        shutil.rmtree(self.out)
        (self.out / ".partial").mkdir(parents=True)
        lines = [{"key": key}, {"unit": "0", "value": {"layer": [[9.0] * 6] * 6, "logit": [9.0] * 6}}]
        partial = self.out / ".partial" / "skip-effect.jsonl"
        write_jsonl(partial, lines)
        with partial.open("a") as file:
            file.write('{"unit": "1", "val')
        self.analyze("skip-effect")
        self.assertEqual(self.read("skip-effect")["values"]["logit_effect"], [9.0] * 6)  # what was there was used
        shutil.rmtree(self.out)
        (self.out / ".partial").mkdir(parents=True)
        write_jsonl(partial, [{"key": "of another model"}, lines[1]])
        self.analyze("skip-effect")
        self.assertEqual(self.read("skip-effect")["values"], whole)

    def test_the_plain_way_gives_the_same(self):
        self.analyze("skip-effect")
        fast = self.read("skip-effect")["values"]
        self.analyze("skip-effect", "--plain")
        plain = self.read("skip-effect")["values"]
        for a, b in zip(sum(fast["layer_effect"], fast["logit_effect"]), sum(plain["layer_effect"], plain["logit_effect"])):
            self.assertAlmostEqual(a, b, delta=1e-5)


class OnTasks(Analyze):
    """A trained model of four layers, and tasks that need no files."""

    TASKS = "copy_real_words,copy_random_words"

    def setUp(self):
        super().setUp()
        self.model = GOLDEN / "eval" / "curriculum"
        self.prompts = self.folder / "prompts.jsonl"
        write_jsonl(self.prompts, [{"text": "Fill in the blank: a b c a b ___. -> c"}])

    def tasks(self, names, tasks=TASKS):
        shown = self.analyze(names, "--tasks", tasks, "--limit", "12", "--num-fewshot", "1", "--block-size", "2")
        return shown, *(self.read(name)["values"] for name in names.split(","))

    def evaluated(self, order):
        """Accuracy on each task with the layers in this order, by `cambium eval`."""
        out = self.folder / ("eval-" + order)
        must("eval", self.model, "--tasks", self.TASKS, "--limit", "12", "--num-fewshot", "1", "--order", order, "--out", out)
        results = json.loads(next(out.glob("results_*.json")).read_text())["results"]
        return [results[task]["acc,none"] for task in self.TASKS.split(",")]

    def test_accuracies_are_those_of_eval_with_that_order(self):
        _, remove, swap, loop, exits = self.tasks("remove,swap,loop,early-exit")
        whole = self.evaluated("0-3")
        self.assertGreater(whole[0], 0.5)  # it has learned something
        self.assertEqual(remove["baseline_accuracy_by_task"], whole)
        self.assertAlmostEqual(remove["baseline_accuracy"], sum(whole) / 2)
        self.assertEqual(remove["tasks"], self.TASKS.split(","))
        self.assertEqual(remove["accuracy_by_task"][2][0], self.evaluated("0-1,3"))
        self.assertEqual(remove["accuracy"][3][1], None)
        self.assertEqual(remove["accuracy_by_task"][3][1], [None, None])
        self.assertEqual(swap["accuracy_by_task"][1][0], self.evaluated("0,2,1,3"))
        self.assertEqual(swap["accuracy_by_task_blocks"][0][1], self.evaluated("2-3,0-1"))
        self.assertEqual(loop["accuracy_by_task"][1][0], self.evaluated("0-1,2-3x2"))
        by_layer = exits["logit_task_accuracy_by_task"]
        self.assertEqual(by_layer[4], whole)
        self.assertEqual(by_layer[3], self.evaluated("0-2"))
        reached = [value >= 0.9 * exits["logit_task_accuracy"][4] for value in exits["logit_task_accuracy"]]
        self.assertEqual(exits["logit_task_depth_90"], reached.index(True))

    def test_reversing_and_shuffling_too(self):
        _, reverse, shuffle = self.tasks("reverse,shuffle-blocks")
        self.assertEqual(reverse["accuracy_by_task_blocks"], self.evaluated("2-3,0-1"))
        self.assertEqual(reverse["accuracy_by_task_within_blocks"], self.evaluated("1,0,3,2"))
        self.assertAlmostEqual(shuffle["mean_accuracy"], sum(shuffle["accuracy"]) / len(shuffle["accuracy"]))

    def test_other_tasks_are_other_results(self):
        self.tasks("remove,cosines")
        shown, *_ = self.tasks("remove,cosines")
        self.assertEqual(shown.count("(made before)"), 2)
        shown, remove, _ = self.tasks("remove,cosines", "copy_real_words")
        self.assertEqual(shown.count("(made before)"), 1)
        self.assertEqual(remove["tasks"], ["copy_real_words"])

    def test_goes_on_from_what_a_kill_left(self):
        _, remove = self.tasks("remove")
        key = self.read("remove")["key"]
        shutil.rmtree(self.out)
        (self.out / ".partial").mkdir(parents=True)
        left = [{"key": key}, {"unit": "tasks [0, 1, 3]", "value": [0.125, 0.25]}]
        write_jsonl(self.out / ".partial" / "orders.jsonl", left)
        _, again = self.tasks("remove")
        self.assertEqual(again["accuracy_by_task"][2][0], [0.125, 0.25])  # what was there was used
        self.assertEqual(again["accuracy_by_task"][1], remove["accuracy_by_task"][1])

    def test_refusals(self):
        model = (self.model, "--prompts", self.prompts)
        self.refused("--tasks", "early-exit", "loop", arguments=(*model, "--analysis", "cosines", "--tasks", self.TASKS))
        self.refused("copy_real_word", arguments=(*model, "--analysis", "swap", "--tasks", "copy_real_word"))
        self.refused("heldout_nll", "right answers", arguments=(*model, "--analysis", "swap", "--tasks", "heldout_nll"))
        foreign = (DEEP / "model", "--prompts", DEEP / "prompts.jsonl")
        self.refused("tokenizer.json", arguments=(*foreign, "--analysis", "swap", "--tasks", self.TASKS))


class Refusals(Analyze):
    def test_bad_arguments(self):
        model = ("--prompts", self.prompts)
        self.refused("unknown analysis `cosine`", "did you mean `cosines`?", arguments=(self.model, "--analysis", "cosine"))
        self.refused("MODEL", arguments=("--analysis", "cosines"))
        self.refused("tokenizer.json", "--prompts", arguments=(self.model, "--analysis", "cosines"))
        self.refused("--before", arguments=(self.model, "--analysis", "weight-similarity", "--before", TRAINING / "matrices" / "initial", *model))

    def test_bad_prompts(self):
        bad = self.folder / "bad.jsonl"
        for text, words in [
            ("", ["empty"]),
            ('{"ids": [1, 2]}\n{"ids": [61]}\n', ["line 2", "ids", "61"]),
            ('{"ids": [1, 2, 3], "cuts": [3]}\n', ["line 1", "cuts"]),
            ("{\n", ["line 1"]),
        ]:
            bad.write_text(text)
            self.refused("bad.jsonl", *words, arguments=(self.model, "--analysis", "cosines", "--prompts", bad))

    def test_nothing_to_measure(self):
        write_jsonl(self.folder / "short.jsonl", [{"ids": [1]}])
        for name, word in [("remove", "two tokens"), ("skip-effect", "cut position")]:
            self.refused(word, arguments=(self.model, "--analysis", name, "--prompts", self.folder / "short.jsonl"))


if __name__ == "__main__":
    unittest.main()
