"""For the tests that run the binary on the stored references: running it, reading what it writes. Standard library only."""

import json
import math
import os
import pathlib
import resource
import shutil
import struct
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "golden"
SHARED = pathlib.Path(os.environ.get("CAMBIUM_SHARED", REPOSITORY.parent / "shared"))
BINARY = os.environ["CAMBIUM"]
# Models this small gain nothing from threads, and on a busy machine lose seconds to waiting for them.
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1")
SANITIZED = "CAMBIUM_SANITIZED" in os.environ


def limit_memory():
    """16 GB of addresses, which the program promises to get along with: a size that lies must not be believed."""
    if not SANITIZED:  # AddressSanitizer reserves terabytes of addresses
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))


def cambium(*arguments, cwd=None):
    """Runs the binary; gives the finished process with its output as text."""
    command = [BINARY, *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=1500 if SANITIZED else 300,
        preexec_fn=limit_memory,
    )


def must(*arguments, cwd=None):
    """The same, and an error with everything it said unless it ends with 0."""
    done = cambium(*arguments, cwd=cwd)
    if done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, done.args))}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


def read_jsonl(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]


def write_jsonl(path, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    pathlib.Path(path).write_text(text, encoding="utf-8")


def score(model, sequences, folder):
    """Log-probabilities of each list of ids, as `cambium score` gives them."""
    asked, answered = pathlib.Path(folder, "asked.jsonl"), pathlib.Path(folder, "answered.jsonl")
    write_jsonl(asked, [{"ids": ids} for ids in sequences])
    must("score", model, "--input", asked, "--out", answered)
    lines = read_jsonl(answered)
    if [line["ids"] for line in lines] != sequences:
        raise AssertionError("the ids that came back are not the ids that were asked for")
    return [line["logprobs"] for line in lines]


def difference(found, expected):
    """The largest between two lists of log-probabilities; infinite where one is missing or not a number."""
    if len(found) != len(expected) or any((a is None) != (b is None) for a, b in zip(found, expected)):
        return math.inf
    gaps = [abs(a - b) for a, b in zip(found, expected) if a is not None]
    return max(gaps, default=0.0) if all(map(math.isfinite, gaps)) else math.inf


def widen_bfloat16(data):
    count = len(data) // 2
    return struct.unpack(f"<{count}f", b"".join(b"\0\0" + data[2 * i : 2 * i + 2] for i in range(count)))


READERS = {
    "F32": lambda data: struct.unpack(f"<{len(data) // 4}f", data),
    "F16": lambda data: struct.unpack(f"<{len(data) // 2}e", data),
    "BF16": widen_bfloat16,
    "I64": lambda data: struct.unpack(f"<{len(data) // 8}q", data),
}


def read_safetensors(path):
    """{name: (dtype, shape, values)} of one file, or of all files of a directory."""
    path = pathlib.Path(path)
    if path.is_dir():
        return {
            name: tensor
            for part in sorted(path.glob("model*.safetensors"))
            for name, tensor in read_safetensors(part).items()
        }
    blob = path.read_bytes()
    (length,) = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = (entry["dtype"], entry["shape"], READERS[entry["dtype"]](blob[begin:end]))
    return tensors


def write_safetensors(path, header, data):
    """A file with just this header, right or wrong."""
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def train_reference(folder, *settings):
    """The run of tests/golden/training/growth (4 layers, 2 more after step 8 of 16) in this folder; gives its directory."""
    folder = pathlib.Path(folder)
    source = GOLDEN / "training" / "growth"
    shutil.copytree(source / "initial", folder / "initial")
    for file in (source / "config.toml", GOLDEN / "training" / "tokenizer.json", GOLDEN / "training" / "text.jsonl"):
        shutil.copy(file, folder)
    prepare = ["data", "prepare", "--tokenizer", "tokenizer.json", "--val-fraction", 0, "--out", "tokens", "text.jsonl"]
    must(*prepare, cwd=folder)
    must("train", "config.toml", *settings, cwd=folder)
    return folder / "run"


def raw_tensors(path):
    """{name: (dtype, shape, bytes)} of a safetensors file."""
    blob = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8 : 8 + length])
    header.pop("__metadata__", None)
    data = blob[8 + length :]
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def store(path, tensors):
    """The inverse of raw_tensors."""
    header, data = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    write_safetensors(path, header, data)
