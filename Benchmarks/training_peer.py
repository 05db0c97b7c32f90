"""Times DAS steps of pyvene 0.1.8 on the GPT-2 small shape, on one thread.

Batch 16, 20 tokens, block output of layer 6, cross entropy at the last position, Adam: a low-rank
rotation of rank 32 at the last position and in the middle, and a full rotation at the last. One
JSON object a line.
"""

import json
import time

import pyvene as pv
import torch
from transformers import GPT2Config, GPT2LMHeadModel

torch.set_num_threads(1)
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval()
base = torch.randint(0, 1000, (16, 20))
source = torch.randint(0, 1000, (16, 20))
labels = torch.arange(16) * 17
for name, kind, rank, position in (
    ("last", pv.LowRankRotatedSpaceIntervention, 32, 19),
    ("middle", pv.LowRankRotatedSpaceIntervention, 32, 10),
    ("full_rotation", pv.RotatedSpaceIntervention, None, 19),
):
    settings = {"layer": 6, "component": "block_output", "intervention_type": kind}
    if rank:
        settings["low_rank_dimension"] = rank
    intervenable = pv.IntervenableModel(pv.IntervenableConfig([settings]), model)
    intervenable.disable_model_gradients()
    optimizer = torch.optim.Adam(intervenable.get_trainable_parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        _, out = intervenable(
            {"input_ids": base}, [{"input_ids": source}], {"sources->base": position})
        torch.nn.functional.cross_entropy(out.logits[:, -1], labels).backward()
        optimizer.step()

    step()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(json.dumps({
        "name": f"pyvene_step_{name}", "seconds": sorted(times)[2]}), flush=True)
