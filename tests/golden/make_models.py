"""Tiny random LLaMA models and what transformers computes with them.

Writes models/<name>/{model/, scores.jsonl, logits.safetensors}."""

import json

import torch
from safetensors.torch import save_file

from reference import (
    config,
    fresh,
    largest_difference,
    logits_of,
    random_ids,
    random_model,
    save_model,
    write_json,
    write_scores,
)

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


def default_rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


# name: (config, weights, how it is stored)
MODELS = {
    "tied": (dict(tie_word_embeddings=True, rope_parameters=default_rope(10000.0)), {}, {}),
    "untied": (dict(vocab_size=90, num_key_value_heads=2, rope_parameters=default_rope(500000.0)), {}, {}),
    "grouped": (
        dict(vocab_size=89, hidden_size=48, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True),
        {},
        {},
    ),
    "odd": (
        dict(
            vocab_size=101,
            hidden_size=36,
            num_attention_heads=3,
            num_key_value_heads=3,
            intermediate_size=50,
            num_hidden_layers=3,
        ),
        {},
        {},
    ),
    "one_kv_head": (
        dict(
            vocab_size=53,
            hidden_size=40,
            num_attention_heads=5,
            num_key_value_heads=1,
            intermediate_size=72,
            num_hidden_layers=1,
        ),
        {},
        {},
    ),
    "llama3": (
        dict(
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=512,
            rope_parameters=dict(LLAMA3, rope_theta=10000.0),
        ),
        {},
        {},
    ),
    # Embeddings so small that the eps of the first norm decides.
    "eps": (dict(rms_norm_eps=1e-5), dict(embedding_std=0.003), {}),
    # Every key that may be missing is missing (see HAND_WRITTEN); eps decides here too.
    "defaults": (
        dict(rms_norm_eps=1e-6, rope_parameters=default_rope(10000.0), max_position_embeddings=2048),
        dict(embedding_std=0.001),
        {},
    ),
    "bfloat16": (dict(tie_word_embeddings=True), {}, dict(dtype=torch.bfloat16)),
    "float16": (dict(num_key_value_heads=1), {}, dict(dtype=torch.float16)),
    "sharded": (dict(num_hidden_layers=3), {}, dict(max_shard_size=30_000)),
}

# config.json as transformers 4 wrote it, of the same meaning as the one in model/.
TRANSFORMERS_4 = {
    "untied": dict(rope_theta=500000.0, rope_scaling=None, torch_dtype="float32"),
    "llama3": dict(rope_theta=10000.0, rope_scaling=LLAMA3, torch_dtype="float32"),
    "bfloat16": dict(rope_theta=10000.0, rope_scaling=None, torch_dtype="bfloat16"),
}


def in_form_4(text, extra):
    fields = json.loads(text)
    for key in ("rope_parameters", "dtype"):
        fields.pop(key, None)
    return dict(fields, transformers_version="4.46.0", **extra)


def main():
    for number, (name, (fields, weights, storage)) in enumerate(MODELS.items()):
        cfg = config(**fields)
        model = random_model(cfg, 100 + number, **weights)
        directory = fresh(f"models/{name}")
        stored = storage.pop("dtype", torch.float32)
        save_model(model.to(stored), directory / "model", **storage)
        if name == "defaults":
            kept = (
                "architectures",
                "model_type",
                "hidden_size",
                "intermediate_size",
                "num_attention_heads",
                "num_hidden_layers",
                "vocab_size",
            )
            path = directory / "model" / "config.json"
            fields = json.loads(path.read_text())
            write_json({key: fields[key] for key in kept}, path)
        # What was stored, computed with in float32; `model.float()` would keep RoPE's frequencies rounded.
        model = type(model).from_pretrained(directory / "model", dtype=torch.float32, attn_implementation="eager")
        if name in TRANSFORMERS_4:
            form_4 = in_form_4((directory / "model" / "config.json").read_text(), TRANSFORMERS_4[name])
            write_json(form_4, directory / "config-transformers-4.json")
            # transformers 5 reads the older form too: the two must be one model.
            again = type(model)(type(cfg).from_dict(form_4, attn_implementation="eager")).float().eval()
            again.load_state_dict(model.state_dict())
            ids = random_ids(cfg.vocab_size, cfg.max_position_embeddings - 4, 7)
            assert torch.equal(logits_of(again, ids), logits_of(model, ids)), name

        longest = 508 if name == "llama3" else 60
        sequences = [random_ids(cfg.vocab_size, n, 1000 * number + n) for n in (1, 2, 7, 33, longest)]
        write_scores(model, sequences, directory / "scores.jsonl")
        logits = logits_of(model, sequences[2])
        save_file({"ids": torch.tensor(sequences[2]), "logits": logits.contiguous()}, directory / "logits.safetensors")

        single = [logits_of(model, ids).double() for ids in sequences]
        double = [logits_of(model.double(), ids) for ids in sequences]
        print(
            f"{name:12} logits std {single[-1].std().item():.2f}, float32 against float64 "
            f"{largest_difference(single, double):.1e}"
        )


if __name__ == "__main__":
    main()
