"""Gradients of the mean cross-entropy loss for one batch: gradients/<name>/{batch.json, gradients.safetensors}.

The weights are those of models/<model>/model; run make_models.py first. `scaled` is the same with LN-Scaling."""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from reference import HERE, Plain, fresh, random_ids, write_json


def mean_loss(logits, windows):
    """Every window is T inputs and the token that follows: T targets each."""
    return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def main():
    cases = {"grouped": ("grouped", 2, 12), "odd": ("odd", 2, 15), "scaled": ("odd", 2, 9)}
    for number, (name, (source, batch, tokens)) in enumerate(cases.items()):
        model = LlamaForCausalLM.from_pretrained(
            HERE / "models" / source / "model", attn_implementation="eager"
        ).float()
        rows = [random_ids(model.config.vocab_size, tokens + 1, 5000 + 100 * number + row) for row in range(batch)]
        windows = torch.tensor(rows)
        parameters = dict(model.named_parameters())
        plain = Plain(parameters, model.config, layer_norm_scaling=name == "scaled")
        logits = plain(windows[:, :-1]) if name == "scaled" else model(windows[:, :-1]).logits
        loss = mean_loss(logits, windows)
        loss.backward()
        gradients = {key: value.grad.clone() for key, value in parameters.items()}

        double = {key: value.detach().double().requires_grad_() for key, value in parameters.items()}
        mean_loss(Plain(double, model.config, plain.scaled)(windows[:, :-1]), windows).backward()
        difference = max((gradients[key] - double[key].grad).abs().max().item() for key in gradients)

        directory = fresh(f"gradients/{name}")
        save_file(gradients, directory / "gradients.safetensors")
        write_json(
            {"model": source, "layer_norm_scaling": plain.scaled, "windows": rows, "loss": loss.item()},
            directory / "batch.json",
        )
        largest = max(value.abs().max().item() for value in gradients.values())
        print(f"{name:8} loss {loss.item():.4f}, largest gradient {largest:.3f}, off float64 by hand {difference:.1e}")


if __name__ == "__main__":
    main()
