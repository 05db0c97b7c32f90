"""Loads pairs of folders onto a model with pyvene itself, and says how many interventions are equal.

    pyvene_peer.py (MODEL FOLDER FOLDER)...
"""

import json
import sys

import pyvene
import torch
import transformers


def loaded(model_folder, folder):
    with open(f"{model_folder}/config.json") as file:
        name = json.load(file)["architectures"][0]
    model = getattr(transformers, name).from_pretrained(model_folder)
    return pyvene.IntervenableModel.load(folder, model)


def compare(*both):
    assert both[0].sorted_keys == both[1].sorted_keys
    first, second = (dict(x.interventions.items()) for x in both)
    assert list(first) == list(second)
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
    return len(first)


for i in range(1, len(sys.argv), 3):
    model_folder, *folders = sys.argv[i : i + 3]
    print("equal", compare(*(loaded(model_folder, folder) for folder in folders)))
