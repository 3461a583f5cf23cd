"""Trains a LLaMA of Hugging Face transformers on random tokens, as a plain PyTorch training loop does, and says how fast.

One JSON object a line on stdout: first what it is, then one for each repeat. With --serve it measures when it is told to
(a line `measure SECONDS` on stdin), so that several programs can take turns on one machine; without, --repeats times.
"""

import argparse
import gc
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
    parser.add_argument("--micro-batch", type=int, default=0, help="sequences of a forward pass; all where not given")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--checkpointing", action="store_true",
                        help="gradient checkpointing; on a GPU it is turned on where a step runs out of memory without")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16", help="bfloat16: autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


class Training:
    WARM_UP = 3  # steps: compilation, fresh memory
    ATTENTION = "sdpa"
    OPTIMIZER = "AdamW(fused=True)"

    def __init__(self, options):
        torch.manual_seed(1)
        torch.set_num_threads(options.threads)
        self.options = options
        shape = (options.sequences, options.sequence_length)
        self.ids = torch.randint(options.vocab_size, shape).to(options.device)
        with torch.device(options.device):
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
                    attn_implementation=self.ATTENTION,
                )
            )
        self.model.train()
        self.checkpointing = False
        if options.checkpointing:
            self.save_memory()
        self.forward = torch.compile(self.model) if options.compile else self.model
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.01, fused=True
        )
        began = time.monotonic()
        if not self.warm_up():
            self.save_memory()
            self.optimizer.zero_grad(set_to_none=True)
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            if not self.warm_up():
                sys.exit("out of memory, with gradient checkpointing too: a smaller --micro-batch may fit")
        self.warm_up_seconds = time.monotonic() - began

    def save_memory(self):
        """Each layer's activations are made again in the backward pass."""
        self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.checkpointing = True
        if self.options.compile:
            torch._dynamo.reset()  # what was compiled keeps them
            self.forward = torch.compile(self.model)

    def warm_up(self):
        """Whether memory is enough."""
        try:
            for _ in range(self.WARM_UP):
                self.step()
        except torch.cuda.OutOfMemoryError:
            return False
        return True

    def step(self):
        """Waits once, for the loss."""
        micro_batches = self.ids.split(self.options.micro_batch or len(self.ids))
        total = 0
        for ids in micro_batches:
            with torch.autocast(self.options.device, torch.bfloat16, enabled=self.options.precision == "bfloat16"):
                loss = self.forward(input_ids=ids, labels=ids).loss / len(micro_batches)
            loss.backward()
            total = total + loss.detach()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total.item()

    def synchronize(self):
        if self.options.device == "cuda":
            torch.cuda.synchronize()

    def about(self):
        found = {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "parameters": sum(parameter.numel() for parameter in self.parameters),
            "threads": torch.get_num_threads(),
            "device": self.options.device,
            "attention": self.ATTENTION,
            "optimizer": self.OPTIMIZER,
            "checkpointing": self.checkpointing,
            "warm_up_seconds": self.warm_up_seconds,
        }
        if self.options.device == "cuda":
            found |= {"gpu": torch.cuda.get_device_name(), "peak_memory": torch.cuda.max_memory_reserved()}
        return found

    def lap(self, seconds):
        """Whole steps for that long or a little longer."""
        self.synchronize()
        began, processor_began, steps = time.monotonic(), time.process_time(), 0
        while steps == 0 or time.monotonic() - began < seconds:
            self.step()
            steps += 1
        self.synchronize()
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
    say(training.about())
    if not options.serve:
        for _ in range(options.repeats):
            say(training.lap(options.seconds))
        return
    for line in sys.stdin:
        _, seconds = line.split()
        say(training.lap(float(seconds)))


if __name__ == "__main__":
    main()
