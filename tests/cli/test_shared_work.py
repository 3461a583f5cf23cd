"""Several processes share an evaluation, analyses or a preparation: the same results as of one, also behind a kill."""

import gzip
import json
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

from distributed_support import Ranks, environments
from golden_support import GOLDEN, cambium, must, read_jsonl
from test_data import byte_tokenizer
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


class Preparations(SharedWork):
    def setUp(self):
        super().setUp()
        (self.folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.texts = self.folder / "texts"
        self.texts.mkdir()

    def write_lines(self, name, lines, bad=None):
        """Some of them copies; every `bad`-th no JSON."""
        opened = gzip.open if name.endswith(".gz") else open
        with opened(self.texts / name, "wt") as file:
            for i in range(lines):
                text = f"{i % 2003} " + "some words that take a while to encode " * (i % 2003 * 79 % 80)
                file.write("bad\n" if bad and i % bad == bad - 1 else json.dumps({"text": text}) + "\n")

    def command(self, out, *more):
        return ["data", "prepare", "--tokenizer", "tokenizer.json", "--val-fraction", 0.1, "--shard-tokens", 1000000,
                "--out", out, *more, "texts"]

    def prepare(self, size, out, *more):
        if size == 1:
            return must(*self.command(out, *more), cwd=self.folder).stdout
        return self.run_ranks(size, *self.command(out, *more))

    def files(self, name):
        return {path.name: path.read_bytes() for path in (self.folder / name).iterdir()}

    def hidden(self):
        return [path.name for path in self.folder.glob(".*")]

    def wait_for_progress(self, ranks, before=b""):
        """Until more is on the disk than `before`; what that is."""
        journal = self.folder / ".set.progress.json"
        while all(ranks.running()):
            if journal.exists() and (now := journal.read_bytes()) != before:
                return now
            time.sleep(0.002)
        return before

    def test_the_same_as_one_process(self):
        self.write_lines("b.jsonl", 4000, bad=700)
        self.write_lines("c.jsonl.gz", 2500)
        for i in range(20):
            (self.texts / f"a{i}.txt").write_text(f"text {i} " * (i * 1000 + 1))
        (self.texts / "empty.md").write_text("")
        shutil.copy(GOLDEN / "parquet" / "documents.parquet", self.texts / "d.parquet")
        settings = ("--dedup", "--skip-bad-lines")
        if cambium(*self.command("one", *settings), cwd=self.folder).returncode != 0:  # built without Parquet
            (self.texts / "d.parquet").unlink()
            self.prepare(1, "one", *settings)
        shown = must("data", "info", "one", cwd=self.folder).stdout
        for size in (2, 3):
            self.assertIn("bad lines", self.prepare(size, f"of-{size}", *settings))
            self.assertTrue(self.files(f"of-{size}") == self.files("one"))
        self.assertIn("documents that came before", shown)
        self.assertEqual(self.hidden(), [])

    def stopped(self, steps):
        """Begins the preparation once a step, (number of ranks, [(rank, signal), ...]), and sends the signals while it is
        under way; the exit codes and outputs of each. Where a preparation was done before its signals came, once more."""
        for _ in range(5):
            shutil.rmtree(self.folder / "set", ignore_errors=True)
            ends, reached = [], b""
            for size, signals in steps:
                ranks = self.begin(size, *self.command("set"))
                reached = self.wait_for_progress(ranks, reached)
                for rank, number in signals:
                    ranks.kill(rank, number)
                ends.append(ranks.end())
            if all(codes[0] != 0 for codes, _ in ends):
                return ends
        self.fail("each time a preparation was done before its signals came")

    def test_goes_on_after_kills_with_another_number(self):
        self.write_lines("large.jsonl", 14000)
        self.prepare(1, "whole")
        kill, ask = signal.SIGKILL, signal.SIGTERM
        # In the second step as a launcher does: where one is gone, it asks the others to end.
        _, (codes, said), _ = self.stopped(
            [(3, [(1, kill), (0, kill), (2, kill)]), (2, [(1, kill), (0, ask)]), (1, [(0, kill)])])
        self.assertEqual(codes, [3, -kill], said)
        self.assertIn("going on behind", said[0])
        self.assertIn("going on behind", self.prepare(2, "set"))
        self.assertTrue(self.files("set") == self.files("whole"))
        self.assertEqual(self.hidden(), [])

    def test_a_signal_to_one_stops_all(self):
        self.write_lines("large.jsonl", 14000)
        self.prepare(1, "whole")
        for rank, number in ((2, signal.SIGTERM), (0, signal.SIGINT)):
            [(codes, said)] = self.stopped([(3, [(rank, number)])])
            self.assertEqual(codes, [3, 3, 3], said)
            self.assertIn("the same command goes on from here", said[0])
            self.prepare(1, "set")
            self.assertTrue(self.files("set") == self.files("whole"))

    def test_bad_input_is_told_as_by_one_process(self):
        self.write_lines("a.jsonl", 3000)
        self.write_lines("b.jsonl", 3000, bad=2500)
        before = sorted(path.name for path in self.folder.iterdir())
        told = cambium(*self.command("set"), cwd=self.folder)
        self.assertEqual(told.returncode, 2)
        self.assertIn("b.jsonl:2500", told.stderr)
        for size in (2, 3):
            codes, said = self.begin(size, *self.command("set")).end()
            self.assertEqual(codes, [2] * size, said)
            self.assertEqual(said[0], told.stderr)
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def test_what_cannot_be_shared(self):
        self.write_lines("a.jsonl", 10)
        codes, said = self.begin(2, *self.command("set"), "-").end()
        self.assertEqual(codes, [2, 2])
        self.assertIn("standard input cannot be shared by 2 ranks", said[0])
        commands = [self.command("set"), self.command("set", "--seed", 2)]
        codes, said = Ranks(commands, environments(2), self.folder).end()
        self.assertEqual(codes, [2, 2])
        self.assertRegex(said[0], "rank 1 .* has another tokenizer or setting")


if __name__ == "__main__":
    unittest.main()
