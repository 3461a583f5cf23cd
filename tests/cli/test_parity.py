"""Parity with PyTorch and transformers: the binary against the stored references of tests/golden."""

import json
import math
import pathlib
import shutil
import tempfile
import unittest

from golden_support import GOLDEN, SHARED, difference, must, read_jsonl, read_safetensors, score

# What a log-probability in float32 may differ by.
TOLERANCE = 1e-4


class Parity(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compare(self, model, ids, expected):
        """All of these sequences through `cambium score`, against the stored log-probabilities."""
        for tokens, found, wanted in zip(ids, score(model, ids, self.folder), expected, strict=True):
            self.assertLess(difference(found, wanted), TOLERANCE, f"{model}, {len(tokens)} ids")

    def compare_file(self, model, scores):
        lines = read_jsonl(scores)
        self.compare(model, [line["ids"] for line in lines], [line["logprobs"] for line in lines])


class Models(Parity):
    def test_log_probabilities(self):
        names = sorted(path.name for path in (GOLDEN / "models").iterdir())
        self.assertGreaterEqual(len(names), 11)
        for name in names:
            with self.subTest(name):
                self.compare_file(GOLDEN / "models" / name / "model", GOLDEN / "models" / name / "scores.jsonl")

    def test_configurations_of_transformers_4(self):
        configurations = sorted((GOLDEN / "models").glob("*/config-transformers-4.json"))
        self.assertEqual(len(configurations), 3)
        for config in configurations:
            name = config.parent.name
            with self.subTest(name):
                model = self.folder / name
                shutil.copytree(config.parent / "model", model)
                shutil.copy(config, model / "config.json")
                self.compare_file(model, config.parent / "scores.jsonl")

    def test_layer_norm_scaling(self):
        self.compare_file(GOLDEN / "scaled" / "model", GOLDEN / "scaled" / "scores.jsonl")


class Convert(Parity):
    def test_folds_layer_norm_scaling(self):
        plain = self.folder / "plain"
        must("convert", GOLDEN / "scaled" / "model", plain)
        config = json.loads((plain / "config.json").read_text())
        self.assertEqual(config["model_type"], "llama")
        self.assertEqual(config["architectures"], ["LlamaForCausalLM"])
        self.assertFalse(config.get("layer_norm_scaling", False))
        self.compare_file(plain, GOLDEN / "scaled" / "scores.jsonl")

        before, after = read_safetensors(GOLDEN / "scaled" / "model"), read_safetensors(plain)
        self.assertEqual(before.keys(), after.keys())
        for name, (_, shape, values) in before.items():
            layer = int(name.split(".")[2]) + 1 if ".layers." in name and "layernorm" in name else 1
            self.assertEqual(after[name][1], shape)
            for found, value in zip(after[name][2], values, strict=True):
                self.assertAlmostEqual(found, value / math.sqrt(layer), delta=1e-6)

    def test_keeps_every_weight(self):
        for name in ("sharded", "tied", "float16"):
            with self.subTest(name):
                source, out = GOLDEN / "models" / name / "model", self.folder / name
                must("convert", source, out, "--dtype", "float32")
                before, after = read_safetensors(source), read_safetensors(out)
                self.assertEqual(before.keys(), after.keys())
                for tensor, (_, shape, values) in before.items():
                    self.assertEqual(after[tensor], ("F32", shape, values), tensor)
                self.compare_file(out, source.parent / "scores.jsonl")

    def test_rounds_to_the_nearest(self):
        source = GOLDEN / "models" / "tied" / "model"
        # Bits of the significand, of which the first is implied.
        for dtype, code, bits in (("bfloat16", "BF16", 8), ("float16", "F16", 11)):
            with self.subTest(dtype):
                out = self.folder / dtype
                must("convert", source, out, "--dtype", dtype)
                after = read_safetensors(out)
                for name, (_, shape, values) in read_safetensors(source).items():
                    self.assertEqual(after[name][:2], (code, shape), name)
                    for found, value in zip(after[name][2], values, strict=True):
                        # Half the gap to the next number; float16 is denser near zero than this only above 2^-14.
                        gap = 2.0 ** (max(math.frexp(value)[1], -13 if code == "F16" else -126) - bits)
                        self.assertLessEqual(abs(found - value), gap / 2, name)


@unittest.skipUnless((SHARED / "data" / "weights").is_dir(), "needs the shared weights (CAMBIUM_SHARED)")
class Stories(Parity):
    """A trained model, decoded greedily: each line of the golden has the id read and the best next one's logit and lse."""

    WEIGHTS = SHARED / "data" / "weights"

    def greedy(self):
        ids, logprobs = [], [None]
        for line in (self.WEIGHTS / "stories260K_greedy_golden.txt").read_text().splitlines():
            if not line.startswith("pos "):
                continue
            fields = line.split()
            at = fields.index("argmax")
            ids.append(int(fields[fields.index("in") + 1]))
            logprobs.append(float(fields[at + 2]) - float(fields[fields.index("lse") + 1]))
            following = int(fields[at + 1])
        return ids + [following], logprobs

    def test_hugging_face_directory(self):
        ids, logprobs = self.greedy()
        self.assertGreater(len(ids), 20)
        self.compare(self.WEIGHTS / "stories260K-hf", [ids], [logprobs])

    def test_llama2_c_file(self):
        ids, logprobs = self.greedy()
        model = self.folder / "stories"
        must("convert", self.WEIGHTS / "stories260K.bin", model)
        self.compare(model, [ids], [logprobs])
        # The file rotates pairs of neighbours, a Hugging Face directory halves: the rows are permuted, nothing is computed.
        self.assertEqual(read_safetensors(model), read_safetensors(self.WEIGHTS / "stories260K-hf"))


class Grow(Parity):
    def cases(self):
        stored = json.loads((GOLDEN / "growth" / "cases.json").read_text())
        return stored["ids"], stored["cases"]

    def grow(self, model, case):
        out = self.folder / "grown"
        shutil.rmtree(out, ignore_errors=True)
        must(
            "grow",
            model,
            "--operator",
            case["operator"],
            "--block-size",
            case["block_size"],
            "--times",
            case["times"],
            "--out",
            out,
        )
        return out

    def test_copies_by_index(self):
        ids, cases = self.cases()
        before = read_safetensors(GOLDEN / "growth" / "model")
        for case in cases:
            with self.subTest(operator=case["operator"], block_size=case["block_size"], times=case["times"]):
                out = self.grow(GOLDEN / "growth" / "model", case)
                after = read_safetensors(out)
                for name, tensor in after.items():
                    parts = name.split(".")
                    if parts[1] == "layers":
                        parts[2] = str(case["order"][int(parts[2])])
                    self.assertEqual(tensor, before[".".join(parts)], name)
                self.assertEqual(json.loads((out / "config.json").read_text())["num_hidden_layers"], len(case["order"]))
                self.compare(out, [ids], [case["logprobs"]])

    def test_scaling_follows_the_new_place(self):
        ids, cases = self.cases()
        model = self.folder / "scaled"
        shutil.copytree(GOLDEN / "growth" / "model", model)
        shutil.copy(GOLDEN / "growth" / "config-scaled.json", model / "config.json")
        for case in (case for case in cases if case["block_size"] == 4):
            with self.subTest(operator=case["operator"], times=case["times"]):
                self.compare(self.grow(model, case), [ids], [case["scaled_logprobs"]])


class Training(Parity):
    """Twenty steps of PyTorch's AdamW. The stored runs differ from float64 by 1e-6 (losses), 1e-5 of itself (norm) and 2e-6
    (weights); a program that sums in another order may differ by some times that."""

    def train(self, name):
        run = GOLDEN / "training" / name
        shutil.copytree(run / "initial", self.folder / "initial")
        for file in (run / "config.toml", GOLDEN / "training" / "tokenizer.json", GOLDEN / "training" / "text.jsonl"):
            shutil.copy(file, self.folder)
        must(
            "data",
            "prepare",
            "--tokenizer",
            "tokenizer.json",
            "--val-fraction",
            0,
            "--out",
            "tokens",
            "text.jsonl",
            cwd=self.folder,
        )
        must("train", "config.toml", cwd=self.folder)
        lines = read_jsonl(self.folder / "run" / "metrics.jsonl")
        return run, [line for line in lines if "event" not in line], [line for line in lines if "event" in line]

    def compare_run(self, name):
        run, found, events = self.train(name)
        expected = json.loads((run / "steps.json").read_text())
        self.assertEqual([line["step"] for line in found], [line["step"] for line in expected])
        for line, wanted in zip(found, expected):
            step = f"step {wanted['step']}"
            self.assertAlmostEqual(line["loss"], wanted["loss"], delta=1e-5, msg=step)
            self.assertAlmostEqual(line["grad_norm"] / wanted["grad_norm"], 1, delta=5e-5, msg=step)
            self.assertAlmostEqual(line["lr"] / wanted["lr"], 1, delta=1e-6, msg=step)
            self.assertEqual(line["layers"], wanted["layers"], step)
            self.assertEqual(line["tokens"], 64 * wanted["step"], step)

        (checkpoint,) = (self.folder / "run" / "checkpoints").glob(f"step-{len(expected):08d}")
        weights, wanted = read_safetensors(checkpoint / "model.safetensors"), read_safetensors(run / "final")
        # The directory is transformers' own: same names, same shapes, same architecture.
        self.assertEqual(weights.keys(), wanted.keys())
        for tensor, (dtype, shape, values) in wanted.items():
            self.assertEqual(weights[tensor][:2], (dtype, shape), tensor)
            worst = max(abs(a - b) for a, b in zip(weights[tensor][2], values, strict=True))
            self.assertLess(worst, 2e-5, tensor)
        config, stored = (json.loads((path / "config.json").read_text()) for path in (checkpoint, run / "final"))
        for key in (
            "architectures",
            "model_type",
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "rms_norm_eps",
            "tie_word_embeddings",
            "max_position_embeddings",
        ):
            self.assertEqual(config[key], stored[key], key)
        return events

    def test_decay_on_matrices(self):
        self.compare_run("matrices")

    def test_decay_on_everything(self):
        self.compare_run("all")

    def test_growth_in_the_middle(self):
        (event,) = self.compare_run("growth")
        wanted = {
            "event": "growth",
            "step": 8,
            "operator": "lidas",
            "from_layers": 4,
            "to_layers": 6,
            "sources": [1, 2],
            "insert_at": 2,
        }
        self.assertEqual({key: event.get(key) for key in wanted}, wanted)
        self.assertTrue(math.isfinite(event["loss_before"]) and math.isfinite(event["loss_after"]))


if __name__ == "__main__":
    unittest.main()
