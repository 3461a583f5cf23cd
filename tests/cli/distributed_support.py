"""For the tests that run several processes as one: starting them as a launcher does. Standard library only."""

import os
import socket
import subprocess
import time

from golden_support import BINARY, ENVIRONMENT
from training_support import Training, read_jsonl


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environments(size, port=None, **more):
    """What torchrun sets, for each rank."""
    port = port or free_port()
    fixed = {"WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, **more}
    return [{**fixed, "RANK": rank, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size} for rank in range(size)]


class Ranks:
    """The processes of one run."""

    def __init__(self, commands, variables, folder, binary=[BINARY]):
        self.processes = [
            subprocess.Popen(
                [*binary, *map(str, command)],
                cwd=folder,
                env={**ENVIRONMENT, **{name: str(value) for name, value in of_rank.items()}},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for command, of_rank in zip(commands, variables)
        ]

    def kill(self, rank, signal):
        self.processes[rank].send_signal(signal)

    def running(self):
        return [process.poll() is None for process in self.processes]

    def end(self, timeout=120):
        """Exit codes, and what each said."""
        end = time.monotonic() + timeout
        said = []
        for process in self.processes:
            try:
                said.append(process.communicate(timeout=max(0.1, end - time.monotonic()))[0])
            except subprocess.TimeoutExpired:
                process.kill()
                said.append("STILL RUNNING\n" + process.communicate()[0])
        return [process.returncode for process in self.processes], said


class Distributed(Training):
    """Runs in a shared folder, by one process and by several."""

    def command(self, run, settings, resume=None):
        return ["train", *self.arguments(run, settings, resume)]

    def begin_ranks(self, size, run, settings={}, of_rank={}, resume=None, variables=None):
        """`of_rank`: further settings of single ranks."""
        settings = {"dist.timeout_s": 20, **settings}
        commands = [self.command(run, {**settings, **of_rank.get(rank, {})}, resume) for rank in range(size)]
        return Ranks(commands, variables or environments(size), self.folder)

    def train_ranks(self, size, run, settings={}, resume=None):
        """A whole run by `size` processes, which must end well. Gives what they said."""
        codes, said = self.begin_ranks(size, run, settings, resume=resume).end()
        self.assertEqual(codes, [0] * size, "\n".join(said))
        return said

    def lines(self, run):
        return read_jsonl(self.path(run) / "metrics.jsonl")

    def assert_same_losses(self, run, reference, relative=1e-5):
        found, expected = self.lines(run), self.lines(reference)
        self.assertEqual([line["step"] for line in found], [line["step"] for line in expected])
        for line, wanted in zip(found, expected):
            for name in ("loss", "val_loss", "grad_norm", "loss_before", "loss_after"):
                self.assertEqual(name in line, name in wanted)
                if name in wanted:
                    difference = abs(line[name] - wanted[name]) / abs(wanted[name])
                    self.assertLessEqual(difference, relative, f"{name} of step {line['step']}")
            for name in ("tokens", "lr", "layers", "event", "source_tokens"):
                self.assertEqual(line.get(name), wanted.get(name), name)


def long_tests():
    return bool(os.environ.get("CAMBIUM_LONG_TESTS"))
