"""`cambium convert` as a user runs it; test_parity.py compares what the results compute."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from golden_support import GOLDEN, SHARED, cambium, must, raw_tensors, store, train_reference

TIED = GOLDEN / "models" / "tied" / "model"


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"

    def config(self):
        return json.loads((self.out / "config.json").read_text())

    def refused(self, *arguments):
        """Exit code 2 and nothing left behind; gives what was said."""
        before = sorted(self.folder.iterdir())
        done = cambium("convert", *arguments)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(sorted(self.folder.iterdir()), before)
        return done.stderr


class Models(Folder):
    def test_stored_dtype_by_default(self):
        for name, dtype in (("bfloat16", "bfloat16"), ("float16", "float16"), ("tied", "float32"), ("sharded", "float32")):
            with self.subTest(name):
                source, out = GOLDEN / "models" / name / "model", self.folder / name
                must("convert", source, out)
                before = {}
                for file in source.glob("*.safetensors"):
                    before.update(raw_tensors(file))
                self.assertEqual(raw_tensors(out / "model.safetensors"), before)
                self.assertEqual(json.loads((out / "config.json").read_text())["torch_dtype"], dtype)

    def test_what_lies_beside_the_weights(self):
        model = self.folder / "model"
        shutil.copytree(TIED, model)
        carried = {
            "tokenizer.json": b"{}\n",
            "tokenizer_config.json": b"{ }",
            "generation_config.json": b'{"eos_token_id": [5, 6]}',
        }
        for name, content in carried.items():
            (model / name).write_bytes(content)
        must("convert", model, self.out)
        for name, content in carried.items():
            self.assertEqual((self.out / name).read_bytes(), content)

    def test_end_of_text_reaches_generation(self):
        model = self.folder / "model"
        shutil.copytree(TIED, model)
        config = json.loads((model / "config.json").read_text())
        for ids, expected in (
            ({"bos_token_id": None, "eos_token_id": 7}, {"eos_token_id": 7}),
            ({"bos_token_id": None, "eos_token_id": None}, None),
        ):
            (model / "config.json").write_text(json.dumps({**config, **ids}))
            shutil.rmtree(self.out, ignore_errors=True)
            must("convert", model, self.out)
            self.assertEqual(self.config()["eos_token_id"], ids["eos_token_id"])
            generation = self.out / "generation_config.json"
            self.assertEqual(json.loads(generation.read_text()) if generation.exists() else None, expected)

    def test_too_large_for_float16(self):
        model = self.folder / "model"
        shutil.copytree(TIED, model)
        tensors = raw_tensors(model / "model.safetensors")
        name = "model.layers.1.mlp.down_proj.weight"
        dtype, shape, data = tensors[name]
        tensors[name] = (dtype, shape, data[:-4] + struct.pack("<f", 70000.0))
        store(model / "model.safetensors", tensors)
        said = self.refused(model, self.out, "--dtype", "float16")
        self.assertIn(name, said)
        self.assertIn("70000", said)
        self.assertTrue(said.startswith(f"error: {self.out / 'model.safetensors'}: tensor"), said)
        must("convert", model, self.out, "--dtype", "bfloat16")

    def test_scaling_is_folded_in_the_dtype_asked_for(self):
        must("convert", GOLDEN / "scaled" / "model", self.out, "--dtype", "bfloat16")
        self.assertEqual(self.config()["model_type"], "llama")
        self.assertEqual({dtype for dtype, _, _ in raw_tensors(self.out / "model.safetensors").values()}, {"BF16"})

    def test_refusals(self):
        self.out.mkdir()
        self.assertIn("already exists", self.refused(TIED, self.out))
        self.out.rmdir()
        self.assertIn("nothing of that name", self.refused(self.folder / "nowhere", self.out))
        self.assertIn("float64", self.refused(TIED, self.out, "--dtype", "float64"))
        (self.folder / "model").mkdir()
        self.assertIn("config.json", self.refused(self.folder / "model", self.out))


class Checkpoints(Folder):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.run_directory = train_reference(folder.name)
        cls.checkpoint = cls.run_directory / "checkpoints" / "step-00000016"

    def test_portable_directory(self):
        must("convert", self.checkpoint, self.out)
        expected = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json"}
        self.assertEqual({path.name for path in self.out.iterdir()}, expected)
        for name in ("model.safetensors", "tokenizer.json"):
            self.assertEqual((self.out / name).read_bytes(), (self.checkpoint / name).read_bytes())
        self.assertEqual(json.loads((self.out / "generation_config.json").read_text())["eos_token_id"], 256)
        tokenizer = json.loads((self.out / "tokenizer_config.json").read_text())
        self.assertEqual(tokenizer["tokenizer_class"], "PreTrainedTokenizerFast")
        self.assertEqual(tokenizer["eos_token"], "<|endoftext|>")

    def test_a_run_directory_means_its_newest_checkpoint(self):
        done = must("convert", self.run_directory, self.out)
        self.assertIn("step-00000016", done.stderr)
        self.assertEqual((self.out / "model.safetensors").read_bytes(), (self.checkpoint / "model.safetensors").read_bytes())

    def test_damaged(self):
        for file, damage in (
            ("model.safetensors", lambda blob: blob[:-1]),
            ("tokenizer.json", lambda blob: blob[:-2] + b" \n"),
        ):
            with self.subTest(file):
                damaged = self.folder / "damaged"
                shutil.rmtree(damaged, ignore_errors=True)
                shutil.copytree(self.checkpoint, damaged)
                (damaged / file).write_bytes(damage((damaged / file).read_bytes()))
                self.assertIn(file, self.refused(damaged, self.out))
        (damaged / "manifest.json").unlink()
        self.assertIn("manifest.json", self.refused(damaged, self.out))


class Llama2c(Folder):
    def tiny(self, tied=True, layers=1):
        """dim 8, ffn 6, 2 heads of which 1 for keys, vocabulary 5, 3 positions; weights count up from 0."""
        values = 5 * 8 + layers * (8 + 64 + 32 + 32 + 64 + 8 + 3 * 48) + 8 + 3 * 4 + (0 if tied else 5 * 8)
        header = struct.pack("<7i", 8, 6, layers, 2, 1, 5 if tied else -5, 3)
        return header + struct.pack(f"<{values}f", *range(values))

    def test_sizes_and_weights(self):
        for tied in (True, False):
            with self.subTest(tied=tied):
                out = self.folder / str(tied)
                (self.folder / "model.bin").write_bytes(self.tiny(tied, layers=2))
                must("convert", self.folder / "model.bin", out)
                config = json.loads((out / "config.json").read_text())
                expected = {
                    "model_type": "llama",
                    "hidden_size": 8,
                    "intermediate_size": 6,
                    "num_hidden_layers": 2,
                    "num_attention_heads": 2,
                    "num_key_value_heads": 1,
                    "vocab_size": 5,
                    "max_position_embeddings": 3,
                    "tie_word_embeddings": tied,
                    "rms_norm_eps": 1e-5,
                    "rope_theta": 10000.0,
                    "bos_token_id": 1,
                    "eos_token_id": 2,
                }
                self.assertEqual({key: config[key] for key in expected}, expected)
                tensors = raw_tensors(out / "model.safetensors")
                self.assertEqual("lm_head.weight" in tensors, not tied)
                value = lambda name: struct.unpack_from("<f", tensors[name][2])[0]
                self.assertEqual(value("model.embed_tokens.weight"), 0)
                self.assertEqual(value("model.layers.0.input_layernorm.weight"), 40)
                self.assertEqual(value("model.layers.1.input_layernorm.weight"), 48)
                self.assertEqual(value("model.layers.0.self_attn.q_proj.weight"), 56)
                json.loads((out / "generation_config.json").read_text())

    def test_bad_files(self):
        file = self.folder / "model.bin"
        good = self.tiny()
        sizes = struct.pack("<7i", 8, 6, 2**30, 2, 1, 5, 3)
        for name, content in (("short", good[:-4]), ("long", good + b"\0"), ("empty", b""), ("sizes", sizes + good[28:])):
            with self.subTest(name):
                file.write_bytes(content)
                self.assertIn("model.bin", self.refused(file, self.out))

    @unittest.skipUnless((SHARED / "data" / "weights").is_dir(), "needs the shared weights (CAMBIUM_SHARED)")
    def test_stories(self):
        must("convert", SHARED / "data" / "weights" / "stories260K.bin", self.out, "--dtype", "float16")
        config = self.config()
        stored = json.loads((SHARED / "data" / "weights" / "stories260K-hf" / "config.json").read_text())
        for key in set(config) & set(stored) - {"dtype", "initializer_range"}:
            self.assertEqual(config[key], stored[key], key)
        self.assertEqual({dtype for dtype, _, _ in raw_tensors(self.out / "model.safetensors").values()}, {"F16"})


if __name__ == "__main__":
    unittest.main()
