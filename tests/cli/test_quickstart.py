"""`cambium quickstart` as a user runs it: a corpus, four models, a page, and a second start in the same folder."""

import json
import pathlib
import re
import tempfile
import unittest

from golden_support import cambium, must
from test_report import Page

OPTIONS = ("--out", "q", "--steps", "12", "--questions", "5")


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.done = must("quickstart", *OPTIONS, cwd=cls.folder)

    def test_page_and_summary(self):
        page = Page((self.folder / "q/report.html").read_text(encoding="utf-8"))
        for text in (page.text, self.done.stdout):
            self.assertIn("4 variants with 1 seed each.", text)
            self.assertIn("One seed cannot tell a difference from luck", text)
        for variant in ("baseline", "ln-scaling", "midas", "lidas"):
            self.assertIn(variant, self.done.stdout)
            steps = [json.loads(line) for line in (self.folder / f"q/{variant}-s1/metrics.jsonl").read_text().splitlines()]
            self.assertEqual([line["step"] for line in steps if "event" not in line][-1], 12)
        self.assertRegex(self.done.stdout, r"(?m)^validation loss( +\d\.\d{4}){4}$")
        self.assertIn("q/report.html", self.done.stdout)

    def test_a_second_start_makes_the_page_only(self):
        again = must("quickstart", "--out", "q", "--questions", "5", cwd=self.folder)
        self.assertEqual(re.findall(r"(\S+): begins", again.stderr), ["report"])

    def test_other_settings_in_the_same_folder(self):
        done = cambium("quickstart", "--out", "q", "--steps", "13", cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("q: holds a quickstart with other settings", done.stderr)

    def test_the_study_goes_on_by_itself(self):
        """What quickstart leaves is a study like any other."""
        done = must("study", "q/quickstart.toml", "--dry-run", "--set", "study.out=q", cwd=self.folder)
        self.assertIn("17 jobs", done.stdout)


if __name__ == "__main__":
    unittest.main()
