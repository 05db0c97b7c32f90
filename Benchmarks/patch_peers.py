"""Sweeps activation patches over the GPT-2 small shape, with `causeway` and with its peers.

Random weights, pairs of prompts of one length, denoising, the logit difference of two tokens at
the last position: all 144 heads (`head_attention_value_output`) at the last position, and
`block_output` at every layer and position. One thread each, in processor seconds, which other work
on the machine changes less than the clock's. The peers run TransformerLens 4's own
`generic_activation_patch`, pyvene 0.1.8 with one model a layer, and a PyTorch loop with hooks that
runs a layer's cells as one batch; what they say must be what `causeway` says, to 1e-4.
"""

import argparse
import csv
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import pandas
import pyvene
import torch
from transformer_lens import patching
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

LAYERS, HEADS, WIDTH, ANSWER, FOIL = 12, 12, 768, 1234, 4321
TOLERANCE = 1e-4
SWEEPS = {
    "heads": 'site = "head_attention_value_output"\npositions = "last"',
    "stream": 'site = "block_output"\npositions = "all"',
}


def write_model(folder):
    """Weights larger than at GPT-2's start, so that heads look at something."""
    torch.manual_seed(0)
    config = GPT2Config(attn_implementation="eager", initializer_range=0.05)
    GPT2LMHeadModel(config).eval().save_pretrained(folder)


def load(folder):
    return GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()


def pairs(count, length):
    """Prompts that differ in three tokens, from the third on."""
    result = []
    for number in range(count):
        clean = [(7919 * number + 37 * i + 5) % 50000 for i in range(length)]
        other = [(token + 101) if 2 <= i < 5 else token for i, token in enumerate(clean)]
        result.append((clean, other))
    return result


def cells(sweep, length):
    second = range(HEADS) if sweep == "heads" else range(length)
    return [(layer, other) for layer in range(LAYERS) for other in second]


# causeway


def write_job(path, folder, swept, count, length):
    items = "".join(
        f"[[data.items]]\nclean_ids = {clean}\ncorrupted_ids = {other}\n"
        f"answer_id = {ANSWER}\nfoil_id = {FOIL}\n" for clean, other in pairs(count, length))
    with open(path, "w") as file:
        file.write(
            f'kind = "patch"\n[model]\npath = "{folder}/model"\n{items}[[patch]]\n{swept}\n'
            "[metric]\nbootstrap = 0\n")


def run(program, job, output, *flags):
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start = used()
    done = subprocess.run(
        [program, "run", job, "--threads", "1", "--output", output, *flags],
        capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return used() - start


def slope(program, folder, jobs, *flags):
    """What the second job takes longer than the first, the median of a few; the last run's folder.

    Jobs are what is swept, the number of pairs, and their length.
    """
    times, output = [], None
    for repeat in range(3):
        elapsed = []
        for number, (swept, count, length) in enumerate(jobs):
            job = os.path.join(folder, "job.toml")
            output = os.path.join(folder, "run")
            shutil.rmtree(output, ignore_errors=True)
            write_job(job, folder, swept, count, length)
            elapsed.append(run(program, job, output, *flags))
        times.append(elapsed[1] - elapsed[0])
    return statistics.median(times), output


def forward(program, folder, length):
    """Seconds of a full forward pass, the metric included: a cell of the naive sweep."""
    def heads(count):
        units = [[layer, head] for head in range(HEADS) for layer in range(LAYERS)][:count]
        return f'site = "head_attention_value_output"\nunits = {units}\npositions = "last"'

    few, many = 4, 28
    more, _ = slope(
        program, folder, [(heads(few), 1, length), (heads(many), 1, length)], "--naive")
    return more / (many - few)


def ours(program, folder, sweep, length, few, many):
    """Seconds of a pair's sweep, its unchanged runs included, and the values of the first pair."""
    more, output = slope(
        program, folder, [(SWEEPS[sweep], few, length), (SWEEPS[sweep], many, length)])
    table = os.path.join(folder, "values.csv")
    subprocess.run(
        [program, "export", output, "--csv", table, "--force"], check=True, capture_output=True)
    with open(table) as file:
        values = [
            float(row["logit_difference"]) for row in csv.DictReader(file) if row["pair"] == "0"]
    return more / (many - few), values


# Peers: each gives the seconds of one pair's cells and their values; the first two may be given
# some of the cells only.


def difference(logits):
    return logits[:, -1, ANSWER] - logits[:, -1, FOIL]


def transformer_lens_sweep(folder, clean, other, sweep, chosen):
    bridge = TransformerBridge.boot_transformers(folder, hf_model=load(folder), device="cpu")
    _, cache = bridge.run_with_cache(clean)
    last = clean.shape[1] - 1
    if sweep == "heads":
        setter, name = patching.layer_pos_head_vector_patch_setter, "z"
        index = pandas.DataFrame(
            [(layer, last, head) for layer, head in chosen], columns=["layer", "pos", "head"])
    else:
        setter, name = patching.layer_pos_patch_setter, "resid_post"
        index = pandas.DataFrame(chosen, columns=["layer", "pos"])

    def work(index):
        return patching.generic_activation_patch(
            bridge, other, cache, lambda logits: difference(logits)[0], setter, name,
            index_df=index).tolist()

    work(index[:1])
    start = time.process_time()
    values = work(index)
    return time.process_time() - start, values


def pyvene_sweep(folder, clean, other, sweep, chosen):
    model, last = load(folder), clean.shape[1] - 1
    component, unit = (
        ("head_attention_value_output", "h.pos") if sweep == "heads" else ("block_output", "pos"))
    changed = [
        pyvene.IntervenableModel(
            pyvene.IntervenableConfig([{
                "layer": layer, "component": component, "unit": unit,
                "intervention_type": pyvene.VanillaIntervention}]), model)
        for layer in range(LAYERS)]

    def value(layer, place):
        places = [[[[place]], [[last]]]] if sweep == "heads" else [[[place]]]
        _, out = changed[layer](
            {"input_ids": other}, [{"input_ids": clean}], {"sources->base": (places, places)})
        return difference(out.logits).item()

    value(*chosen[0])
    start = time.process_time()
    values = [value(*cell) for cell in chosen]
    return time.process_time() - start, values


def hooked_sweep(folder, clean, other, sweep, _):
    """A layer's cells as one batch of the corrupted prompt."""
    model, length = load(folder), clean.shape[1]
    places = range(HEADS) if sweep == "heads" else range(length)
    blocks = model.transformer.h
    states = {}

    def hook(layer, edit):
        """Hands what is swept to `edit`, which gives the value that goes on."""
        if sweep == "heads":
            return blocks[layer].attn.c_proj.register_forward_pre_hook(
                lambda _, inputs: (edit(layer, inputs[0]),) + inputs[1:])
        return blocks[layer].register_forward_hook(
            lambda _, __, output: (edit(layer, output[0]),) + output[1:]
            if isinstance(output, tuple) else edit(layer, output))

    def keep(layer, value):
        states[layer] = value.clone()
        return value

    def replace(layer, value):
        value = value.clone()
        wide, source = (
            x.unflatten(-1, (HEADS, -1)) if sweep == "heads" else x
            for x in (value, states[layer]))
        for place in places:
            where = (-1, place) if sweep == "heads" else (place,)
            wide[(place, *where)] = source[(0, *where)]
        return value

    model(clean, use_cache=False, logits_to_keep=1)
    start = time.process_time()
    handles = [hook(layer, keep) for layer in range(LAYERS)]
    model(clean, use_cache=False, logits_to_keep=1)
    for handle in handles:
        handle.remove()
    values, batch = [], other.repeat(len(places), 1)
    for layer in range(LAYERS):
        handle = hook(layer, replace)
        values += difference(model(batch, use_cache=False, logits_to_keep=1).logits).tolist()
        handle.remove()
    return time.process_time() - start, values


PEERS = {
    "TransformerLens": transformer_lens_sweep, "pyvene": pyvene_sweep,
    "PyTorch, batched": hooked_sweep,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", help="the causeway program")
    parser.add_argument("folder", help="an empty folder for the model and the runs")
    parser.add_argument("--cells", type=int, default=1000, help="cells that a peer is timed at")
    parser.add_argument("--skip-peers", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = os.path.join(options.folder, "model")
    write_model(model)
    failures = []
    for sweep, length, few, many in [
        ("heads", 15, 2, 10), ("heads", 64, 2, 6), ("stream", 15, 2, 4),
    ]:
        full = forward(options.program, options.folder, length)
        count = len(cells(sweep, length))
        each, values = ours(options.program, options.folder, sweep, length, few, many)
        print(
            f"{sweep}, {length} tokens, {count} cells: causeway {1e3 * each:.0f} ms a pair, "
            f"{1e3 * each / count:.2f} ms a cell; a full forward pass {1e3 * full:.1f} ms, "
            f"{full / each * count:.1f} cells", flush=True)
        if sweep == "heads" and each / count > full / 5:
            failures.append(f"a cell costs {each / count / full:.2f} of a forward pass")
        clean, other = (torch.tensor([ids]) for ids in pairs(1, length)[0])
        everything = cells(sweep, length)
        step = max(1, count // options.cells)
        for name, peer in {} if options.skip_peers else PEERS.items():
            chosen = range(count) if peer is hooked_sweep else range(step // 2, count, step)
            with torch.no_grad():
                elapsed, found = peer(
                    model, clean, other, sweep, [everything[cell] for cell in chosen])
            elapsed *= count / len(chosen)
            apart = max(
                abs(values[cell] - value) for cell, value in zip(chosen, found, strict=True))
            if apart > TOLERANCE:
                failures.append(f"{name} differs by {apart}")
            print(
                f"  {name}: {1e3 * elapsed:.0f} ms a pair, {1e3 * elapsed / count:.1f} ms a cell, "
                f"{elapsed / each:.1f} times causeway; values over {max(found) - min(found):.2f} "
                f"differ by at most {apart:.1e}", flush=True)
    sys.exit("; ".join(failures) or 0)


main()
