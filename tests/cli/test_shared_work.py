"""Several processes share an evaluation or analyses: the same results as of one, also behind a kill."""

import json
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

from distributed_support import Ranks, environments
from golden_support import GOLDEN, must, read_jsonl
from test_eval import MODEL, write_small_data


class SharedWork(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def begin(self, size, *command):
        return Ranks([command] * size, environments(size), self.folder)

    def run_ranks(self, size, *command):
        codes, said = self.begin(size, *command).end()
        self.assertEqual(codes, [0] * size, "\n".join(said))
        self.assertEqual([text for text in said[1:] if text], [], "only the first process prints")
        return said[0]


class Evaluations(SharedWork):
    TASKS = "lambada_openai,hellaswag,asdiv,gsm8k,tydiqa_goldp"

    def setUp(self):
        super().setUp()
        write_small_data(self.folder)

    def command(self, out):
        settings = ("--num-fewshot", 0, "--deterministic", "--data", self.folder)
        return ["eval", MODEL, "--tasks", self.TASKS, *settings, "--out", self.folder / out]

    def results(self, out):
        (file,) = (self.folder / out).glob("results_*.json")
        samples = {path.name.split("_20")[0]: read_jsonl(path) for path in (self.folder / out).glob("samples_*.jsonl")}
        self.assertFalse((self.folder / out / "unfinished").exists())
        return json.loads(file.read_text())["results"], samples

    def test_the_same_as_one_process(self):
        table = must(*self.command("one"), cwd=self.folder).stdout.split("\nwritten to")[0]
        for size in (2, 5):  # more than there are requests of some tasks
            shown = self.run_ranks(size, *self.command(f"of-{size}"))
            self.assertIn(table, shown)
            self.assertEqual(self.results(f"of-{size}"), self.results("one"))

    def test_goes_on_with_another_number(self):
        must(*self.command("one"), cwd=self.folder)
        ranks = self.begin(3, *self.command("killed"))
        unfinished = self.folder / "killed" / "unfinished"
        while all(ranks.running()) and not list(unfinished.glob("gsm8k.*")):
            time.sleep(0.002)
        for rank in range(3):
            ranks.kill(rank, signal.SIGKILL)
        ranks.end()
        self.run_ranks(2, *self.command("killed"))
        self.assertEqual(self.results("killed"), self.results("one"))

    def test_a_killed_process_ends_the_others(self):
        for attempt in range(5):
            folder = f"orphans-{attempt}"
            ranks = self.begin(3, *self.command(folder))
            while all(ranks.running()) and not list((self.folder / folder / "unfinished").glob("*")):
                time.sleep(0.002)
            ranks.kill(1, signal.SIGKILL)
            codes, said = ranks.end()
            if 0 not in codes:  # else it came too late
                self.assertRegex(said[0], "rank 1 .*(ended or hangs|no sign of life)")
                return
        self.fail("no kill came in time")

    def test_bad_input(self):
        codes, said = self.begin(2, "eval", self.folder / "nowhere", "--tasks", "gsm8k", "--data", self.folder).end()
        self.assertEqual(codes, [2, 2], said)
        self.assertIn("nowhere", said[0])


class Analyses(SharedWork):
    def command(self, *more):
        model = GOLDEN / "eval" / "model"
        return ["analyze", model, "--analysis", "contributions,cosines,skip-effect,remove,swap,weight-similarity", *more]

    def test_the_same_as_one_process(self):
        must(*self.command("--out", self.folder / "one"), cwd=self.folder)
        shown = self.run_ranks(3, *self.command("--out", self.folder / "three"))
        wanted = {path.name: path.read_bytes() for path in (self.folder / "one").iterdir()}
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "three").iterdir()}, wanted)
        for name in ("contributions", "skip-effect", "swap", "weight-similarity"):
            self.assertIn(f"\n{name}: ", shown)

    def test_they_need_a_folder(self):
        codes, said = self.begin(2, *self.command()).end()
        self.assertEqual(codes, [2, 2])
        self.assertIn("expected --out", said[0])


if __name__ == "__main__":
    unittest.main()
