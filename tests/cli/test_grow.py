"""`cambium grow` as a user runs it; test_parity.py compares what grown models compute."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from golden_support import GOLDEN, cambium, must, raw_tensors, store, train_reference

PLAIN = GOLDEN / "growth" / "model"  # 4 layers
LIDAS = ("--operator", "lidas", "--block-size", 2)


def renamed(name, order):
    """The name, before growth, of what the tensor is a copy of."""
    for prefix in ("exp_avg.", "exp_avg_sq.", ""):
        head = prefix + "model.layers."
        if name.startswith(head):
            layer, rest = name[len(head) :].split(".", 1)
            return f"{head}{order[int(layer)]}.{rest}"
    return name


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assert_copies(self, before, after, order):
        self.assertTrue(after)
        for name, tensor in after.items():
            self.assertEqual(tensor, before[renamed(name, order)], name)
        layers = {name.split("layers.")[1].split(".")[0] for name in after if "layers." in name}
        self.assertEqual(layers, {str(layer) for layer in range(len(order))})


class Models(Folder):
    def test_each_dtype_bit_for_bit(self):
        for name in ("bfloat16", "float16", "sharded"):
            with self.subTest(name):
                source, out = GOLDEN / "models" / name / "model", self.folder / name
                layers = json.loads((source / "config.json").read_text())["num_hidden_layers"]
                must("grow", source, "--operator", "midas", "--block-size", layers, "--out", out)
                before = {}
                for file in source.glob("*.safetensors"):
                    before.update(raw_tensors(file))
                self.assert_copies(before, raw_tensors(out / "model.safetensors"), list(range(layers)) * 2)

    def test_tensors_may_differ_in_dtype(self):
        model = self.folder / "mixed"
        shutil.copytree(PLAIN, model)
        tensors = raw_tensors(model / "model.safetensors")
        for layer in (1, 3):  # a matrix of these layers in bfloat16, values past its precision elsewhere stay
            name = f"model.layers.{layer}.mlp.up_proj.weight"
            _, shape, data = tensors[name]
            tensors[name] = ("BF16", shape, b"".join(data[i + 2 : i + 4] for i in range(0, len(data), 4)))
        store(model / "model.safetensors", tensors)
        must("grow", model, *LIDAS, "--out", self.folder / "out")
        self.assert_copies(tensors, raw_tensors(self.folder / "out" / "model.safetensors"), [0, 1, 1, 2, 2, 3])

    def test_config_stays_but_for_the_depth(self):
        model = self.folder / "model"
        shutil.copytree(PLAIN, model)
        config = json.loads((model / "config.json").read_text())
        config["pad_token_id"] = 3
        config["a_note_of_mine"] = {"kept": [1, 2.5, None]}
        (model / "config.json").write_text(json.dumps(config))
        must("grow", model, *LIDAS, "--times", 3, "--out", self.folder / "out")
        grown = json.loads((self.folder / "out" / "config.json").read_text())
        self.assertEqual(grown.pop("num_hidden_layers"), config.pop("num_hidden_layers") + 6)
        self.assertEqual(grown, config)

    def test_what_lies_beside_the_weights(self):
        model, out = self.folder / "model", self.folder / "out"
        shutil.copytree(PLAIN, model)
        carried = {"tokenizer.json": b'{"any": "bytes"}\n', "tokenizer_config.json": b"{}", "generation_config.json": b"{ }"}
        for name, content in carried.items():
            (model / name).write_bytes(content)
        (model / "notes.txt").write_text("not a part of the model")
        must("grow", model, *LIDAS, "--out", out)
        for name, content in carried.items():
            self.assertEqual((out / name).read_bytes(), content)
        expected = {*carried, "config.json", "model.safetensors"}
        self.assertEqual({path.name for path in out.iterdir()}, expected)

    def test_says_what_it_did(self):
        done = must("grow", PLAIN, *LIDAS, "--out", self.folder / "out")
        self.assertIn("lidas: 4 -> 6 layers, copies of 1, 2 inserted at 2", done.stdout)
        self.assertIn("0 1 1 2 2 3", done.stdout)

    def test_list(self):
        self.assertLessEqual({"midas", "lidas"}, set(must("grow", "--list").stdout.split()))


class Checkpoints(Folder):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.run_directory = train_reference(folder.name, "--set", "checkpoint.keep_growth=true")
        cls.checkpoints = cls.run_directory / "checkpoints"

    def test_is_the_growth_of_a_run(self):
        out = self.folder / "out"
        must("grow", self.checkpoints / "step-00000008", *LIDAS, "--out", out)
        grown = self.checkpoints / "step-00000008-grown"
        self.assertEqual({path.name for path in out.iterdir()}, {path.name for path in grown.iterdir()})
        for file in ("model.safetensors", "optimizer.safetensors", "trainer.json", "tokenizer.json"):
            self.assertEqual((out / file).read_bytes(), (grown / file).read_bytes(), file)
        self.assertEqual(*(json.loads((path / "config.json").read_text()) for path in (out, grown)))
        must("inspect", out, "--verify")

    def test_a_run_goes_on_from_it(self):
        out = self.folder / "out"
        must("grow", self.checkpoints / "step-00000008", *LIDAS, "--out", out)
        must(
            "train", "config.toml", "--resume", out, "--set", f"run.dir={self.folder / 'again'}", cwd=self.run_directory.parent
        )
        for file in ("model.safetensors", "optimizer.safetensors"):
            last = f"checkpoints/step-00000016/{file}"
            self.assertEqual((self.folder / "again" / last).read_bytes(), (self.run_directory / last).read_bytes(), file)

    def test_moments_log_and_lineage_follow(self):
        out, source = self.folder / "out", self.checkpoints / "step-00000016"
        must("grow", source, "--operator", "midas", "--block-size", 3, "--times", 2, "--out", out)
        # 6 layers, lower middle block 0..2 copied behind itself; 9 layers, middle block 3..5 copied behind itself.
        order = [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4, 5]
        for file in ("model.safetensors", "optimizer.safetensors"):
            self.assert_copies(raw_tensors(source / file), raw_tensors(out / file), order)
        before, after = (json.loads((path / "trainer.json").read_text()) for path in (source, out))
        self.assertEqual(after["lineage"], [before["lineage"][layer] for layer in order])
        steps = before["adam_steps"]
        self.assertEqual(after["adam_steps"], [steps[0], *(steps[1 + layer] for layer in order), steps[-1]])
        self.assertEqual(after["growth"][: len(before["growth"])], before["growth"])
        common = {"step": 16, "operator": "midas", "moments": "copy"}
        self.assertEqual(
            after["growth"][len(before["growth"]) :],
            [
                {**common, "from_layers": 6, "to_layers": 9, "sources": [0, 1, 2], "insert_at": 3},
                {**common, "from_layers": 9, "to_layers": 12, "sources": [3, 4, 5], "insert_at": 6},
            ],
        )
        for key in ("step", "tokens", "data", "random", "loss_statistics"):
            self.assertEqual(after[key], before[key], key)

    def test_moments_zero(self):
        out, source = self.folder / "out", self.checkpoints / "step-00000008"
        must("grow", source, *LIDAS, "--moments", "zero", "--out", out)
        before, after = raw_tensors(source / "optimizer.safetensors"), raw_tensors(out / "optimizer.safetensors")
        order = [0, 1, 1, 2, 2, 3]
        for name, tensor in after.items():
            if ".layers.2." in name or ".layers.3." in name:
                self.assertEqual(tensor[2].strip(b"\0"), b"", name)
            else:
                self.assertEqual(tensor, before[renamed(name, order)], name)
        trainer = json.loads((out / "trainer.json").read_text())
        self.assertEqual(trainer["growth"][-1]["moments"], "zero")
        self.assertEqual(trainer["adam_steps"], [8, 8, 8, 0, 0, 8, 8, 8])

    def test_a_run_directory_means_its_newest_checkpoint(self):
        done = must("grow", self.run_directory, *LIDAS, "--out", self.folder / "out")
        self.assertIn("step-00000016", done.stderr)
        self.assertEqual(json.loads((self.folder / "out" / "trainer.json").read_text())["step"], 16)

    def test_a_damaged_checkpoint_is_refused(self):
        damaged = self.folder / "damaged"
        shutil.copytree(self.checkpoints / "step-00000008", damaged)
        blob = bytearray((damaged / "optimizer.safetensors").read_bytes())
        blob[-1] ^= 1
        (damaged / "optimizer.safetensors").write_bytes(blob)
        done = cambium("grow", damaged, *LIDAS, "--out", self.folder / "out")
        self.assertEqual(done.returncode, 2)
        self.assertIn("optimizer.safetensors", done.stderr)
        self.assertFalse((self.folder / "out").exists())


class Refusals(Folder):
    def refused(self, *arguments):
        done = cambium("grow", *arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual([path.name for path in self.folder.iterdir() if "out" in path.name], [])
        return done.stderr

    def test_unknown_operator(self):
        said = self.refused(PLAIN, "--operator", "lidass", "--block-size", 2, "--out", self.folder / "out")
        self.assertIn("did you mean `lidas`", said)
        self.assertIn("midas", said)
        said = self.refused(PLAIN, "--operator", "symetrize", "--block-size", 2, "--out", self.folder / "out")
        self.assertIn("did you mean `symmetrize`", said)

    def test_depth_that_is_no_multiple_of_the_block(self):
        said = self.refused(PLAIN, "--operator", "midas", "--block-size", 3, "--out", self.folder / "out")
        self.assertIn("blocks that fit: 1, 2, 4", said)
        self.assertIn("3, 6", said)  # the nearest depths
        said = self.refused(PLAIN, "--operator", "midas", "--block-size", 8, "--out", self.folder / "out")
        self.assertIn("blocks that fit: 1, 2, 4", said)
        for block in (0, -2, 2**31 - 1, "two"):
            said = self.refused(PLAIN, "--operator", "lidas", "--block-size", block, "--out", self.folder / "out")
            self.assertIn("block", said)
        self.refused(PLAIN, *LIDAS, "--times", 0, "--out", self.folder / "out")

    def test_missing_options(self):
        self.assertIn("--out", self.refused(PLAIN, *LIDAS))
        self.assertIn("--operator", self.refused(PLAIN, "--block-size", 2, "--out", self.folder / "out"))

    def test_existing_directory(self):
        kept = self.folder / "kept"
        kept.mkdir()
        (kept / "file").write_text("mine")
        done = cambium("grow", PLAIN, *LIDAS, "--out", kept)
        self.assertEqual(done.returncode, 2)
        self.assertIn("already exists", done.stderr)
        self.assertEqual([path.name for path in kept.iterdir()], ["file"])

    def test_broken_models(self):
        said = self.refused(self.folder / "nothing", *LIDAS, "--out", self.folder / "out")
        self.assertIn("nothing of that name", said)
        model = self.folder / "model"
        shutil.copytree(PLAIN, model)
        tensors = raw_tensors(model / "model.safetensors")
        name = "model.layers.2.self_attn.v_proj.weight"
        dtype, shape, data = tensors[name]
        for broken in (None, (dtype, shape, data[:-4] + struct.pack("<f", float("nan"))), (dtype, shape[::-1], data)):
            changed = {key: value for key, value in {**tensors, name: broken}.items() if value}
            store(model / "model.safetensors", changed)
            self.assertIn(name, self.refused(model, *LIDAS, "--out", self.folder / "out"))


if __name__ == "__main__":
    unittest.main()
