"""`cambium tokenizer` as a user runs it."""

import gzip
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

CAMBIUM = os.environ["CAMBIUM"]
ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "tests" / "golden" / "tokenizers"
TRAINED = GOLDENS / "trained.json"


def run(*arguments, stdin=b""):
    return subprocess.run([CAMBIUM, "tokenizer", *map(str, arguments)], input=stdin, capture_output=True, timeout=120)


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def check_done(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout

    def check_refused(self, result, *parts):
        message = result.stderr.decode()
        self.assertEqual(result.returncode, 2, message)
        self.assertEqual(result.stdout, b"")
        for part in parts:
            self.assertIn(part, message)

    # encode and decode

    def test_lines_get_the_stored_ids(self):
        goldens = [json.loads(line) for line in (GOLDENS / "ids.jsonl").read_text().splitlines()]
        lines = self.write("texts.jsonl", "".join(json.dumps({"text": g["text"]}) + "\n" for g in goldens))
        out = self.check_done(run("encode", "--tokenizer", TRAINED, "--jsonl", lines))
        self.assertEqual([json.loads(line) for line in out.splitlines()], [g["ids"]["smollm"] for g in goldens])
        back = self.check_done(run("decode", "--tokenizer", TRAINED, "--jsonl", stdin=out))
        texts = [json.loads(line) for line in back.decode().split("\n")[:-1]]
        self.assertEqual(texts, [{"text": g["text"]} for g in goldens])

    def test_lines_by_many_threads_stay_in_order(self):
        words = (GOLDENS / "corpus.txt").read_text().split()
        count = 40_000  # some megabytes: more than a few pieces of work
        texts = [" ".join(words[n % 97 : n % 97 + n % 23]) + f" {n}" for n in range(count)]
        lines = self.write("many.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        encode = ["encode", "--tokenizer", TRAINED, "--jsonl"]
        one = self.check_done(run(*encode, "--workers", 1, lines))
        self.assertEqual(one.count(b"\n"), count)
        for workers in (2, 5, 0):
            self.assertTrue(self.check_done(run(*encode, "--workers", workers, lines)) == one, workers)
        self.assertTrue(self.check_done(run(*encode, stdin=lines.read_bytes())) == one)

        # A bad line ends it behind all lines before it, and names its number.
        good = lines.read_bytes().split(b"\n")
        lines.write_bytes(b"\n".join([*good[:30_000], b"no JSON", *good[30_000:]]))
        bad = run(*encode, "--workers", 3, lines)
        self.assertEqual(bad.returncode, 2)
        self.assertIn("many.jsonl:30001", bad.stderr.decode())
        self.assertTrue(bad.stdout == b"".join(line + b"\n" for line in one.split(b"\n")[:30_000]))

    def test_a_whole_file_is_one_text_byte_for_byte(self):
        text = "\n line one\r\n\ttwo é 漢字 <|endoftext|>\x00 end \n\n".encode()
        (self.folder / "model").mkdir()
        (self.folder / "model" / "tokenizer.json").write_bytes(TRAINED.read_bytes())
        out = self.check_done(run("encode", "--tokenizer", self.folder / "model", self.write("text.txt", text)))
        self.assertEqual(out.count(b"\n"), 1)
        self.assertIn(0, json.loads(out))  # the special token in the text
        self.assertEqual(self.check_done(run("decode", "--tokenizer", TRAINED, stdin=out)), text)
        self.assertEqual(self.check_done(run("encode", "--tokenizer", TRAINED, stdin=text)), out)
        packed = self.write("text.txt.gz", gzip.compress(text))
        self.assertEqual(self.check_done(run("encode", "--tokenizer", TRAINED, packed)), out)
        self.assertEqual(self.check_done(run("encode", "--tokenizer", TRAINED)), b"[]\n")

    def test_half_a_character_becomes_a_replacement_in_lines_only(self):
        ids = json.loads(self.check_done(run("encode", "--tokenizer", TRAINED, stdin="🙂".encode())))
        half = json.dumps(ids[:1]).encode()
        line = self.check_done(run("decode", "--tokenizer", TRAINED, "--jsonl", stdin=half))
        self.assertEqual(json.loads(line), {"text": "\ufffd"})
        self.assertTrue("🙂".encode().startswith(self.check_done(run("decode", "--tokenizer", TRAINED, stdin=half))))

    def test_bad_input_is_refused_with_its_place(self):
        encode = ["encode", "--tokenizer", TRAINED]
        bad = self.write("bad.txt", b"good \xc3\x28")
        self.check_refused(run(*encode, bad), "bad.txt", "byte 5", "UTF-8")
        self.check_refused(run(*encode, self.folder / "none.txt"), "none.txt")
        self.check_refused(run("encode", "--tokenizer", self.folder / "none.json"), "none.json")
        for line in ['{"text": 1}', '{"body": "a"}', "[]", '{"text": "a"', '{"text": "\\ud800"}', '"a"']:
            lines = self.write("lines.jsonl", line + "\n")
            self.check_refused(run(*encode, "--jsonl", lines), "lines.jsonl:1")
        for ids in ["{}", "[600]", "[-1]", "[1.5]", '["a"]', "[1", "[1] [2]"]:
            self.check_refused(run("decode", "--tokenizer", TRAINED, stdin=ids.encode()))
            self.check_refused(run("decode", "--tokenizer", TRAINED, "--jsonl", stdin=ids.encode()), ":1")
        self.check_refused(run("encode"), "--tokenizer")
        self.check_refused(run("spell"))

    def test_an_unsupported_tokenizer_is_refused_by_name(self):
        document = json.loads(TRAINED.read_text())
        document["normalizer"] = {"type": "NFKC"}
        path = self.write("tokenizer.json", json.dumps(document))
        self.check_refused(run("encode", "--tokenizer", path), "tokenizer.json", "normalizer", "NFKC")

    # train

    def train(self, size, *inputs):
        return run("train", "--vocab-size", size, "--out", self.folder / "tokenizer.json", *inputs)

    def test_training_gives_what_hugging_face_gives(self):
        self.check_done(self.train(600, GOLDENS / "corpus.txt"))
        ours = json.loads((self.folder / "tokenizer.json").read_text())["model"]
        golden = json.loads(TRAINED.read_text())["model"]
        self.assertEqual(ours["vocab"], golden["vocab"])
        self.assertEqual(ours["merges"], [" ".join(merge) for merge in golden["merges"]])

    def test_any_number_of_threads_trains_the_same(self):
        text = (GOLDENS / "corpus.txt").read_bytes().decode()
        lines = self.write("lines.jsonl", "".join(json.dumps({"text": text}) + "\n" for _ in range(400)))
        results = set()
        for workers in (1, 3):
            self.check_done(self.train(600, lines, GOLDENS / "corpus.txt", "--workers", workers))
            results.add((self.folder / "tokenizer.json").read_bytes())
        self.assertEqual(len(results), 1)

    def test_every_kind_of_input_trains_the_same(self):
        self.check_done(self.train(600, GOLDENS / "corpus.txt"))
        expected = (self.folder / "tokenizer.json").read_bytes()
        text = (GOLDENS / "corpus.txt").read_bytes().decode()
        data = self.folder / "data" / "deep"
        data.mkdir(parents=True)
        (data / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": text}).encode() + b"\n"))
        self.check_done(self.train(600, self.folder / "data"))
        self.assertEqual((self.folder / "tokenizer.json").read_bytes(), expected)
        other = self.write("b.jsonl", json.dumps({"body": text}) + "\n")
        self.check_done(self.train(600, other, "--text-key", "body"))
        self.assertEqual((self.folder / "tokenizer.json").read_bytes(), expected)

    def test_too_little_text_says_how_many_entries_are_possible(self):
        small = self.write("small.txt", "low lower lowest")
        result = self.train(1000, small)
        self.check_refused(result, "1000")
        possible = int(result.stderr.decode().split("give ")[1].split()[0])
        self.assertFalse((self.folder / "tokenizer.json").exists())
        self.check_done(self.train(possible, small))
        self.check_refused(self.train(256, small), "257")

    def test_bad_lines_stop_training_unless_they_are_to_be_skipped(self):
        lines = self.write("bad.jsonl", '{"text": "a good line"}\nnot json\n{"text": "another good line"}\n')
        self.check_refused(self.train(260, lines), "bad.jsonl:2")
        self.check_refused(self.train(260, self.write("bad.txt", b"abc \xff")), "bad.txt", "byte 4")
        result = self.train(260, lines, "--skip-bad-lines")
        self.check_done(result)
        self.assertIn("skipped 1 bad line", result.stderr.decode())


if __name__ == "__main__":
    unittest.main()
