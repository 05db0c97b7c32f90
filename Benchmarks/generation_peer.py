"""Times transformers' greedy generation of 128 tokens, with and without a vector that a hook adds to the
output of block 15 in every step.

generation_peer.py FILE.gguf ROUNDS     prints {"name": ..., "seconds": [...]}, one object a line
"""

import json
import os
import sys
import time

import torch
import transformers

torch.set_num_threads(1)
PROMPT, NEW, LAYER = 16, 128, 15


def main(path, rounds):
    folder, name = os.path.split(os.path.abspath(path))
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32
    ).eval()
    model.generation_config.eos_token_id = None
    width = model.config.hidden_size
    vector = torch.tensor([i % 3 - 1.0 for i in range(width)])

    def add(module, arguments, output):
        states = output[0] if isinstance(output, tuple) else output
        if states.shape[1] == 1:  # The prompt stays as it is.
            states = states + vector
        return (states, *output[1:]) if isinstance(output, tuple) else states

    def generate(ids):
        start = time.perf_counter()
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False,
            pad_token_id=0,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        assert made.shape[1] == PROMPT + NEW, made.shape
        return seconds

    with torch.inference_mode():
        for batch in [1, 8]:
            ids = torch.tensor(
                [[(7919 * e + 31 * i + 1) % 30000 for i in range(PROMPT)] for e in range(batch)]
            )
            for kind in ["plain", "added"]:
                hook = None
                if kind == "added":
                    hook = model.model.layers[LAYER].register_forward_hook(add)
                times = [generate(ids) for _ in range(rounds)]
                if hook:
                    hook.remove()
                print(json.dumps({"name": f"{kind}_{batch}", "seconds": times}), flush=True)


main(sys.argv[1], int(sys.argv[2]))
