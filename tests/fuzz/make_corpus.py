"""Writes the seeds of the fuzzing corpora, a few small valid files a target: `python3 tests/fuzz/make_corpus.py`.

What fuzzing finds is added by hand, as found-<what>. Standard library only."""

import gzip
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"


def put(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def as_json(value):
    return json.dumps(value, indent=1)


def safetensors(tensors, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    """A field of a protocol-buffers message: bytes, or a whole number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def sentencepiece():
    pieces = b"".join(field(1, field(1, piece.encode()) + varint(2 << 3 | 5) + struct.pack("<f", -i))
                      for i, piece in enumerate(["<unk>", "<s>", "</s>", "\u2581a", "b"]))
    trainer = field(3, 2) + field(4, 5)
    normalizer = field(1, b"identity") + field(3, 1) + field(4, 0) + field(5, 1)
    return pieces + field(2, trainer) + field(3, normalizer)


def llama2c():
    hidden, ffn, layers, heads, kv, vocabulary, context = 4, 8, 1, 2, 2, 6, 8
    head = hidden // heads
    numbers = vocabulary * hidden + layers * (2 * hidden + 4 * hidden * hidden + 3 * hidden * ffn) + hidden
    numbers += context * (head // 2) * 2
    return struct.pack("<7i", hidden, ffn, layers, heads, kv, vocabulary, context) + struct.pack("<f", 0.5) * numbers


put("safetensors", "f32", safetensors({"a": ("F32", [2, 2], struct.pack("<4f", 1, 2, 3, 4)),
                                       "b": ("BF16", [3], bytes(6))}, {"format": "pt"}))
put("safetensors", "mixed", safetensors({"x": ("I64", [1], bytes(8)), "y": ("F16", [0, 4], b""), "z": ("BOOL", [3], bytes(3))}))
put("llama2c", "tiny", llama2c())
put("json", "values", as_json({"a": [1, -2.5e3, True, None, "\u00e4\n\\"], "b": {"c": {}}, "d": []}))
put("json", "deep", "[" * 60 + "]" * 60)
config = {"model_type": "llama", "vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
          "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32, "rope_theta": 10000.0,
          "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "hidden_act": "silu", "torch_dtype": "float32"}
put("model_config", "llama", as_json(config))
put("model_config", "scaled", as_json(config | {"model_type": "cambium-llama", "layer_norm_scaling": True}))
put("model_config", "rope", as_json(config | {"rope_theta": 5e5, "rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}))
put("tokenizer", "trained", (ROOT / "tests/golden/training/tokenizer.json").read_bytes())
put("sentencepiece", "small", sentencepiece())
put("run_config", "tiny", (ROOT / "configs/tiny.toml").read_bytes())
put("run_config", "growth", (ROOT / "configs/study/small-run.toml").read_bytes()
    + b"\n[eval]\nevery = 10\ntasks = \"a\"\n")
put("study_config", "small", (ROOT / "configs/study/small.toml").read_bytes())
put("study_config", "quickstart", (ROOT / "configs/study/quickstart.toml").read_bytes())
put("templates", "published", '[copy]\nwords = 8\ntext = "{words} {again} ___"\nanswer = " {word}"\n\n[variable_assignment]\n'
    'deepest = 1\nforms = ["mine"]\n\n[form.mine]\nhead = "H\\n"\nquestion = "{name}=?"\nanswer = " {value}"\n')
put("text_template", "fields", "{title}\\n{{x}} {body}\\t")
shard = {"file": "train-tokens-00000.bin", "tokens": 10, "bytes": 20, "xxh3_128": "0" * 32,
         "documents_file": "train-documents-00000.bin", "documents": 2, "documents_xxh3_128": "1" * 32}
put("manifest", "dataset", as_json({
    "format": "cambium-tokens", "version": 1, "vocab_size": 300, "token_bytes": 2, "end_of_text": 299,
    "tokenizer": {"file": "tokenizer.json", "xxh3_128": "2" * 32},
    "splits": {"train": {"tokens": 10, "documents": 2, "text_bytes": 30, "shards": [shard]}},
    "sources": [{"path": "a.jsonl", "bytes": 40, "documents": 2, "empty_documents": 0, "bad_lines": 0, "duplicate_documents": 0}], "settings": {}}))
put("dataset", "two-documents", struct.pack("<16H2Q", *range(284, 300), 0, 7))
put("text", "plain", "A line.\nAnother, \u00e4\u20ac\U0001f600.\n")
put("text", "gzip", gzip.compress(b"A line.\nAnother.\n" * 9, mtime=0))
lines = "".join(json.dumps({"text": f"document {i}", "n": i}) + "\n" for i in range(5))
put("json_lines", "plain", lines)
put("json_lines", "gzip", gzip.compress(lines.encode(), mtime=0))
# zstd: one raw block in a frame with its content size and no checksum.
raw = lines.encode()
put("json_lines", "zstd", b"\x28\xb5\x2f\xfd" + b"\x60" + struct.pack("<H", len(raw) - 256 if len(raw) >= 256 else 0)
    + struct.pack("<I", len(raw) << 3 | 1)[:3] + raw if len(raw) >= 256 else
    b"\x28\xb5\x2f\xfd" + b"\x20" + bytes([len(raw)]) + struct.pack("<I", len(raw) << 3 | 1)[:3] + raw)
put("evaluation", "results", as_json({
    "results": {"t": {"alias": "t", "acc,none": 0.5, "acc_stderr,none": 0.01}}, "n-samples": {"t": {"original": 9, "effective": 9}},
    "n-shot": {"t": 0}, "configs": {}, "model_name": "runs/a", "config": {"model": "cambium", "model_args": "pretrained=runs/a"}}))
put("analysis", "cosines", as_json({"analysis": "cosines", "model": "runs/a", "definition": "d", "prompts": {"count": 2},
                                     "seed": 1, "values": {"cos_attn": [0.1, None], "m": [[1, 2], [3, 4]]}}))
