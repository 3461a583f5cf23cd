"""`cambium data` as a user runs it."""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

CAMBIUM = os.environ.get("CAMBIUM", "cambium")


def byte_tokenizer():
    """A byte-level tokenizer.json without merges: one token a byte, then <|endoftext|>."""
    printable = set(range(33, 127)) | set(range(161, 173)) | set(range(174, 256))
    vocab, code = {}, 256
    for byte in range(256):
        if byte in printable:
            vocab[chr(byte)] = byte
        else:
            vocab[chr(code)] = byte
            code += 1
    added = {"id": 256, "content": "<|endoftext|>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [added], "normalizer": None,
            "pre_tokenizer": level, "post_processor": None, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocab, "merges": []}}


class DataTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        (self.dir / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))

    def run_data(self, *arguments, code=0):
        done = subprocess.run([CAMBIUM, "data", *map(str, arguments)], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        return done

    def prepare(self, *arguments, code=0):
        return self.run_data("prepare", "--tokenizer", "tokenizer.json", "--out", "set", *arguments, code=code)

    def write_lines(self, name, texts):
        (self.dir / name).write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    def test_text_becomes_a_dataset(self):
        self.write_lines("in.jsonl", ["hello", "world"])
        with gzip.open(self.dir / "more.txt.gz", "wt") as file:
            file.write("packed")
        self.prepare("in.jsonl", "more.txt.gz")
        info = json.loads(self.run_data("info", "set", "--json", "--verify").stdout)
        self.assertEqual(info["format"], "cambium-tokens")
        train = info["splits"]["train"]
        self.assertEqual((train["tokens"], train["documents"], train["text_bytes"]), (19, 3, 16))
        tokens = (self.dir / "set" / train["shards"][0]["file"]).read_bytes()
        self.assertEqual([int.from_bytes(tokens[i:i + 2], "little") for i in range(0, 38, 2)],
                         [*b"hello", 256, *b"world", 256, *b"packed", 256])
        self.assertIn("19 tokens", self.run_data("info", "set").stdout)
        shown = self.run_data("show", "set", "--length", "8", "--in-order", "-n", "1").stdout
        self.assertIn("hello<|endoftext|>wo", shown)

    def test_an_existing_dataset_is_kept_unless_forced(self):
        self.write_lines("in.jsonl", ["one"])
        self.prepare("in.jsonl")
        self.write_lines("in.jsonl", ["one", "two"])
        self.assertIn("already exists", self.prepare("in.jsonl", code=2).stderr)
        self.prepare("in.jsonl", "--force")
        self.assertEqual(json.loads(self.run_data("info", "set", "--json").stdout)["splits"]["train"]["documents"], 2)

    def test_bad_input_is_named_and_leaves_nothing(self):
        (self.dir / "bad.jsonl").write_text('{"text": "a"}\n{"text": }\n')
        before = sorted(os.listdir(self.dir))
        self.assertIn("bad.jsonl:2", self.prepare("bad.jsonl", code=2).stderr)
        self.assertIn("nowhere", self.prepare("nowhere", code=2).stderr)
        self.assertIn("--val-fraction", self.prepare("bad.jsonl", "--val-fraction", "2", code=2).stderr)
        self.assertEqual(sorted(os.listdir(self.dir)), before)
        self.assertIn("1 bad lines", self.prepare("bad.jsonl", "--skip-bad-lines").stdout)

    def test_a_damaged_dataset_is_refused(self):
        self.write_lines("in.jsonl", ["one"])
        self.prepare("in.jsonl")
        shard = self.dir / "set" / "train-tokens-00000.bin"
        shard.write_bytes(shard.read_bytes()[:-1])
        self.assertIn("train-tokens-00000.bin: expected 8 bytes, found 7", self.run_data("info", "set", code=2).stderr)
        self.run_data("show", "set", code=2)

    def write_large(self, lines=60000):
        with open(self.dir / "large.jsonl", "w") as file:
            for i in range(lines):
                text = f"{i % 40011} " + "some words that take a while to encode " * (i * 7919 % 80)
                file.write(json.dumps({"text": text}) + "\n")

    def command(self, *more):
        return [CAMBIUM, "data", "prepare", "--tokenizer", "tokenizer.json", "--dedup", "--val-fraction", "0.1",
                "--shard-tokens", "2000000", *more]

    def files(self, name):
        return {path.name: path.read_bytes() for path in (self.dir / name).iterdir()}

    def test_a_signal_stops_and_the_same_command_goes_on(self):
        self.write_large()
        subprocess.run(self.command("--out", "whole", "large.jsonl"), cwd=self.dir, check=True, capture_output=True)
        process = subprocess.Popen(self.command("--out", "set", "large.jsonl"), cwd=self.dir, stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        while process.poll() is None and not (self.dir / ".set.progress.json").exists():
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate()
        self.assertEqual(process.returncode, 3, message)
        self.assertIn(b"the same command goes on", message)
        self.assertFalse((self.dir / "set").exists())
        again = subprocess.run(self.command("--out", "set", "large.jsonl"), cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("going on behind", again.stderr)
        self.assertTrue(self.files("set") == self.files("whole"))
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith(".")], [])

    def test_killed_ten_times_the_result_is_the_same(self):
        self.write_large()
        subprocess.run(self.command("--out", "whole", "large.jsonl"), cwd=self.dir, check=True, capture_output=True)
        started = time.monotonic()
        subprocess.run(self.command("--out", "timed", "large.jsonl"), cwd=self.dir, check=True, capture_output=True)
        seconds = time.monotonic() - started
        for kill in range(10):
            process = subprocess.Popen(self.command("--out", "set", "large.jsonl", "--workers", str(1 + kill % 3)),
                                       cwd=self.dir, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(seconds * (0.15 + 0.05 * (kill * 7 % 10)))
            process.kill()
            process.wait()
            if (self.dir / "set").exists():
                break
        if not (self.dir / "set").exists():
            subprocess.run(self.command("--out", "set", "large.jsonl"), cwd=self.dir, check=True, capture_output=True)
        self.assertTrue(self.files("set") == self.files("whole"))

    def test_standard_input_goes_on_with_the_same_input_only(self):
        self.write_large(20000)
        content = (self.dir / "large.jsonl").read_bytes()
        subprocess.run(self.command("--out", "whole", "-"), cwd=self.dir, check=True, capture_output=True, input=content)
        process = subprocess.Popen(self.command("--out", "set", "-"), cwd=self.dir, stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        process.stdin.write(content)
        process.stdin.flush()
        while process.poll() is None and not (self.dir / ".set.progress.json").exists():
            time.sleep(0.01)
        process.kill()
        process.wait()
        process.stdin.close()
        other = subprocess.run(self.command("--out", "set", "-"), cwd=self.dir, capture_output=True,
                               input=content.replace(b"words", b"sword"))
        self.assertEqual(other.returncode, 2, other.stderr)
        self.assertIn(b"expected the same input", other.stderr)
        subprocess.run(self.command("--out", "set", "-"), cwd=self.dir, check=True, capture_output=True, input=content)
        self.assertTrue(self.files("set") == self.files("whole"))

    def test_patterns_templates_and_formats(self):
        (self.dir / "a1.jsonl").write_text('{"title": "One", "body": "first", "n": 1}\n')
        (self.dir / "a2.jsonl").write_text('{"title": "Two", "body": null, "n": 2}\n')
        (self.dir / "notes.log").write_text("a log")
        self.prepare("a?.jsonl", "--text-template", "{n}. {title}\\n{body}")
        shown = self.run_data("show", "set", "--in-order", "-n", "1").stdout
        self.assertIn("1. One\nfirst<|endoftext|>2. Two\n<|endoftext|>", shown)
        self.prepare("notes.log", "--input-format", "text", "--force")
        self.assertIn("unknown kind", self.prepare("notes.log", "--force", code=2).stderr)
        self.assertIn("b*.jsonl: no such file", self.prepare("b*.jsonl", "--force", code=2).stderr)
        self.assertIn("--text-template", self.prepare("a1.jsonl", "--force", "--text-template", "x", code=2).stderr)
        self.prepare("a1.jsonl", "--force", "--text-template", "{x}", "--text-key", "y", code=2)

    def test_parquet(self):
        goldens = pathlib.Path(__file__).parent.parent / "golden" / "parquet"
        command = [CAMBIUM, "data", "prepare", "--tokenizer", "tokenizer.json", "--out", "set", goldens / "documents.parquet"]
        done = subprocess.run([*command, "--text-template", "{title}: {text}"], cwd=self.dir, capture_output=True, text=True)
        if "cannot read Parquet" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.run_data("info", "set", "--json").stdout)["splits"]["train"]["documents"], 100)
        (self.dir / "cut.parquet").write_bytes((goldens / "documents.parquet").read_bytes()[:-100])
        self.assertIn("cut.parquet", self.prepare("cut.parquet", "--force", code=2).stderr)
        self.assertIn("nowhere", self.prepare(goldens / "documents.parquet", "--force", "--text-key", "nowhere", code=2).stderr)

    def test_sentencepiece(self):
        shared = pathlib.Path(os.environ.get("CAMBIUM_SHARED", pathlib.Path(__file__).parents[2] / ".." / "shared"))
        model = shared / "data" / "tokenizers" / "llama2_tokenizer.model"
        if not model.exists():
            self.skipTest(f"{model} is not there")
        self.write_lines("in.jsonl", ["Hello world", "again"])
        self.run_data("prepare", "--tokenizer", model, "--out", "set", "in.jsonl")
        shown = self.run_data("show", "set", "--in-order", "-n", "1").stdout
        self.assertIn("Hello world</s>", shown)
        self.run_data("info", "set", "--verify")

    def test_show_colors_tokens(self):
        self.write_lines("in.jsonl", ["hé", "b"])
        self.prepare("in.jsonl")
        plain = self.run_data("show", "set", "--in-order").stdout
        self.assertNotIn("\033", plain)  # no terminal
        shown = self.run_data("show", "set", "--in-order", "--color", "always").stdout
        self.assertIn("\033[36mh\033[0m\033[33mé\033[0m\033[7m<|endoftext|>\033[0m\033[36mb\033[0m", shown)

    def test_wording_of_the_primitives(self):
        toml = self.run_data("synth", "--print-templates").stdout
        (self.dir / "t.toml").write_text(toml.replace("Fill in the blank", "Go on"))
        self.run_data("synth", "--templates", "t.toml", "--task", "copy", "--count", "4", "--out", "items.jsonl")
        for line in (self.dir / "items.jsonl").read_text().splitlines():
            self.assertTrue(json.loads(line)["text"].startswith("Go on:\n\n"), line)
        (self.dir / "t.toml").write_text("[copy]\nwords = 'ten'\n")
        refused = self.run_data("synth", "--templates", "t.toml", "--task", "copy", "--out", "x.jsonl", code=2).stderr
        self.assertIn("t.toml: line 2: `copy.words`", refused)

    def test_synthetic_items(self):
        self.run_data("synth", "--task", "variable-assignment", "--count", "18", "--seed", "3", "--out", "items.jsonl")
        items = [json.loads(line) for line in (self.dir / "items.jsonl").read_text().splitlines()]
        self.assertEqual(len(items), 18)
        self.assertEqual(len({item["task"] for item in items}), 9)
        for item in items:
            self.assertEqual(item["text"], item["prompt"] + item["answer"])
        again = self.dir / "again.jsonl"
        self.run_data("synth", "--task", "variable-assignment", "--count", "18", "--seed", "3", "--out", again)
        self.assertEqual(again.read_bytes(), (self.dir / "items.jsonl").read_bytes())
        self.assertIn("did you mean", self.run_data("synth", "--task", "worl", "--out", "x.jsonl", code=2).stderr)
        self.assertIn("copy-real-words", self.run_data("synth", "--list").stdout)


if __name__ == "__main__":
    unittest.main()
