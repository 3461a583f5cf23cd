"""LN-Scaling written out by hand: scaled/{model/, scores.jsonl}; the plain LLaMA with folded norms must be equal."""

import copy
import json
import math

from safetensors.torch import save_file

from reference import (
    Plain,
    config,
    fresh,
    largest_difference,
    logits_of,
    random_ids,
    random_model,
    tensors_of,
    write_json,
    write_scores,
)

# Names the architecture that plain LLaMA code must not read as its own.
MODEL_TYPE = "cambium-llama"


def folded(model):
    """The plain LLaMA that computes the same: each layer's norm weights over sqrt(l)."""
    plain = copy.deepcopy(model)
    for index, layer in enumerate(plain.model.layers):
        for norm in (layer.input_layernorm, layer.post_attention_layernorm):
            norm.weight.data /= math.sqrt(index + 1)
    return plain


def main():
    cfg = config(
        vocab_size=61,
        hidden_size=24,
        intermediate_size=44,
        num_attention_heads=3,
        num_key_value_heads=1,
        num_hidden_layers=5,
        tie_word_embeddings=True,
    )
    model = random_model(cfg, 300)
    directory = fresh("scaled")
    scaled = Plain(tensors_of(model), cfg, layer_norm_scaling=True)
    sequences = [random_ids(cfg.vocab_size, n, 30_000 + n) for n in (1, 2, 7, 33, 60)]

    by_hand = [logits_of(scaled, ids) for ids in sequences]
    by_transformers = [logits_of(folded(model), ids) for ids in sequences]
    unscaled = [logits_of(model, ids) for ids in sequences]
    difference = largest_difference(by_hand, by_transformers)
    assert difference < 1e-4, difference
    effect = largest_difference(by_hand, unscaled)
    print(f"by hand against folded in transformers {difference:.1e}; what the scaling changes {effect:.1f}")

    (directory / "model").mkdir()
    save_file(tensors_of(model), directory / "model" / "model.safetensors", metadata={"format": "pt"})
    fields = json.loads(cfg.to_json_string())
    fields.update(model_type=MODEL_TYPE, architectures=["CambiumLlamaForCausalLM"], layer_norm_scaling=True)
    write_json(fields, directory / "model" / "config.json")
    write_scores(scaled, sequences, directory / "scores.jsonl")


if __name__ == "__main__":
    main()
