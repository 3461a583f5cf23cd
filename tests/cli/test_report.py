"""`cambium report` as a user runs it: one page from real runs and analyses, what it says, what it refuses."""

import html.parser
import json
import pathlib
import re
import tempfile
import unittest
import urllib.parse

from golden_support import GOLDEN, cambium, must
from training_support import CONFIG

MODEL = GOLDEN / "analyses" / "grouped" / "model"
PROMPTS = GOLDEN / "analyses" / "grouped" / "prompts.jsonl"


class Page(html.parser.HTMLParser):
    """What a browser would find: sections, links, figures with their data, text outside of scripts."""

    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.sections, self.links, self.figures, self.words, self.open = [], [], [], [], []
        self.loads = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append((tag, attributes))
        if tag == "section":
            self.sections.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if "src" in attributes or (tag == "link" and not attributes["href"].startswith("data:")):
            self.loads.append((tag, attributes))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        last, _ = self.open.pop()
        assert last == tag, f"</{tag}> closes <{last}>"

    def handle_data(self, data):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if tag == "script" and attributes.get("type") == "application/json":
            self.figures.append(json.loads(data))
        elif tag not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Two seeds each of a baseline and of a model that grows, and an analysis of one of them."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        must("data", "synth", "--task", "copy-real-words", "--count", 300, "--out", "text.jsonl", cwd=cls.folder)
        must("tokenizer", "train", "--vocab-size", 300, "--out", "tokenizer.json", "text.jsonl", cwd=cls.folder)
        must("data", "prepare", "--tokenizer", "tokenizer.json", "--val-fraction", 0.1, "--out", "tokens", "text.jsonl", cwd=cls.folder)
        config = CONFIG.replace("[data]", '[data]\ntokenizer = "tokenizer.json"').replace("[model]", "[model]\nvocab_size = 300")
        (cls.folder / "run.toml").write_text(config)
        for operator in ("none", "lidas"):
            name = "baseline" if operator == "none" else operator
            for seed in (1, 2):
                must("train", "run.toml", "--set", f"run.dir=runs/{name}-s{seed}", "--set", f"run.seed={seed}",
                     "--set", f"growth.operator={operator}", *(["--set", "growth.at=[]"] if operator == "none" else []), cwd=cls.folder)
        must("analyze", "runs/lidas-s1", "--analysis", "cosines,depth-score,swap,weight-similarity,signatures",
             "--out", "runs/lidas-s1/analysis", cwd=cls.folder)
        must("analyze", "runs/lidas-s1", "--analysis", "remove,early-exit", "--tasks", "copy_real_words", "--limit", 4,
             "--num-fewshot", 0, "--out", "runs/lidas-s1/analysis", cwd=cls.folder)

    def page(self, *arguments):
        done = must("report", *arguments, cwd=self.folder)
        return Page((self.folder / "report.html").read_text(encoding="utf-8")), done.stdout

    def test_one_page_that_loads_nothing(self):
        page, said = self.page("runs")
        self.assertEqual(page.sections, ["summary", "results", "claims", "training", "growth", "signatures", "depth", "order", "sublayers", "similarity", "made"])
        self.assertEqual(page.loads, [])
        self.assertIn("2 variants with 2 seeds each.", page.text)
        self.assertIn("2 variants with 2 seeds each.", said)
        self.assertRegex(said, r"Validation loss against baseline: lidas [+−]\d\.\d+ \[")

    def test_links_lead_to_files(self):
        page, _ = self.page("runs")
        addresses = [link for link in page.links if not link.startswith("#")]
        self.assertGreater(len(addresses), 20)
        for address in addresses:
            self.assertTrue((self.folder / urllib.parse.unquote(address)).exists(), address)

    def test_figures_hold_the_numbers_of_the_files(self):
        page, _ = self.page("runs")
        training = next(figure for figure in page.figures if figure["kind"] == "training")
        run = next(run for run in training["runs"] if run["name"] == "lidas" and run["seed"] == "2")
        lines = [json.loads(line) for line in (self.folder / "runs/lidas-s2/metrics.jsonl").read_text().splitlines()]
        for drawn, line in zip(run["loss"]["y"], (line for line in lines if "event" not in line), strict=True):
            self.assertAlmostEqual(drawn, line["loss"], delta=1e-4)
        self.assertEqual(run["growth"]["step"], [10, 23])
        cosines = json.loads((self.folder / "runs/lidas-s1/analysis/cosines.json").read_text())["values"]["cos_attn"]
        figure = next(figure for figure in page.figures if figure["title"] == "Attention and stream")
        for drawn, value in zip(figure["series"][0]["y"], cosines, strict=True):
            self.assertAlmostEqual(drawn, value, delta=1e-5)

    def test_accuracies_of_interventions_are_drawn(self):
        page, _ = self.page("runs")
        titles = [figure.get("title", "") for figure in page.figures]
        for title in ("Layers removed: 1", "Tasks, layers removed: 1", "Tasks, logit lens"):
            self.assertIn(title, titles)
        self.assertNotIn("Tasks, neighbours swapped, group size 1", titles)  # swap was run without tasks
        values = json.loads((self.folder / "runs/lidas-s1/analysis/remove.json").read_text())["values"]
        drawn = next(figure for figure in page.figures if figure.get("title") == "Tasks, layers removed: 1")
        for rise, row in zip(drawn["series"][0]["y"], values["accuracy"], strict=True):
            self.assertAlmostEqual(rise, row[0] - values["baseline_accuracy"], delta=1e-5)

    def test_the_same_input_gives_the_same_page(self):
        self.page("runs")
        first = (self.folder / "report.html").read_bytes()
        self.page("runs")
        self.assertEqual(first, (self.folder / "report.html").read_bytes())

    def test_no_placeholders_of_missing_values_in_numbers(self):
        page, _ = self.page("runs")
        self.assertNotRegex(page.text, r"\bnan\b|\binf\b")

    def test_where_the_page_goes(self):
        must("report", "runs", "--out", "pages/deep/one.html", "--title", "A <title>", cwd=self.folder)
        text = (self.folder / "pages/deep/one.html").read_text(encoding="utf-8")
        self.assertIn("<title>A &lt;title&gt;</title>", text)
        self.assertTrue(re.search(r'href="\.\./\.\./runs/lidas-s1/metrics\.jsonl"', text))

    def test_an_analysis_of_a_foreign_model_alone(self):
        must("analyze", MODEL, "--analysis", "cosines", "--prompts", PROMPTS, "--out", self.folder / "foreign")
        page, _ = self.page("foreign")
        self.assertEqual(page.sections, ["summary", "sublayers", "made"])

    def test_refusals(self):
        for words, arguments in (
            (["nothing of that name"], ["missing"]),
            (["no run"], ["tokens"]),
            (["--baseline", "baseline, lidas"], ["runs", "--baseline", "x"]),
        ):
            done = cambium("report", *arguments, "--out", "refused.html", cwd=self.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
        self.assertFalse((self.folder / "refused.html").exists())

    def test_broken_json_is_named(self):
        broken = self.folder / "broken"
        broken.mkdir(exist_ok=True)
        (broken / "results_2026.json").write_text('{"results": {"a": }}')
        done = cambium("report", "broken", cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("broken/results_2026.json", done.stderr)
        self.assertRegex(done.stderr, r"byte|offset|column")


if __name__ == "__main__":
    unittest.main()
