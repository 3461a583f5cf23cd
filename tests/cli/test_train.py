"""`cambium train` as a user sees it: what it writes, how it stops, what it refuses."""

import json
import math
import shutil
import signal
import struct
import unittest

from golden_support import cambium, must, read_jsonl, read_safetensors
from training_support import GROWTHS, STEPS, Training, checkpoints, metrics, name_of, untimed

FIELDS = {"step", "tokens", "loss", "grad_norm", "lr", "layers", "tokens_per_second", "mfu", "seconds", "data_wait",
          "source_tokens", "source_epochs"}
# Twelve steps and one growth are enough where only the arithmetic is looked at.
SHORT = {"train.steps": 12, "train.cooldown_steps": 0, "growth.at": "[5]", "data.val_every": 0, "checkpoint.every": 100}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """Number and value of each field of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            length, at = (8, at) if kind == 1 else (4, at) if kind == 5 else varint(data, at)
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def tensorboard_scalars(run, tag):
    """[(step, value)] as TensorBoard shows them: where a session begins anew, later steps of older files are dropped."""
    shown = []
    for path in sorted(run.glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime_ns):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = dict(fields(data[at + 12 : at + 12 + length]))
            at += length + 16
            if 7 in event:
                shown = [(step, value) for step, value in shown if step < event[2]]
            for _, entry in fields(event.get(5, b"")):
                scalar = dict(fields(entry))
                if scalar[1] == tag.encode():
                    shown.append((event[2], struct.unpack("<f", scalar[2])[0]))
    return shown


class Metrics(Training):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().train("whole")

    def runTest(self):
        """So that setUpClass can make one."""

    def test_lines(self):
        lines, _ = metrics(self.path("whole"))
        self.assertEqual([line["step"] for line in lines], list(range(1, STEPS + 1)))
        for line in lines:
            step = line["step"]
            self.assertEqual(set(line) - {"val_loss"}, FIELDS)
            self.assertEqual("val_loss" in line, step % 10 == 0)
            self.assertEqual(line["tokens"], 128 * step)
            self.assertEqual(line["source_tokens"], {"tokens": 128 * step})
            self.assertEqual(line["layers"], 2 + 2 * sum(step > growth for growth in GROWTHS))
            self.assertTrue(math.isfinite(line["loss"]) and line["grad_norm"] > 0)
            self.assertGreater(line["tokens_per_second"], 0)
            self.assertGreater(line["mfu"], 0)
            self.assertTrue(0 <= line["data_wait"] <= 1)
            # Step i, from 0: i + 1 over the warm-up (a tenth of the steps); then 1 - sqrt over the last eight.
            rate = min(1, step / 4) if step <= 32 else 1 - math.sqrt((step - 1 - 32) / 8)
            self.assertAlmostEqual(line["lr"], 0.005 * rate, delta=1e-12)
        seconds = [line["seconds"] for line in lines]
        self.assertEqual(seconds, sorted(seconds))
        self.assertLess(lines[-1]["loss"], lines[0]["loss"] - 1)

    def test_growths(self):
        lines, events = metrics(self.path("whole"))
        found = [{key: event[key] for key in event if not key.startswith("loss_") and key != "seconds"} for event in events]
        kind = {"event": "growth", "operator": "lidas", "moments": "copy"}
        first = {"step": 10, "from_layers": 2, "to_layers": 4, "sources": [0, 1], "insert_at": 2}
        second = {"step": 23, "from_layers": 4, "to_layers": 6, "sources": [1, 2], "insert_at": 2}
        self.assertEqual(found, [kind | first, kind | second])
        # Step 10 was followed by a measurement, then by the growth.
        self.assertEqual(events[0]["loss_before"], lines[9]["val_loss"])
        for event in events:
            self.assertNotEqual(event["loss_before"], event["loss_after"])
            self.assertLess(abs(event["loss_after"] - event["loss_before"]), 1)
            self.assertGreater(event["seconds"], 0)
        order = [line["step"] for line in read_jsonl(self.path("whole") / "metrics.jsonl") if line["step"] in (10, 11)]
        self.assertEqual(order, [10, 10, 11])

    def test_sources(self):
        two = {"data.source.0.weight": 3, "data.source.1.path": '"./tokens"', "data.source.1.from_step": 6}
        self.train("mixed", SHORT | two)
        lines, _ = metrics(self.path("mixed"))
        self.assertEqual(lines[5]["source_tokens"], {"tokens": 6 * 128, "./tokens": 0})
        self.assertEqual(lines[11]["source_tokens"], {"tokens": 6 * 128 + 36 * 16, "./tokens": 12 * 16})
        self.assertEqual(len(set(lines[11]["source_epochs"].values())), 1)  # the same content under two names
        trainer = json.loads((self.path("mixed") / "checkpoints" / name_of(12) / "trainer.json").read_text())
        self.assertEqual([source["tokens"] for source in trainer["data"]], [6 * 128 + 36 * 16, 12 * 16])

    def test_documents_apart(self):
        self.train("plain", SHORT)
        self.train("apart", SHORT | {"data.document_mask": "true"})
        plain, _ = metrics(self.path("plain"))
        apart, _ = metrics(self.path("apart"))
        # Where a batch holds no document's end, nothing differs: only most steps do.
        self.assertGreater(sum(a["loss"] != b["loss"] for a, b in zip(plain, apart)), len(plain) // 2)
        for a, b in zip(plain, apart):
            self.assertAlmostEqual(a["loss"], b["loss"], delta=0.1)

    def test_every_so_many_steps(self):
        self.train("seldom", {"log.every": 7})
        lines, events = metrics(self.path("seldom"))
        self.assertEqual([line["step"] for line in lines], [7, 10, 14, 20, 21, 28, 30, 35, 40])
        self.assertEqual(len(events), 2)
        wanted = {line["step"]: line for line in untimed(self.path("whole")) if "event" not in line}
        for line in (line for line in untimed(self.path("seldom")) if "event" not in line):
            self.assertEqual(line, wanted[line["step"]])

    def test_tensorboard(self):
        wanted = {line["step"]: line["loss"] for line in metrics(self.path("whole"))[0]}
        shown = tensorboard_scalars(self.path("whole"), "loss")
        self.assertEqual([step for step, _ in shown], list(wanted))
        for step, value in shown:
            self.assertAlmostEqual(value, wanted[step], delta=1e-5)

    def test_tensorboard_after_a_kill(self):
        process = self.begin("killed", {"checkpoint.every": 15})
        self.assertTrue(process.wait_for(lambda: process.lines() >= 13))
        process.kill()
        self.train("killed", {"checkpoint.every": 15})
        self.assertGreater(len(list(self.path("killed").glob("events.out.tfevents.*"))), 1)
        self.assertEqual([step for step, _ in tensorboard_scalars(self.path("killed"), "loss")], list(range(1, STEPS + 1)))

    def test_resolved_configuration(self):
        config = self.path("whole", "config.toml")
        self.assertIn("vocab_size = 257", config.read_text())
        again = [must("plan", path, "--json", cwd=self.folder).stdout for path in (config, self.path("config.toml"))]
        plans = [json.loads(text) for text in again]
        for key in ("steps", "warmup_steps", "cooldown_steps", "growth", "stages", "parameters"):
            self.assertEqual(plans[0][key], plans[1][key], key)
        must("train", config, "--set", "run.dir=again", cwd=self.folder)
        self.assert_same_run("again", "whole")

    def test_finished_already(self):
        files = [path for path in self.path("whole").rglob("*") if path.is_file()]
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
        done = self.train("whole")
        self.assertIn("finished already", done.stderr)
        self.assertIn(name_of(STEPS), done.stdout)
        after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.path("whole").rglob("*") if path.is_file()}
        self.assertEqual(after, before)


class Signals(Training):
    def test_stops_and_goes_on(self):
        # Long enough to be caught in the middle.
        long = {"train.steps": 400, "checkpoint.every": 150, "data.val_every": 0, "log.tensorboard": "false"}
        self.train("whole", long)
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                shutil.rmtree(self.path("run"), ignore_errors=True)
                stops = []
                for lines in (4, 9):  # before a growth and behind one, twice in a row
                    process = self.begin("run", long)
                    self.assertTrue(process.wait_for(lambda: process.lines() >= process.lines_before + lines))
                    process.process.send_signal(number)
                    code, said = process.end()
                    self.assertEqual(code, 3, said)
                    last = metrics(self.path("run"))[0][-1]["step"]
                    self.assertIn(f"stopped on a signal after step {last};", said)
                    self.assertIn(name_of(last), checkpoints(self.path("run")))
                    stops.append(last)
                self.assertLess(stops[0], stops[1])
                self.train("run", long)
                self.assertEqual(untimed(self.path("run")), untimed(self.path("whole")))
                for file in ("model.safetensors", "optimizer.safetensors", "trainer.json"):
                    found, wanted = (self.path(run, "checkpoints", name_of(400), file) for run in ("run", "whole"))
                    self.assertTrue(found.read_bytes() == wanted.read_bytes(), file)

    def test_leaves_the_checkpoints_of_a_run_that_was_not_stopped(self):
        settings = {"train.steps": 400, "checkpoint.every": 100, "data.val_every": 0, "log.tensorboard": "false"}
        self.train("unstopped", settings)
        for lines in (3, 130):
            process = self.begin("stopped", settings)
            self.assertTrue(process.wait_for(lambda: process.lines() >= lines))
            process.process.send_signal(signal.SIGTERM)
            self.assertEqual(process.end()[0], 3)
        self.train("stopped", settings)
        self.assertEqual(checkpoints(self.path("stopped")), checkpoints(self.path("unstopped")))

    def test_before_the_first_step(self):
        process = self.begin("early", {"train.steps": 400})
        self.assertTrue(process.wait_for(lambda: (self.path("early") / "config.toml").exists()))
        process.process.send_signal(signal.SIGTERM)
        code, said = process.end()
        self.assertEqual(code, 3, said)
        self.assertTrue(checkpoints(self.path("early")))


class NotFinite(Training):
    def test_stops_after_a_few_in_a_row(self):
        wild = {"train.learning_rate": 1e30, "train.warmup_steps": 1, "checkpoint.every": 1, "checkpoint.keep": 20}
        done = self.try_to_train("wild", wild)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: 5 steps in a row", done.stderr)
        lines, events = metrics(self.path("wild"))
        skipped = [event["step"] for event in events]
        self.assertEqual([event["event"] for event in events], ["skipped"] * 5)
        self.assertEqual(skipped, list(range(skipped[0], skipped[0] + 5)))
        self.assertRegex(events[0]["reason"], "loss|norm")
        self.assertEqual([line["step"] for line in lines], list(range(1, skipped[0])))
        # Nothing of the five steps was applied; the last of them left a checkpoint.
        folders = [self.path("wild", "checkpoints", name_of(step)) for step in (skipped[0] - 1, skipped[-1])]
        for file in ("model.safetensors", "optimizer.safetensors"):
            before, after = ((folder / file).read_bytes() for folder in folders)
            self.assertTrue(before == after, file)
        state = self.trainer_json("wild", name_of(skipped[-1]))
        self.assertEqual(set(state["adam_steps"]), {skipped[0] - 1})
        self.assertIn(name_of(skipped[-1]), done.stderr)


    def test_debug_anomaly(self):
        wild = {"train.learning_rate": 1e30, "train.warmup_steps": 1}
        done = cambium("train", *self.arguments("debug", wild, None), "--debug-anomaly", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        (event,) = metrics(self.path("debug"))[1]
        self.assertRegex(event["first_anomaly"], "holds [0-9]+ NaN and [0-9]+ infinite values, the first at ")
        self.assertIn(f"error: step {event['step']}: {event['first_anomaly']} (run.debug_anomaly)", done.stderr)
        # One that stays finite is trained as without it.
        self.train("plain")
        self.train("watched", {"run.debug_anomaly": "true"})
        self.assertEqual(untimed(self.path("watched")), untimed(self.path("plain")))


class OneAtATime(Training):
    def test_a_second_training_is_refused(self):
        process = self.begin("run", {"train.steps": 4000, "data.val_every": 0})
        self.assertTrue(process.wait_for(lambda: process.lines() > 3))
        done = self.try_to_train("run", {"train.steps": 4000})
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"run: another training is at work there (process {process.process.pid} on ", done.stderr)
        process.kill()
        self.assertTrue(self.path("run", ".lock").exists())
        self.train("run", resume="never")  # the dead hold nobody up
        self.assertFalse(self.path("run", ".lock").exists())


class Refusals(Training):
    def refuse(self, words, settings, code=2):
        done = self.try_to_train("refused", settings)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(self.path("refused").exists())

    def test_bad_configurations(self):
        for words, settings in (
            (["train.batch_tokens", "96 or 112"], {"train.batch_tokens": 100}),
            (["train.micro_batch", "8 sequences"], {"train.micro_batch": 3}),
            (["train.stepz", "did you mean `train.steps`"], {"train.stepz": 100}),
            (["train.steps"], {"train.steps": "many"}),
            (["growth.operator"], {"growth.operator": "tidal"}),
            (["growth.at", "40"], {"growth.at": "[10, 40]"}),
            (["model.num_hidden_layers"], {"model.num_hidden_layers": 7}),
            (["run.device", "cuda"], {"run.device": "cuda"}),
        ):
            with self.subTest(settings=settings):
                self.refuse(words, settings)

    def test_data(self):
        self.refuse(["nowhere"], {"data.source.0.path": "nowhere"})
        self.refuse(["tokens", "model.vocab_size", "100", "HINT: --set model.vocab_size=257\n"], {"model.vocab_size": 100})
        self.refuse(["nowhere.json"], {"data.tokenizer": "nowhere.json"})
        self.refuse(["nowhere"], {"data.val": "nowhere"})

    def test_another_tokenizer(self):
        must("tokenizer", "train", "--vocab-size", 300, "--out", "other.json", "text.jsonl", cwd=self.folder)
        self.refuse(["tokens", "tokenizer"], {"data.tokenizer": "other.json"})

    def test_damaged_data(self):
        shutil.copytree(self.path("tokens"), self.path("short"))
        (shard,) = self.path("short").glob("train-tokens-*.bin")
        shard.write_bytes(shard.read_bytes()[:-2])
        self.refuse(["short"], {"data.source.0.path": "short"})

    def test_nowhere_to_write(self):
        (self.folder / "file").write_text("")
        done = self.try_to_train("file/run")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("file/run", done.stderr)


class Arithmetic(Training):
    """Choices that must not change what is computed, or by rounding only; and those that must."""

    def losses(self, run, settings):
        self.train(run, SHORT | settings)
        return [line["loss"] for line in metrics(self.path(run))[0]]

    def test_recompute(self):
        self.losses("kept", {})
        for what in ("true", "selective"):
            self.losses(what, {"train.recompute": what})
            found, wanted = (self.path(run, "checkpoints", name_of(12)) for run in (what, "kept"))
            for file in ("model.safetensors", "optimizer.safetensors", "trainer.json"):
                self.assertTrue((found / file).read_bytes() == (wanted / file).read_bytes(), f"{what}: {file}")
            self.assertEqual(untimed(self.path(what)), untimed(self.path("kept")))

    def test_micro_batches(self):
        wanted = self.losses("two", {})
        for size in (0, 1, 4):
            for found, loss in zip(self.losses(f"by-{size}", {"train.micro_batch": size}), wanted, strict=True):
                self.assertAlmostEqual(found, loss, delta=2e-4, msg=f"micro_batch = {size}")

    def test_bfloat16(self):
        wanted = self.losses("float32", {})
        found = self.losses("bfloat16", {"run.precision": "bfloat16"})
        self.assertNotEqual(found, wanted)
        for a, b in zip(found, wanted, strict=True):
            self.assertAlmostEqual(a, b, delta=0.05)
        # Masters and moments stay float32.
        for file in ("model.safetensors", "optimizer.safetensors"):
            tensors = read_safetensors(self.path("bfloat16", "checkpoints", name_of(12), file))
            self.assertEqual({dtype for dtype, _, _ in tensors.values()}, {"F32"})

    def test_layer_norm_scaling(self):
        plain, scaled = self.losses("plain", {}), self.losses("scaled", {"model.layer_norm_scaling": "true"})
        self.assertNotEqual(plain[0], scaled[0])
        self.assertLess(scaled[-1], scaled[0] - 0.3)
        checkpoint = self.path("scaled", "checkpoints", name_of(12))
        self.assertEqual(json.loads((checkpoint / "config.json").read_text())["model_type"], "cambium-llama")

    def test_moments_at_growth(self):
        for moments in ("copy", "zero"):
            with self.subTest(moments):
                self.losses(moments, {"growth.moments": moments, "growth.at": "[5]", "model.num_hidden_layers": 4})
                before = self.moments(moments, name_of(5))
                after = self.moments(moments, name_of(5, True))
                for name, values in after.items():
                    parts = name.split(".")
                    new = parts[2] == "layers" and int(parts[3]) >= 2
                    source = ".".join(parts[:3] + [str(int(parts[3]) - 2)] + parts[4:]) if new else name
                    wanted = [0.0] * len(values) if new and moments == "zero" else before[source]
                    self.assertEqual(list(values), list(wanted), name)
                steps = 0 if moments == "zero" else 5
                self.assertEqual(self.trainer_json(moments, name_of(5, True))["adam_steps"], [5, 5, 5, steps, steps, 5])

    def moments(self, run, checkpoint):
        tensors = read_safetensors(self.path(run, "checkpoints", checkpoint, "optimizer.safetensors"))
        return {name: values for name, (_, _, values) in tensors.items()}

    def test_no_tensorboard(self):
        self.losses("without", {"log.tensorboard": "false"})
        self.assertEqual(list(self.path("without").glob("events*")), [])
        self.assertTrue((self.path("without") / "log.txt").read_text().count("\n") > 12)

    def test_seed(self):
        first = self.losses("one", {})
        self.assertEqual(self.losses("same", {"run.seed": 1}), first)
        self.assertNotEqual(self.losses("two-seed", {"run.seed": 2}), first)

    def test_two_threads_repeat(self):
        first = self.losses("threads", {"run.threads": 2})
        self.assertEqual(self.losses("threads-again", {"run.threads": 2}), first)


if __name__ == "__main__":
    unittest.main()
