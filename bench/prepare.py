"""Times `cambium data prepare` beside Hugging Face `tokenizers` on the same text, with the same threads.

The peer reads the JSON lines, encodes them with `encode_batch`, 1,000 documents at a time, and writes the ids as uint16 or
uint32; cambium does what it always does. Both run in turn, `--repeats` times; the fastest of each counts.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

PEER = """
import array, json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
kind = "H" if tokenizer.get_vocab_size() <= 65536 else "I"
tokens = 0
def encode(texts, out):
    global tokens
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        array.array(kind, encoding.ids).tofile(out)
        tokens += len(encoding.ids)
with open(sys.argv[3], "wb") as out:
    texts = []
    for line in open(sys.argv[2], encoding="utf-8"):
        texts.append(json.loads(line)["text"])
        if len(texts) == 1000:
            encode(texts, out)
            texts = []
    encode(texts, out)
print(tokens)
"""


def timed(command, environment=None):
    begin = time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f"error: {command[0]} ended with {done.returncode}")
    return seconds, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cambium", required=True)
    parser.add_argument("--python", required=True, help="a Python with tokenizers")
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json")
    parser.add_argument("--input", required=True, help="JSON lines with the key `text`, not packed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    size = pathlib.Path(options.input).stat().st_size
    environment = dict(os.environ, RAYON_NUM_THREADS=str(options.threads), TOKENIZERS_PARALLELISM="true")
    best = {"cambium": float("inf"), "tokenizers": float("inf")}
    tokens = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.repeats):
            out = pathlib.Path(folder, "set")
            shutil.rmtree(out, ignore_errors=True)
            seconds, _ = timed([options.cambium, "data", "prepare", "--tokenizer", options.tokenizer, "--out", str(out),
                                "--workers", str(options.threads), "--val-fraction", "0", options.input])
            train = json.loads((out / "manifest.json").read_text())["splits"]["train"]
            tokens["cambium"] = train["tokens"] - train["documents"]  # without the ends of documents
            best["cambium"] = min(best["cambium"], seconds)
            seconds, count = timed([options.python, "-c", PEER, options.tokenizer, options.input, f"{folder}/ids"],
                                   environment)
            tokens["tokenizers"] = int(count)
            best["tokenizers"] = min(best["tokenizers"], seconds)
    for name, seconds in best.items():
        print(f"{name:<11}{seconds:8.2f} s  {size / seconds / 1e6:7.1f} MB/s  {tokens[name]:,} tokens")
    print(f"ratio      {best['tokenizers'] / best['cambium']:8.2f}   {options.threads} threads")
    if tokens["cambium"] != tokens["tokenizers"]:
        sys.exit("error: the two gave different numbers of tokens")


main()
