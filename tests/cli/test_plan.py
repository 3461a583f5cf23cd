"""`cambium plan` as a user runs it: the paper's configurations in numbers, overrides, and what is refused."""

import json
import pathlib
import tempfile
import unittest

from golden_support import GOLDEN, REPOSITORY, cambium, must, write_jsonl

PAPER = REPOSITORY / "configs" / "paper"
GROWTH_STEPS = {
    "360m": [4722, 14166, 28333, 47222, 70833, 99166, 132222],
    "1.7b": [8095, 24285, 48571, 80952, 121428],
}
PARAMETERS = {"360m": 361_821_120, "1.7b": 1_711_376_384}
RATIO = {"360m": 1.289, "1.7b": 1.288}
LINEAGE = {
    ("360m", "midas"): "0123" * 8,
    ("1.7b", "midas"): "0123" * 6,
    ("360m", "lidas"): "01232301012323012301012323010123",
    ("1.7b", "lidas"): "012323010123012323010123",
}


def plan(config, *options):
    return json.loads(must("plan", config, "--json", *options).stdout)


class PaperScale(unittest.TestCase):
    def test_grown_models(self):
        for size in GROWTH_STEPS:
            for operator in ("midas", "lidas"):
                with self.subTest(size=size, operator=operator):
                    found = plan(PAPER / f"{size}-{operator}.toml")
                    self.assertEqual(found["parameters"], PARAMETERS[size])
                    self.assertEqual([event["step"] for event in found["growth"]], GROWTH_STEPS[size])
                    self.assertEqual([event["to_layers"] for event in found["growth"]],
                                     [8 + 4 * i for i in range(len(GROWTH_STEPS[size]))])
                    self.assertAlmostEqual(found["flops_ratio"], RATIO[size], delta=5e-4)
                    self.assertEqual("".join(map(str, found["lineage"])), LINEAGE[size, operator])
                    self.assertEqual(found["stages"][-1]["end_step"], 200_000)

    def test_lidas_takes_the_middle(self):
        growth = plan(PAPER / "1.7b-lidas.toml")["growth"]
        self.assertEqual(growth[0] | {"operator": "lidas"},
                         {"step": 8095, "operator": "lidas", "from_layers": 4, "to_layers": 8,
                          "sources": [0, 1, 2, 3], "insert_at": 4})
        self.assertEqual([event["sources"] for event in growth],
                         [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7], [6, 7, 8, 9], [8, 9, 10, 11]])
        self.assertEqual([event["insert_at"] for event in growth], [4, 4, 8, 8, 12])

    def test_models_of_full_depth(self):
        for size in GROWTH_STEPS:
            for variant in ("baseline", "lns"):
                with self.subTest(size=size, variant=variant):
                    found = plan(PAPER / f"{size}-{variant}.toml")
                    self.assertEqual(found["growth"], [])
                    self.assertEqual(found["parameters"], PARAMETERS[size])
                    self.assertEqual(found["flops_ratio"], 1)
                    self.assertEqual(found["configuration"]["model"]["layer_norm_scaling"], variant == "lns")

    def test_headers_state_what_is_planned(self):
        for path in [*PAPER.glob("*.toml"), REPOSITORY / "configs" / "laptop.toml"]:
            with self.subTest(path.name):
                found = plan(path)
                header = path.read_text(encoding="utf-8")
                self.assertIn(f"{found['flops']:.3g}", header)
                for event in found["growth"]:
                    self.assertIn(f"{event['step']:,}", header)


class Text(unittest.TestCase):
    def test_explains_the_run(self):
        text = must("plan", PAPER / "1.7b-lidas.toml").stdout
        for words in ("1,711,376,384 parameters", "8 -> 12", "2 3 4 5", "121,428", "1.288 times", "missing",
                      "mixture of steps 0 to 200,000", "mean depth", "memory", "[checkpoint]", "keep_growth = true"):
            self.assertIn(words, text)

    def test_laptop_and_tiny(self):
        laptop = plan(REPOSITORY / "configs" / "laptop.toml")
        self.assertEqual((laptop["initial_layers"], laptop["layers"]), (4, 12))
        self.assertLess(10e6, laptop["parameters"])
        self.assertLess(laptop["parameters"], 15e6)
        tiny = plan(REPOSITORY / "configs" / "tiny.toml")
        self.assertEqual([event["step"] for event in tiny["growth"]], [20, 40])
        self.assertEqual(tiny["initial_layers"], 2)

    def test_keys(self):
        keys = must("plan", "--keys").stdout.splitlines()
        page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines()
        self.assertGreater(len(keys), 60)
        self.assertEqual([line for line in keys if line not in page], [])


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = pathlib.Path(folder.name) / "run.toml"

    def write(self, text):
        self.config.write_text(text, encoding="utf-8")

    def refused(self, *words, options=()):
        done = cambium("plan", self.config, *options)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)

    def test_printed_configuration_plans_the_same(self):
        self.write('[growth]\noperator = "midas"\nblock_size = 2\n[train]\nsteps = "3M tokens"\n')
        text = must("plan", self.config).stdout
        printed = text[text.index("\n[run]\n"):]
        before = plan(self.config)
        self.write(printed)
        self.assertEqual(plan(self.config), before)

    def test_overrides(self):
        self.write("[train]\nsteps = 500\n")
        found = plan(self.config, "--set", "train.steps=200", "--set", "growth.operator=lidas",
                     "--set", "growth.at=[50, 100]", "--set", "run.dir=runs/x", "--set", "model.num_hidden_layers=12")
        self.assertEqual(found["steps"], 200)
        self.assertEqual([event["step"] for event in found["growth"]], [50, 100])
        self.assertEqual(found["configuration"]["run"]["dir"], "runs/x")
        self.assertEqual(found["initial_layers"], 4)

    def test_data_that_is_there(self):
        tokenizer = GOLDEN / "training" / "tokenizer.json"
        folder = self.config.parent
        text = folder / "text.jsonl"
        write_jsonl(text, [{"text": "x" * 99} for _ in range(200)])  # 100 tokens each, with the end-of-text token
        must("data", "prepare", "--tokenizer", tokenizer, "--out", folder / "a", "--val-fraction", "0", text)
        self.write(f'''
[train]
steps = "1.5 epochs"
sequence_length = 64
batch_tokens = 1024
[data]
tokenizer = "{tokenizer}"
[[data.source]]
path = "{folder / 'a'}"
''')
        found = plan(self.config)
        self.assertEqual(found["steps"], 30)  # 30,000 tokens in batches of 1,024, rounded up
        (source,) = found["data"]["sources"]
        self.assertTrue(source["present"])
        self.assertEqual(source["tokens"], 20_000)
        self.assertEqual(source["drawn_tokens"], 30 * 1024)
        self.assertFalse(source["other_tokenizer"])
        self.assertEqual(found["data"]["tokenizer"]["vocab_size"], 257)
        self.assertEqual(plan(self.config, "--set", "model.vocab_size=0")["configuration"]["model"]["vocab_size"], 257)
        self.refused("`model.vocab_size`", "HINT: --set model.vocab_size=257\n", options=("--set", "model.vocab_size=256"))
        self.refused("`train.steps`", "epochs", options=("--set", f"data.source.0.path={folder / 'missing'}"))

    def test_mistakes(self):
        self.write("[train]\nsteps = 100\n\nmicro_bach = 8\n")
        self.refused("run.toml", "`train.micro_bach` (line 4)", "did you mean `train.micro_batch`?")
        self.write("[train]\nsteps = true\n")
        self.refused("run.toml", "`train.steps` (line 2)", "found true")
        self.write("[train]\nbatch_tokens = 1000\n")
        self.refused("`train.batch_tokens` (line 2) = 1000", "`train.sequence_length`", "512 or 1024")
        self.write("steps = ]\n")
        self.refused("run.toml", "line 1")
        self.write("")
        self.refused("--set train.steps=-1", options=("--set", "train.steps=-1"))
        self.config.unlink()
        self.refused("run.toml")
        self.config.mkdir()
        self.refused("run.toml")

    def test_usage(self):
        self.assertEqual(cambium("plan").returncode, 2)
        self.assertEqual(cambium("plan", "--no-such-option").returncode, 2)
        self.assertIn("--set", must("plan", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
