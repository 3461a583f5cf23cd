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
    unknown, control, normal = 2, 3, 1
    pieces = b"".join(field(1, field(1, piece.encode()) + varint(2 << 3 | 5) + struct.pack("<f", -i) + field(3, kind))
                      for i, (piece, kind) in enumerate([("<unk>", unknown), ("<s>", control), ("</s>", control), ("\u2581", normal),
                                                         ("a", normal), ("b", normal), ("\u2581a", normal), ("ab", normal)]))
    trainer = field(3, 2) + field(4, 8)
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
put("weight_files", "sharded", as_json({"metadata": {"total_size": 8}, "weight_map": {
    "model.embed_tokens.weight": "model-00001-of-00002.safetensors", "model.norm.weight": "model-00002-of-00002.safetensors"}}))
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
growth = {"step": 25, "operator": "midas", "from_layers": 2, "to_layers": 4, "sources": [0, 1], "insert_at": 2, "moments": "copy"}
data = [{"source": "books", "windows": 5760, "tokens": 737280}]
trainer = {"format": "cambium-trainer", "version": 1, "step": 180, "tokens": 737280, "data": data, "random": {"seed": 1, "step": 180},
           "adam_steps": [180] * 6, "growth": [growth], "lineage": [0, 1, 0, 1],
           "loss_statistics": {"mean": 2.7, "variance": 0.6, "count": 180}, "skipped_in_a_row": 0}
put("trainer", "grown", as_json(trainer))
put("trainer", "branched", as_json(trainer | {
    "symmetrized": [{"step": 60, "block_size": 2, "strength": 0.5, "control": "none", "seed": 1, "pairs": [[0, 1]]}],
    "branch": {"from": "runs/a", "model_hash": "0" * 32, "step": 50, "growths": 1, "symmetrized": 0, "data": data}}))
put("checkpoint", "one-file", as_json({"format": "cambium-checkpoint", "version": 1,
                                       "files": [{"name": "trainer.json", "bytes": 2, "xxh3_128": "1" * 32}]}))
steps = [{"step": i, "tokens": 4096 * i, "loss": 6 - i / 9, "grad_norm": 0.5, "lr": 0.004, "layers": 2, "tokens_per_second": 7566.9,
          "mfu": 0.25, "seconds": 5.4 * i, "data_wait": 2e-4, "source_tokens": {"books": 4096 * i}} for i in (10, 20)]
put("metrics", "grown", "".join(json.dumps(line) + "\n" for line in steps + [
    growth | {"event": "growth", "loss_before": 4.9, "loss_after": 4.96, "seconds": 0.1},
    steps[1] | {"step": 30, "layers": 4, "val_loss": 5.1}]))
put("parquet", "plain", (ROOT / "tests/golden/parquet/plain.parquet").read_bytes())
put("parquet", "compressed", (ROOT / "tests/golden/parquet/documents.parquet").read_bytes())
put("study_record", "small", as_json({
    "name": "small", "question": "What?", "baseline": "baseline", "runs": [{"dir": "baseline-s1", "variant": "baseline", "seed": 1}],
    "commands": [{"job": "train baseline-s1", "command": "cambium train a.toml"}], "machine": {"processor": "one"}}))
source = '[source]\nform = "jsonl"\nfile = "mini.jsonl"\nget = "nothing"\n'
put("task", "choices", 'task = "mini"\nabout = "a test"\ngroup = "tests"\nversion = "1"\nkind = "multiple_choice"\n' + source +
    '[prompt]\ntext = "Q: {question|strip|lower}\\nA:"\nchoices = "{choices}"\ngold = "{answer}"\n[[metric]]\nname = "acc"\n')
for name in ("gsm8k", "squadv2", "triviaqa"):
    put("task", name, (ROOT / f"tasks/{name}.toml").read_bytes().replace(b"\n\n", b"\n"))
item = {"question": "Who?", "answer": "B"}
for number, (form, text) in enumerate({
        "jsonl": json.dumps(item) + "\n\n" + json.dumps(item) + "\n",
        "json": as_json([item, item]),
        "hellaswag": "A man\n2\none\ntwo\nthree\nfour\n",
        "squad": as_json({"data": [{"title": "t", "paragraphs": [{"context": "c", "qas": [{"id": "1", "question": "q", "answers": [
            {"text": "a", "answer_start": 0}], "is_impossible": False}]}]}]}),
        "coqa": json.dumps({"questions": ["a?", "b?"], "answers": ["c", "d"]}) + "\n",
        "xml": '<?xml version="1.0"?>\n<!-- x -->\n<set><item id="1"><q>a &lt; &#65;</q><a>2</a></item></set>\n',
        "lines": "one\ntwo\n"}.items()):
    put("evaluation_set", form, bytes([number]) + text.encode())
put("answers", "two", "".join(json.dumps({"request": i, "log_likelihood": -1.5, "greedy": True, "text": "a\u00e4", "token_log_probs": [-1.5],
                                          "token_contexts": [3]}) + "\n" for i in range(2)))


def numbers(*shape):
    """Nested lists of numbers of that shape."""
    return [numbers(*shape[1:]) if len(shape) > 1 else round(0.37 * i - 0.5, 2) for i in range(shape[0])]


# In the order of the target's names of analyses; what the page shows of each.
PAGE = [
    {"rc_attn": numbers(4), "rc_mlp": numbers(4), "rc_layer": numbers(4), "norm_input": numbers(4), "rc_layer_by_position": numbers(2, 4)},
    {"cos_attn": numbers(4), "cos_mlp": numbers(4), "cos_layer": numbers(4), "cos_io": numbers(4)},
    {"layer_max": 1.5, "logit_max": 2, "effect_layer_max": numbers(4), "effect_logit_max": numbers(4), "uniform": 2.5},
    {"logit_accuracy": numbers(5), "logit_agreement": numbers(5), "logit_depth_90": 3},
    {"kl": numbers(5), "top5_overlap": numbers(5), "top1_agreement": numbers(5), "cross_entropy": numbers(5)},
    {"baseline_nll": 2.5, "nll": numbers(4, 2), "sizes": [1, 2]},
    {"baseline_nll": 2.5, "nll": numbers(4, 2), "sizes": [2, 4], "nll_blocks": 3.5},
    {"baseline_nll": 2.5, "nll": numbers(4, 2), "nll_blocks": numbers(2, 2), "sizes": [1, 2], "block_size": 2},
    {"curse_of_depth": 0.4, "curse_of_depth_interval": [0.1, 0.6], "curse_of_depth_threshold": 0.5, "curse_of_depth_verdict": "absent"},
    {"layer_effect": numbers(4, 4), "logit_effect": numbers(4)},
]
for number, values in enumerate(PAGE):
    put("page", f"analysis-{number}", bytes([number]) + json.dumps(
        {"analysis": "a", "model": "runs/a", "definition": "d <b>", "prompts": {"count": 2}, "seed": 1, "values": values}).encode())
