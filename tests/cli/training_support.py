"""For the tests that train: a run of a second with two growths, and what it leaves behind. Standard library only."""

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from golden_support import BINARY, ENVIRONMENT, GOLDEN, cambium, must, read_jsonl, write_jsonl

# 2 -> 4 -> 6 layers; four forward passes a step; growths between two checkpoints.
CONFIG = """
[run]
dir = "run"
threads = 1
precision = "float32"

[model]
hidden_size = 16
intermediate_size = 32
num_hidden_layers = 6
num_attention_heads = 2
num_key_value_heads = 1
tie_word_embeddings = true

[growth]
operator = "lidas"
block_size = 2
at = [10, 23]

[train]
steps = 40
sequence_length = 16
batch_tokens = 128
micro_batch = 2
learning_rate = 0.005
cooldown_steps = 8

[data]
val_every = 10
val_tokens = 128

[[data.source]]
path = "tokens"

[checkpoint]
every = 6
keep = 2
keep_growth = true

[log]
every = 1
"""
STEPS, GROWTHS = 40, [10, 23]

# What the clock decides.
TIMINGS = {"tokens_per_second", "mfu", "seconds", "data_wait"}


def name_of(step, grown=False):
    return f"step-{step:08d}" + ("-grown" if grown else "")


def checkpoints(run):
    """Names of all there is under RUN/checkpoints, hidden ones included."""
    folder = pathlib.Path(run) / "checkpoints"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def metrics(run):
    """Lines of metrics.jsonl: those of steps, and those of events."""
    lines = read_jsonl(pathlib.Path(run) / "metrics.jsonl")
    return [line for line in lines if "event" not in line], [line for line in lines if "event" in line]


def untimed(run):
    return [
        {key: value for key, value in line.items() if key not in TIMINGS}
        for line in read_jsonl(pathlib.Path(run) / "metrics.jsonl")
    ]


def contents(run):
    """Every file of every checkpoint, with its bytes."""
    folder = pathlib.Path(run) / "checkpoints"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def count_events(process, event):
    """Growths or interventions that a watched training has written a line of."""
    path = process.run / "metrics.jsonl"
    return path.read_bytes().count(f'"event":"{event}"'.encode()) if path.exists() else 0


class Process:
    """A training that is watched while it goes."""

    def __init__(self, run, arguments, folder):
        self.run = run
        self.lines_before = self.lines()
        self.process = subprocess.Popen(
            [BINARY, "train", *map(str, arguments)],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lines(self):
        try:
            return (self.run / "metrics.jsonl").read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    def wait_for(self, moment, timeout=120):
        """Until `moment()` holds or the process has ended; says whether it holds."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            if moment():
                return True
            if time.monotonic() > end:
                self.kill()
                raise AssertionError("what was waited for did not happen")
            time.sleep(0.0005)
        return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.end()

    def end(self):
        """The exit code, and all that was said."""
        said, _ = self.process.communicate(timeout=120)
        return self.process.returncode, said


class Training(unittest.TestCase):
    """A folder with data, shared by the tests of a class, and runs in it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "config.toml").write_text(CONFIG)
        shutil.copy(GOLDEN / "training" / "tokenizer.json", cls.folder)
        texts = [line["text"] for line in read_jsonl(GOLDEN / "training" / "text.jsonl")]
        sentences = [sentence.strip() + "." for text in texts for sentence in text.split(".") if len(sentence) > 20]
        write_jsonl(cls.folder / "text.jsonl", [{"text": f"{sentence} {n}"} for n in range(6) for sentence in sentences])
        arguments = ("--tokenizer", "tokenizer.json", "--val-fraction", 0.2, "--out", "tokens", "text.jsonl")
        must("data", "prepare", *arguments, cwd=cls.folder)

    def arguments(self, run, settings, resume):
        options = [option for key, value in settings.items() for option in ("--set", f"{key}={value}")]
        return ["config.toml", "--set", f"run.dir={run}", *options, *(["--resume", resume] if resume else [])]

    def train(self, run, settings={}, resume=None):
        """A whole run, which must end well."""
        return must("train", *self.arguments(run, settings, resume), cwd=self.folder)

    def try_to_train(self, run, settings={}, resume=None):
        return cambium("train", *self.arguments(run, settings, resume), cwd=self.folder)

    def begin(self, run, settings={}, resume=None):
        return Process(self.path(run), self.arguments(run, settings, resume), self.folder)

    def path(self, run, *parts):
        return self.folder.joinpath(run, *parts)

    def assert_same_run(self, run, reference):
        """Bits of weights, moments and state, and all lines of metrics."""
        found, expected = contents(self.path(run)), contents(self.path(reference))
        self.assertEqual(sorted(found), sorted(expected))
        for name, data in expected.items():
            self.assertTrue(found[name] == data, f"{name} differs")
        self.assertEqual(untimed(self.path(run)), untimed(self.path(reference)))

    def trainer_json(self, run, checkpoint):
        return json.loads(self.path(run, "checkpoints", checkpoint, "trainer.json").read_text())
