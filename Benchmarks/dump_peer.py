"""Times a PyTorch loop with hooks that writes activations to Zarr, on one thread.

The shape of SmolLM2-135M with random weights, documents of 256 tokens, two at a time: block outputs
of the layers 5, 15 and 29 in one array [token, layer, width], byte-shuffled zstd in shards, beside the
same forward passes without hooks. Needs torch, transformers, zarr 3. One JSON object a line.
"""

import json
import sys
import tempfile
import time

import numpy as np
import torch
import zarr
from transformers import LlamaConfig, LlamaModel

DOCUMENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 32
LENGTH, TOGETHER, LAYERS, WIDTH = 256, 2, (5, 15, 29), 576
CHUNK, SHARD = 256, 1024

torch.set_num_threads(1)
torch.manual_seed(0)
model = LlamaModel(
    LlamaConfig(
        hidden_size=WIDTH, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, vocab_size=49152, rope_theta=100000.0, tie_word_embeddings=True,
        attn_implementation="sdpa")).eval()
ids = torch.tensor(
    [[(7919 * d + 31 * i + 1) % 40000 for i in range(LENGTH)] for d in range(DOCUMENTS)])


def forward():
    with torch.inference_mode():
        for start in range(0, DOCUMENTS, TOGETHER):
            model(ids[start : start + TOGETHER], use_cache=False)


def dump(path):
    array = zarr.create_array(
        path, name="block_output", shape=(DOCUMENTS * LENGTH, len(LAYERS), WIDTH),
        chunks=(CHUNK, 1, WIDTH), shards=(SHARD, len(LAYERS), WIDTH), dtype="float32",
        compressors=zarr.codecs.BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        dimension_names=("token", "layer", "width"))
    buffer = np.empty((SHARD, len(LAYERS), WIDTH), np.float32)
    found = {}

    def keep(place):
        def hook(module, inputs, output):
            found[place] = output[0] if isinstance(output, tuple) else output

        return hook

    hooks = [
        model.layers[layer].register_forward_hook(keep(place))
        for place, layer in enumerate(LAYERS)
    ]
    filled, written = 0, 0
    with torch.inference_mode():
        for start in range(0, DOCUMENTS, TOGETHER):
            batch = ids[start : start + TOGETHER]
            model(batch, use_cache=False)
            rows = batch.numel()
            for place in range(len(LAYERS)):
                buffer[filled : filled + rows, place] = found[place].reshape(rows, WIDTH).numpy()
            filled += rows
            if filled == SHARD or start + TOGETHER >= DOCUMENTS:
                array[written : written + filled] = buffer[:filled]
                written, filled = written + filled, 0
    for hook in hooks:
        hook.remove()


def timed(name, work):
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(json.dumps({"name": name, "tokens": DOCUMENTS * LENGTH, "seconds": seconds}), flush=True)


forward()
timed("torch_forward", forward)
with tempfile.TemporaryDirectory() as folder:
    timed("torch_dump", lambda: dump(folder + "/activations.zarr"))
