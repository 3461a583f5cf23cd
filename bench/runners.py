"""The programs that scripts/bench measures, each as something that trains for some seconds when it is asked to."""

import json
import os
import pathlib
import subprocess
import tempfile

from shapes import PEERS, flags

PEER = pathlib.Path(__file__).with_name("peer_transformers.py")


class Failed(Exception):
    pass


class PeerProcess:
    """Trains when it is told to and waits otherwise."""

    def __init__(self, name, command, environment):
        self.name = name
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | environment,
        )
        self.about = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"{self.name} ended with {self.process.returncode}: {said[-1] if said else 'no message'}")
        return json.loads(line)

    def measure(self, seconds):
        self.process.stdin.write(f"measure {seconds}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


class Peer:
    """On the CPU one process for all repeats. On a GPU one for each: its memory has no room for all at once, and what
    was compiled is found again on the disk."""

    def __init__(self, name, options, shape, settings, precision):
        extra, self.environment = PEERS[name]
        self.name = name
        self.command = [options.python, str(PEER), "--serve", "--precision", precision, "--threads",
                        str(options.threads), "--device", settings["device"], *flags(shape, settings), *extra]
        self.stays = settings["device"] == "cpu"
        self.process = self.start()
        self.about = self.process.about
        if not self.stays:
            self.process.end()
            if self.about["checkpointing"]:
                self.command.append("--checkpointing")  # no need to find that out again

    def start(self):
        return PeerProcess(self.name, self.command, self.environment)

    def measure(self, seconds):
        if self.stays:
            return self.process.measure(seconds)
        process = self.start()
        try:
            return process.measure(seconds)
        finally:
            process.end()

    def end(self):
        if self.stays:
            self.process.end()


class Cambium:
    """A process a repeat: it starts quickly, and leaves nothing behind."""

    name = "cambium"

    def __init__(self, options, shape, settings, precision):
        self.command = [options.cambium, "bench", "train", "--json", "--precision", precision, "--threads",
                        str(options.threads), *flags(shape, settings), "--set", f'run.device={settings["device"]}',
                        "--set", f'train.recompute={settings["recompute"]}']
        self.about = {}

    def run(self, *extra):
        done = subprocess.run([*self.command, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"cambium ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def measure(self, seconds):
        found = self.run("--brief", "--repeats", "1", "--seconds", str(seconds))
        self.about = {key: found[key] for key in ("machine", "device", "shape", "precision", "flops_per_token")}
        return found["repeats"][0]

    def end(self):
        pass
