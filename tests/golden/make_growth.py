"""Depth growth by index: which layers a grown model runs, and its log-probabilities: growth/{model/, cases.json}."""

import json

from transformers import LlamaForCausalLM

from make_scaled import MODEL_TYPE
from reference import (
    Plain,
    config,
    fresh,
    largest_difference,
    log_probs,
    logits_of,
    random_ids,
    random_model,
    save_model,
    tensors_of,
    write_json,
)


def ceil_half(n):
    return (n + 1) // 2


def grown(order, block, operator):
    """One growth by `block` layers, as the papers give it. `order`: the initial layer each layer descends from."""
    depth = len(order)
    middle_block = ceil_half(depth // block) - 1
    insert_at = (middle_block + 1) * block
    first = middle_block * block if operator == "midas" else ceil_half(depth) - ceil_half(block)
    return order[:insert_at] + order[first : first + block] + order[insert_at:]


def copied(model, order):
    """A transformers model whose layer i is layer order[i] of `model`."""
    cfg = type(model.config).from_dict(
        dict(model.config.to_dict(), num_hidden_layers=len(order)), attn_implementation="eager"
    )
    deep, state = LlamaForCausalLM(cfg).eval(), model.state_dict()
    for name in deep.state_dict():
        parts = name.split(".")
        if parts[1] == "layers":
            parts[2] = str(order[int(parts[2])])
        deep.state_dict()[name].copy_(state[".".join(parts)])
    return deep


def main():
    cfg = config(
        vocab_size=48,
        hidden_size=24,
        num_attention_heads=3,
        num_key_value_heads=1,
        intermediate_size=40,
        num_hidden_layers=4,
        tie_word_embeddings=True,
    )
    model = random_model(cfg, 400)
    ids = random_ids(cfg.vocab_size, 24, 40_000)
    cases = []
    for operator in ("midas", "lidas"):
        for block, times in ((4, 1), (4, 2), (2, 1), (2, 2), (2, 3), (1, 1), (1, 2)):
            order = list(range(4))
            for _ in range(times):
                order = grown(order, block, operator)
            logits = logits_of(copied(model, order), ids)
            assert largest_difference([logits], [logits_of(Plain(tensors_of(model), cfg, order=order), ids)]) < 1e-4
            scaled = logits_of(Plain(tensors_of(model), cfg, layer_norm_scaling=True, order=order), ids)
            cases.append(
                {
                    "operator": operator,
                    "block_size": block,
                    "times": times,
                    "order": order,
                    "logprobs": log_probs(logits, ids),
                    "scaled_logprobs": log_probs(scaled, ids),
                }
            )
            print(operator, block, times, order)

    directory = fresh("growth")
    save_model(model, directory / "model")
    # The same weights as an LN-Scaling model: there the factor follows the new place of a copied layer.
    fields = json.loads((directory / "model" / "config.json").read_text())
    fields.update(model_type=MODEL_TYPE, architectures=["CambiumLlamaForCausalLM"], layer_norm_scaling=True)
    write_json(fields, directory / "config-scaled.json")
    lines = json.dumps({"ids": ids, "cases": cases}).replace("}, {", "},\n{")
    (directory / "cases.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
