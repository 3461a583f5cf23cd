"""`cambium score` as a user runs it: what goes in, what comes out, what is refused."""

import json
import math
import pathlib
import shutil
import tempfile
import unittest

from golden_support import GOLDEN, cambium, must, read_jsonl, write_jsonl, write_safetensors

TRAINING = GOLDEN / "training"


class Score(unittest.TestCase):
    """The model has a tokenizer of single bytes: 256 of them and the end-of-text token, id 256."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = self.folder / "model"
        shutil.copytree(TRAINING / "matrices" / "initial", self.model)
        shutil.copy(TRAINING / "tokenizer.json", self.model)
        self.input = self.folder / "input.jsonl"

    def score(self, lines, *options):
        """The lines of --out and the text on stdout."""
        write_jsonl(self.input, lines)
        out = self.folder / "out.jsonl"
        done = must("score", self.model, "--input", self.input, "--out", out, *options)
        return read_jsonl(out), done.stdout

    def refused(self, *words, model=None, raw=None):
        """Exit code 2, one message with all of the words, no trace of half an answer."""
        if raw is not None:
            self.input.write_bytes(raw)
        out = self.folder / "refused.jsonl"
        done = cambium("score", model or self.model, "--input", self.input, "--out", out)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(out.exists(), "left an answer behind")
        return done.stderr


class Lines(Score):
    def test_keys_and_sums(self):
        (line,), _ = self.score([{"ids": [10, 20, 30, 40]}])
        self.assertEqual(set(line), {"ids", "logprobs", "nll", "tokens"})
        self.assertIsNone(line["logprobs"][0])
        self.assertTrue(all(value < 0 for value in line["logprobs"][1:]))
        self.assertAlmostEqual(line["nll"], -sum(line["logprobs"][1:]), places=4)
        self.assertEqual(line["tokens"], 3)  # those that were scored

    def test_text_is_encoded_without_special_tokens(self):
        text = (TRAINING / "text.jsonl").read_text(encoding="utf-8").splitlines()[2]
        tokens = json.loads((TRAINING / "tokens.json").read_text())
        ends = [index for index, token in enumerate(tokens) if token == 256]
        ids = tokens[ends[1] + 1 : ends[2]][:50]
        start = json.loads(text)["text"].encode()[:50].decode()
        (by_text, by_ids), _ = self.score([{"text": start}, {"ids": ids}])
        self.assertEqual(by_text["ids"], ids)
        self.assertEqual(by_text, by_ids)

    def test_a_single_id_has_no_log_probability(self):
        (line,), _ = self.score([{"ids": [7]}])
        self.assertEqual(line["ids"], [7])
        self.assertEqual(line["logprobs"], [None])
        self.assertEqual(line["nll"], 0)

    def test_lines_do_not_see_each_other(self):
        short, long = [5, 6, 7], list(range(100, 140))
        together, _ = self.score([{"ids": short}, {"ids": long}, {"ids": short}])
        (alone,), _ = self.score([{"ids": long}])
        self.assertEqual([line["ids"] for line in together], [short, long, short])
        self.assertEqual(together[0], together[2])
        for found, wanted in zip(together[1]["logprobs"][1:], alone["logprobs"][1:], strict=True):
            self.assertAlmostEqual(found, wanted, places=5)

    def test_a_prefix_scores_the_same(self):
        ids = [3, 1, 4, 1, 5, 9, 2, 6]
        lines, _ = self.score([{"ids": ids}, {"ids": ids[:5]}])
        for found, wanted in zip(lines[1]["logprobs"][1:], lines[0]["logprobs"][1:]):
            self.assertAlmostEqual(found, wanted, places=5)

    def test_without_out_the_lines_go_to_stdout(self):
        lines, totals = self.score([{"ids": [1, 2, 3]}, {"ids": [4, 5]}])
        done = must("score", self.model, "--input", self.input)
        printed = done.stdout.splitlines()
        self.assertEqual([json.loads(line) for line in printed[:2]], lines)
        self.assertEqual(printed[2:], totals.splitlines())


class Totals(Score):
    def test_over_all_lines(self):
        texts = ["A cat and a hat.", "Über", "no"]
        lines, stdout = self.score([{"text": text} for text in texts])
        scored = sum(len(line["ids"]) - 1 for line in lines)
        nll = -sum(value for line in lines for value in line["logprobs"][1:])
        totals = json.loads(stdout.splitlines()[-1])
        self.assertEqual(totals["tokens"], scored)
        self.assertAlmostEqual(totals["nll"], nll / scored, places=4)
        self.assertAlmostEqual(totals["perplexity"] / math.exp(nll / scored), 1, delta=1e-4)
        size = sum(len(text.encode()) for text in texts)
        self.assertAlmostEqual(totals["bits_per_byte"], nll / math.log(2) / size, places=4)

    def test_ids_with_a_tokenizer_have_bytes_too(self):
        ids = [60, 61, 62, 63]
        lines, stdout = self.score([{"ids": ids}])
        totals = json.loads(stdout.splitlines()[-1])
        self.assertAlmostEqual(totals["bits_per_byte"], lines[0]["nll"] / math.log(2) / len(ids), places=4)

    def test_without_text_there_are_no_bits_per_byte(self):
        (self.model / "tokenizer.json").unlink()
        _, stdout = self.score([{"ids": [1, 2, 3]}])
        self.assertIsNone(json.loads(stdout.splitlines()[-1])["bits_per_byte"])

    def test_nothing_to_score(self):
        _, stdout = self.score([{"ids": [1]}])
        totals = json.loads(stdout.splitlines()[-1])
        self.assertEqual((totals["tokens"], totals["nll"], totals["perplexity"]), (0, 0, 1))


class BadLines(Score):
    def test_broken_json_names_the_line(self):
        self.refused("input.jsonl", "line 2", raw=b'{"ids": [1, 2]}\n{"ids": [1, 2\n')

    def test_neither_text_nor_ids(self):
        self.refused("line 1", "text", "ids", raw=b'{"words": "x"}\n')

    def test_wrong_types(self):
        for raw in (
            b'{"ids": "1 2 3"}\n',
            b'{"ids": [1, "2"]}\n',
            b'{"ids": [1, 2.5]}\n',
            b'{"text": 5}\n',
            b"[1, 2]\n",
            b'{"ids": [1, null]}\n',
        ):
            with self.subTest(raw):
                self.refused("line 1", raw=raw)

    def test_ids_outside_of_the_vocabulary(self):
        self.refused("line 2", "257", raw=b'{"ids": [1, 2]}\n{"ids": [1, 257]}\n')
        self.refused("line 1", "-1", raw=b'{"ids": [-1]}\n')
        self.refused("line 1", raw=b'{"ids": [18446744073709551616]}\n')
        self.refused("line 1", raw=b'{"ids": [4294967297]}\n')

    def test_no_ids(self):
        self.refused("line 1", raw=b'{"ids": []}\n')

    def test_empty_input(self):
        self.refused("input.jsonl", "empty", raw=b"")

    def test_invalid_utf_8(self):
        self.refused("line 1", "UTF-8", raw=b'{"text": "caf\xe9"}\n')

    def test_deep_nesting(self):
        self.refused("line 1", raw=b'{"text": "x", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n")

    def test_text_without_a_tokenizer(self):
        (self.model / "tokenizer.json").unlink()
        self.refused("tokenizer.json", raw=b'{"text": "hello"}\n')

    def test_missing_files(self):
        self.refused("input.jsonl")
        self.input.write_text('{"ids": [1]}\n')
        self.refused("nowhere", model=self.folder / "nowhere")


class BadModels(Score):
    def setUp(self):
        super().setUp()
        self.input.write_text('{"ids": [1, 2, 3]}\n')

    def change(self, **fields):
        path = self.model / "config.json"
        config = json.loads(path.read_text())
        config.update(fields)
        path.write_text(json.dumps(config))

    def test_what_is_not_supported_is_named(self):
        cases = {
            "attention_bias": dict(attention_bias=True),
            "mlp_bias": dict(mlp_bias=True),
            "head_dim": dict(head_dim=10),
            "yarn": dict(rope_parameters={"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0}),
            "linear": dict(rope_parameters=None, rope_theta=10000.0, rope_scaling={"type": "linear", "factor": 2.0}),
            "dynamic": dict(rope_parameters=None, rope_scaling={"rope_type": "dynamic", "factor": 2.0}),
            "mistral": dict(model_type="mistral"),
            "gelu": dict(hidden_act="gelu"),
            "num_key_value_heads": dict(num_key_value_heads=2),
        }
        original = (self.model / "config.json").read_text()
        for word, fields in cases.items():
            with self.subTest(word):
                (self.model / "config.json").write_text(original)
                self.change(**fields)
                self.refused("config.json", word)

    def test_sizes_that_do_not_fit_the_weights(self):
        self.change(hidden_size=48, head_dim=16)
        self.refused("model.safetensors")

    def test_absurd_sizes(self):
        original = (self.model / "config.json").read_text()
        for key in ("vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size"):
            for value in (0, -1, 10**8, 2**62, "many", 1.5):
                with self.subTest(key=key, value=value):
                    (self.model / "config.json").write_text(original)
                    self.change(**{key: value})
                    self.refused()

    def test_truncated_weights(self):
        path = self.model / "model.safetensors"
        blob = path.read_bytes()
        for size in (0, 7, 8, 100, len(blob) // 2, len(blob) - 1):
            with self.subTest(size):
                path.write_bytes(blob[:size])
                self.refused("model.safetensors")

    def test_a_header_that_lies(self):
        path = self.model / "model.safetensors"
        blob = path.read_bytes()
        path.write_bytes(b"\xff" * 8 + blob[8:])
        self.refused("model.safetensors")

    def test_overlapping_tensors(self):
        path = self.model / "model.safetensors"
        blob = path.read_bytes()
        length = int.from_bytes(blob[:8], "little")
        header = json.loads(blob[8 : 8 + length])
        norms = [name for name, entry in header.items() if entry.get("shape") == [24]]
        header[norms[1]]["data_offsets"] = header[norms[0]]["data_offsets"]
        write_safetensors(path, header, blob[8 + length :])
        self.refused("model.safetensors")

    def test_numbers_that_are_none(self):
        path = self.model / "model.safetensors"
        blob = bytearray(path.read_bytes())
        for bits in (b"\0\0\xc0\x7f", b"\0\0\x80\x7f"):  # NaN, infinity
            blob[-4:] = bits
            path.write_bytes(blob)
            self.refused("model.safetensors")

    def test_missing_weights(self):
        (self.model / "model.safetensors").unlink()
        self.refused("model.safetensors")

    def test_a_missing_shard(self):
        model = self.folder / "sharded"
        shutil.copytree(GOLDEN / "models" / "sharded" / "model", model)
        gone = sorted(model.glob("model-*"))[2]
        gone.unlink()
        self.refused(gone.name, model=model)

    def test_an_index_that_leaves_the_directory(self):
        model = self.folder / "sharded"
        shutil.copytree(GOLDEN / "models" / "sharded" / "model", model)
        path = model / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        index["weight_map"] = {name: f"../{model.name}/{file}" for name, file in index["weight_map"].items()}
        path.write_text(json.dumps(index))
        self.refused("model.safetensors.index.json", model=model)


class Usage(unittest.TestCase):
    def test_help(self):
        done = must("score", "--help")
        for word in ("MODEL", "--input", "--out"):
            self.assertIn(word, done.stdout)

    def test_bad_usage(self):
        for arguments in ((), ("somewhere",), ("somewhere", "--inputt", "x")):
            done = cambium("score", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("error:", done.stderr)


if __name__ == "__main__":
    unittest.main()
