"""Killed at random moments again and again, every kind of work ends with the bits of one that never was.

A few kills each; CAMBIUM_KILLS=1000 says how many in all.
"""

import os
import pathlib
import random
import re
import shutil
import subprocess
import time
import unittest

import test_study
from distributed_support import Ranks, environments
from golden_support import BINARY, ENVIRONMENT
from test_eval import MODEL, write_small_data
from training_support import Training, contents, untimed

KILLS = int(os.environ.get("CAMBIUM_KILLS", 12))
DRAWS = random.Random(20261123)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Together:
    """A random number of processes that share a command and are killed together, as one to `kill_again_and_again`."""

    def __init__(self, command, folder):
        size = DRAWS.choice((1, 2, 3))
        self.processes = Ranks([command] * size, environments(size), folder).processes

    def wait(self, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        for process in self.processes:
            process.wait(None if end is None else max(0, end - time.monotonic()))
        for process in self.processes:
            process.stdout.close()
        return self.returncode

    def kill(self):
        for process in self.processes:
            process.kill()

    @property
    def returncode(self):
        return max(abs(process.returncode) for process in self.processes)


class Kills(Training):
    def kill_again_and_again(self, kills, start, result, clean, is_done=lambda: False):
        """`start()` begins the work, `result()` is what it left, `clean()` removes it. `is_done()`: a kill came behind
        the last of it, where another start would be refused. Gives the number of times that work was finished."""
        clean()
        begin = time.monotonic()
        process = start()
        self.assertEqual(process.wait(), 0)
        duration = time.monotonic() - begin
        wanted = result()
        clean()
        finished = 0
        while kills > 0:
            process = start()
            try:
                # Short ones too, so that the same place is hit twice in a row.
                process.wait(timeout=duration * DRAWS.choice((0.3, 1.0)) * DRAWS.random())
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills -= 1
                if not is_done():
                    continue
            else:
                self.assertEqual(process.returncode, 0)
            self.assertTrue(result() == wanted, "another result")
            finished += 1
            clean()
        self.assertEqual(start().wait(), 0)
        self.assertTrue(result() == wanted, "another result")
        return finished + 1

    def begin_quietly(self, *command, folder=None):
        return subprocess.Popen([BINARY, *map(str, command)], cwd=folder or self.folder, env=ENVIRONMENT,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def report(self, what, kills, finished):
        print(f"{what}: {kills} kills, {finished} times to the end, the same bits each time", flush=True)

    def test_training(self):
        kills = max(3, KILLS * 4 // 10)
        run = self.path("run")
        command = ["train", *self.arguments("run", {"checkpoint.keep": 100}, None)]
        finished = self.kill_again_and_again(
            kills, lambda: self.begin_quietly(*command), lambda: (contents(run), untimed(run)),
            lambda: shutil.rmtree(run, ignore_errors=True))
        self.report("train", kills, finished)

    def test_data(self):
        kills = max(3, KILLS * 3 // 10)
        text = self.path("large.jsonl")
        text.write_text(self.path("text.jsonl").read_text() * 60)
        command = ["data", "prepare", "--tokenizer", "tokenizer.json", "--val-fraction", 0.1, "--dedup", "--out", "set",
                   "large.jsonl"]

        def clean():
            for path in self.folder.glob(".set*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            shutil.rmtree(self.path("set"), ignore_errors=True)

        finished = self.kill_again_and_again(kills, lambda: self.begin_quietly(*command),
                                             lambda: files(self.path("set")), clean, self.path("set").is_dir)
        self.report("data prepare", kills, finished)
        # A kill behind the end of rank 0's work has the next start do all of it again.
        finished = self.kill_again_and_again(kills, lambda: Together([*command, "--force"], self.folder),
                                             lambda: files(self.path("set")), clean)
        self.report("data prepare by one to three processes", kills, finished)

    def test_evaluation(self):
        kills = max(3, KILLS * 2 // 10)
        write_small_data(self.folder)
        out = self.path("out")
        command = ["eval", MODEL, "--tasks", "hellaswag,asdiv,gsm8k,copy_real_words", "--limit", 20, "--num-fewshot", 0,
                   "--deterministic", "--data", self.folder, "--out", out]

        def result():
            found = files(out)
            lines = [re.sub(rb'"(date|total_evaluation_time_seconds|start_time|end_time)": [^,}]*', b"", data)
                     for name, data in found.items() if name.startswith("results_")]
            # A kill right behind the results has the next start write them once more, under a new date.
            return {data for name, data in found.items() if name.startswith("samples_")}, set(lines)

        finished = self.kill_again_and_again(kills, lambda: self.begin_quietly(*command), result,
                                             lambda: shutil.rmtree(out, ignore_errors=True))
        self.report("eval", kills, finished)

    def test_study(self):
        kills = max(2, KILLS // 10)
        folder = self.path("study")

        def clean():
            shutil.rmtree(folder, ignore_errors=True)
            test_study.write(folder)

        finished = self.kill_again_and_again(
            kills, lambda: self.begin_quietly("study", "study.toml", "--jobs", 2, folder=folder),
            lambda: test_study.without_times(folder), clean)
        self.report("study", kills, finished)


if __name__ == "__main__":
    unittest.main()
