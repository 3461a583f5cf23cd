"""The first items of benchmark files, in the form in which the files are published. Standard library only.

What the references of `cambium eval` were made from: those files whose licence allows it lie in eval/data
(eval/README.md); the others are cut from the whole files again where those are at hand."""

import json
import pathlib

ITEMS = 24
# Each task's files. Those of the tasks in STORED lie in eval/data.
FILES = {
    "hellaswag": ["hellaswag_val_full.txt"],
    "piqa": ["piqa_valid.jsonl", "piqa_valid-labels.lst"],
    "winogrande": ["winogrande.jsonl"],
    "openbookqa": ["openbook_qa.jsonl"],
    "triviaqa": ["triviaqa_sm_sub.jsonl"],
    "gsm8k": ["gsm8k_test.jsonl"],
    "lambada_openai": ["lambada_openai.jsonl"],
    "arc_easy": ["arc_easy.jsonl"],
    "arc_challenge": ["arc_challenge.jsonl"],
    "boolq": ["boolq.jsonl"],
    "nq_open": ["nq_open_dev.jsonl"],
    "webqs": ["webquestions_test.json"],
    "drop": ["drop.jsonl"],
    "asdiv": ["asdiv.xml"],
    "coqa": ["coqa_dev.jsonl"],
    "squadv2": ["squad_v2_dev_11873.jsonl"],
}
STORED = ("hellaswag", "piqa", "winogrande", "openbookqa", "triviaqa", "gsm8k")


def excerpt(source, target):
    """Writes the first items of the file `source` to `target`."""
    text = pathlib.Path(source).read_text(encoding="utf-8")
    if source.suffix == ".xml":
        end = "</Problem>"
        text = end.join(text.split(end)[:ITEMS]) + f"{end}\n</ProblemSet>\n</Machine-Reading-Corpus-File>\n"
    elif source.suffix == ".json":
        text = json.dumps(json.loads(text)[:ITEMS], ensure_ascii=False)
    else:
        lines = ITEMS * (6 if source.name.startswith("hellaswag") else 1)
        text = "".join(line + "\n" for line in text.split("\n")[:lines])
    pathlib.Path(target).write_text(text, encoding="utf-8")
