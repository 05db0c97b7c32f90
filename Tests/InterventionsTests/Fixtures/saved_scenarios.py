"""Folders of interventions between pyvene and this project, with the logits that they give.

    saved_scenarios.py make MODELS OUT       folders by pyvene, and specifications that load them
    saved_scenarios.py check MODELS OUT      loads OUT/NAME.ours with pyvene, and compares logits
"""

import json
import pathlib
import random
import sys

import pyvene
import pyvene_reference as reference
import random_scenarios
import torch
from safetensors.torch import load_file, save_file

CASES = [
    ("RotatedSpace", "gpt2"), ("LowRankRotatedSpace", "gpt2"), ("BoundlessRotatedSpace", "llama"),
    ("SigmoidMaskRotatedSpace", "llama"), ("SigmoidMask", "gpt2"), ("Autoencoder", "gpt2"),
    ("JumpReLUAutoencoder", "llama"), ("Vanilla", "gpt2"), ("Addition", "llama"),
    ("Subtraction", "gpt2"), ("Zero", "llama"), ("Linked", "gpt2"), ("Heads", "llama"),
]


def describe(kind, draw):
    """A representation with its state, as a specification has it."""
    spec = {"layer": 1, "component": "block_output", "unit": "pos", "max_number_of_units": 1}
    width = draw.sizes.flat["block_output"]
    if kind == "Heads":
        spec.update(component="head_attention_value_output", unit="h.pos", max_number_of_units=2)
        width = 2 * draw.sizes.heads["head_attention_value_output"][1]
    trained = {"Linked": "RotatedSpace", "Heads": "LowRankRotatedSpace"}.get(kind, kind)
    spec["intervention_type"] = f"{trained}Intervention"
    draw.numbers(spec, trained, "iv0", width)
    if kind in ("Vanilla", "Addition", "Subtraction"):
        spec["source_representation"] = draw.normal("constant", width)
    if kind == "Linked":
        spec["subspace_partition"] = [[0, 20], [20, width]]
        spec["intervention_link_key"] = 0
    return spec, width


def set_up(specs, draw, model):
    """The interventions by type, as pyvene saves them, with the state of the specification."""
    items = []
    for spec in specs:
        given = {k: spec.get(k) for k in ("low_rank_dimension", "latent_dim", "subspace_partition",
                                          "intervention_link_key")}
        if "source_representation" in spec:
            given["source_representation"] = draw.tensors[spec["source_representation"]]
        items.append(pyvene.RepresentationConfig(
            layer=spec["layer"], component=spec["component"], unit=spec["unit"],
            max_number_of_units=spec["max_number_of_units"],
            intervention_type=getattr(pyvene, spec["intervention_type"]), **given))
    wrapped = pyvene.IntervenableModel(pyvene.IntervenableConfig(items), model)
    for key, spec in zip(wrapped.sorted_keys, specs):
        made = wrapped.interventions[key]
        state = {n: draw.tensors[t] for n, t in spec.get("params", {}).items()}
        found = made.load_state_dict(state, strict=False)
        assert not found.unexpected_keys, found
        if spec.get("interchange_dim") is not None:
            made.set_interchange_dim(spec["interchange_dim"])
    return wrapped


def logits(wrapped, doc, tensors):
    places = doc["unit_locations"]
    sources = doc.get("sources")
    with torch.no_grad():
        _, output = wrapped(
            {"input_ids": tensors["base"]},
            sources=sources and [{"input_ids": tensors[s["input_ids"]]} for s in sources],
            unit_locations=places, subspaces=doc.get("subspaces"))
    return output.logits


def make(models, out):
    for number, (kind, name) in enumerate(CASES):
        model = reference.load_model(f"{models}/{name}")
        draw = random_scenarios.Draw(900 + number, name, random_scenarios.Sizes(name, model))
        draw.examples = 2
        spec, _ = describe(kind, draw)
        specs = [spec, dict(spec)] if kind == "Linked" else [spec]
        doc = {"name": f"{kind}_{name}", "model": name, "representations": specs}
        doc["base"], _ = draw.inputs("base", 8)
        if kind not in ("Zero", "Vanilla", "Addition", "Subtraction"):
            doc["sources"] = [draw.inputs(f"source{i}", 8)[0] for i in range(len(specs))]
        key = "sources->base" if "sources" in doc else "base"
        doc["unit_locations"] = {key: 3}
        if kind == "Heads":
            side = [[[[2, 0]] * 2, [[5]] * 2]]
            doc["unit_locations"] = {key: [side, side]}
        if kind == "Linked":
            doc["subspaces"] = [[[0]] * 2, [[1]] * 2]
        if kind == "JumpReLUAutoencoder":
            doc["subspaces"] = [[[1, 4, 30]] * 2]
        wrapped = set_up(specs, draw, model)
        tensors = {f"in.{k}": v.contiguous() for k, v in draw.tensors.items()}
        found = logits(wrapped, doc, draw.tensors)
        tensors["out.intervened.logits"] = found.clone()
        path = pathlib.Path(out) / doc["name"]
        wrapped.save(f"{path}.theirs")
        doc["tolerance"] = {"atol": 1e-4, "rtol": 1e-4}
        doc["expected"] = {"intervened.logits": ["float32", list(found.shape)]}
        pathlib.Path(f"{path}.json").write_text(json.dumps(doc))
        save_file(tensors, f"{path}.safetensors")
        loading = {k: v for k, v in doc.items() if k != "representations"}
        loading["saved_directory"] = f"{doc['name']}.theirs"
        pathlib.Path(f"{path}_loaded.json").write_text(json.dumps(loading))
        save_file(tensors, f"{path}_loaded.safetensors")


def check(models, out):
    for kind, name in CASES:
        path = pathlib.Path(out) / f"{kind}_{name}"
        doc = json.loads(pathlib.Path(f"{path}.json").read_text())
        tensors = load_file(f"{path}.safetensors")
        model = reference.load_model(f"{models}/{name}")
        wrapped = pyvene.IntervenableModel.load(f"{path}.ours", model)
        found = logits(wrapped, doc, {k[3:]: v for k, v in tensors.items() if k.startswith("in.")})
        wanted = tensors["out.intervened.logits"]
        off = (found - wanted).abs().max().item()
        # The tolerance that the specification itself names.
        isEqual = torch.allclose(found, wanted, **doc["tolerance"])
        print(f"{'equal' if isEqual else 'other'} {kind} {off} of {wanted.abs().max().item()}")


if __name__ == "__main__":
    random.seed(0)
    torch.manual_seed(0)
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
