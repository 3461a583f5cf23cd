"""`cambium bench` as a user runs it: its figures fit together, and what is wrong is refused. No figure is judged by its size."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

from golden_support import BINARY, REPOSITORY, cambium, must

TINY = ("--vocab-size", 96, "--hidden-size", 32, "--intermediate-size", 64, "--layers", 2, "--heads", 2,
        "--sequence-length", 16, "--sequences", 4, "--threads", 1, "--device", "cpu")
QUICK = ("--repeats", 3, "--seconds", 0.02)
LAYER_OPS = [f"{op}{way}" for op in ("attention_input", "attention", "attention_output", "mlp") for way in ("", " backward")]


def measured(*options):
    return json.loads(must("bench", "train", "--json", *TINY, *QUICK, *options).stdout)


class Train(unittest.TestCase):
    def check_figures(self, found):
        """What must hold of any report."""
        rates = [lap["tokens_per_second"] for lap in found["repeats"]]
        self.assertEqual(len(rates), 3)
        self.assertEqual(found["tokens_per_second"], max(rates))
        self.assertEqual(found["tokens_per_second_median"], sorted(rates)[1])
        for lap in found["repeats"]:
            self.assertGreaterEqual(lap["steps"], 1)
            self.assertGreaterEqual(lap["seconds"], 0.02)
            self.assertGreater(lap["cpu_share"], 0)
            tokens = lap["steps"] * found["shape"]["batch_tokens"]
            self.assertAlmostEqual(lap["tokens_per_second"], tokens / lap["seconds"], delta=1e-6 * max(rates))
        for mfu, flops in (("mfu", "flops_per_token"), ("mfu_causal", "flops_per_token_causal")):
            self.assertAlmostEqual(found[mfu], found[flops] * max(rates) / found["peak_flops"], places=9)
        self.assertIn("peak FLOPs", found["mfu_formula"])
        self.assertEqual((found["device"], found["machine"]["gpu"], found["peak_from"]),
                         ("cpu", "", "the fastest product seen"))
        self.assertAlmostEqual(found["loss"], math.log(found["shape"]["vocab_size"]), delta=0.2)

    def test_both_precisions(self):
        for precision in ("float32", "bfloat16"):
            with self.subTest(precision):
                found = measured("--precision", precision)
                self.check_figures(found)
                self.assertEqual(found["precision"], precision)
                self.assertEqual(found["machine"]["threads"], 1)
                self.assertRegex(found["machine"]["products"], "^(own|library)")
                shape = found["shape"]
                self.assertEqual([shape[key] for key in ("vocab_size", "hidden_size", "num_hidden_layers",
                                                         "num_key_value_heads", "batch_tokens", "micro_batch")],
                                 [96, 32, 2, 2, 64, 4])
                layer = 4 * 32 * 32 + 3 * 32 * 64
                self.assertEqual(shape["parameters"], 96 * 32 + 2 * (layer + 2 * 32) + 32)
                self.assertEqual(found["flops_per_token"], 3 * (2 * (2 * layer + 4 * 16 * 32) + 2 * 96 * 32))
                self.assertEqual(found["flops_per_token_causal"], 3 * (2 * (2 * layer + 2 * 16 * 32) + 2 * 96 * 32))
                self.check_products(found, 64 * 3 * (2 * 2 * layer + 2 * 96 * 32))
                self.check_ops(found, calls=2)

    def check_products(self, found, flops):
        for times in found["products"].values():
            self.assertAlmostEqual(times["flops_per_second"] * times["step_seconds"], flops, delta=1e-6 * flops)
            self.assertAlmostEqual(times["tokens_per_second"] * times["step_seconds"], 64, places=6)
            self.assertAlmostEqual(times["training_reaches"] * times["tokens_per_second"], found["tokens_per_second"],
                                   delta=1e-6 * found["tokens_per_second"])
            self.assertGreaterEqual(found["peak_flops"], times["flops_per_second"])

    def check_ops(self, found, calls):
        ops = {op["op"]: op for op in found["ops"]}
        self.assertEqual({name: ops[name]["calls"] for name in LAYER_OPS}, dict.fromkeys(LAYER_OPS, calls))
        self.assertEqual(ops["adamw"]["calls"], 1)
        self.assertAlmostEqual(sum(op["seconds"] for op in found["ops"]), found["ops_seconds"], places=9)
        self.assertAlmostEqual(sum(op["share"] for op in found["ops"]), 1, places=9)

    def test_micro_batches(self):
        found = measured("--micro-batch", 2, "--kv-heads", 1, "--set", "model.tie_word_embeddings=false")
        self.check_figures(found)
        self.assertEqual(found["shape"]["num_key_value_heads"], 1)
        self.assertEqual(found["shape"]["micro_batch"], 2)
        self.check_ops(found, calls=4)

    def test_recomputed_layers(self):
        found = measured("--set", "train.recompute=true")
        ops = {op["op"]: op["calls"] for op in found["ops"]}
        self.assertEqual((ops["mlp"], ops["mlp backward"]), (4, 2))

    def test_brief(self):
        found = measured("--brief")
        self.check_figures(found)
        self.assertFalse({"ops", "products"} & set(found))

    def test_configuration(self):
        config = REPOSITORY / "configs" / "tiny.toml"
        found = json.loads(must("bench", "train", "--config", config, "--json", "--brief", "--threads", 1,
                                "--device", "cpu", *QUICK).stdout)
        self.check_figures(found)
        self.assertEqual([found["shape"][key] for key in ("num_hidden_layers", "batch_tokens", "micro_batch")],
                         [6, 1024, 4])

    def test_text(self):
        text = must("bench", "train", *TINY, *QUICK).stdout
        for words in ("kernels", "precision", "tokens/s best", "median of 3", "peak FLOPs", "at::mm", "adamw", "share"):
            self.assertIn(words, text)

    def test_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "run.toml")
            config.write_text("[model]\nhidden_size = 64\nintermediate_size = 64\nnum_hidden_layers = 2\n"
                              "num_attention_heads = 2\n")
            for options, words in (
                (("train", "--hidden-size", 30, "--heads", 4), ("hidden_size", "30", "4")),
                (("train", "--layers", 0), ("--layers",)),
                (("train", "--device", "tpu"), ("--device", "tpu")),
                (("train", "--precision", "float16"), ("--precision", "float16")),
                (("train", "--micro-batch", 3), ("train.micro_batch", "3")),
                (("train", "--repeats", 0), ("--repeats",)),
                (("train", "--config", pathlib.Path(folder, "absent.toml")), ("absent.toml",)),
                (("train", "--config", config), ("run.toml", "model.vocab_size", "--vocab-size")),
                (("train", "--set", "train.micro_bach=2"), ("micro_bach", "micro_batch")),
                (("ops", "--filter", "no such op"), ("no such op",)),
                (("ops", "--threads", -1), ("--threads",)),
                (("trains",), ("trains",)),
            ):
                with self.subTest(options):
                    done = cambium("bench", *options)
                    self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                    for word in words:
                        self.assertIn(word, done.stderr)


class Ops(unittest.TestCase):
    def test_each_against_its_twin(self):
        found = json.loads(must("bench", "ops", "--filter", "rms_norm", "--seconds", 0, "--threads", 1, "--json").stdout)["ops"]
        self.assertEqual([(line["op"], line["precision"]) for line in found],
                         [(op, precision) for precision in ("bfloat16", "float32")
                          for op in ("rms_norm", "rms_norm_backward")])
        for line in found:
            self.assertAlmostEqual(line["ratio"], line["twin_seconds"] / line["seconds"], places=9)
            self.assertLessEqual(line["seconds"], line["seconds_median"])
            self.assertLessEqual(line["twin_seconds"], line["twin_seconds_median"])

    def test_text(self):
        text = must("bench", "ops", "--filter", "attention_output", "--precision", "float32", "--seconds", 0, "--threads", 1).stdout
        for words in ("float32", "attention_output_backward", "GFLOP/s", "ratio"):
            self.assertIn(words, text)
        self.assertNotIn("bfloat16:", text)


class Data(unittest.TestCase):
    def test_is_read_as_it_is_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            text, tokenizer, tokens = (pathlib.Path(folder, name) for name in ("text.txt", "tokenizer.json", "tokens"))
            text.write_text("It rained on the hill. " * 2000)
            must("tokenizer", "train", "--vocab-size", 270, "--out", tokenizer, text)
            must("data", "prepare", "--tokenizer", tokenizer, "--out", tokens, text)
            options = ("--sequence-length", 32, "--sequences", 4, "--micro-batch", 2, "--rate", 1000, "--seconds", 0.3)
            found = json.loads(must("bench", "data", tokens, *options, "--json").stdout)
            self.assertLess(found["paced"]["tokens_per_second"], 1300)
            self.assertGreater(found["fastest"]["tokens_per_second"], found["paced"]["tokens_per_second"])
            for figures in (found["paced"], found["fastest"]):
                self.assertTrue(0 <= figures["data_wait"] <= 1)
            shown = must("bench", "data", tokens, tokens, "--seconds", 0, "--sequence-length", 32).stdout
            self.assertIn("as fast as it goes", shown)
            self.assertEqual(cambium("bench", "data", folder).returncode, 2)


class Tokenizer(unittest.TestCase):
    def check_figures(self, found):
        text = found["text"]
        self.assertGreater(text["tokens"], 0)
        self.assertLessEqual(text["tokens"], text["bytes"])
        for rate in (*found["encode"].values(), *found["decode"].values()):
            self.assertAlmostEqual(rate["bytes_per_second"] / rate["tokens_per_second"], text["bytes"] / text["tokens"],
                                   places=6)

    def test_built_in(self):
        found = json.loads(must("bench", "tokenizer", "--seconds", 0, "--threads", 2, "--json").stdout)
        self.check_figures(found)
        self.assertEqual(found["tokenizer"]["vocab_size"], 4096)
        self.assertEqual(found["machine"]["threads"], 2)
        training = found["training"]
        self.assertAlmostEqual(training["bytes_per_second"] * training["seconds"], found["text"]["bytes"], places=3)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            tokenizer, text = pathlib.Path(folder, "tokenizer.json"), pathlib.Path(folder, "text.txt")
            text.write_text("It rained on the hill.\n\nThe hill was green \u2013 as ever.\n" * 4000)
            must("tokenizer", "train", "--vocab-size", 280, "--out", tokenizer, text)
            for path in (tokenizer, folder):
                found = json.loads(must("bench", "tokenizer", path, "--input", text, "--seconds", 0, "--json").stdout)
                self.check_figures(found)
                self.assertNotIn("training", found)
                self.assertEqual(found["text"]["bytes"], text.stat().st_size)
                ids = json.loads(must("tokenizer", "encode", "--tokenizer", tokenizer, text).stdout)
                self.assertEqual(found["text"]["tokens"], len(ids))  # pieces end where words end anyway
            shown = must("bench", "tokenizer", tokenizer, "--input", text, "--seconds", 0, "--threads", 2).stdout
            for words in ("280 entries", "tokens/s", "MB/s on one thread", "on 2 threads", "decode"):
                self.assertIn(words, shown)

    def test_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            empty, broken, short = (pathlib.Path(folder, name) for name in ("empty.txt", "broken.txt", "short.txt"))
            empty.write_bytes(b"")
            broken.write_bytes(b"good\n\xff\n")
            short.write_text("too short for 4096 entries\n")
            for options, words in (
                ((pathlib.Path(folder, "absent.json"),), ("absent.json",)),
                (("--input", pathlib.Path(folder, "absent.txt")), ("absent.txt",)),
                (("--input", empty), ("empty.txt", "empty")),
                (("--input", broken), ("broken.txt", "byte 5")),
                (("--input", short), ("too small", "4096")),
                (("--threads", -1), ("--threads",)),
            ):
                with self.subTest(options):
                    done = cambium("bench", "tokenizer", *options)
                    self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                    for word in words:
                        self.assertIn(word, done.stderr)


class Script(unittest.TestCase):
    """bench/compare.py without peers, which need PyTorch for Python."""

    def run_script(self, folder, *options):
        command = [sys.executable, "-B", REPOSITORY / "bench" / "compare.py", "--cambium", BINARY, *options]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)

    def test_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--shape", "tiny", "--precision", "float32", "--peers", "none", "--repeats", "2", "--seconds",
                       "0.05", "--threads", "1")
            done = self.run_script(folder, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            for words in ("| cambium |", "shares of a step", "of that bound"):
                self.assertIn(words, done.stdout)
            (result,) = json.loads(pathlib.Path(folder, "bench.json").read_text())["results"]
            self.assertEqual((result["shape"], result["precision"]), ("tiny", "float32"))
            self.assertEqual(len(result["programs"]["cambium"]["repeats"]), 2)

    def test_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--shape", "tiny", "--peers", "none", "--repeats", "1", "--seconds", "0.05", "--threads", "1",
                       "--micro-batch", "1", "--recompute", "selective")
            done = self.run_script(folder, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("1 sequences a forward pass; cambium: recompute selective", done.stdout)
            (result,) = json.loads(pathlib.Path(folder, "bench.json").read_text())["results"]
            self.assertEqual(result["settings"], {"device": "cpu", "micro_batch": 1, "recompute": "selective"})
            shape = result["cambium_alone"]["shape"]
            self.assertEqual((shape["micro_batch"], shape["recompute"]), (1, "selective"))

    def test_refused(self):
        for options in (("--shape", "S9"), ("--peers", "jax"), ("--repeats", "0"), ("--device", "tpu"),
                        ("--recompute", "some"), ("--micro-batch", "3")):
            done = self.run_script(REPOSITORY, *options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(options[1], done.stderr)


if __name__ == "__main__":
    unittest.main()
