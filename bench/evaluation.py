"""Measures `cambium eval` beside lm-evaluation-harness with its Hugging Face backend: HellaSwag and LAMBADA, the same model,
float32 both, in one run, taking turns; prints the ratio of the seconds.

The model has the shape of SmolLM-135M and random weights: what is measured is time. The harness gets the same requests, over
stand-ins made from the same files. Both times leave out loading Python and the model; cambium's is the whole command less a
run that asks about one item.

usage: scripts/bench eval --data DIR --tokenizer tokenizer.json [--limit 200] [--repeats 1] [--threads N]
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

os.environ |= {"HF_HUB_OFFLINE": "1", "DISABLE_MULTIPROC": "1", "TOKENIZERS_PARALLELISM": "true"}


def smollm_135m(folder, tokenizer_file):
    """A directory with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    shutil.copy(tokenizer_file, folder / "tokenizer.json")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|endoftext|>")
    tokenizer.pad_token = tokenizer.eos_token
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=2048, tie_word_embeddings=True,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    return model, tokenizer


def harness_tasks(data, limit, scratch):
    """Upstream's two tasks over the same items."""
    import lm_eval
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.tasks._yaml_loader import load_yaml

    passages = (data / "lambada_openai.jsonl").read_text(encoding="utf-8").split("\n")[:limit]
    items = [json.loads(line) for line in passages]
    rows = {"lambada/lambada_openai": [{"text": f"{r['context']} {r['continuation']}"} for r in items]}
    six = (data / "hellaswag_val_full.txt").read_text(encoding="utf-8").split("\n")[: 6 * limit]
    rows["hellaswag/hellaswag"] = [
        {"query": six[i], "label": int(six[i + 1]), "choices": six[i + 2 : i + 6]} for i in range(0, len(six) - 5, 6)
    ]
    tasks = []
    for name, lines in rows.items():
        file = scratch / f"{name.split('/')[1]}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        config = load_yaml(pathlib.Path(lm_eval.__file__).parent / "tasks" / f"{name}.yaml", resolve_func=True)
        for key in ("tag", "training_split", "validation_split", "process_docs", "dataset_name"):
            config.pop(key, None)
        local = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(file)}}, "test_split": "test"}
        tasks.append(ConfigurableTask(config=config | local))
    return tasks


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cambium", required=True)
    parser.add_argument("--python", help="not used: this script runs in it")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch-size", type=int, default=16, help="the harness's")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)

    import torch
    from lm_eval import evaluator
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        (scratch / "model").mkdir()
        model, tokenizer = smollm_135m(scratch / "model", options.tokenizer)
        peer = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=options.batch_size, max_length=2048)
        tasks = harness_tasks(options.data, options.limit, scratch)

        def harness():
            evaluator.simple_evaluate(model=peer, tasks=tasks, bootstrap_iters=0, log_samples=False)

        def cambium(limit):
            command = [options.cambium, "eval", scratch / "model", "--tasks", "hellaswag,lambada_openai"]
            command += ["--data", options.data, "--limit", limit, "--bootstrap", 0]
            subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL)

        ratios = []
        for _ in range(options.repeats):
            ours = seconds(lambda: cambium(options.limit)) - seconds(lambda: cambium(1))
            theirs = seconds(harness)
            ratios.append(theirs / ours)
            print(f"cambium {ours:.1f} s, lm-evaluation-harness {theirs:.1f} s: {ratios[-1]:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
