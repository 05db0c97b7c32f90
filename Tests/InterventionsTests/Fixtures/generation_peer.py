"""What transformers makes of logits and of a model: the same questions as GenerationPeerTests asks.

    generation_peer.py filters CASES.json     a line of probabilities for each case
    generation_peer.py generate FOLDER CASES.json   a line of token ids for each case
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM
from transformers.generation import logits_process as processors


def filtered(case):
    ids = torch.tensor([case["ids"]])
    scores = torch.tensor([case["logits"]], dtype=torch.float32)
    chain = []
    if "repetition_penalty" in case:
        chain.append(processors.RepetitionPenaltyLogitsProcessor(case["repetition_penalty"]))
    if "temperature" in case:
        chain.append(processors.TemperatureLogitsWarper(case["temperature"]))
    if "top_k" in case:
        chain.append(processors.TopKLogitsWarper(case["top_k"]))
    if "top_p" in case:
        chain.append(processors.TopPLogitsWarper(case["top_p"]))
    if "min_p" in case:
        chain.append(processors.MinPLogitsWarper(case["min_p"]))
    for one in chain:
        scores = one(ids, scores)
    return torch.softmax(scores, dim=-1)[0].tolist()


def generated(model, case):
    ids = torch.tensor([case["ids"]])
    options = {k: v for k, v in case.items() if k != "ids"}
    options.setdefault("eos_token_id", None)
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, pad_token_id=0, **options
    )
    return out[0].tolist()


if sys.argv[1] == "filters":
    for case in json.load(open(sys.argv[2])):
        print(json.dumps(filtered(case)))
else:
    model = AutoModelForCausalLM.from_pretrained(sys.argv[2]).eval()
    for case in json.load(open(sys.argv[3])):
        print(json.dumps(generated(model, case)))
