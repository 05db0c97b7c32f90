"""Times causal tracing of the GPT-2 small shape the ways it is done in Python, on one thread.

Random weights, 12 tokens, subject 2 to 4, 10 samples, 144 cells of block_output. Prints one JSON
object a line: pyvene 0.1.8, a PyTorch loop with hooks over a cached clean run, and the same loop
batched over positions. `--cells N` times N cells spread over the sweep and scales up.
"""

import argparse
import json
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

LAYERS, TOKENS, SAMPLES, SUBJECT = 12, 12, 10, (2, 5)


def setup():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval()
    ids = torch.tensor([[37 * i + 5 for i in range(TOKENS)]])
    noise = 0.1 * torch.randn(SAMPLES, SUBJECT[1] - SUBJECT[0], 768)
    return model, ids, noise


def corrupt(noise):
    def hook(_, __, output):
        output = output.clone()
        output[-SAMPLES * (output.shape[0] // SAMPLES):, SUBJECT[0]:SUBJECT[1]] += noise.repeat(
            output.shape[0] // SAMPLES, 1, 1)
        return output
    return hook


def clean_states(model, ids):
    states, hooks = {}, []
    for layer, block in enumerate(model.transformer.h):
        hooks.append(block.register_forward_hook(
            lambda _, __, out, layer=layer: states.__setitem__(
                layer, (out[0] if isinstance(out, tuple) else out).clone())))
    model(ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    return states


def restore(state, places):
    """places: a list of (rows, position)."""
    def hook(_, __, output):
        hidden = (output[0] if isinstance(output, tuple) else output).clone()
        for rows, position in places:
            hidden[rows, position] = state[0, position]
        return (hidden,) + output[1:] if isinstance(output, tuple) else hidden
    return hook


def hooked_loop(model, ids, noise, cells):
    states = clean_states(model, ids)
    batch = ids.repeat(SAMPLES, 1)
    handle = model.transformer.wte.register_forward_hook(corrupt(noise))
    start = time.perf_counter()
    for layer, position in cells:
        block = model.transformer.h[layer].register_forward_hook(
            restore(states[layer], [(slice(None), position)]))
        torch.softmax(model(batch, use_cache=False).logits[:, -1], -1)
        block.remove()
    elapsed = time.perf_counter() - start
    handle.remove()
    return elapsed


def batched_loop(model, ids, noise, layers):
    states = clean_states(model, ids)
    batch = ids.repeat(SAMPLES * TOKENS, 1)
    handle = model.transformer.wte.register_forward_hook(corrupt(noise))
    start = time.perf_counter()
    for layer in layers:
        places = [(slice(p * SAMPLES, (p + 1) * SAMPLES), p) for p in range(TOKENS)]
        block = model.transformer.h[layer].register_forward_hook(restore(states[layer], places))
        torch.softmax(model(batch, use_cache=False).logits[:, -1], -1)
        block.remove()
    elapsed = time.perf_counter() - start
    handle.remove()
    return elapsed


def pyvene_loop(model, ids, noise, cells):
    import pyvene as pv

    def corrupting(base, source):
        base[:, SUBJECT[0]:SUBJECT[1]] += noise
        return base

    batch = ids.repeat(SAMPLES, 1)
    start = time.perf_counter()
    for layer, position in cells:
        config = pv.IntervenableConfig([
            {"layer": 0, "component": "block_input", "intervention": corrupting},
            {"layer": layer, "component": "block_output", "intervention_type": pv.VanillaIntervention},
        ])
        intervenable = pv.IntervenableModel(config, model)
        _, out = intervenable(
            {"input_ids": batch}, [None, {"input_ids": batch}],
            {"sources->base": ([None, [[position]] * SAMPLES], [None, [[position]] * SAMPLES])})
        torch.softmax(out.logits[:, -1], -1)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=144)
    wanted = parser.parse_args().cells
    everything = [(layer, position) for layer in range(LAYERS) for position in range(TOKENS)]
    step = max(1, len(everything) // wanted)
    cells = everything[step // 2::step]
    with torch.no_grad():
        model, ids, noise = setup()
        model(ids)
        for name, work, part, whole in [
            ("pyvene", pyvene_loop, cells, everything),
            ("pytorch_hooks", hooked_loop, cells, everything),
            ("pytorch_batched", batched_loop, sorted({layer for layer, _ in cells}),
             list(range(LAYERS))),
        ]:
            elapsed = work(model, ids, noise, part)
            print(json.dumps({
                "name": name, "seconds": elapsed * len(whole) / len(part),
                "timed": len(part), "of": len(whole)}), flush=True)


main()
