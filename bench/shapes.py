"""What scripts/bench measures and whom: shapes, peers, precisions."""

# The shapes of docs/performance.md; the head is tied to the embedding, keys and values have as many heads as queries
# where kv_heads is not given. micro_batch: sequences of a forward pass, of a step where not given.
SHAPES = {
    "S1": dict(vocab_size=8192, hidden_size=256, intermediate_size=768, layers=12, heads=4, sequences=8,
               sequence_length=512),
    "S2": dict(vocab_size=16384, hidden_size=512, intermediate_size=1536, layers=8, heads=8, sequences=4,
               sequence_length=512),
    "S3": dict(vocab_size=8192, hidden_size=256, intermediate_size=768, layers=12, heads=4, sequences=2,
               sequence_length=2048),
    # The presets smollm-360m and smollm-1.7b, for a GPU.
    "360m": dict(vocab_size=49152, hidden_size=960, intermediate_size=2560, layers=32, heads=15, kv_heads=5,
                 sequences=16, sequence_length=2048),
    "1.7b": dict(vocab_size=49152, hidden_size=2048, intermediate_size=8192, layers=24, heads=32, sequences=16,
                 sequence_length=2048),
    "tiny": dict(vocab_size=512, hidden_size=64, intermediate_size=192, layers=2, heads=2, sequences=2,
                 sequence_length=64),
}
RECOMPUTE = ("none", "selective", "full")
NEEDS_RECOMPUTING = {"1.7b": "selective"}  # or it would not fit into 80 GB

# Large tensors stay in the process instead of going back to the system after every step.
TUNED_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
}
PEERS = {
    "eager": ([], {}),
    "compile": (["--compile"], {}),
    "eager-malloc": ([], TUNED_MALLOC),
    "compile-malloc": (["--compile"], TUNED_MALLOC),
}
PRECISIONS = ("bfloat16", "float32")
DEVICES = ("cpu", "cuda")

# Where nothing else is asked for. Another malloc changes nothing on a GPU.
DEFAULT_SHAPES = {"cpu": "S1", "cuda": "360m,1.7b"}
DEFAULT_PEERS = {"cpu": ",".join(PEERS), "cuda": "eager,compile"}


def settings_of(name, options):
    """How a shape is trained: its own settings, and over them what the command line says."""
    shape = SHAPES[name]
    return {
        "device": options.device,
        "micro_batch": options.micro_batch or shape["sequences"],
        "recompute": options.recompute or NEEDS_RECOMPUTING.get(name, "none"),
    }


def flags(shape, settings):
    """A shape as the options that cambium and its peers share."""
    sizes = shape | {"micro_batch": settings["micro_batch"]}
    return [part for key, value in sizes.items() for part in (f"--{key.replace('_', '-')}", str(value))]
