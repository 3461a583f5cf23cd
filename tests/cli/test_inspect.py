"""`cambium inspect` as a user runs it."""

import json
import pathlib
import shutil
import tempfile
import unittest

from golden_support import GOLDEN, cambium, must, read_safetensors, train_reference

PLAIN = GOLDEN / "growth" / "model"


def inspect(*arguments):
    return json.loads(must("inspect", *arguments, "--json").stdout)


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.made = pathlib.Path(folder.name)
        cls.run_directory = train_reference(cls.made, "--set", "checkpoint.keep_growth=true")
        cls.checkpoint = cls.run_directory / "checkpoints" / "step-00000016"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, *arguments):
        done = cambium("inspect", *arguments)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr


class Good(Folder):
    def test_model(self):
        for name, dtype in (("grouped", "F32"), ("untied", "F32"), ("bfloat16", "BF16"), ("sharded", "F32")):
            with self.subTest(name):
                model = GOLDEN / "models" / name / "model"
                found, config = inspect(model, "--verify"), json.loads((model / "config.json").read_text())
                self.assertEqual(found["kind"], "model")
                self.assertEqual(found["dtype"], dtype)
                self.assertEqual(found["parameters"], sum(len(values) for _, _, values in read_safetensors(model).values()))
                for key in ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size"):
                    self.assertEqual(found[key], config[key], key)
        said = must("inspect", PLAIN).stdout
        self.assertIn("a model", said)
        self.assertIn("4 of hidden size 24", said)

    def test_checkpoint(self):
        found = inspect(self.checkpoint, "--verify")
        trainer = json.loads((self.checkpoint / "trainer.json").read_text())
        self.assertEqual(found["kind"], "checkpoint")
        self.assertEqual((found["step"], found["tokens"], found["num_hidden_layers"]), (16, 16 * 64, 6))
        self.assertTrue(found["optimizer"] and found["tokenizer"] and found["verified"])
        for key in ("data", "growth", "lineage"):
            self.assertEqual(found[key], trainer[key], key)
        self.assertEqual(found["seed"], trainer["random"]["seed"])
        self.assertEqual([layer["from"] for layer in found["layers"]], [0, 1, 1, 2, 2, 3])
        self.assertEqual([layer["since_step"] for layer in found["layers"]], [None, None, 8, 8, None, None])

        said = must("inspect", self.checkpoint, "--verify").stdout
        for words in (
            "a checkpoint",
            "16 steps, 1,024 tokens",
            "after step 8: lidas: 4 -> 6 layers, copies of 1, 2 inserted at 2",
            "layer   3: initial layer 2, made after step 8",
            "every file is as it was written",
        ):
            self.assertIn(words, said)

    def test_lineage_through_several_growths(self):
        out = self.folder / "out"
        must("grow", self.checkpoint, "--operator", "midas", "--block-size", 2, "--out", out)
        layers = inspect(out, "--verify")["layers"]
        # 6 layers in blocks of 2: the middle block 2, 3 again behind itself.
        self.assertEqual([layer["from"] for layer in layers], [0, 1, 1, 2, 1, 2, 2, 3])
        self.assertEqual([layer["since_step"] for layer in layers], [None, None, 8, 8, 16, 16, None, None])

    def test_dataset(self):
        found = inspect(self.made / "tokens", "--verify")
        self.assertEqual(found["kind"], "dataset")
        self.assertEqual(found["splits"]["train"]["tokens"], len(json.loads((GOLDEN / "training" / "tokens.json").read_text())))
        self.assertIn("a dataset", must("inspect", self.made / "tokens").stdout)

    def test_run(self):
        found = inspect(self.run_directory, "--verify")
        self.assertEqual(found["kind"], "run")
        self.assertEqual(
            [(entry["name"], entry["step"], entry["num_hidden_layers"]) for entry in found["checkpoints"]],
            [("step-00000008", 8, 4), ("step-00000008-grown", 8, 6), ("step-00000016", 16, 6)],
        )
        self.assertIn("step-00000008-grown", must("inspect", self.run_directory).stdout)


class Bad(Folder):
    def damaged(self, source, file):
        """A copy in which one byte in the middle of one file is another."""
        copy = self.folder / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        blob = bytearray((copy / file).read_bytes())
        blob[len(blob) // 2] ^= 1
        (copy / file).write_bytes(blob)
        return copy

    def test_verify_names_the_file_that_differs(self):
        for file in ("model.safetensors", "optimizer.safetensors", "tokenizer.json"):
            with self.subTest(file):
                self.assertIn(file, self.refused(self.damaged(self.checkpoint, file), "--verify"))
        for file in ("train-tokens-00000.bin", "tokenizer.json"):
            with self.subTest(file):
                self.assertIn(file, self.refused(self.damaged(self.made / "tokens", file), "--verify"))
        run = self.damaged(self.run_directory, "checkpoints/step-00000008/optimizer.safetensors")
        self.assertIn("step-00000008/optimizer.safetensors", self.refused(run, "--verify"))

    def test_sizes_need_no_verify(self):
        copy = self.folder / "copy"
        shutil.copytree(self.checkpoint, copy)
        with open(copy / "optimizer.safetensors", "ab") as file:
            file.write(b"x")
        self.assertIn("optimizer.safetensors", self.refused(copy))
        (copy / "manifest.json").unlink()
        self.assertIn("manifest.json", self.refused(copy))

    def test_configuration_of_another_model(self):
        copy = self.folder / "copy"
        shutil.copytree(PLAIN, copy)
        config = json.loads((copy / "config.json").read_text())
        (copy / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 5}))
        self.assertIn("model.layers.4.", self.refused(copy))
        (copy / "config.json").write_text(json.dumps({**config, "intermediate_size": 12}))
        self.assertIn("expected shape [12, 24]", self.refused(copy))

    def test_growth_log_that_does_not_fit(self):
        copy = self.folder / "copy"
        shutil.copytree(self.checkpoint, copy)
        trainer = json.loads((copy / "trainer.json").read_text())
        (event,) = trainer["growth"]
        for changed in ({"from_layers": 3}, {"sources": [1]}, {"sources": [1, 9]}, {"insert_at": 77}, {"step": "x"}):
            with self.subTest(changed):
                trainer["growth"] = [{**event, **changed}]
                text = json.dumps(trainer)
                (copy / "trainer.json").write_text(text)
                manifest = json.loads((copy / "manifest.json").read_text())
                for entry in manifest["files"]:
                    if entry["name"] == "trainer.json":
                        entry["bytes"] = len(text)
                (copy / "manifest.json").write_text(json.dumps(manifest))
                self.assertIn("trainer.json", self.refused(copy))

    def test_nothing_that_is_known(self):
        self.assertIn("config.json", self.refused(self.folder))
        self.assertIn("nothing of that name", self.refused(self.folder / "nowhere"))
        (self.folder / "file").write_text("")
        self.assertIn("a file", self.refused(self.folder / "file"))


if __name__ == "__main__":
    unittest.main()
