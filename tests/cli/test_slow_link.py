"""Two hosts with a slow network between them: they train what one process trains; a cut ends both, and the run goes on."""

import time
import unittest

import slow_link
from distributed_support import Distributed, Ranks, environments, long_tests
from golden_support import BINARY
from training_support import checkpoints

MEGABIT = 1e6 / 8


@unittest.skipUnless(long_tests(), "a long test (CAMBIUM_LONG_TESTS=1)")
class SlowNetwork(Distributed):
    """100 Mbit/s, 5 ms."""

    @classmethod
    def setUpClass(cls):
        why_not = slow_link.permitted()
        if why_not:
            raise unittest.SkipTest(why_not)
        super().setUpClass()
        cls.link = slow_link.SlowLink(delay=0.005, rate=100 * MEGABIT)
        cls.addClassCleanup(cls.link.close)

    def begin_hosts(self, run, settings):
        variables = environments(2, 29501)
        commands = []
        for host, of_host in enumerate(variables):
            of_host.update(MASTER_ADDR=self.link.addresses[0], LOCAL_RANK=0, LOCAL_WORLD_SIZE=1)
            commands.append([*self.link.inside(host), BINARY, *self.command(run, {"dist.timeout_s": 5, **settings})])
        return Ranks(commands, variables, self.folder, binary=[])

    def test_trains_the_same(self):
        self.train("one")
        for shard in ("none", "optimizer"):
            codes, said = self.begin_hosts(f"two-{shard}", {"dist.shard": shard}).end()
            self.assertEqual(codes, [0, 0], "\n".join(said))
            self.assert_same_losses(f"two-{shard}", "one")

    def test_a_cut_ends_both_and_the_run_goes_on(self):
        settings = {"train.steps": 200, "checkpoint.every": 10}
        self.train("one-long", settings)
        ranks = self.begin_hosts("cut", settings)
        end = time.monotonic() + 60
        while len(checkpoints(self.path("cut"))) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        self.link.cut = True
        begin = time.monotonic()
        codes, said = ranks.end(timeout=40)
        seconds = time.monotonic() - begin
        self.link.cut = False
        self.assertEqual(codes, [1, 1], "\n".join(said))
        self.assertIn("error: rank 1 (", said[0])
        self.assertIn("error: rank 0 (", said[1])
        self.assertLess(seconds, 30)
        codes, said = self.begin_hosts("cut", settings).end()
        self.assertEqual(codes, [0, 0], "\n".join(said))
        self.assertIn("resumed from", said[0])
        self.assert_same_losses("cut", "one-long", relative=1e-3)


if __name__ == "__main__":
    unittest.main()
