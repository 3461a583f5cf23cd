"""Checks that includes point down the house only, and that the floors without LibTorch stay without it.

Run it alone with `python3 tests/architecture/test_includes.py`; it names every offending line as file:line.
"""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What each folder of cambium/ may include directly; what those may include, it may too.
BELOW = {
    "base": [],
    "formats": ["base"],
    "text": ["formats"],
    "data": ["text"],
    "growth": ["base"],
    "model/config": ["formats"],
    "config": ["formats", "growth", "model/config"],
    "ops": ["base"],
    "model": ["formats", "model/config", "ops"],
    "dist": ["base"],
    "train/record": ["formats", "growth"],
    "train": ["data", "model", "train/record", "config", "dist"],
    "eval/tasks": ["data"],
    "eval": ["model", "eval/tasks", "dist"],
    "analysis": ["eval"],
    "report": ["config"],
    "study/jobs": ["report", "data"],
    "study": ["train", "study/jobs"],
}

WITHOUT_LIBTORCH = {"base", "formats", "text", "data", "growth", "model/config", "config", "train/record", "eval/tasks",
                    "report", "study/jobs"}
LIBTORCH = re.compile(r"^(torch|ATen|c10|caffe2|torchgen)/")

# Libraries that one place of the house wraps for all others.
WRAPPED = {
    "spdlog/": {"cambium/base/log.cc"},
    "fmt/": {"cambium/base/format.h"},
    "CLI/": {"apps/"},
    "toml++/": {"cambium/config/", "cambium/formats/"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = (".h", ".cc", ".cu", ".cuh")


def reachable(folder):
    """All folders that `folder` may include, itself among them."""
    seen, todo = set(), [folder]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(BELOW[current])
    return seen


def folder_of(path):
    """The folder of the house a path like cambium/data/synth/x.h belongs to: the longest entry of BELOW, or None."""
    parts = Path(path).parts[1:-1]
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in BELOW:
            return "/".join(parts[:length])
    return None


def includes(path):
    """Yields (line number, quoted or not, included name) of a source file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


def files(*tops):
    for top in tops:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                yield path.relative_to(ROOT).as_posix(), path


class Includes(unittest.TestCase):
    def check(self, tops, judge):
        """Calls judge(file, quoted, included) for every include below `tops`; fails with the complaints it returns."""
        complaints, seen = [], 0
        for name, path in files(*tops):
            for number, quoted, included in includes(path):
                seen += 1
                complaint = judge(name, quoted, included)
                if complaint:
                    complaints.append(f"{name}:{number}: {complaint}")
        self.assertGreater(seen, 0, f"no include was found below {tops}")
        if complaints:
            self.fail("\n" + "\n".join(complaints))

    def test_every_folder_has_its_place(self):
        strays = [name for name, _ in files("cambium") if folder_of(name) is None]
        self.assertFalse(strays, "not in a folder that BELOW in this file knows")

    def test_arrows_point_down(self):
        def judge(name, _, included):
            if included.startswith(("apps/", "tests/", "bench/")):
                return f"the library includes {included}"
            if not included.startswith("cambium/"):
                return None
            here, there = folder_of(name), folder_of(included)
            if there is None or there not in reachable(here):
                return f"cambium/{here} must not include {included}; it may include {', '.join(sorted(reachable(here)))}"
            return None

        self.check(["cambium"], judge)

    def test_lower_floors_have_no_libtorch(self):
        def judge(name, _, included):
            if folder_of(name) in WITHOUT_LIBTORCH and LIBTORCH.match(included):
                return f"cambium/{folder_of(name)} does not know LibTorch, but includes {included}"
            return None

        self.check(["cambium"], judge)

    def test_own_headers_are_named_from_the_root(self):
        def judge(_, quoted, included):
            if quoted and not (ROOT / included).is_file():
                return f'"{included}" is no file below the root of the repository'
            if not quoted and included.startswith("cambium/"):
                return f"<{included}> is ours: write it in quotes"
            return None

        self.check(["cambium", "apps", "tests", "bench"], judge)

    def test_wrapped_libraries_are_included_in_one_place(self):
        def judge(name, _, included):
            for library, homes in WRAPPED.items():
                if included.startswith(library) and not any(name.startswith(home) for home in homes):
                    return f"{included} belongs to {', '.join(sorted(homes))} only"
            return None

        self.check(["cambium", "apps"], judge)

    def test_no_cycle_in_the_table(self):
        for folder, below in BELOW.items():
            for other in below:
                self.assertNotIn(folder, reachable(other), f"{folder} and {other} include each other")


if __name__ == "__main__":
    unittest.main()
