"""Times a DAS step of pyvene 0.1.8 on the GPT-2 small shape, on one thread.

Batch 8, 32 tokens, low-rank rotation of rank 64 at layer 6, cross entropy at the last position:
forward of the source and of the base, and backward to the rotation. One JSON object a line.
"""

import json
import time

import pyvene as pv
import torch
from transformers import GPT2Config, GPT2LMHeadModel

torch.set_num_threads(1)
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval()
base = torch.randint(0, 1000, (8, 32))
source = torch.randint(0, 1000, (8, 32))
labels = torch.arange(8) * 17
for position in (31, 16):
    intervenable = pv.IntervenableModel(
        pv.IntervenableConfig([{
            "layer": 6, "component": "block_output", "low_rank_dimension": 64,
            "intervention_type": pv.LowRankRotatedSpaceIntervention}]), model)

    def step():
        _, out = intervenable(
            {"input_ids": base}, [{"input_ids": source}], {"sources->base": position})
        torch.nn.functional.cross_entropy(out.logits[:, -1], labels).backward()

    step()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(json.dumps({
        "name": f"pyvene_gradient_position_{position}", "seconds": sorted(times)[2]}), flush=True)
