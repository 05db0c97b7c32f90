"""Runs files of jobs/pyvene with pyvene itself.

    tutorial_peer.py REFERENCE JOBS OUT NAME...

REFERENCE is the folder of pyvene_reference.py. OUT/NAME.safetensors gets `out.X` of each file.
"""

import pathlib
import sys
import tomllib

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

sys.path.insert(0, sys.argv[1])
import pyvene_reference as reference  # noqa: E402

JOBS, OUT = (pathlib.Path(path) for path in sys.argv[2:4])


# Sites of a family that pyvene has no names for.
PATHS = {"encoder_mlp_output": "encoder.block[{layer}].layer[1].DenseReluDense.output"}


def without_marks(value):
    """TOML has no null: the text "none" stands for it."""
    if isinstance(value, dict):
        return {key: without_marks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_marks(item) for item in value]
    return None if value == "none" else value


def tensor(value, width, layer):
    if not isinstance(value, str):
        return torch.tensor(value)
    if value == "zeros":
        return torch.zeros(width)
    path, _, name = value.replace("{layer}", str(layer)).partition(":")
    if path.endswith(".npy"):
        return torch.from_numpy(numpy.load(JOBS / path))
    if path.endswith(".bin"):
        return torch.load(JOBS / path)[int(name)]
    with safe_open(JOBS / path, "pt") as file:
        return file.get_tensor(name)


class Document:
    """A file in the words of pyvene_reference: tensors by name, a representation for each layer."""

    def __init__(self, name):
        written = without_marks(tomllib.loads((JOBS / f"{name}.toml").read_text()))
        self.tensors, self.name = {}, name
        folder = JOBS / written["model"]
        self.model = reference.load_model(str(folder))
        if hasattr(self.model, "generation_config"):
            self.model.generation_config.pad_token_id = 0
        config = self.model.config
        self.width = getattr(config, "hidden_size", None) or getattr(config, "h_dim", None)
        self.layers = getattr(config, "num_hidden_layers", None)
        self.tokenizer = None
        if (folder / "tokenizer.json").exists():
            file = str(folder / "tokenizer.json")
            self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=file)
        self.doc = dict(written)
        self.doc["base"] = self.inputs(written["base"])
        if "sources" in written:
            self.doc["sources"] = [self.inputs(one) for one in written["sources"]]
        if "labels" in written:
            self.doc["labels"] = self.named(torch.tensor(written["labels"]))
        self.doc["representations"] = [
            one for spec in written["representations"] for one in self.each_layer(spec)
        ]

    def named(self, value):
        key = f"t{len(self.tensors)}"
        self.tensors[key] = value
        return key

    def inputs(self, written):
        if written is None:
            return None
        result = {}
        for key, value in written.items():
            if key == "prompts":
                key, value = "input_ids", [self.tokenizer(text)["input_ids"] for text in value]
            result[key] = self.named(tensor(value, self.width, 0))
        return result

    def each_layer(self, spec):
        layers = range(self.layers) if spec.get("layer") == "all" else [spec.get("layer", 0)]
        for layer in layers:
            one = dict(spec, layer=layer)
            one.setdefault("intervention_type", "VanillaIntervention")
            if "source_representation" in one:
                value = tensor(one["source_representation"], self.width, layer)
                one["source_representation"] = self.named(value)
            if one["intervention_type"] == "expression":
                names = one["args"].get("constants", {})
                one["constants"] = {n: tensor(v, self.width, layer) for n, v in names.items()}
            if one["component"] in PATHS:
                one["component"] = PATHS[one["component"]].format(layer=layer)
            if one.get("unit") == "pixel":
                one["rectangles"] = self.doc.pop("unit_locations")
                one["unit"] = "pos"
            yield one


def rectangle(places):
    (place,) = places[0][0]
    rows = slice(place["y"], place["y"] + place["height"])
    return ..., rows, slice(place["x"], place["x"] + place["width"])


def intervention(spec, tensors, width, usual=reference.intervention):
    """What pyvene takes as functions, and all else as the reference makes it."""
    if "rectangles" in spec:
        into, out_of = (rectangle(side) for side in reversed(spec["rectangles"]["sources->base"]))

        def exchanged(base, source):
            base = base.clone()
            base[into] = source[out_of]
            return base

        return exchanged
    if spec["intervention_type"] == "expression":
        formula, constants = spec["args"]["formula"], spec["constants"]
        return lambda base, source: eval(formula, {"base": base, "source": source, **constants})
    return usual(spec, tensors, width)


def timed(doc):
    """A recurrent network's steps, in the long form: by intervention, example and unit."""
    places = doc["unit_locations"]
    for key, value in places.items():
        steps = value if isinstance(value, list) else [value]
        sides = [[[[step]]] for step in steps]
        places[key] = sides[0] if key == "base" else sides
    return doc


reference.intervention = intervention
for name in sys.argv[4:]:
    one = Document(name)
    if any(spec.get("unit") == "t" for spec in one.doc["representations"]):
        one.doc = timed(dict(one.doc, kind="gru_time"))
    widths = [one.width for _ in one.doc["representations"]]
    outputs = reference.compute(one.doc, one.tensors, one.model, widths)
    save_file({f"out.{key}": value for key, value in outputs.items()}, OUT / f"{name}.safetensors")
print("done")
