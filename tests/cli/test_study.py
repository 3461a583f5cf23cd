"""`cambium study` as a user runs it: what it makes, that it goes on after kills, what it says and refuses."""

import json
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import time
import unittest

from golden_support import BINARY, ENVIRONMENT, cambium, limit_memory, must
from test_report import Page
from training_support import CONFIG

RUN = CONFIG.replace("[data]", '[data]\ntokenizer = "runs/tiny/data/tokenizer.json"').replace(
    "[model]", "[model]\nvocab_size = 300").replace('path = "tokens"', 'path = "runs/tiny/data/tokens"')

STUDY = """
name = "tiny"
question = "Does <it> go on?"
run = "run.toml"
seeds = [1, 2]
baseline = "baseline"

[[prepare]]
name = "text"
command = ["data", "synth", "--task", "copy-real-words", "--count", "300", "--seed", "7", "--out", "{out}/data/text.jsonl"]
makes = ["{out}/data/text.jsonl"]

[[prepare]]
name = "tokenizer"
command = ["tokenizer", "train", "--vocab-size", "300", "--out", "{out}/data/tokenizer.json", "{out}/data/text.jsonl"]
makes = ["{out}/data/tokenizer.json"]

[[prepare]]
name = "tokens"
command = ["data", "prepare", "--tokenizer", "{out}/data/tokenizer.json", "--val-fraction", "0.1", "--out", "{out}/data/tokens", "{out}/data/text.jsonl"]
makes = ["{out}/data/tokens"]

[[variant]]
name = "baseline"
set = ["growth.operator=none", "growth.at=[]"]

[[variant]]
name = "lidas"

[eval]
tasks = "copy_real_words"
options = ["--limit", "3"]

[analyze]
analyses = "cosines,weight-similarity"
"""
JOBS = 3 + 4 * 3 + 1


def write(folder, study=STUDY):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.toml").write_text(RUN)
    (folder / "study.toml").write_text(study)


def start(folder, *options):
    return subprocess.Popen([BINARY, "study", "study.toml", *options], cwd=folder, env=ENVIRONMENT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit_memory)


def without_times(folder):
    """What the page shows, but for times: sections, words, figures, links."""
    page = Page((folder / "runs/tiny/report.html").read_text(encoding="utf-8"))
    text = re.sub(r"Training seconds of .*?\. (?=\d+ of)", "", page.text)
    text = re.sub(r"training seconds.*?(?=Differences)", "", text, flags=re.S)  # the table's last column is cut off below
    text = re.sub(r"\d+(\.\d+)? s\b|\d+:\d\d", "TIME", text)
    text = re.sub(r"results_[-0-9T.]+json", "RESULTS", text)
    for figure in page.figures:
        for run in figure.get("runs", []):
            for curve in ("loss", "val_loss", "growth"):
                del run[curve]["seconds"]
    links = [re.sub(r"results_[-0-9T.]+json", "RESULTS", link) for link in page.links]
    return page.sections, text, page.figures, links


class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.whole = cls.folder / "whole"
        write(cls.whole)
        cls.first = must("study", "study.toml", cwd=cls.whole)

    def test_what_it_leaves(self):
        out = self.whole / "runs/tiny"
        for name in ("baseline-s1", "baseline-s2", "lidas-s1", "lidas-s2"):
            self.assertTrue((out / name / "metrics.jsonl").exists())
            self.assertEqual(len(list((out / name / "eval").glob("results_*.json"))), 1)
            self.assertTrue((out / name / "analysis/cosines.json").exists())
        page = Page((out / "report.html").read_text(encoding="utf-8"))
        self.assertIn("Does <it> go on?", page.text)
        self.assertIn("2 variants with 2 seeds each.", page.text)
        self.assertIn("cambium train run.toml --set run.dir=runs/tiny/lidas-s2", page.text)
        self.assertIn("2 variants with 2 seeds each.", self.first.stdout)
        self.assertIn("train/lidas-s2: done", self.first.stderr)

    def test_what_is_done_is_not_done_again(self):
        again = must("study", "study.toml", cwd=self.whole)
        self.assertEqual(re.findall(r"(\S+): begins", again.stderr), ["report"])

    def test_what_was_changed_is_made_again(self):
        (self.whole / "runs/tiny/lidas-s1/analysis/cosines.json").write_text("{}")
        again = must("study", "study.toml", cwd=self.whole)
        self.assertEqual(re.findall(r"(\S+): begins", again.stderr), ["analyze/lidas-s1", "report"])

    def test_dry_run(self):
        done = must("study", "study.toml", "--dry-run", "--rate", "1e9", "--set", "study.out=elsewhere", cwd=self.whole)
        self.assertEqual(len(re.findall(r"^to do ", done.stdout, re.M)), JOBS)
        self.assertRegex(done.stdout, r"train/lidas-s2 +\S+ FLOPs")
        self.assertIn("hours", done.stdout)
        self.assertFalse((self.whole / "elsewhere").exists())

    def test_shipped_studies_can_be_planned(self):
        repository = pathlib.Path(__file__).resolve().parents[2]
        names = ("quickstart", "small", "operators", "symmetry", "long-range", "paper-360m", "paper-1.7b")
        for name in names:
            with self.subTest(name):
                done = must("study", f"configs/study/{name}.toml", "--dry-run", "--set", f"study.out={self.folder}/none",
                            "--set", f"study.runs={self.folder}/none", cwd=repository)
                trainings = re.findall(r"(?m)^to do +train/.*$", done.stdout)
                self.assertGreaterEqual(len(trainings), 4)
                self.assertTrue(all("FLOPs" in line for line in trainings), done.stdout)

    def test_a_study_that_extends_it(self):
        """Another page from the same data and runs, with a variant more: only that one is made."""
        (self.whole / "more.toml").write_text("""
extends = "study.toml"
name = "more"
question = "What of the top?"
baseline = "lidas"
variants = ["lidas"]
seeds = [1]
[[variant]]
name = "top"
set = ["growth.operator=gradstack"]
""")
        done = must("study", "more.toml", cwd=self.whole)
        self.assertEqual(re.findall(r"(\S+): begins", done.stderr), ["train/top-s1", "eval/top-s1", "analyze/top-s1", "report"])
        page = Page((self.whole / "runs/more/report.html").read_text(encoding="utf-8"))
        self.assertIn("What of the top?", page.text)
        self.assertIn("2 variants with 1 seed each.", page.text)
        self.assertTrue(any(link.startswith("../tiny/top-s1/") for link in page.links), page.links)
        # The first study's page knows nothing of it.
        must("study", "study.toml", cwd=self.whole)
        self.assertNotIn("top-s1", Page((self.whole / "runs/tiny/report.html").read_text(encoding="utf-8")).text)
        self.assertFalse((self.whole / "runs/more/lidas-s1").exists())

    def test_kills_leave_the_same_page(self):
        folder = self.folder / "killed"
        write(folder)
        draw = random.Random(5)
        kills = 0
        for attempt in range(12):
            study = start(folder, "--jobs", str(1 + attempt % 2))
            time.sleep(draw.uniform(0.05, 2.5))
            if study.poll() is None:
                kills += 1
            study.kill()
            study.communicate()
        must("study", "study.toml", cwd=folder)
        self.assertGreater(kills, 0)
        for part, (one, other) in enumerate(zip(without_times(folder), without_times(self.whole), strict=True)):
            self.assertEqual(one, other, f"part {part} of the page differs")

    def test_a_signal_stops_it_after_saving(self):
        folder = self.folder / "stopped"
        write(folder)
        study = start(folder, "--set", "train.steps=100000")
        deadline = time.monotonic() + 60
        while not (folder / "runs/tiny/baseline-s1/metrics.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        study.send_signal(signal.SIGTERM)
        _, said = study.communicate(timeout=60)
        self.assertEqual(study.returncode, 3, said)
        self.assertTrue(list((folder / "runs/tiny/baseline-s1/checkpoints").glob("step-*/manifest.json")))

    def test_a_failed_job_does_not_stop_the_others(self):
        folder = self.folder / "failing"
        write(folder, STUDY.replace('name = "lidas"', 'name = "lidas"\nset = ["data.tokenizer=missing.json"]').replace("[1, 2]", "[1]"))
        done = cambium("study", "study.toml", cwd=folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("train/lidas-s1: FAILED", done.stderr)
        self.assertIn("missing.json", done.stderr)
        self.assertIn("1 of 10 jobs failed and 2 could not begin", done.stderr)
        self.assertTrue((folder / "runs/tiny/report.html").exists())

    def test_refusals(self):
        for change, words in (
            (("question", "questoin"), ["study.toml", "`questoin`", "did you mean `question`"]),
            (("seeds", "seed"), ["study.toml", "`seeds`"]),
            (('baseline = "baseline"', 'baseline = "x"'), ["baseline", "`x`"]),
            (("growth.operator=none", "growth.operater=none"), ["growth.operater"]),
            (("seeds = [1, 2]", "seeds = [1, 1]"), ["seeds"]),
            (('tasks = "copy_real_words"', "tasks = 3"), ["tasks", "line "]),
        ):
            folder = self.folder / "refused"
            write(folder, STUDY.replace(*change))
            done = cambium("study", "study.toml", cwd=folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
            self.assertFalse((folder / "runs").exists())


if __name__ == "__main__":
    unittest.main()
