"""Killed at any moment and started again, a run ends with the same bits. CAMBIUM_LONG_TESTS=1 kills many more times."""

import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from golden_support import BINARY, ENVIRONMENT, cambium
from training_support import (
    CONFIG, GROWTHS, STEPS, Training, checkpoints, contents, count_events, metrics, name_of, untimed,
)

ROUNDS = 12 if os.environ.get("CAMBIUM_LONG_TESTS") else 1


def flip_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


class Resume(Training):
    """Runs that were never interrupted, to compare with."""

    VARIANTS = {"lidas": {}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, settings in cls.VARIANTS.items():
            cls().train(f"whole-{name}", settings)

    def runTest(self):
        """So that setUpClass can make one."""

    def assert_whole(self, run, variant="lidas"):
        self.assert_same_run(run, f"whole-{variant}")
        steps, events = metrics(self.path(run))
        self.assertEqual([line["step"] for line in steps], list(range(1, STEPS + 1)))
        self.assertEqual([event["step"] for event in events], GROWTHS)

    def copy_whole(self, run, until):
        """The uninterrupted run as it was when the checkpoint `until` was the newest."""
        shutil.copytree(self.path("whole-lidas"), self.path(run))
        for name in checkpoints(self.path(run)):
            if name > until:
                shutil.rmtree(self.path(run, "checkpoints", name))


def staged(process):
    return any(name.endswith(".partial") for name in checkpoints(process.run))


def removing(process):
    return any(name.endswith(".removed") for name in checkpoints(process.run))


class Kills(Resume):
    VARIANTS = {
        "lidas": {},
        "midas": {"growth.operator": "midas", "growth.moments": "zero", "train.decay": "all"},
    }

    def kill_at(self, moment, run, settings, draw):
        """Starts the run and kills it at a moment. Says whether it came to that; else the run is done."""
        process = self.begin(run, settings)
        if moment == "start":
            time.sleep(0.3 * draw.random())
            arrived = process.process.poll() is None
        elif moment == "lines":
            lines = process.lines_before + draw.randrange(1, 14)
            arrived = process.wait_for(lambda: process.lines() >= lines)
        elif moment == "staging":
            # Some of the first that are seen are let go, so that the kill comes anywhere in a run.
            for _ in range(draw.randrange(1, 4)):
                process.wait_for(lambda: not staged(process))
                arrived = process.wait_for(lambda: staged(process))
        elif moment == "removal":
            arrived = process.wait_for(lambda: removing(process))
        elif moment == "growth":
            before = count_events(process, "growth")
            arrived = process.wait_for(lambda: count_events(process, "growth") > before)
        else:
            before = {name for name in checkpoints(process.run) if name.endswith("-grown")}
            arrived = process.wait_for(lambda: {n for n in checkpoints(process.run) if n.endswith("-grown")} - before)
        time.sleep(0.004 * draw.random())
        code, said = process.kill()
        self.assertIn(code, (0, -9), said)
        return arrived and code == -9

    def kill_and_go_on(self, variant, moments, draw):
        settings, run, killed = self.VARIANTS[variant], "run", []
        shutil.rmtree(self.path(run), ignore_errors=True)
        for moment in moments:
            if self.kill_at(moment, run, settings, draw):
                killed.append(moment)
        self.train(run, settings)
        with self.subTest(variant=variant, moments=moments, killed=killed):
            self.assert_whole(run, variant)
        return killed

    def test_ends_with_the_same_bits(self):
        killed = []
        for seed in range(ROUNDS):
            draw = random.Random(seed)
            killed += self.kill_and_go_on("lidas", ["start", "lines", "staging", "growth", "grown", "lines"], draw)
            killed += self.kill_and_go_on("midas", ["growth", "growth", "staging", "removal", "lines"], draw)
        self.assertGreaterEqual(len(killed), 5 * ROUNDS, killed)

    @unittest.skipUnless(ROUNDS > 1, "a long test (CAMBIUM_LONG_TESTS=1)")
    def test_killed_many_times_in_a_row(self):
        for seed in range(ROUNDS):
            draw = random.Random(1000 + seed)
            kinds = ["start", "lines", "staging", "removal", "growth", "grown"]
            self.kill_and_go_on(draw.choice(["lidas", "midas"]), [draw.choice(kinds) for _ in range(12)], draw)

    @unittest.skipUnless(ROUNDS > 1 and shutil.which("strace"), "a long test (CAMBIUM_LONG_TESTS=1) that needs strace")
    def test_killed_at_every_change_of_the_disk(self):
        """A SIGKILL in place of the n-th call that renames, removes, makes or flushes something, for every n."""
        for call in ("rename,renameat2", "unlink,unlinkat,rmdir", "mkdir", "fsync", "write"):
            for nth in range(1, 400, 1 if call != "write" else 7):
                shutil.rmtree(self.path("run"), ignore_errors=True)
                inject = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={nth}"]
                command = inject + [BINARY, "train", *self.arguments("run", {}, None)]
                done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, timeout=120)
                if done.returncode == 0:
                    break
                self.train("run")
                with self.subTest(call=call, nth=nth):
                    self.assert_whole("run")


class Checkpoints(Resume):
    def test_which_stay(self):
        # Every 6 steps, of which the newest two stay, and the last step; at growths right before and right after.
        kept = [name_of(10), name_of(10, True), name_of(23), name_of(23, True), name_of(36), name_of(40)]
        self.assertEqual(checkpoints(self.path("whole-lidas")), kept)
        layers = {name: self.config(name)["num_hidden_layers"] for name in kept}
        self.assertEqual(list(layers.values()), [2, 4, 4, 6, 6, 6])

    def config(self, checkpoint):
        return json.loads(self.path("whole-lidas", "checkpoints", checkpoint, "config.json").read_text())

    def test_keep(self):
        self.train("keep", {"checkpoint.keep": 3, "checkpoint.keep_growth": "false", "log.tensorboard": "false"})
        self.assertEqual(checkpoints(self.path("keep")), [name_of(30), name_of(36), name_of(40)])
        self.assertEqual(last_checkpoint(self.path("keep")), last_checkpoint(self.path("whole-lidas")))

    def test_a_kill_before_the_last_is_removed(self):
        """The run is finished; what it would have removed is one checkpoint more."""
        self.train("more", {"checkpoint.keep": 3})
        self.assertIn(name_of(30), checkpoints(self.path("more")))
        self.assertIn("finished already", self.train("more").stderr)
        self.assert_whole("more")

    def test_none_but_the_last(self):
        self.train("last", {"checkpoint.every": 0, "checkpoint.keep_growth": "false"})
        self.assertEqual(checkpoints(self.path("last")), [name_of(40)])
        self.assertEqual(last_checkpoint(self.path("last")), last_checkpoint(self.path("whole-lidas")))

    def test_files_and_manifest(self):
        folder = self.path("whole-lidas", "checkpoints", name_of(40))
        names = {"config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json", "trainer.json"}
        self.assertEqual({path.name for path in folder.iterdir()}, names | {"manifest.json"})
        files = json.loads((folder / "manifest.json").read_text())["files"]
        self.assertEqual({file["name"] for file in files}, names)
        for file in files:
            self.assertEqual(file["bytes"], (folder / file["name"]).stat().st_size)
            self.assertEqual(len(file["xxh3_128"]), 32)

    def test_state(self):
        state = self.trainer_json("whole-lidas", name_of(40))
        self.assertEqual((state["step"], state["tokens"]), (40, 40 * 128))
        self.assertEqual([(growth["step"], growth["to_layers"]) for growth in state["growth"]], [(10, 4), (23, 6)])
        self.assertEqual(sum(source["tokens"] for source in state["data"]), 40 * 128)
        # 0 1 | 0 1 0 1 | layers 1, 2 copied to places 2, 3.
        self.assertEqual(state["lineage"], [0, 1, 1, 0, 0, 1])

    def test_a_folder_with_nothing_but_a_checkpoint(self):
        for checkpoint in (name_of(10), name_of(23, True)):
            for form in ("auto", "checkpoint", "run"):
                with self.subTest(checkpoint=checkpoint, form=form), tempfile.TemporaryDirectory() as elsewhere:
                    shutil.rmtree(self.path("copied"), ignore_errors=True)
                    copy = (self.path("copied") if form == "auto" else pathlib.Path(elsewhere)) / "checkpoints" / checkpoint
                    shutil.copytree(self.path("whole-lidas", "checkpoints", checkpoint), copy)
                    resume = {"auto": None, "checkpoint": copy, "run": copy.parents[1]}[form]
                    self.train("copied", resume=resume)
                    self.assertEqual(last_checkpoint(self.path("copied")), last_checkpoint(self.path("whole-lidas")))
                    steps, _ = metrics(self.path("copied"))
                    self.assertEqual([line["step"] for line in steps], list(range(int(checkpoint[5:13]) + 1, STEPS + 1)))

    def test_back_to_an_earlier_checkpoint(self):
        shutil.copytree(self.path("whole-lidas"), self.path("back"))
        self.train("back", resume=self.path("back", "checkpoints", name_of(23, True)))
        self.assertEqual(checkpoints(self.path("back", "previous-1")), [name_of(36), name_of(40)])
        self.assert_whole("back")

    def test_back_and_another_way(self):
        """From an earlier checkpoint with another learning rate, killed: what the old way left must not be gone on from."""
        shutil.copytree(self.path("whole-lidas"), self.path("way"))
        slow = {"train.learning_rate": 0.001}
        process = self.begin("way", slow, resume=self.path("way", "checkpoints", name_of(23, True)))
        self.assertTrue(process.wait_for(lambda: name_of(24) in checkpoints(process.run)))
        process.kill()
        self.train("way", slow)
        start = pathlib.Path("checkpoints", name_of(23, True))
        shutil.copytree(self.path("whole-lidas") / start, self.path("straight") / start)
        self.train("straight", slow)
        self.assertEqual(last_checkpoint(self.path("way")), last_checkpoint(self.path("straight")))

    def test_never(self):
        self.copy_whole("anew", until=name_of(23, True))
        (self.path("anew") / "notes.txt").write_text("mine")
        self.train("anew", resume="never")
        self.assert_whole("anew")
        kept = [name for name in checkpoints(self.path("whole-lidas")) if name <= name_of(23, True)]
        self.assertEqual(checkpoints(self.path("anew", "previous-1")), kept)
        self.assertTrue(self.path("anew", "previous-1", "metrics.jsonl").exists())
        self.assertEqual((self.path("anew") / "notes.txt").read_text(), "mine")

    def test_going_on_sets_nothing_aside(self):
        self.copy_whole("on", until=name_of(23, True))
        self.train("on")
        self.assert_whole("on")
        self.assertEqual(list(self.path("on").glob("previous-*")), [])

    def test_another_growth_than_planned(self):
        self.copy_whole("other", until=name_of(23, True))
        before = contents(self.path("other"))
        done = self.try_to_train("other", {"growth.at": "[10, 20]"})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("step 23", done.stderr)
        self.assertEqual(contents(self.path("other")), before)


def last_checkpoint(run):
    """Its files, with their bytes."""
    return {name: data for name, data in contents(run).items() if name.startswith(name_of(STEPS) + "/")}


class InitFrom(Resume):
    """What a run began with is in its checkpoints: the directory may be moved away once there is one."""

    def test_not_needed_to_go_on(self):
        # The whole run's two layers before its first growth, grown to four and then to six.
        section = '[model]\ninit_from = "first"\nnum_hidden_layers = 6\n\n'
        head, rest = CONFIG.split("[model]")
        self.path("from.toml").write_text(head + section + "[growth]" + rest.split("[growth]")[1])
        shutil.copytree(self.path("whole-lidas", "checkpoints", name_of(10)), self.path("first"))

        def train(run, *options):
            return cambium("train", "from.toml", "--set", f"run.dir={run}", *options, cwd=self.folder)

        self.assertEqual(train("uncut").returncode, 0)
        for until in (name_of(23, True), name_of(40)):
            shutil.copytree(self.path("uncut"), self.path(until))
            for name in checkpoints(self.path(until)):
                if name > until:
                    shutil.rmtree(self.path(until, "checkpoints", name))
        shutil.copytree(self.path("uncut", "checkpoints", name_of(10)), self.path("alone"))
        self.path("first").rename(self.path("elsewhere"))

        for run in (name_of(23, True), name_of(40)):
            done = train(run)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assert_same_run(run, "uncut")
        done = train("from-alone", "--resume", "alone")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(last_checkpoint(self.path("from-alone")), last_checkpoint(self.path("uncut")))
        self.assertEqual(cambium("plan", "from.toml", "--set", "run.dir=uncut", cwd=self.folder).returncode, 0)
        for options in (("new",), ("uncut", "--resume", "never")):
            done = train(*options)
            self.assertEqual(done.returncode, 2)
            self.assertIn("first/config.json", done.stderr)


@unittest.skipUnless(shutil.which("strace"), "needs strace")
class PowerFailure(Training):
    def test_lines_reach_the_disk_before_the_checkpoint(self):
        calls = "trace=fsync,rename,renameat2,write"
        command = ["strace", "-f", "-y", "-o", "calls", "-e", calls, BINARY, "train", *self.arguments("run", {}, None)]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
        if "ptrace" in done.stderr:
            self.skipTest("may not trace")
        self.assertEqual(done.returncode, 0, done.stderr)
        synced, published = True, 0
        for call in self.path("calls").read_text().splitlines():
            if "metrics.jsonl>" in call:
                synced = "fsync(" in call
            elif re.search(r"rename.*partial.*checkpoints/step-", call):
                self.assertTrue(synced, call)
                published += 1
        self.assertGreater(published, len(checkpoints(self.path("run"))))


class Damage(Resume):
    DAMAGES = {
        "flipped byte of the weights": lambda folder: flip_byte(folder / "model.safetensors"),
        "flipped byte of the moments": lambda folder: flip_byte(folder / "optimizer.safetensors"),
        "truncated file": lambda folder: truncate(folder / "optimizer.safetensors"),
        "missing file": lambda folder: (folder / "trainer.json").unlink(),
        "no manifest": lambda folder: (folder / "manifest.json").unlink(),
        "truncated manifest": lambda folder: truncate(folder / "manifest.json") or truncate(folder / "manifest.json"),
        "manifest of nothing": lambda folder: (folder / "manifest.json").write_text(
            '{"format": "cambium-checkpoint", "version": 1, "files": []}'),
    }

    def test_the_one_before_is_used(self):
        for name, damage in self.DAMAGES.items():
            with self.subTest(name):
                shutil.rmtree(self.path("damaged"), ignore_errors=True)
                shutil.copytree(self.path("whole-lidas"), self.path("damaged"))
                damage(self.path("damaged", "checkpoints", name_of(40)))
                said = self.train("damaged").stderr
                self.assertRegex(said, f"warning: .*{name_of(40)}")
                self.assertRegex(said, f"resumed from .*{name_of(36)}")
                self.assert_whole("damaged")

    def test_with_nothing_else_to_keep(self):
        """A damaged checkpoint does not count among those that are kept."""
        few = {"checkpoint.keep": 1, "checkpoint.keep_growth": "false"}
        self.copy_whole("few", until=name_of(23, True))
        flip_byte(self.path("few", "checkpoints", name_of(23, True), "model.safetensors"))
        process = self.begin("few", few)
        self.assertTrue(process.wait_for(lambda: name_of(24) in checkpoints(process.run)))
        process.kill()
        self.assertRegex(self.train("few", few).stderr, "resumed from .*step-000000(24|30|36|40)")
        self.assertEqual(last_checkpoint(self.path("few")), last_checkpoint(self.path("whole-lidas")))

    def test_named_and_damaged(self):
        self.copy_whole("named", until=name_of(23))
        folder = self.path("named", "checkpoints", name_of(23))
        flip_byte(folder / "model.safetensors")
        done = self.try_to_train("named", resume=folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("model.safetensors", done.stderr)

    def test_no_checkpoint(self):
        for resume in ("nowhere", "tokens"):
            done = self.try_to_train("nothing", resume=resume)
            self.assertEqual(done.returncode, 2)
            self.assertIn(resume, done.stderr)

    def test_leftovers_are_removed(self):
        self.copy_whole("leftovers", until=name_of(23, True))
        for name in (f".{name_of(29)}.partial", f".{name_of(6)}.removed"):
            shutil.copytree(self.path("leftovers", "checkpoints", name_of(10)), self.path("leftovers", "checkpoints", name))
        self.train("leftovers")
        self.assert_whole("leftovers")

    def test_a_line_cut_short(self):
        self.copy_whole("line", until=name_of(23, True))
        lines = self.path("line", "metrics.jsonl")
        truncate(lines)
        self.train("line")
        self.assert_whole("line")


class FullDisk(Resume):
    def assert_fails_and_goes_on(self, run, done, words, make_room):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, f"error: .*{words}")
        left = checkpoints(self.path(run))
        self.assertTrue(left)
        self.assertEqual([name for name in left if name.startswith(".")], [])
        make_room()
        self.assertRegex(self.train(run).stderr, f"resumed from .*{max(left)}\n")
        self.assert_whole(run)

    def test_files_that_may_not_grow(self):
        limit = 120_000  # holds the moments of four layers, not of six

        def set_limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            [BINARY, "train", *self.arguments("limited", {}, None)],
            cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, preexec_fn=set_limit, timeout=120,
        )
        self.assert_fails_and_goes_on("limited", done, "File too large", lambda: None)

    def train_with_fault(self, run, settings, fault):
        return subprocess.run(
            [BINARY, "train", *self.arguments(run, settings, None)],
            cwd=self.folder, env=ENVIRONMENT | {"CAMBIUM_FAULT": fault}, capture_output=True, text=True, timeout=120,
        )

    def test_a_disk_that_empties_again(self):
        keep_all = {"checkpoint.keep": 100}
        self.train("roomy", keep_all)
        counted = self.train_with_fault("counted", keep_all, "count")
        points = int(re.search("fault points: ([0-9]+)", counted.stderr)[1])
        for first in range(points // 3, points, points // 7):
            with self.subTest(first=first):
                run = f"full-{first}"
                done = self.train_with_fault(run, keep_all, f"full:{first}:8")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("training goes on", done.stderr)
                # All of the lines, and of the checkpoints those that found room, bit by bit.
                self.assertEqual(untimed(self.path(run)), untimed(self.path("roomy")))
                whole, found = contents(self.path("roomy")), contents(self.path(run))
                self.assertEqual({name: whole[name] == data for name, data in found.items()}, dict.fromkeys(found, True))
                self.assertIn(f"{name_of(40)}/model.safetensors", found)

    def test_tries_again_after_a_while(self):
        # The checkpoint behind the last growth finds no room, and no other one is due for long: the one that is found
        # there was written out of turn.
        every = 100_000
        settings = {"train.steps": 2 * every, "checkpoint.every": every, "data.val_every": 0}
        short = {**settings, "train.steps": GROWTHS[-1] + 1}
        counted = self.train_with_fault("counted-2", short, "count")
        points = int(re.search("fault points: ([0-9]+)", counted.stderr)[1])
        for first in range(points, 0, -5):
            done = self.train_with_fault(f"probe-{first}", short, f"full:{first}:1").stderr
            if f"no checkpoint of step {GROWTHS[-1]}," in done and "-grown" not in done.split("room again")[1]:
                break
        else:
            self.fail("no fault point hits that checkpoint")
        process = subprocess.Popen(
            [BINARY, "train", *self.arguments("again", settings, None)], cwd=self.folder, text=True,
            env=ENVIRONMENT | {"CAMBIUM_FAULT": f"full:{first}:1"}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )
        try:
            for line in process.stderr:
                if "training goes on and tries again" in line:
                    process.send_signal(signal.SIGSTOP)
                    time.sleep(10.5)
                    process.send_signal(signal.SIGCONT)
                elif "there is room again" in line:
                    process.send_signal(signal.SIGSTOP)
                    saved = line.split()[-1]
                    break
            self.assertGreater(int(saved[-8:]), GROWTHS[-1], saved)
            self.assertNotEqual(int(saved[-8:]) % every, 0, saved)
            self.assertIn(pathlib.Path(saved).name, checkpoints(self.path("again")))
        finally:
            process.kill()
            process.communicate()

    def test_no_space(self):
        disk = self.path("disk")
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
        if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("cannot mount a small disk")
        try:
            def make_room():
                subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)

            self.assert_fails_and_goes_on("disk", self.try_to_train("disk"), "No space left on device", make_room)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    unittest.main()
