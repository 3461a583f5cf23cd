"""What lm-evaluation-harness asks and what transformers answers, for the tasks that upstream has.

Builds the harness's own tasks (its templates, its code) over local stand-ins for their data sets, made from the first
items of the published files (eval_excerpt.py), asks a tiny random model, and stores for each request the hashes of its
texts (not every data set may be shipped), the log-likelihood or the generated text's hash, and the metrics.
Writes eval/model/{config.json, model.safetensors, tokenizer.json}, eval/data, eval/requests.jsonl and eval/results.json.

usage: make_eval.py --data DIR --squad-metrics FILE [--limit 6]      (torch, transformers, lm-eval)
DIR: eval.tar.zst, unpacked, and coqa_dev.jsonl
FILE: transformers/data/metrics/squad_metrics.py of transformers 4.57: upstream's coqa needs it, transformers 5 lacks it
"""

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import pathlib
import shutil
import sys
import tempfile
import types
import xml.etree.ElementTree as ElementTree

os.environ |= {"HF_HUB_OFFLINE": "1", "DISABLE_MULTIPROC": "1"}

import lm_eval
import torch
from eval_excerpt import FILES, STORED, excerpt
from lm_eval import evaluator
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks._yaml_loader import load_yaml
from lm_eval.tasks.squadv2 import task as squad
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).resolve().parent
# Names of tokens that end a text differ between versions; this one is what the tokenizer of the goldens has.
END = "<|endoftext|>"
BOOTSTRAP = 1000


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def stand_ins(data):
    """Rows in the shape in which upstream's data sets have them, by task."""
    rows = {}
    rows["lambada_openai"] = [
        {"text": f"{r['context']} {r['continuation']}"} for r in lines(data / "lambada_openai.jsonl")
    ]
    six = (data / "hellaswag_val_full.txt").read_text(encoding="utf-8").split("\n")
    rows["hellaswag"] = [
        {"query": six[i], "label": int(six[i + 1]), "choices": six[i + 2 : i + 6]} for i in range(0, len(six) - 5, 6)
    ]
    labels = (data / "piqa_valid-labels.lst").read_text().split()
    rows["piqa"] = [dict(r, label=int(l)) for r, l in zip(lines(data / "piqa_valid.jsonl"), labels)]
    for task in ("arc_easy", "arc_challenge"):
        rows[task] = [
            {
                "question": r["query"][len("Question: ") :],
                "choices": {"text": r["choices"], "label": list("ABCDEFGH")[: len(r["choices"])]},
                "answerKey": "ABCDEFGH"[r["gold"]],
            }
            for r in lines(data / f"{task}.jsonl")
        ]
    rows["openbookqa"] = [
        {
            "question_stem": r["query"],
            "choices": {"text": r["choices"], "label": list("ABCD")[: len(r["choices"])]},
            "answerKey": "ABCD"[r["gold"]],
        }
        for r in lines(data / "openbook_qa.jsonl")
    ]
    rows["winogrande"] = []
    for r in lines(data / "winogrande.jsonl"):
        first, second = r["context_options"]
        n = 0
        while n < min(len(first), len(second)) and first[n] == second[n]:
            n += 1
        n = first.rfind(" ", 0, n) + 1
        rows["winogrande"].append(
            {
                "sentence": f"{first[:n]}_ {r['continuation']}",
                "option1": first[n:],
                "option2": second[n:],
                "answer": str(r["gold"] + 1),
            }
        )
    rows["boolq"] = []
    for r in lines(data / "boolq.jsonl"):
        passage, question = r["query"][len("Passage: ") :].rsplit("\nQuestion: ", 1)
        rows["boolq"].append({"passage": passage, "question": question.removesuffix("?"), "label": r["gold"]})
    rows["triviaqa"] = [
        {
            "question": r["context"][len("Question: ") :].removesuffix("\nAnswer:"),
            "answer": {"aliases": r["aliases"]},
        }
        for r in lines(data / "triviaqa_sm_sub.jsonl")
    ]
    rows["nq_open"] = lines(data / "nq_open_dev.jsonl")
    rows["webqs"] = [
        {"question": r["qText"], "answers": r["answers"]}
        for r in json.loads((data / "webquestions_test.json").read_text(encoding="utf-8"))
    ]
    rows["drop"] = []
    for r in lines(data / "drop.jsonl"):
        passage, question = r["context"][len("Passage: ") :].rsplit("\nQuestion: ", 1)
        rows["drop"].append(
            {
                "passage": passage,
                "question": question.removesuffix("\nAnswer:"),
                "answer": {"spans": r["ref_text"].split("|")},
                "answers": [[a] for a in r["ref_text"].split("|")],
            }
        )
    problems = ElementTree.parse(data / "asdiv.xml").getroot().iter("Problem")
    rows["asdiv"] = [
        {"body": p.find("Body").text, "question": p.find("Question").text, "answer": p.find("Answer").text}
        for p in problems
    ]
    rows["gsm8k"] = lines(data / "gsm8k_test.jsonl")
    rows["coqa"] = [
        {
            "story": r["story"],
            "questions": {"input_text": r["questions"]},
            "answers": {"input_text": r["answers"]},
            "additional_answers": None,
        }
        for r in lines(data / "coqa_dev.jsonl")
    ]
    rows["squadv2"] = [
        {
            "id": r["ids"],
            "title": r["title"],
            "context": "\n".join(ast.literal_eval(r["context"])),
            "question": r["question"],
            "answers": {"text": [] if r["is_impossible"] == "1" else ast.literal_eval(r["answers"])},
        }
        for r in lines(data / "squad_v2_dev_11873.jsonl")
    ]
    return rows


def make_model(folder):
    """Wide enough weights that answers differ, few enough to be stored."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(HERE / "tokenizers" / "trained.json", folder / "tokenizer.json")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token=END)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=640, tie_word_embeddings=True, initializer_range=0.25,
        bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer.pad_token = END
    return model, tokenizer


# Where upstream describes each task, and how many examples stand in front of a question.
TASKS = {
    "lambada_openai": ("lambada/lambada_openai", 0),
    "hellaswag": ("hellaswag/hellaswag", 0),
    "piqa": ("piqa/piqa", 0),
    "arc_easy": ("arc/arc_easy", 0),
    "arc_challenge": ("arc/arc_challenge", 2),
    "winogrande": ("winogrande/default", 1),
    "openbookqa": ("openbookqa/openbookqa", 7),
    "boolq": ("super_glue/boolq/default", 0),
    "triviaqa": ("triviaqa/default", 0),
    "nq_open": ("nq_open/nq_open", 3),
    "webqs": ("webqs/webqs", 0),
    "drop": ("drop/default", 0),
    "asdiv": ("asdiv/default", 0),
    "gsm8k": ("gsm8k/gsm8k", 2),
    "coqa": ("coqa/default", 0),
    "squadv2": (None, 0),
}


class LocalSquad(squad.SQuAD2):
    """Upstream's task, which is code, over a local file."""

    DATASET_PATH = "json"

    def __init__(self, file):
        local = {"data_files": {"validation": str(file)}}
        ConfigurableTask.__init__(self, config={"task": "squadv2", "dataset_kwargs": local, "metadata": {"version": 3}})

    def has_training_docs(self):
        return False


SQUAD_METRICS = "transformers.data.metrics.squad_metrics"


def install_squad_metrics(file):
    """Makes the module known under its name, and SQuAD's evaluation with it: upstream loads that code from the hub."""
    import transformers.models.bert

    transformers.models.bert.BasicTokenizer = None  # imported there, not used by what is called here
    for name in ("transformers.data", "transformers.data.metrics"):
        sys.modules.setdefault(name, types.ModuleType(name))
    spec = importlib.util.spec_from_file_location(SQUAD_METRICS, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[SQUAD_METRICS] = module
    spec.loader.exec_module(module)

    def metric(predictions, references):
        examples = [
            types.SimpleNamespace(qas_id=r["id"], answers=[{"text": a} for a in r["answers"]["text"]])
            for r in references
        ]
        said = {p["id"]: p["prediction_text"] for p in predictions}
        none = {p["id"]: p["no_answer_probability"] for p in predictions}
        return module.squad_evaluate(examples, said, none)

    squad._squad_metric = metric


def upstream_task(name, file):
    """Upstream's task with its own templates and metrics, over a local file as its test set."""
    if name == "squadv2":
        return LocalSquad(file)
    path = pathlib.Path(lm_eval.__file__).parent / "tasks" / f"{TASKS[name][0]}.yaml"
    config = load_yaml(path, resolve_func=True)
    for key in ("tag", "training_split", "validation_split", "process_docs", "dataset_name"):
        config.pop(key, None)
    config |= {
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(file)}},
        "test_split": "test",
        "fewshot_split": "test",
    }
    return ConfigurableTask(config=config)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def request_line(task, sample, index):
    context, second = sample["arguments"][index]
    response = sample["resps"][index][0]
    line = {"task": task, "doc_id": sample["doc_id"], "context": digest(context), "context_end": context[-8:]}
    if isinstance(second, str):
        line |= {"continuation": digest(second), "log_likelihood": response[0], "greedy": response[1]}
    else:
        line |= {"until": second["until"], "text": digest(response)}
    return line


def store_rolling(language_model, folder):
    """Texts shorter than the model's positions, and longer: every token is asked once."""
    texts = ["A", "The boat came home. ", *("".join(f"Boat {i} came home. " for i in range(n)) for n in (30, 110, 200))]
    requests = [Instance(request_type="loglikelihood_rolling", doc={}, arguments=(text,), idx=0) for text in texts]
    answers = language_model.loglikelihood_rolling(requests)
    lines = [{"text": text, "log_likelihood": float(answer)} for text, answer in zip(texts, answers)]
    (folder / "rolling.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the published files")
    parser.add_argument("--squad-metrics", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=int, default=6)
    options = parser.parse_args()
    install_squad_metrics(options.squad_metrics)
    folder = HERE / "eval"
    model, tokenizer = make_model(folder / "model")
    language_model = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=4, max_length=640)
    (folder / "data").mkdir(exist_ok=True)
    store_rolling(language_model, folder)
    requests, results = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        data = pathlib.Path(scratch) / "data"
        data.mkdir()
        for task, files in FILES.items():
            for name in files:
                excerpt(options.data / name, data / name)
                if task in STORED:
                    shutil.copy(data / name, folder / "data")
        for name, rows in stand_ins(data).items():
            file = pathlib.Path(scratch) / f"{name}.jsonl"
            file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            done = evaluator.simple_evaluate(
                model=language_model,
                tasks=[upstream_task(name, file)],
                num_fewshot=TASKS[name][1],
                limit=options.limit,
                bootstrap_iters=BOOTSTRAP,
                cache_requests=False,
            )
            values = {k: v for k, v in done["results"][name].items() if "," in k and "n/a" != v}
            results[name] = {"num_fewshot": TASKS[name][1], "metrics": values}
            first_filter = done["samples"][name][0]["filter"]
            for sample in done["samples"][name]:
                if sample["filter"] == first_filter:
                    requests += [request_line(name, sample, i) for i in range(len(sample["arguments"]))]
    (folder / "requests.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests), encoding="utf-8")
    text = json.dumps({"limit": options.limit, "bootstrap": BOOTSTRAP, "tasks": results}, indent=1, default=str)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
