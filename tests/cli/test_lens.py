"""`cambium lens train` and the analyses that read lenses, as a user runs them."""

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from golden_support import BINARY, ENVIRONMENT, GOLDEN, cambium, must, read_safetensors, write_jsonl

TRAINING = GOLDEN / "training"


class Lens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.model = TRAINING / "matrices" / "initial"
        cls.data = cls.folder / "data"
        must("data", "prepare", "--tokenizer", TRAINING / "tokenizer.json", "--out", cls.data, TRAINING / "text.jsonl")
        cls.prompts = cls.folder / "prompts.jsonl"
        write_jsonl(cls.prompts, [{"ids": [(7 * i * i + k) % 250 for i in range(30)]} for k in range(3)])

    def setUp(self):
        self.lens = self.folder / self.id().rsplit(".", 1)[-1]

    def command(self, *options, out=None):
        return ("lens", "train", self.model, "--data", self.data, "--out", out or self.lens,
                "--batch-tokens", 32, *(options if "--sequence-length" in options else ("--sequence-length", 16, *options)))

    def analyze(self, name, *options):
        out = self.folder / f"{self.lens.name}-{name}"
        must("analyze", self.model, "--analysis", name, "--prompts", self.prompts, "--out", out, *options)
        return json.loads((out / f"{name}.json").read_text())["values"]

    def test_zero_steps_are_the_logit_lens(self):
        must(*self.command("--steps", 0))
        tensors = read_safetensors(self.lens / "lens.safetensors")
        self.assertTrue(all(value == 0 for _, _, values in tensors.values() for value in values))
        self.assertIn("layers.0.weight", tensors)
        self.assertIn("layers.0.bias", tensors)
        self.assertEqual(self.analyze("tuned-lens", "--lens", self.lens), self.analyze("logit-lens"))
        self.assertIn("tuned_accuracy", self.analyze("early-exit", "--lens", self.lens))
        self.assertNotIn("tuned_accuracy", self.analyze("early-exit"))

    def test_inspect(self):
        must(*self.command("--steps", 0))
        found = json.loads(must("inspect", self.lens, "--json", "--verify").stdout)
        self.assertEqual((found["kind"], len(found["unembedding_hash"])), ("lens", 32))
        tensors = read_safetensors(self.lens / "lens.safetensors")
        self.assertEqual(2 * found["layers"], len(tensors))
        self.assertIn("a lens", must("inspect", self.lens).stdout)
        path = self.lens / "lens.safetensors"
        path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\xc0\x7f")  # a NaN
        self.assertIn("finite", cambium("inspect", self.lens, "--verify").stderr)
        path.write_bytes(path.read_bytes()[:-4])
        self.assertEqual(cambium("inspect", self.lens).returncode, 2)

    def test_training_brings_the_lenses_nearer(self):
        for optimizer in ("sgd", "adam"):
            done = must(*self.command("--steps", 60, "--optimizer", optimizer, out=self.lens / optimizer))
            first, last = (float(word) for word in done.stdout.split() if word.replace(".", "").isdigit() and "." in word)
            self.assertLess(last, first)

    def test_stopped_and_started_again_it_is_the_same(self):
        whole = self.lens / "whole"
        must(*self.command("--steps", 150, out=whole))
        stopped = self.lens / "stopped"
        command = [BINARY, *map(str, self.command("--steps", 150, out=stopped))]
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not (stopped / "training.safetensors").exists():
            time.sleep(0.002)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        if process.returncode == 3:  # else it was quicker than the signal
            self.assertFalse((stopped / "lens.safetensors").exists())
        must(*self.command("--steps", 150, out=stopped))
        self.assertEqual((stopped / "lens.safetensors").read_bytes(), (whole / "lens.safetensors").read_bytes())
        self.assertFalse((stopped / "training.safetensors").exists())

    def test_refusals(self):
        must(*self.command("--steps", 0))
        other = self.folder / "other"
        shutil.copytree(TRAINING / "all" / "initial", other)
        for words, arguments in [
            (["another model"], ("analyze", other, "--analysis", "tuned-lens", "--lens", self.lens)),
            (["--lens"], ("analyze", self.model, "--analysis", "tuned-lens")),
            (["lens.safetensors"], ("analyze", self.model, "--analysis", "tuned-lens", "--lens", self.data)),
        ]:
            done = cambium(*arguments, "--prompts", self.prompts)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
        done = cambium("lens", "train", self.model, "--data", self.folder / "nothing", "--out", self.lens)
        self.assertEqual(done.returncode, 2)
        done = cambium(*self.command("--sequence-length", 10**6))
        self.assertEqual(done.returncode, 2, done.stderr)


if __name__ == "__main__":
    unittest.main()
