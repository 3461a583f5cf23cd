"""What scripts/bench prints of a shape: a table of everyone, how they were set, the bound, the shares of the ops."""

import statistics

ENOUGH_PROCESSOR = 0.9
MFU = "training FLOPs a token x best tokens/s / peak FLOPs; in brackets with causal attention counted once"


def rates(program):
    return [lap["tokens_per_second"] for lap in program["repeats"]]


def gibibytes(size):
    return f"{size / 2**30:.1f} GiB"


def heading(result):
    sizes, shape = result["sizes"], result["cambium_alone"]["shape"]
    heads = f"{sizes['heads']} heads" + (f", {sizes['kv_heads']} for keys" if "kv_heads" in sizes else "")
    return (f"### {result['shape']}, {result['precision']}: vocabulary {sizes['vocab_size']}, hidden {sizes['hidden_size']}, "
            f"ffn {sizes['intermediate_size']}, {sizes['layers']} layers, {heads}, "
            f"{sizes['sequences']} x {sizes['sequence_length']} tokens ({shape['parameters'] / 1e6:.1f} M parameters)")


def mfu(details, rate):
    """The same formula for everyone: cambium's FLOPs a token and the peak that it measured or knows."""
    full, causal = (details[key] * rate / details["peak_flops"] for key in ("flops_per_token", "flops_per_token_causal"))
    return f"{100 * full:.0f} % ({100 * causal:.0f} %)"


def rows(result):
    own = rates(result["programs"]["cambium"])
    for name, program in result["programs"].items():
        found = rates(program)
        cells = [name, f"{max(found):,.0f}", f"{statistics.median(found):,.0f}", f"{min(found):,.0f}",
                 mfu(result["cambium_alone"], max(found))]
        if name == "cambium":
            cells += ["", ""]
        else:
            ratios = [a / b for a, b in zip(own, found)]
            cells += [f"{max(own) / max(found):.2f}",
                      f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
        yield f"| {' | '.join(cells)} |"


def settings_lines(result):
    settings, details = result["settings"], result["cambium_alone"]
    yield (f"- {settings['micro_batch']} sequences a forward pass; cambium: recompute {settings['recompute']}"
           + (f", {gibibytes(details['peak_memory'])} at most" if details.get("peak_memory") else ""))
    for name, program in result["programs"].items():
        about = program["about"]
        if name == "cambium":
            continue
        line = (f"- {name}: transformers {about['transformers']}, PyTorch {about['torch']}, {about['attention']} attention, "
                f"{about['optimizer']}, {'bfloat16 by autocast' if result['precision'] == 'bfloat16' else 'float32'}")
        if about["checkpointing"]:
            line += ", gradient checkpointing (without, it ran out of memory)"
        if about.get("peak_memory"):
            line += f", {gibibytes(about['peak_memory'])} at most"
        yield line


def machine_line(details):
    machine = details["machine"]
    processor = f"{machine['cpu']}, {machine['threads']} threads"
    if details["device"] == "cuda":
        return f"- {machine['gpu']}; products: {machine['products']}; beside {processor}"
    return (f"- {processor}, {machine['kernels']} kernels, products: {machine['products']}; "
            f"load before the last measurement {machine['load']:.1f}")


def bound_line(details, training):
    library = details["products"]["library"]["tokens_per_second"]
    peak = details["peak_flops"]
    return (f"- products alone (`at::mm` into buffers that are there): {library:,.0f} tokens/s; training "
            f"reaches {100 * training / library:.0f} % of that bound; MFU {100 * training * details['flops_per_token'] / peak:.0f} % "
            f"of {peak / 1e9:,.0f} GFLOP/s ({details['peak_from']}) = {MFU}")


def print_table(result, say):
    details = result["cambium_alone"]
    say()
    say(heading(result))
    say()
    say("| | tokens/s, best | median | lowest | MFU | cambium is faster by (best) | by round: median (lowest to highest) |")
    say("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows(result):
        say(row)
    say()
    for name, failure in result["failures"].items():
        say(f"- {name} was not measured: {failure}")
    if details["device"] == "cpu":
        for name, program in result["programs"].items():
            least = min(lap["cpu_share"] for lap in program["repeats"])
            if least < ENOUGH_PROCESSOR:
                say(f"- {name} had {100 * least:.0f} % of the processors in one round: others were at work, or it waited")
    for line in settings_lines(result):
        say(line)
    say(machine_line(details))
    say(bound_line(details, max([details["tokens_per_second"], *rates(result["programs"]["cambium"])])))
    shares = sorted(details["ops"], key=lambda op: -op["share"])
    say("- shares of a step: " + ", ".join(f"{op['op']} {100 * op['share']:.0f} %" for op in shares if op["share"] >= 0.01))
