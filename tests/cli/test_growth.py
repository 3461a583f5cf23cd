"""Growth during training: every operator, policy and schedule, interventions, branches, loops."""

import json
import pathlib
import shutil
import tempfile
import unittest

from golden_support import GOLDEN, cambium, must, raw_tensors, score, write_jsonl
from training_support import Training, checkpoints, count_events, metrics, name_of, untimed

OPERATORS = (
    "midas lidas lidas_middle gradstack bottom random random_layers interpose stack identity fresh average explicit"
).split()
DOUBLING = {"interpose", "stack"}
EVENTS = (
    "[{step = 4, sources = [1, 0], insert_at = 1}, {step = 9, sources = [3, 0], insert_at = 0}]"  # 2 -> 4 -> 6
)


def settings_of(operator, **more):
    """14 steps, growths after 4 and 9: from 2 layers to 6, or to 8 by doubling."""
    settings = {
        "growth.operator": operator,
        "growth.at": "[4, 9]",
        "train.steps": 14,
        "train.cooldown_steps": 2,
        "checkpoint.every": 3,
        "data.val_every": 0,
        "log.tensorboard": "false",
        "model.num_hidden_layers": 8 if operator in DOUBLING else 6,
    }
    if operator == "explicit":
        del settings["growth.at"]
        settings |= {"growth.event": EVENTS, "growth.at": "[]"}
    return settings | {key.replace("__", "."): value for key, value in more.items()}


def layers_of(checkpoint):
    return json.loads((checkpoint / "config.json").read_text())["num_hidden_layers"]


class Growth(Training):
    def killed_at(self, event, settings):
        """Starts the run or goes on with it, and kills it at its next event. False where it ended before it was seen."""
        process = self.begin("killed", settings)
        before = count_events(process, event)
        arrived = process.wait_for(lambda: count_events(process, event) > before)
        code, said = process.kill()
        self.assertIn(code, (0, -9), said)
        return arrived and code == -9

    def assert_survives_kills(self, settings, kills, event="growth"):
        """Killed at each of its events and started again, a run ends as if nothing had been."""
        self.train("whole", settings)
        for _ in range(8):  # on a busy machine a run of a second can be over before it is looked at
            if all(self.killed_at(event, settings) for _ in range(kills)):
                break
            shutil.rmtree(self.path("killed"))
        else:
            self.fail(f"no run could be killed at each {event}")
        self.train("killed", settings)
        self.assert_same_run("killed", "whole")
        events = metrics(self.path("whole"))[1]
        shutil.rmtree(self.path("killed"))
        return events

    def tearDown(self):
        for run in ("whole", "killed"):
            shutil.rmtree(self.path(run), ignore_errors=True)


class Operators(Growth):
    def test_killed_at_each_growth(self):
        for operator in OPERATORS:
            with self.subTest(operator):
                self.tearDown()
                events = self.assert_survives_kills(settings_of(operator), kills=2)
                self.assertEqual([event["step"] for event in events], [4, 9])
                self.assertEqual([event["operator"] for event in events], [operator] * 2)
                depths = [2, 4, 8] if operator in DOUBLING else [2, 4, 6]
                self.assertEqual([event["from_layers"] for event in events], depths[:2])
                self.assertEqual([event["to_layers"] for event in events], depths[1:])
                if operator == "identity":
                    for event in events:
                        self.assertAlmostEqual(event["loss_before"], event["loss_after"], places=12)

    def test_grow_does_what_a_run_does(self):
        for operator in OPERATORS:
            if operator == "explicit":
                continue
            with self.subTest(operator), tempfile.TemporaryDirectory() as folder:
                self.tearDown()
                self.train("whole", settings_of(operator, growth__noise=0.01))
                out = pathlib.Path(folder, "out")
                block = () if operator in DOUBLING else ("--block-size", 2)
                before = self.path("whole", "checkpoints", name_of(9))
                must("grow", before, "--operator", operator, *block, "--noise", 0.01, "--out", out)
                grown = self.path("whole", "checkpoints", name_of(9, True))
                for file in ("model.safetensors", "optimizer.safetensors", "trainer.json"):
                    self.assertEqual((out / file).read_bytes(), (grown / file).read_bytes(), file)

    def test_every_step_converts(self):
        """A grown model, right before, right after and at the end, is a plain model with equal log-probabilities."""
        ids = [[1, 5, 9, 2, 7, 7, 3], [4, 4, 8]]
        for operator in ("lidas", "interpose", "fresh"):
            self.tearDown()
            self.train("whole", settings_of(operator, growth__noise=0.05))
            for name in checkpoints(self.path("whole")):
                with self.subTest(operator=operator, checkpoint=name), tempfile.TemporaryDirectory() as folder:
                    checkpoint, out = self.path("whole", "checkpoints", name), pathlib.Path(folder, "out")
                    must("convert", checkpoint, out)
                    self.assertEqual(json.loads((out / "config.json").read_text())["model_type"], "llama")
                    self.assertEqual(layers_of(out), layers_of(checkpoint))
                    self.assertEqual(score(out, ids, folder), score(checkpoint, ids, folder))

    def test_refusals(self):
        for settings, parts in (
            ({"growth.operator": "lidass"}, ["growth.operator", "lidas"]),
            ({"growth.operator": "stack", "model.num_hidden_layers": 6}, ["doubling 2 times", "4 or 8"]),
            ({"growth.operator": "explicit"}, ["[[growth.event]]"]),
            ({"growth.event": "[{step = 4, source = [1]}]"}, ["growth.event.0.source", "growth.event.sources"]),
        ):
            done = self.try_to_train("refused", settings_of("midas") | settings)
            self.assertEqual(done.returncode, 2, done.stderr)
            for part in parts:
                self.assertIn(part, done.stderr)
            self.assertFalse(self.path("refused").exists())


class Policies(Growth):
    def test_all_at_once(self):
        settings = settings_of(
            "midas",
            growth__moments="copy_reset_step",
            growth__noise=0.1,
            growth__output_scale=0.5,
            growth__rewarmup_steps=4,
            growth__freeze_steps=3,
            train__schedule="constant",
            train__warmup_steps=0,
            checkpoint__every=1,
            checkpoint__keep=20,
        )
        events = self.assert_survives_kills(settings, kills=2)
        for event in events:
            applied = {key: event[key] for key in ("moments", "noise", "output_scale", "rewarmup_steps", "freeze_steps", "seed")}
            self.assertEqual(
                applied,
                {
                    "moments": "copy_reset_step",
                    "noise": 0.1,
                    "output_scale": 0.5,
                    "rewarmup_steps": 4,
                    "freeze_steps": 3,
                    "seed": 1,
                },
            )
        steps, _ = metrics(self.path("whole"))
        rates = [line["lr"] / 0.005 for line in steps]
        self.assertEqual(rates, [1, 1, 1, 1, 0.25, 0.5, 0.75, 1, 1, 0.25, 0.5, 0.75, 1, 1])
        # 0 1 [0 1]: layers 0 and 1 rest for three steps, as do embedding and norm; the new ones move at once.
        at = lambda step, grown=False: raw_tensors(
            self.path("whole", "checkpoints", name_of(step, grown), "model.safetensors")
        )
        grown, first, resting, moving = at(4, True), at(5), at(7), at(8)
        for name in grown:
            is_new = ".layers.2." in name or ".layers.3." in name
            self.assertEqual(first[name] != grown[name], is_new, name)
            self.assertEqual(resting[name] != grown[name], is_new, name)
            self.assertNotEqual(moving[name], resting[name], name)
        counts = json.loads(self.path("whole", "checkpoints", name_of(8), "trainer.json").read_text())["adam_steps"]
        self.assertEqual(counts, [5, 5, 5, 4, 4, 5])  # 4 before the growth, 1 of the 4 behind it; the copies from 0

    def test_layer_norm_scaling_by_the_final_depth(self):
        settings = settings_of("lidas", model__layer_norm_scaling="true", growth__scaling_index="final")
        self.assert_survives_kills(settings, kills=2)
        ids = [[1, 5, 9, 2, 7]]
        positions = {}
        for name in checkpoints(self.path("whole")):
            config = json.loads(self.path("whole", "checkpoints", name, "config.json").read_text())
            positions[name] = config.get("layer_norm_scaling_positions")
            with tempfile.TemporaryDirectory() as folder:
                checkpoint, out = self.path("whole", "checkpoints", name), pathlib.Path(folder, "out")
                must("convert", checkpoint, out)
                for found, expected in zip(score(out, ids, folder)[0], score(checkpoint, ids, folder)[0]):
                    self.assertAlmostEqual(found or 0, expected or 0, places=5)
        # 2 -> 4 (inserted at 2) -> 6 (inserted at 2)
        self.assertEqual(positions[name_of(4)], [0, 1])
        self.assertEqual(positions[name_of(4, True)], [0, 1, 4, 5])
        self.assertIsNone(positions[name_of(9, True)])
        done = cambium("grow", self.path("whole", "checkpoints", name_of(4)), "--operator", "midas", "--block-size", 2,
                       "--out", self.path("never"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("layer_norm_scaling_positions", done.stderr)

    def test_current_is_the_default(self):
        settings = settings_of("lidas", model__layer_norm_scaling="true")
        self.train("whole", settings)
        config = json.loads(self.path("whole", "checkpoints", name_of(4, True), "config.json").read_text())
        self.assertNotIn("layer_norm_scaling_positions", config)


class Symmetrize(Growth):
    def test_in_a_run(self):
        for control in ("none", "unmatched", "random"):
            with self.subTest(control):
                self.tearDown()
                settings = settings_of("midas", growth__symmetrize=f'{{at = [9, 11], strength = 0.5, control = "{control}"}}')
                events = self.assert_survives_kills(settings, kills=2, event="symmetrize")
                self.assertEqual([(event["event"], event["step"]) for event in events],
                                 [("growth", 4), ("growth", 9), ("symmetrize", 9), ("symmetrize", 11)])
                for event in events[2:]:
                    self.assertEqual((event["strength"], event["control"], event["block_size"]), (0.5, control, 2))
                    self.assertNotEqual(event["loss_before"], event["loss_after"])

    def test_offline(self):
        self.train("whole", settings_of("midas"))
        source = self.path("whole", "checkpoints", name_of(14))
        before = raw_tensors(source / "model.safetensors")
        for strength in (0, 1):
            out = self.path(f"symmetric-{strength}")
            said = must("grow", source, "--operator", "symmetrize", "--block-size", 2, "--strength", strength, "--out", out)
            self.assertIn("pairs 0-2", said.stdout)
            after = raw_tensors(out / "model.safetensors")
            moments = raw_tensors(out / "optimizer.safetensors")
            if strength == 0:
                self.assertEqual(after, before)
            else:
                for name in after:
                    mirrored = name.replace("layers.0.", "layers.4.").replace("layers.1.", "layers.5.")
                    self.assertEqual(after[name], after[mirrored])
                    self.assertEqual(moments["exp_avg_sq." + name], moments["exp_avg_sq." + mirrored])
                    if not any(f"layers.{layer}." in name for layer in (0, 1, 4, 5)):
                        self.assertEqual(after[name], before[name])
            must("inspect", out, "--verify")
        trainer = json.loads((self.path("symmetric-1") / "trainer.json").read_text())
        self.assertEqual(trainer["symmetrized"][0]["pairs"], [[0, 2]])

    def test_refusals(self):
        model = GOLDEN / "growth" / "model"  # 4 layers
        for options, part in (
            (("--block-size", 4), "at least 2 blocks, found 1"),
            (("--block-size", 3), "3"),
            (("--block-size", 2, "--control", "unmatched"), "at least 3"),
            ((), "--block-size"),
        ):
            out = self.path("refused")
            done = cambium("grow", model, "--operator", "symmetrize", *options, "--out", out)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(part, done.stderr)
            self.assertFalse(out.exists())


class Branches(Growth):
    BASE = settings_of("lidas", train__schedule="constant", train__steps=20)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().train("parent", cls.BASE)

    def runTest(self):
        """So that setUpClass can make one."""

    def parent(self, step=9, grown=True):
        return self.path("parent", "checkpoints", name_of(step, grown))

    def branch(self, run, checkpoint, **more):
        return self.train(run, self.BASE | {"run.branch_from": checkpoint, **{k.replace("__", "."): v for k, v in more.items()}})

    def test_with_the_same_settings_it_is_the_parent(self):
        for checkpoint in (self.parent(4, False), self.parent(4), self.parent(9, False), self.parent(9)):
            with self.subTest(checkpoint.name):
                shutil.rmtree(self.path("same"), ignore_errors=True)
                self.branch("same", checkpoint)
                for file in ("model.safetensors", "optimizer.safetensors"):
                    self.assertEqual(
                        self.path("same", "checkpoints", name_of(20), file).read_bytes(),
                        self.path("parent", "checkpoints", name_of(20), file).read_bytes(),
                    )
                mine = [line for line in untimed(self.path("same"))]
                first = mine[0]["step"]
                theirs = [line for line in untimed(self.path("parent")) if line["step"] >= first]
                self.assertEqual(mine, theirs[len(theirs) - len(mine) :])
                state = self.trainer_json("same", name_of(20))
                self.assertEqual(state["branch"]["from"], str(checkpoint))
                self.assertEqual(state["branch"]["step"], int(checkpoint.name[5:13]))
                self.assertEqual(state["data"], self.trainer_json("parent", name_of(20))["data"])

    def test_two_cooldowns(self):
        for shape in ("linear", "cosine"):
            settings = {"train__schedule": "wsd", "train__cooldown_steps": 6, "train__cooldown_shape": shape, "train__steps": 16}
            self.branch(f"cooldown-{shape}", self.parent(), growth__operator="none", growth__at="[]", **settings)
            steps, events = metrics(self.path(f"cooldown-{shape}"))
            self.assertEqual([line["step"] for line in steps], list(range(10, 17)))
            self.assertEqual(events, [])
            self.assertEqual(steps[0]["lr"], 0.005)
            self.assertLess(steps[-1]["lr"], 0.002)
        tree = must("inspect", self.path("parent")).stdout
        self.assertRegex(tree, r"└ cooldown-cosine branches off after step 9")
        self.assertRegex(tree, r"└ cooldown-linear branches off after step 9")
        child = self.path("cooldown-cosine", "checkpoints", name_of(15))
        self.branch("grandchild", child, growth__operator="none", growth__at="[]", train__steps=18)
        shown = must("inspect", self.path("grandchild")).stdout
        self.assertRegex(shown, r"(?s)branched +from .*cooldown-cosine.*after step 15.*from .*parent.*after step 9")
        self.assertRegex(must("inspect", self.path("parent")).stdout, r"(?s)└ cooldown-cosine.*\n    └ grandchild")
        chain = json.loads(must("inspect", self.path("grandchild"), "--json").stdout)["branched_from"]
        self.assertEqual([link["step"] for link in chain], [15, 9])

    def test_killed_and_without_its_parent(self):
        """Once a branch has a checkpoint of its own, the parent is not needed; other data goes on from position 0."""
        write_jsonl(self.path("other.jsonl"), [{"text": f"number {n} is followed by number {n + 1}."} for n in range(900)])
        must("data", "prepare", "--tokenizer", "tokenizer.json", "--out", "other", "other.jsonl", cwd=self.folder)
        sources = '[{path = "tokens", weight = 1}, {path = "other", weight = 3}]'
        settings = self.BASE | {"data.source": sources, "train.steps": 26}
        copy = self.path("copy", "checkpoints", self.parent().name)
        shutil.copytree(self.parent(), copy)
        self.train("whole", settings | {"run.branch_from": copy})
        process = self.begin("killed", settings | {"run.branch_from": copy})
        self.assertTrue(process.wait_for(lambda: name_of(12) in checkpoints(process.run)))
        process.kill()
        shutil.rmtree(self.path("copy"))
        self.train("killed", settings | {"run.branch_from": copy})
        self.assert_same_run("killed", "whole")
        at_branch = {source["source"]: source["windows"] for source in self.trainer_json("parent", name_of(9, True))["data"]}
        at_end = {source["source"]: source["windows"] for source in self.trainer_json("whole", name_of(26))["data"]}
        windows = (26 - 9) * 8
        self.assertAlmostEqual(at_end["other"], 0.75 * windows, delta=1)
        self.assertEqual(at_end["tokens"] + at_end["other"], at_branch["tokens"] + windows)

    def test_plan(self):
        options = [option for key, value in (self.BASE | {"run.branch_from": self.parent(4)}).items() for option in ("--set", f"{key}={value}")]
        plan = json.loads(must("plan", "config.toml", "--json", *options, "--set", "run.dir=planned", cwd=self.folder).stdout)
        self.assertEqual(plan["first_step"], 4)
        self.assertEqual([(stage["begin_step"], stage["end_step"], stage["layers"]) for stage in plan["stages"]],
                         [(4, 9, 4), (9, 20, 6)])
        self.assertEqual(plan["data"]["mixture"][0]["begin_step"], 4)
        self.assertAlmostEqual(plan["data"]["sources"][0]["drawn_tokens"], 16 * 128)

    def test_refusals(self):
        for more, parts in (
            ({"run.branch_from": "nowhere"}, ["nowhere"]),
            ({"run.branch_from": self.parent(), "train.steps": 9}, ["train.steps", "step 9"]),
            ({"run.branch_from": self.parent(4), "growth.operator": "none", "growth.at": "[]"}, ["4 layers", "num_hidden_layers"]),
            ({"run.branch_from": self.parent(), "model.init_from": str(self.parent())}, ["init_from", "branch_from"]),
            ({"run.branch_from": self.parent(), "model.hidden_size": 24}, ["architecture"]),
        ):
            done = self.try_to_train("refused", self.BASE | more)
            self.assertEqual(done.returncode, 2, done.stderr)
            for part in parts:
                self.assertIn(part, done.stderr)
            self.assertEqual(checkpoints(self.path("refused")), [])


class Loops(Growth):
    SETTINGS = {
        "growth.operator": "none",
        "growth.at": "[]",
        "model.num_hidden_layers": 4,
        "model.loop": "{layers = [1, 3], times = 3}",
        "train.steps": 8,
        "checkpoint.every": 4,
        "log.tensorboard": "false",
    }

    def test_a_looped_model_trains_converts_and_scores(self):
        ids = [[1, 5, 9, 2, 7, 7, 3], [4, 4, 8]]
        self.train("whole", self.SETTINGS)
        process = self.begin("killed", self.SETTINGS)
        self.assertTrue(process.wait_for(lambda: name_of(4) in checkpoints(process.run)))
        process.kill()
        self.train("killed", self.SETTINGS)
        self.assert_same_run("killed", "whole")
        checkpoint = self.path("whole", "checkpoints", name_of(8))
        config = json.loads((checkpoint / "config.json").read_text())
        self.assertEqual((config["model_type"], config["loop"]), ("cambium-llama", {"layers": [1, 3], "times": 3}))
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out")
            self.assertIn("loop unrolled", must("convert", checkpoint, out).stdout)
            plain = json.loads((out / "config.json").read_text())
            self.assertEqual((plain["model_type"], plain["num_hidden_layers"]), ("llama", 8))
            self.assertEqual(score(out, ids, folder), score(checkpoint, ids, folder))
        self.assertIn("layers [1,3] run 3 times", must("inspect", checkpoint).stdout)

    def test_training_is_that_of_the_unrolled_model(self):
        """One step of the looped model moves tied weights by the sum of what the unrolled model's copies get."""
        self.train("whole", self.SETTINGS | {"train.steps": 1, "train.cooldown_steps": 0})
        looped = metrics(self.path("whole"))[0][0]
        with tempfile.TemporaryDirectory() as folder:
            start = self.path("start")
            self.train("start", self.SETTINGS | {"train.steps": 1, "train.cooldown_steps": 0, "train.learning_rate": 1e-30})
            out = pathlib.Path(folder, "plain")
            must("convert", start / "checkpoints" / name_of(1), out)
            self.train("unrolled", {
                **self.SETTINGS, "model.loop": "none", "model.num_hidden_layers": 8, "model.init_from": out,
                "train.steps": 1, "train.cooldown_steps": 0})
            self.assertAlmostEqual(metrics(self.path("unrolled"))[0][0]["loss"], looped["loss"], places=6)

    def test_orders(self):
        ids = [[1, 5, 9, 2, 7, 7, 3]]
        model = GOLDEN / "growth" / "model"  # 4 layers
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            write_jsonl(folder / "in.jsonl", [{"ids": row} for row in ids])

            def nll(*options):
                said = must("score", model, "--input", folder / "in.jsonl", "--out", folder / "out.jsonl", *options)
                return json.loads(said.stdout.splitlines()[-1])["nll"]

            plain = nll()
            self.assertEqual(nll("--order", "0-3"), plain)
            must("grow", model, "--operator", "explicit", "--sources", "1,2", "--insert-at", 3, "--out", folder / "grown")
            grown = score(folder / "grown", ids, folder)
            self.assertAlmostEqual(nll("--order", "0,1-2x2,3"), -sum(v for v in grown[0] if v) / (len(ids[0]) - 1), places=5)
            for order in ("0,2,1,3", "0-2", "3-0", "0-3x2"):
                self.assertNotEqual(nll("--order", order), plain, order)
            done = cambium("score", model, "--input", folder / "in.jsonl", "--order", "0-4")
            self.assertEqual(done.returncode, 2)
            self.assertIn("layers 0 to 3", done.stderr)

    def test_not_with_growth(self):
        done = self.try_to_train("refused", self.SETTINGS | {"growth.operator": "midas", "growth.at": "[4]"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("model.loop", done.stderr)


class FromTheWorldsModels(Growth):
    def test_grow_a_stored_model_and_train_it(self):
        """A Hugging Face LLaMA of 4 layers: refused with a block of 3, grown by 2, trained from, and grown in training."""
        first = {"growth.operator": "none", "growth.at": "[]", "model.num_hidden_layers": 4, "train.steps": 1,
                 "train.cooldown_steps": 0}
        self.train("whole", first)
        with tempfile.TemporaryDirectory() as folder:
            model, out = pathlib.Path(folder, "model"), pathlib.Path(folder, "grown")
            must("convert", self.path("whole"), model)
            done = cambium("grow", model, "--operator", "lidas", "--block-size", 3, "--out", out)
            self.assertEqual(done.returncode, 2)
            self.assertIn("blocks that fit: 1, 2, 4", done.stderr)
            must("grow", model, "--operator", "lidas", "--block-size", 2, "--out", out)
            text = [
                "[run]", 'dir = "run"', 'precision = "float32"', "threads = 1", "[model]", f'init_from = "{out}"',
                "num_hidden_layers = 8", "[growth]", 'operator = "lidas"', "block_size = 2", "start_layers = 6",
                "[train]", "steps = 6", "sequence_length = 16", "batch_tokens = 64", "[[data.source]]", 'path = "tokens"',
            ]
            pathlib.Path(folder, "run.toml").write_text("\n".join(text))
            shutil.copytree(self.path("tokens"), pathlib.Path(folder, "tokens"))
            must("train", "run.toml", cwd=folder)
            last = pathlib.Path(folder, "run", "checkpoints", name_of(6))
            self.assertEqual(layers_of(last), 8)
            growth = json.loads((last / "trainer.json").read_text())["growth"]
            self.assertEqual([(event["from_layers"], event["to_layers"]) for event in growth], [(6, 8)])


if __name__ == "__main__":
    unittest.main()
