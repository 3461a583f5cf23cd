"""`cambium eval` as a user runs it: what it writes, going on after a kill, bad input; beside lm-evaluation-harness."""

import hashlib
import json
import math
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from golden_support import BINARY, ENVIRONMENT, GOLDEN, SHARED, cambium, must, read_jsonl, write_jsonl

sys.path.insert(0, str(GOLDEN))
from eval_excerpt import FILES, STORED, excerpt  # noqa: E402

MODEL = GOLDEN / "eval" / "model"
ARCHIVE = SHARED / "data" / "eval" / "eval.tar.zst"


def write_small_data(folder):
    """A few invented items in the published forms."""
    write_jsonl(folder / "lambada_openai.jsonl", [{"context": "The dog saw the", "continuation": w} for w in ("cat", "dog")])
    items = [["Cooking: She takes an egg. she", str(i), "eats it.", "breaks it.", "paints it.", "sleeps."] for i in (1, 2)]
    (folder / "hellaswag_val_full.txt").write_text("".join("\n".join(item) + "\n" for item in items))
    (folder / "asdiv.xml").write_text(
        '<?xml version="1.0"?><A><ProblemSet><Problem ID="1" Grade="1"><Body>2 &amp; 3.</Body>'
        "<Question>Sum?</Question><Answer>5 (apples)</Answer></Problem></ProblemSet></A>"
    )
    write_jsonl(folder / "gsm8k_test.jsonl", [{"question": f"{i}+1?", "answer": f"#### {i + 1}"} for i in range(4)])
    squad = {"qas": [{"question": "Who?", "id": "a", "answers": [{"text": "She", "answer_start": 0}]}], "context": "She."}
    (folder / "tydiqa_goldp_en_dev.json").write_text(json.dumps({"data": [{"title": "T", "paragraphs": [squad]}]}))


class Eval(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        write_small_data(self.folder)

    def eval(self, tasks, *more, out="out"):
        must("eval", MODEL, "--tasks", tasks, "--data", self.folder, "--out", self.folder / out, *more)
        (results,) = (self.folder / out).glob("results_*.json")
        return json.loads(results.read_text())

    def samples(self, task, out="out"):
        (file,) = (self.folder / out).glob(f"samples_{task}_*.jsonl")
        return read_jsonl(file)

    def test_writes_what_the_harness_writes(self):
        tasks = "lambada_openai,hellaswag,asdiv,gsm8k,tydiqa_goldp"
        results = self.eval(tasks, "--num-fewshot", "0")
        self.assertEqual(list(results["results"]), tasks.split(","))
        self.assertIn("acc_stderr,none", results["results"]["hellaswag"])
        self.assertIn("exact_match,strict-match", results["results"]["gsm8k"])
        self.assertEqual(results["n-samples"]["gsm8k"], {"original": 4, "effective": 4})
        self.assertEqual(results["n-shot"]["hellaswag"], 0)
        self.assertEqual(results["group_averages"]["language modelling"]["tasks"], ["lambada_openai", "hellaswag"])
        line = self.samples("hellaswag")[1]
        self.assertEqual((line["doc_id"], line["target"]), (1, "2"))
        self.assertEqual(
            line["arguments"]["gen_args_3"], {"arg_0": "Cooking: She takes an egg. she", "arg_1": " sleeps."}
        )
        self.assertIn(line["resps"][0][0][1], ("True", "False"))
        asdiv = self.samples("asdiv")[0]["arguments"]["gen_args_0"]
        self.assertEqual(asdiv, {"arg_0": "2 & 3.\nQuestion:Sum?\nAnswer:", "arg_1": "5"})
        self.assertEqual(self.samples("tydiqa_goldp")[0]["target"], "She")

    def test_answers_do_not_depend_on_the_batch(self):
        tasks = "copy_real_words,hellaswag"
        self.eval(tasks, "--limit", "10", "--deterministic", "--batch-tokens", "64", out="a")
        self.eval(tasks, "--limit", "10", "--deterministic", out="b")
        for task in tasks.split(","):
            self.assertEqual(self.samples(task, "a"), self.samples(task, "b"))

    def test_held_out_text_by_source_and_by_context(self):
        texts = {"rhyme": ["The dog barks. The cat runs. " * 4] * 3, "list": ["one two three four five six"]}
        lines = [{"text": text, "source": source} for source, group in texts.items() for text in group]
        write_jsonl(self.folder / "heldout.jsonl", lines)
        values = self.eval("heldout_nll")["results"]["heldout_nll"]
        profile = values["nll_profile"]
        self.assertEqual(sorted(profile["by_source"]), sorted(texts))
        by_position = profile["by_position"]
        self.assertEqual(by_position["begin"][:4], [1, 2, 4, 8])
        self.assertEqual(by_position["tokens"][:3], [4, 8, 16])
        for sums in (list(profile["by_source"].values()), [dict(zip(by_position, row)) for row in zip(*by_position.values())]):
            tokens = sum(s["tokens"] for s in sums)
            self.assertAlmostEqual(sum(s["nll"] * s["tokens"] for s in sums) / tokens, values["nll,none"], places=9)
        size = sum(len(line["text"]) for line in lines)
        self.assertAlmostEqual(values["bits_per_byte,none"], values["nll,none"] * tokens / size / math.log(2), places=9)

    def accuracies(self, model):
        """Of held-out copying questions; `model` was trained on the built-in curriculum, or was not."""
        out = self.folder / model.name
        must("eval", model, "--tasks", "copy_random_words,copy_real_words", "--limit", 100, "--data", self.folder, "--out", out)
        (results,) = out.glob("results_*.json")
        return [values["acc,none"] for values in json.loads(results.read_text())["results"].values()]

    def test_what_was_trained_is_known_and_what_was_not_is_guessed(self):
        for accuracy in self.accuracies(GOLDEN / "eval" / "curriculum"):
            self.assertGreater(accuracy, 0.85)
        for accuracy in self.accuracies(MODEL):  # chance: one of ten words at most
            self.assertLess(accuracy, 0.1)

    def test_goes_on_after_a_kill(self):
        arguments = ["eval", MODEL, "--tasks", "all", "--limit", 60, "--num-fewshot", 0, "--batch-tokens", 256]
        arguments = [*map(str, arguments), "--bootstrap", "0", "--data", str(self.folder)]
        out = self.folder / "killed"
        process = subprocess.Popen(
            [BINARY, *arguments, "--out", str(out)], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        log = out / "unfinished" / "copy_real_words.jsonl"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if log.exists() and log.read_bytes().count(b"\n") > 3:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertFalse(list(out.glob("results_*")))
        lines = log.read_text().splitlines(keepends=True)
        first = json.loads(lines[1])
        first["log_likelihood"] = -1.25  # to know it again: what is finished is not asked a second time
        log.write_text("".join([lines[0], json.dumps(first) + "\n", *lines[2:]]) + '{"request": 39')  # cut off by the kill
        must(*arguments, "--out", out)
        must(*arguments, "--out", self.folder / "whole")
        self.assertFalse((out / "unfinished").exists())
        tasks = [re.fullmatch(r"samples_(.*)_\d{4}-.*", file.name)[1] for file in out.glob("samples_*")]
        self.assertGreaterEqual(len(tasks), 17)
        for task in tasks:
            kept, whole = self.samples(task, "killed"), self.samples(task, "whole")
            self.assertEqual(len(kept), len(whole), task)
            for a, b in zip(kept, whole):
                if task == "copy_real_words" and a["doc_id"] == first["request"]:
                    self.assertEqual(a["resps"][0][0][0], "-1.25")
                    continue
                for i, response in enumerate(a["resps"]):
                    found, expected = response[0], b["resps"][i][0]
                    if isinstance(found, str):
                        self.assertEqual(found, expected, task)
                    else:
                        self.assertAlmostEqual(float(found[0]), float(expected[0]), delta=1e-3, msg=task)

    def test_bad_input_is_refused(self):
        def message(*arguments):
            done = cambium("eval", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr

        def about(task):
            return message(MODEL, "--tasks", task, "--data", self.folder)

        self.assertIn("did you mean `hellaswag`", about("helaswag"))
        self.assertIn("piqa_valid.jsonl: missing; expected PIQA", about("piqa"))
        (self.folder / "hellaswag_val_full.txt").write_text("a: b\n7\nc\nd\ne\nf\n")
        self.assertIn("hellaswag_val_full.txt: line 2: expected the number", about("hellaswag"))
        (self.folder / "lambada_openai.jsonl").write_text("")
        self.assertIn("empty", about("lambada_openai"))
        (self.folder / "asdiv.xml").write_text("<A><Problem><Body>x</Bdy></Problem></A>")
        self.assertIn("asdiv.xml: line 1: expected", about("asdiv"))
        self.assertIn("--tasks", message(MODEL))

    def test_of_a_group_what_lacks_its_file_is_left_out_and_said(self):
        done = must("eval", MODEL, "--tasks", "language modelling,math-word-problems", "--data", self.folder, "--limit", 1,
                    "--num-fewshot", 0, "--bootstrap", 0)  # fmt: skip
        self.assertIn("svamp: left out: ", done.stderr)
        self.assertIn("svamp_1000.json: missing; expected SVAMP", done.stderr)
        tasks = [line.split()[0] for line in done.stdout.splitlines() if ",none" in line or ",strict" in line]
        self.assertEqual([task for task in tasks if "," not in task], ["hellaswag", "lambada_openai", "asdiv", "gsm8k"])
        done = cambium("eval", MODEL, "--tasks", "common sense", "--data", self.folder)
        self.assertEqual((done.returncode, "none of these tasks' files" in done.stderr), (2, True), done.stderr)

    def test_list_names_tasks_with_their_groups(self):
        lines = must("eval", "--list").stdout.splitlines()
        self.assertTrue(any(line.startswith("hellaswag ") and "language modelling" in line for line in lines))
        self.assertGreaterEqual(len(lines), 37)


class BesideTheHarness(unittest.TestCase):
    """tests/golden/make_eval.py made the references. They hold hashes, since not all of the data may be shipped: what may
    lies beside them, the rest is cut from the shared folder's files."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_prompts_likelihoods_and_metrics_are_those_of_the_harness(self):
        for task in STORED:
            self.check(task, GOLDEN / "eval" / "data")

    @unittest.skipUnless(ARCHIVE.exists(), f"no {ARCHIVE}: the data of the other tasks may not be shipped")
    def test_the_same_for_the_tasks_whose_data_is_not_stored(self):
        others = [task for task in FILES if task not in STORED]
        whole, data = self.folder / "whole", self.folder / "data"
        whole.mkdir()
        data.mkdir()
        names = [f"./{name}" for task in others for name in FILES[task] if task != "coqa"]
        subprocess.run(["tar", "-I", "zstd -d --long=27", "-xf", ARCHIVE, "-C", whole, *names], check=True)
        coqa = ["zstd", "-dq", "--long=27", ARCHIVE.with_name("coqa_dev.jsonl.zst"), "-o", whole / "coqa_dev.jsonl"]
        subprocess.run(coqa, check=True)
        for file in whole.iterdir():
            excerpt(file, data / file.name)
        for task in others:
            self.check(task, data)

    def check(self, task, data):
        golden = json.loads((GOLDEN / "eval" / "results.json").read_text())
        expected, out = golden["tasks"][task], self.folder / "out" / task
        must("eval", MODEL, "--tasks", task, "--data", data, "--out", out, "--limit", golden["limit"],
             "--num-fewshot", expected["num_fewshot"], "--bootstrap", golden["bootstrap"])  # fmt: skip
        (results,) = out.glob("results_*.json")
        values = json.loads(results.read_text())["results"][task]
        (samples,) = out.glob("samples_*.jsonl")
        requests = [r for r in read_jsonl(GOLDEN / "eval" / "requests.jsonl") if r["task"] == task]
        with self.subTest(task=task):
            self.check_requests(task, read_jsonl(samples), requests)
            for key, value in expected["metrics"].items():
                if isinstance(value, str):
                    self.assertEqual(values[key], value, key)
                else:
                    self.assertAlmostEqual(values[key], value, delta=1e-3 * max(1, abs(value)), msg=key)

    def check_requests(self, task, samples, expected):
        first = samples[0]["filter"]
        found = []
        for sample in samples:
            if sample["filter"] == first:
                for i, response in enumerate(sample["resps"]):
                    found.append((sample, sample["arguments"][f"gen_args_{i}"], response[0]))
        self.assertEqual(len(found), len(expected))
        for (sample, arguments, response), want in zip(found, expected):
            where = f"{task}, item {sample['doc_id']}: {arguments['arg_0'][-200:]!r}"
            self.assertEqual(self.hash(arguments["arg_0"]), want["context"], where)
            if "text" in want:
                self.assertEqual(self.hash(response), want["text"], where)
            else:
                self.assertEqual(self.hash(arguments["arg_1"]), want["continuation"], where)
                self.assertAlmostEqual(float(response[0]), want["log_likelihood"], delta=1e-3, msg=where)
                self.assertEqual(response[1], str(want["greedy"]), where)

    @staticmethod
    def hash(text):
        return hashlib.sha256(text.encode()).hexdigest()[:32]


if __name__ == "__main__":
    unittest.main()
