"""Makes the stored references of the tokenizer tests with Hugging Face's `tokenizers` (pip install tokenizers).

Run in this folder: python3 make_goldens.py
  corpus.txt      what the tokenizer is trained on (not remade)
  trained.json    trained on it by `tokenizers`: SmolLM's pre-tokenizer, 600 entries
  forms.json      other pre-tokenizers, added tokens and settings, each laid over trained.json
  ids.jsonl       texts and their ids under every form
"""

import json
import random

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(prefix=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def digits(individual):
    return {"type": "Digits", "individual_digits": individual}


def split(pattern, behavior, invert=False, regex=True):
    return {"type": "Split", "pattern": {"Regex" if regex else "String": pattern}, "behavior": behavior,
            "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def added(content, **flags):
    token = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": False}
    return token | flags


END = added("<|endoftext|>", special=True)
FORMS = {
    "smollm": {"pre_tokenizer": sequence(digits(True), byte_level())},
    "gpt2": {"pre_tokenizer": byte_level()},
    "gpt2-prefix": {"pre_tokenizer": sequence(digits(False), byte_level(prefix=True))},
    "llama3": {"pre_tokenizer": sequence(split(LLAMA3, "Isolated"), byte_level(regex=False)), "ignore_merges": True},
    "o200k": {"pre_tokenizer": sequence(split(O200K, "Isolated"), byte_level(regex=False))},
    "removed": {"pre_tokenizer": sequence(split(r"\s+", "Removed"), byte_level(regex=False))},
    "inverted": {"pre_tokenizer": sequence(split(r"[\w']+|\S", "Removed", invert=True), byte_level(regex=False))},
    "previous": {"pre_tokenizer": sequence(split(" ", "MergedWithPrevious", regex=False), byte_level(regex=False))},
    "next": {"pre_tokenizer": sequence(split(r"[\s.]", "MergedWithNext"), byte_level(regex=False))},
    "next-inverted": {"pre_tokenizer": sequence(split(r"\d|e", "MergedWithNext", True), byte_level(regex=False))},
    "contiguous": {"pre_tokenizer": sequence(split(r"[^\p{Lu}\p{P}]", "Contiguous"), byte_level())},
    "empty-matches": {"pre_tokenizer": sequence(split(r"(?=[A-Z])|\n*", "Isolated"), byte_level(regex=False))},
    "words-added": {
        "pre_tokenizer": byte_level(),
        "added_tokens": [END, added("cat", single_word=True), added("cats"), added("[M]", lstrip=True, special=True),
                         added("[N]", rstrip=True, special=True), added("  ", normalized=True), added("é"),
                         added("the", normalized=True, single_word=True), added("a b", normalized=True),
                         added("[MN]", lstrip=True, rstrip=True)],
    },
}

TEXTS = [
    "", " ", "  ", "a", "Hello world", " Hello  world ", "I'm you're WE'VE they'll he'd It'S 'tis it'ſ", "12345 6 78", "3.14e-10",
    "x=1;y=22;z=333;", "\n", "\n\n\n", "\r\n", "a\r\n\r\nb\r", "\t\tx\t y", " \n \n  z", "   trailing   ", "\u00a0nbsp\u00a0\u00a0x",
    "\u2003em\u2028line\u2029para\u0085nel\u180evowel", "\u200bzero\u200d\u200cjoin", "½ ⅓ ² ₃ Ⅷ ①② ⓐ", "٣٤٥ १२३ ０１２", "café naïve Zürich ŒUVRE ß ẞ ǅ",
    "e\u0301e\u0300 n\u0303 \u0301alone", "Привет, мир! ЁЖ", "你好,世界。漢字かなカナ", "안녕하세요 ㄱㄴ", "مرحبا بالعالم ١", "שָׁלוֹם", "ไทย ภาษา", "हिन्दी में",
    "🙂🚀👩\u200d👩\u200d👧🏽 🇩🇪", "\U0001f9d1\U0001f3ff\u200d\U0001f91d", "<|endoftext|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>", "<|endoftext", "|endoftext|>",
    " <|endoftext|> \n", "cat cats concat cat's cat_ _cat cat\u0301 5cat cat5", "(cat) cat\u200d cat", "x [M] y[M]z \n [M]", "[N] x[N]  \n y [N]", "[MN][M] [N] [MN]  ",
    "the other the. the_ THE", "a b  a b   a b", "caf\u00e9 \u00e9\u00e9 e\u0301", "\x00\x01\x7f", "\ufeffbom", "\ufffd\ufffe\uffff", "\U0010ffff\U000e0001",
    "def f(x):\n    return x ** 2  # square\n", "for (int i = 0; i < n; ++i) { a[i] += b[i]; }", "snake_case camelCase kebab-case SCREAMING_CASE HTTPServer", "http://example.com/path?q=1&r=2#f",
    "...!!!??? --- ***", "“quoted” ‘x’ — dash…", "$100 €5 £3.50 50%", "a.b.c", "\\n \\\\ \"", "tab\there", "x" * 70, "ab" * 60, "aaaa " * 12, " " * 90 + "x", "\n" * 50,
    "𐐷𐐀 𝔘𝔫𝔦 𞤀", "\u1c89\u1c8a 𐵐𐵰 𑯰𑯱 𞗰", "K Å ﬁ ﬆ ŉ", "'S'T'RE'VE'M'LL'D 's't're've'm'll'd", "''s '''ll", "1'2's", "A1b2C3", "Ünïcödé123ß", "end.\n\nNew Paragraph.\n",
    "std::vector<int32_t> ids;", "/// Throws InvalidInput", "namespace cambium::text {", "  const size_t at = 0;",
]
ALPHABET = ([chr(c) for c in range(32, 127)] * 2 + list("  \n\n\t\r'") * 8 +
            list("éüñßøĐłΩλЖшקעمد你好日한국ไทย½²Ⅷ٣１€“”—…🙂🚀👍🏽\u0301\u200d\u00a0\u2003\u3000"))
WORDS = ["the", " the", "cat", " model", "<|endoftext|>", "[M]", "[N]", "  ", "'s", "'LL", "12", "\n", "\r\n", " a b", "é"]


def random_text(rng):
    parts = [rng.choice(WORDS) if rng.random() < 0.2 else rng.choice(ALPHABET) for _ in range(rng.randint(1, 30))]
    return "".join(parts)


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    with open("corpus.txt", encoding="utf-8", newline="") as file:
        text = file.read()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<|endoftext|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([text], trainer)
    return json.loads(tokenizer.to_str())


def lay_over(base, form):
    document = json.loads(json.dumps(base))
    document["pre_tokenizer"] = form["pre_tokenizer"]
    document["model"]["ignore_merges"] = form.get("ignore_merges", False)
    if "added_tokens" in form:
        document["added_tokens"] = form["added_tokens"]
    return document


def main():
    base = train()
    with open("trained.json", "w", encoding="utf-8") as file:
        json.dump(base, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    vocab = base["model"]["vocab"]
    for form in FORMS.values():
        next_id = len(vocab)
        for token in form.get("added_tokens", []):
            token["id"] = vocab.get(token["content"], next_id)
            next_id += token["id"] == next_id
    with open("forms.json", "w", encoding="utf-8") as file:
        json.dump({"made_with": "tokenizers " + tokenizers.__version__, "forms": FORMS}, file, ensure_ascii=False, indent=1)
        file.write("\n")
    rng = random.Random(1)
    texts = TEXTS + [random_text(rng) for _ in range(200 - len(TEXTS))]
    readers = {name: Tokenizer.from_str(json.dumps(lay_over(base, form))) for name, form in FORMS.items()}
    with open("ids.jsonl", "w", encoding="utf-8") as file:
        for text in texts:
            ids = {name: reader.encode(text, add_special_tokens=False).ids for name, reader in readers.items()}
            file.write(json.dumps({"text": text, "ids": ids}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
