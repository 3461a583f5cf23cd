"""Several processes train what one trains: the same losses, growth included; their checkpoints serve any number."""

import random
import shutil
import signal
import socket
import time
import unittest

from distributed_support import Distributed, Ranks, environments, long_tests
from training_support import checkpoints, metrics, name_of


def count_lines(run):
    path = run / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


class Compared(Distributed):
    """40 steps of 8 sequences with growths from 2 to 4 to 6 layers; held-out loss every 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().train("one")

    def runTest(self):
        """So that setUpClass can make one."""

    def check(self, size, settings):
        run = f"{size}-{len(settings)}-{settings.get('dist.shard', 'none')}"
        said = self.train_ranks(size, run, settings)
        self.assert_same_losses(run, "one")
        self.assertEqual(checkpoints(self.path(run)), checkpoints(self.path("one")))
        return said


class SameRun(Compared):
    def test_two_processes(self):
        said = self.check(2, {})
        self.assertIn("processes: 2", said[0])
        self.assertEqual(said[1], "", "only the first process tells of the run")

    def test_more_processes_than_divide_the_batch(self):
        self.check(3, {})

    def test_four_processes_in_small_buckets(self):
        self.check(4, {"dist.bucket_mb": 0.002})

    def test_whole_batches_at_once(self):
        self.check(4, {"train.micro_batch": 0, "train.recompute": "full"})

    def test_without_held_out_data(self):
        """The losses around a growth are then those of the next micro-batch."""
        settings = {"data.val_tokens": 128, "growth.freeze_steps": 3, "growth.rewarmup_steps": 4}
        self.train("one-frozen", settings)
        self.train_ranks(2, "two-frozen", settings)
        self.assert_same_losses("two-frozen", "one-frozen")


class SharedOptimizer(Compared):
    SHARED = {"dist.shard": "optimizer"}

    def test_two_processes(self):
        self.check(2, self.SHARED)

    def test_more_processes_than_divide_the_batch(self):
        self.check(3, self.SHARED)

    def test_four_processes(self):
        self.check(4, {**self.SHARED, "growth.moments": "copy", "train.micro_batch": 1})

    def test_other_growths(self):
        """Sources averaged, moments zeroed, pairs of blocks made symmetric: all of it on parts of the moments."""
        settings = {"growth.operator": "average", "growth.moments": "zero", "train.decay": "all"}
        self.train("one-average", settings)
        self.train_ranks(4, "four-average", {**settings, **self.SHARED})
        self.assert_same_losses("four-average", "one-average")


class Checkpoints(Distributed):
    """What four processes wrote is one ordinary checkpoint."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for shard in ("none", "optimizer"):
            cls().train_ranks(4, f"four-{shard}", {"dist.shard": shard, "train.steps": 12, "growth.at": "[5]"})

    def runTest(self):
        """So that setUpClass can make one."""

    def go_on(self, size, shard, run, settings={}):
        """From the four processes' checkpoint. The first step's numbers come from its weights, and the next from its moments."""
        start = self.path(f"four-{shard}", "checkpoints", name_of(12))
        settings = {"train.steps": 16, "growth.at": "[5]", "train.cooldown_steps": 0, **settings}
        if size == 1:
            self.train(run, settings, resume=start)
        else:
            self.train_ranks(size, run, settings, resume=start)

    def test_any_number_goes_on_from_it(self):
        for shard in ("none", "optimizer"):
            for size in (1, 2, 3, 4):
                with self.subTest(shard=shard, size=size):
                    self.go_on(size, shard, f"{shard}-{size}", {"dist.shard": shard})
                    self.assert_same_losses(f"{shard}-{size}", f"{shard}-1")

    def test_the_state_is_the_same_bits_for_any_number(self):
        """A growth right behind the checkpoint has the model before it saved: what was read is written again."""
        grows = {"model.num_hidden_layers": 8, "growth.at": "[5, 12]", "train.steps": 13}
        for shard in ("none", "optimizer"):
            start = self.path(f"four-{shard}", "checkpoints", name_of(12))
            for size in (1, 2, 3):
                for other in ("none", "optimizer"):
                    run = f"again-{shard}-{size}-{other}"
                    self.go_on(size, shard, run, {**grows, "dist.shard": other})
                    again = self.path(run, "checkpoints", name_of(12))
                    for name in ("model.safetensors", "optimizer.safetensors", "trainer.json"):
                        self.assertTrue((start / name).read_bytes() == (again / name).read_bytes(), f"{run}: {name}")


class Failure(Distributed):
    LONG = {"train.steps": 4000, "train.cooldown_steps": 0, "checkpoint.every": 50, "log.every": 10, "growth.at": "[10, 23]"}

    def begin_watched(self, size, run, **settings):
        ranks = self.begin_ranks(size, run, {**self.LONG, "checkpoint.keep_growth": "false", **settings})
        end = time.monotonic() + 60
        while not any("step-" in name for name in checkpoints(self.path(run))) and time.monotonic() < end:
            time.sleep(0.01)
        return ranks

    def test_a_killed_rank_ends_all(self):
        for rank in (0, 2):
            with self.subTest(rank=rank):
                ranks = self.begin_watched(3, f"killed-{rank}")
                ranks.kill(rank, signal.SIGKILL)
                codes, said = ranks.end(timeout=30)
                self.assertEqual(codes, [-9 if other == rank else 1 for other in range(3)], "\n".join(said))
                for other in range(3):
                    if other != rank:
                        self.assertRegex(said[other], rf"error: rank {rank} \(.*\) (ended|gave no sign of life)")

    def test_a_hung_rank_ends_all(self):
        for rank in (0, 1):
            with self.subTest(rank=rank):
                ranks = self.begin_watched(2, f"hung-{rank}", **{"dist.timeout_s": 3})
                ranks.kill(rank, signal.SIGSTOP)
                other = ranks.processes[1 - rank]
                said, _ = other.communicate(timeout=30)
                ranks.kill(rank, signal.SIGKILL)
                ranks.end()
                self.assertEqual(other.returncode, 1, said)
                self.assertRegex(said, rf"error: rank {rank} \(.*, process \d+\) (ended or hangs|gave no sign|does not answer)")

    def test_a_signal_at_one_rank_saves_once(self):
        for rank in (0, 1):
            with self.subTest(rank=rank):
                run = f"stopped-{rank}"
                ranks = self.begin_watched(2, run)
                ranks.kill(rank, signal.SIGTERM)
                codes, said = ranks.end()
                self.assertEqual(codes, [3, 3], "\n".join(said))
                self.assertIn("stopped on a signal after step", said[0])
                steps, _ = metrics(self.path(run))
                self.assertGreaterEqual(int(checkpoints(self.path(run))[-1][5:13]), steps[-1]["step"])


class FullDisk(Distributed):
    def test_of_one_rank(self):
        """All ranks go on without that checkpoint, and write the next one."""
        settings = {"checkpoint.keep": 100, "checkpoint.keep_growth": "false", "dist.shard": "optimizer"}
        self.train_ranks(2, "roomy", settings)
        variables = environments(2)
        variables[1]["CAMBIUM_FAULT"] = "full:1:1"
        codes, said = self.begin_ranks(2, "full", settings, variables=variables).end()
        self.assertEqual(codes, [0, 0], "\n".join(said))
        self.assertIn("there is no checkpoint of step 6, but training goes on", said[0])
        self.assertEqual(checkpoints(self.path("full")), [n for n in checkpoints(self.path("roomy")) if n != name_of(6)])
        self.assert_same_losses("full", "roomy", relative=0)


class Kills(Distributed):
    """Random ranks of groups of random sizes are killed; the run goes on and loses nothing. Each number of processes adds
    up in another order, so that the losses of 300 steps differ in their fourth digit."""

    SETTINGS = {"train.steps": 300, "train.cooldown_steps": 50, "checkpoint.every": 10, "growth.at": "[60, 150]"}

    def kill_some_rank(self, draw):
        """Says whether the run was still at it."""
        size = draw.randrange(2, 5)
        settings = {**self.SETTINGS, "dist.timeout_s": 10, "dist.shard": draw.choice(["none", "optimizer"])}
        before = count_lines(self.path("run"))
        ranks = self.begin_ranks(size, "run", settings)
        wanted, end = before + draw.randrange(0, 40), time.monotonic() + 60
        while all(ranks.running()) and time.monotonic() < end:
            if wanted <= before or count_lines(self.path("run")) >= wanted:
                break
            time.sleep(0.002)
        time.sleep(0.5 * draw.random() if wanted == before else 0.01 * draw.random())
        killed = draw.randrange(size)
        ranks.kill(killed, signal.SIGKILL)
        codes, said = ranks.end(timeout=60)
        others = codes[:killed] + codes[killed + 1 :]
        if others == [0] * (size - 1):
            return False
        self.assertIn(codes[killed], (-9, 1), "\n".join(said))
        self.assertEqual(others, [1] * (size - 1), "\n".join(said))
        return True

    def test_lose_nothing(self):
        kills = 50 if long_tests() else 3
        draw = random.Random(7)
        self.train("one", self.SETTINGS)
        killed = 0
        while killed < kills:
            alive = self.kill_some_rank(draw)
            killed += alive
            if not alive:  # done: once more from the start
                self.assert_same_losses("run", "one", relative=5e-3)
                shutil.rmtree(self.path("run"))
        self.train_ranks(2, "run", self.SETTINGS)
        self.assert_same_losses("run", "one", relative=5e-3)
        self.assertEqual(checkpoints(self.path("run")), checkpoints(self.path("one")))


class Start(Distributed):
    def fails(self, size, *wanted, code=2, **how):
        codes, said = self.begin_ranks(size, "refused", **how).end()
        self.assertEqual(codes, [code] * len(codes), "\n".join(said))
        for text in said:
            for part in wanted:
                self.assertIn(part, text)

    def test_another_configuration(self):
        wanted = ("rank 1 (", "another configuration", "`learning_rate = 0.25` where rank 0 has `learning_rate = 0.005`")
        self.fails(2, *wanted, of_rank={1: {"train.learning_rate": 0.25}})
        self.assertEqual(checkpoints(self.path("refused")), [])

    def test_more_processes_than_sequences(self):
        self.fails(2, "train.batch_tokens", "for 2 processes", settings={"train.batch_tokens": 16, "train.micro_batch": 1})

    def test_missing_ranks_are_named(self):
        variables = environments(4)
        begun = [self.command("refused", {"dist.timeout_s": 2}) for _ in range(2)]
        codes, said = Ranks(begun, [variables[0], variables[2]], self.folder).end()
        self.assertEqual(codes, [1, 1], said)
        for text in said:
            self.assertIn("2 of 4 ranks did not come within 2 s (`dist.timeout_s`): ranks 1, 3", text)

    def test_no_first_rank(self):
        begun = [self.command("refused", {"dist.timeout_s": 2})]
        codes, said = Ranks(begun, [environments(2)[1]], self.folder).end()
        self.assertEqual(codes, [1], said)
        self.assertIn("rank 0 did not answer at 127.0.0.1:", said[0])

    def test_port_in_use(self):
        with socket.socket() as other:
            other.bind(("0.0.0.0", 0))
            other.listen()
            port = other.getsockname()[1]
            begun = [self.command("refused", {"dist.timeout_s": 2})]
            codes, said = Ranks(begun, [environments(2, port)[0]], self.folder).end()
        self.assertEqual(codes, [1], said)
        self.assertIn(f"port {port} (MASTER_PORT)", said[0])
        self.assertIn("it is in use", said[0])

    def test_half_set_environment(self):
        for missing in ("MASTER_PORT", "WORLD_SIZE", "RANK"):
            variables = environments(2)[0]
            del variables[missing]
            codes, said = Ranks([self.command("refused", {})], [variables], self.folder).end()
            self.assertEqual(codes, [2], said)
            self.assertIn(f"{missing} is not set", said[0])

    def test_one_rank_that_fails_ends_all(self):
        """Its data is not there: the others say so, and end as it does."""
        codes, said = self.begin_ranks(2, "refused", {"data.val": "nowhere"}).end()
        self.assertEqual(codes, [2, 2], said)
        self.assertIn("nowhere", said[0])


if __name__ == "__main__":
    unittest.main()
