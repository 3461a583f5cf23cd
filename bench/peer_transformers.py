"""Trains a LLaMA of Hugging Face transformers on random tokens, as a plain PyTorch training loop does, and says how fast.

One JSON object a line on stdout: first what it is, then one for each repeat. With --serve it measures when it is told to
(a line `measure SECONDS` on stdin), so that several programs can take turns on one machine; without, --repeats times.
"""

import argparse
import json
import os
import sys
import time

import torch
import transformers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("vocab-size", "hidden-size", "intermediate-size", "layers", "heads", "sequence-length", "sequences"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--kv-heads", type=int, default=0, help="as many as query heads where not given")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16", help="bfloat16: autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


class Training:
    WARM_UP = 3  # steps: compilation, fresh memory

    def __init__(self, options):
        torch.manual_seed(1)
        torch.set_num_threads(options.threads)
        self.options = options
        self.model = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=options.vocab_size,
                hidden_size=options.hidden_size,
                intermediate_size=options.intermediate_size,
                num_hidden_layers=options.layers,
                num_attention_heads=options.heads,
                num_key_value_heads=options.kv_heads or options.heads,
                max_position_embeddings=options.sequence_length,
                tie_word_embeddings=True,
                use_cache=False,
            )
        )
        self.model.train()
        self.forward = torch.compile(self.model) if options.compile else self.model
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.01, fused=True
        )
        shape = (options.sequences, options.sequence_length)
        self.ids = torch.randint(options.vocab_size, shape)
        began = time.monotonic()
        for _ in range(self.WARM_UP):
            self.step()
        self.warm_up_seconds = time.monotonic() - began

    def step(self):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bfloat16"):
            loss = self.forward(input_ids=self.ids, labels=self.ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()

    def lap(self, seconds):
        """Whole steps for that long or a little longer."""
        began, processor_began, steps = time.monotonic(), time.process_time(), 0
        while steps == 0 or time.monotonic() - began < seconds:
            self.step()
            steps += 1
        took, processor = time.monotonic() - began, time.process_time() - processor_began
        return {
            "tokens_per_second": steps * self.ids.numel() / took,
            "steps": steps,
            "seconds": took,
            "cpu_share": processor / (took * self.options.threads),
        }


def say(message):
    print(json.dumps(message), flush=True)


def main():
    options = arguments()
    training = Training(options)
    say(
        {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "parameters": sum(parameter.numel() for parameter in training.parameters),
            "threads": torch.get_num_threads(),
            "warm_up_seconds": training.warm_up_seconds,
        }
    )
    if not options.serve:
        for _ in range(options.repeats):
            say(training.lap(options.seconds))
        return
    for line in sys.stdin:
        _, seconds = line.split()
        say(training.lap(float(seconds)))


if __name__ == "__main__":
    main()
