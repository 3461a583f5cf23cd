"""Ids of a SentencePiece model for random and chosen texts, by the sentencepiece library.

usage: make_sentencepiece.py MODEL [COUNT [SEED]] > sentencepiece_ids.jsonl

Stored: 300 texts of seed 1 for the Llama 2 model. Run it with more texts and another seed, encode the same lines with
`cambium tokenizer encode --jsonl`, and compare, to check further.
"""

import json
import random
import sys

import sentencepiece

CHOSEN = ["", " ", "  ", "Hello world", " Hello", "  two spaces", "trailing  ", "\n", "a\n b ", "\t tab", "\u2581x", "x\u2581y",
          "e\u0301 \u00e9", "\u6f22\u5b57 and \U0001F600", "\u0000nul", "1234567", "don't   stop", "<0x41>", "\u00a0nbsp\u3000wide",
          "def f(x):\n        return x\n"]
PIECES = ["the", "of", "word", "Zebra", "42", "3.14", "'s", ",", ".", " ", "  ", "   ", "\n", "\n\n", "\t", "(", "\u00e9", "\u6f22", "\u0436",
          "\U0001F600", "\u2581", "_", "https://", "::", "\u200d", "ing", "er", "\u00df"]


def random_text(chance):
    parts = []
    for _ in range(chance.randint(1, 30)):
        kind = chance.random()
        if kind < 0.6:
            parts.append(chance.choice(PIECES))
        elif kind < 0.8:
            parts.append(" ")
        elif kind < 0.95:
            parts.append(chr(chance.randint(0x20, 0x7E)))
        else:
            code = chance.randint(1, 0x10FFFF)
            parts.append(" " if 0xD800 <= code < 0xE000 else chr(code))
    return "".join(parts)


def main():
    processor = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    texts = CHOSEN + [random_text(chance) for _ in range(count - len(CHOSEN))]
    for text in texts:
        print(json.dumps({"text": text, "ids": processor.encode(text)}, separators=(",", ":")))


main()
