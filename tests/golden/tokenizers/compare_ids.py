"""Compares `cambium tokenizer encode` with the reference libraries on strings made at random.

usage: compare_ids.py --cambium build/cambium [--count 100000] [--seed 1] TOKENIZER...

A TOKENIZER is a tokenizer.json (reference: Hugging Face `tokenizers`), a SentencePiece tokenizer.model (reference:
`sentencepiece`), or a folder with GPT-2's encoder.json and vocab.bpe under any prefix (read by `tokenizers`, which also writes
the tokenizer.json that cambium reads). Prints the number of strings whose ids differ, and the first few; exit code 1 where there
is one. Needs: pip install tokenizers sentencepiece
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

RANGES = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x6FF), (0x900, 0x97F),
          (0xE00, 0xE7F), (0x1100, 0x11FF), (0x2000, 0x206F), (0x2070, 0x209F), (0x2150, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF),
          (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF),
          (0x20000, 0x2A6DF), (0xE0001, 0xE007F), (0x0, 0xD7FF), (0xE000, 0x10FFFF)]
PIECES = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", "\u00a0", "\u3000", "\u200b", "\u200d", "'s", "'ll", "'T", "’s", "don't", "0",
          "12", "3.14", "1,000,000", "٣", "Ⅷ", "½", "²", "hello", " world", "The", " the", "def f(x):", "    return", "!=", "...", "http://a.b/c?d=e",
          "<|endoftext|>", "<|im_start|>", "<s>", "</s>", "▁", "▁the", "é", "é", "ﬁ", "ß", "İ", "한국어", "日本語", "русский", "عربى", "👩‍👩‍👧", "🏳️‍🌈",
          "\ufeff", "\u0000", "\u001f", "\u007f", "\u0085", "\u2028", "#include <a>\n", "x_1", "CamelCase", "ALLCAPS", "$12.50", "--", "“quoted”"]


CONTROLS = ["<s>", "</s>", "<unk>"]


def some_string(draw):
    parts = []
    for _ in range(draw.choice([0, 1, 2, 3, 5, 8, 13, 30])):
        if draw.random() < 0.6:
            parts.append(draw.choice(PIECES))
            continue
        low, high = draw.choice(RANGES)
        for _ in range(draw.randint(1, 6)):
            code = draw.randint(low, high)
            parts.append(chr(code) if not 0xD800 <= code <= 0xDFFF else " ")
    return "".join(parts)


def gpt2_json(folder, out):
    from tokenizers import ByteLevelBPETokenizer

    vocab = next(path for path in sorted(folder.iterdir()) if path.name.endswith("encoder.json"))
    merges = next(path for path in sorted(folder.iterdir()) if path.name.endswith("vocab.bpe"))
    tokenizer = ByteLevelBPETokenizer(str(vocab), str(merges))
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.save(str(out))
    return out


def reference_ids(path, strings):
    if path.suffix == ".model":
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        return [model.encode(text) for text in strings]
    from tokenizers import Tokenizer

    encoded = Tokenizer.from_file(str(path)).encode_batch(strings, add_special_tokens=False)
    return [one.ids for one in encoded]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cambium", required=True)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("tokenizers", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    strings = [some_string(draw) for _ in range(options.count)]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder, "strings.jsonl")
        lines.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in strings), encoding="utf-8")
        for given in options.tokenizers:
            path = gpt2_json(given, pathlib.Path(folder, "gpt2.json")) if given.is_dir() else given
            done = subprocess.run([options.cambium, "tokenizer", "encode", "--tokenizer", str(path), "--jsonl", str(lines)],
                                  stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode != 0:
                sys.exit(f"error: {options.cambium} ended with {done.returncode}")
            ours = [json.loads(line) for line in done.stdout.splitlines()]
            # cambium knows control symbols inside a text, as transformers does; the library takes them for plain text.
            same = [i for i, text in enumerate(strings) if path.suffix != ".model" or not any(c in text for c in CONTROLS)]
            reference = reference_ids(path, [strings[i] for i in same])
            wrong = [i for i, ids in zip(same, reference) if ids != ours[i]]
            print(f"{given}: {len(wrong)} of {len(same):,} strings differ")
            for i in wrong[:5]:
                print(f"  {strings[i]!r}: {ours[i]}")
            failed = failed or bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
