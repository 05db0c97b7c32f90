"""Loads two folders onto a model with pyvene itself, and prints how many interventions are equal.

    pyvene_peer.py MODEL FOLDER FOLDER
"""

import json
import sys

import pyvene
import torch
import transformers

model_folder, *folders = sys.argv[1:]
with open(f"{model_folder}/config.json") as file:
    name = json.load(file)["architectures"][0]
loaded = []
for folder in folders:
    model = getattr(transformers, name).from_pretrained(model_folder)
    loaded.append(pyvene.IntervenableModel.load(folder, model))

first, second = (dict(x.interventions.items()) for x in loaded)
assert loaded[0].sorted_keys == loaded[1].sorted_keys and list(first) == list(second)
for key, intervention in first.items():
    other = second[key]
    assert type(intervention) is type(other)
    assert intervention.is_source_constant == other.is_source_constant
    assert torch.equal(intervention.interchange_dim, other.interchange_dim)
    states = [x.state_dict() for x in (intervention, other)]
    assert list(states[0]) == list(states[1])
    for tensor in states[0]:
        a, b = (state[tensor] for state in states)
        assert a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b), (key, tensor)
    if intervention.is_source_constant:
        assert torch.equal(intervention.source_representation, other.source_representation)
print("equal", len(first))
