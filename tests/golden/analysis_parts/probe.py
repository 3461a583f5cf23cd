"""A transformers model in float64, with hooks on its layers, and the prompts that it is looked at with."""

import contextlib

import torch

PARTS = {"layer": lambda layer: layer, "attention": lambda layer: layer.self_attn, "mlp": lambda layer: layer.mlp}
SIZES = [1, 2, 4, 8]
BLOCK = 3  # layers
SEED = 1  # of whatever the program draws


def first(value):
    return value[0] if isinstance(value, tuple) else value


@contextlib.contextmanager
def hooks(*handles):
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Reference:
    def __init__(self, model, prompts):
        self.model = model.double()
        self.layers = list(model.model.layers)
        self.prompts = prompts
        self.count = len(self.layers)

    def logits(self, ids):
        return self.model(torch.tensor([ids]), use_cache=False).logits[0]

    def record(self, ids):
        """Of one pass: streams [L + 1][T, d], attention and MLP outputs [L][T, d], logits."""
        streams, attention, mlp = [], [], []
        handles = []
        for layer in self.layers:
            handles += [
                layer.register_forward_pre_hook(lambda _, args: streams.append(args[0][0].clone())),
                layer.self_attn.register_forward_hook(lambda *call: attention.append(first(call[-1])[0].clone())),
                layer.mlp.register_forward_hook(lambda *call: mlp.append(first(call[-1])[0].clone())),
            ]
        handles.append(
            self.layers[-1].register_forward_hook(lambda *call: streams.append(first(call[-1])[0].clone()))
        )
        with hooks(*handles):
            logits = self.logits(ids)
        return streams, attention, mlp, logits

    def head(self, stream):
        return self.model.lm_head(self.model.model.norm(stream))
