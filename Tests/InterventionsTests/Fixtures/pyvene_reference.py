"""Runs specifications of interventions with pyvene itself.

Every example is run by itself, so that nothing of pyvene's that mixes the examples of a batch
reaches the numbers; losses and gradients are the means over examples.
"""

import copy
import json

import pyvene
import torch
import transformers
from pyvene.models.backpack_gpt2.modelings_backpack_gpt2 import BackpackGPT2LMHeadModel
from pyvene.models.gru.modelings_gru import GRUForClassification, GRULMHeadModel
from pyvene.models.mlp.modelings_mlp import MLPForClassification

from pyvene.models.gru.modelings_gru import GRUConfig
from pyvene.models.mlp.modelings_mlp import MLPConfig
from safetensors.torch import load_file
from transformers import GPT2Config

OWN = {
    "BackpackGPT2LMHeadModel": (BackpackGPT2LMHeadModel, GPT2Config),
    "GRUForClassification": (GRUForClassification, GRUConfig),
    "GRULMHeadModel": (GRULMHeadModel, GRUConfig),
    "MLPForClassification": (MLPForClassification, MLPConfig),
}


def load_model(folder):
    with open(f"{folder}/config.json") as file:
        fields = json.load(file)
    name = fields["architectures"][0]
    if name not in OWN:
        model = getattr(transformers, name).from_pretrained(folder, attn_implementation="eager")
        return model.eval()
    made, configuration = OWN[name]
    model = made(configuration(**fields))
    found = model.load_state_dict(load_file(f"{folder}/model.safetensors"), strict=False)
    assert not found.unexpected_keys, found
    if hasattr(model, "tie_weights"):
        model.tie_weights()
    return model.eval()


class Components:
    def __init__(self, spec, tensors):
        self.components_ = tensors[spec["args"]["components"]].numpy()


def intervention(spec, tensors, width):
    """The intervention that a representation describes, or a function."""
    kind = spec["intervention_type"]
    args = spec.get("args", {})
    if kind == "function.multiply":
        factor = tensors[args["tensor"]]
        return lambda base, source: base * factor
    if kind == "custom.Scale":
        return lambda base, source: base * args["factor"]
    if kind == "custom.Interpolate":
        return lambda base, source: (1 - args["alpha"]) * base + args["alpha"] * source
    given = {
        key: spec[key]
        for key in ("low_rank_dimension", "latent_dim", "keep_last_dim", "subspace_partition")
        if spec.get(key) is not None
    }
    if kind.startswith("JumpReLU"):
        given.pop("keep_last_dim", None)
    if spec.get("source_representation"):
        given["source_representation"] = tensors[spec["source_representation"]]
    if kind.startswith("PCA"):
        given["pca"] = Components(spec, tensors)
        given["pca_mean"] = tensors[args["mean"]].numpy()
        given["pca_std"] = tensors[args["std"]].numpy()
    made = getattr(pyvene, kind)(embed_dim=width, **given)
    state = {
        name: tensors[tensor]
        for name, tensor in spec.get("params", {}).items()
        if name != "rotate_layer.weight"
    }
    if state:
        missing = made.load_state_dict(state, strict=False)
        assert not missing.unexpected_keys, missing
    if spec.get("interchange_dim") is not None:
        made.set_interchange_dim(spec["interchange_dim"])
    return made


def intervenable(doc, tensors, model, widths):
    """The model with the interventions of a specification, and these in their order."""
    representations, linked = [], {}
    for spec, width in zip(doc["representations"], widths):
        link = spec.get("intervention_link_key")
        made = linked.get(link) if link is not None else None
        if made is None:
            made = intervention(spec, tensors, width)
        if link is not None:
            linked[link] = made
        representations.append(
            pyvene.RepresentationConfig(
                layer=spec.get("layer", 0),
                component=spec["component"],
                unit=spec.get("unit", "pos"),
                max_number_of_units=spec.get("max_number_of_units", 1),
                intervention=made,
                group_key=spec.get("group_key"),
                intervention_link_key=link,
            )
        )
    config = pyvene.IntervenableConfig(representations, mode=doc.get("mode", "parallel"))
    return pyvene.IntervenableModel(config, model)


def own(lists, example, examples):
    """Of lists for each example, or one for all, those of one example alone."""
    return None if lists is None else [lists[example if len(lists) == examples else 0]]


def own_places(spec, places, example, examples):
    if places is not None and "." in spec.get("unit", "pos"):
        return [own(level, example, examples) for level in places]
    return own(places, example, examples)


def own_locations(doc, example, examples):
    locations = doc.get("unit_locations")
    if locations is None:
        return None
    specs = doc["representations"]
    result = {}
    for key, value in locations.items():
        if not isinstance(value, (list, tuple)) or all(not isinstance(v, list) for v in value):
            result[key] = value
            continue
        entries = specs
        if doc.get("mode") == "serial":
            entries = [specs[int(key.split("->")[0].split("_")[1])]]
        sides = [value] if key == "base" else value
        sides = [
            None if side is None else [
                own_places(s, v, example, examples) for s, v in zip(entries, side)
            ]
            for side in sides
        ]
        result[key] = sides[0] if key == "base" else tuple(sides)
    return result


def inputs(named, tensors, example):
    if named is None:
        return None
    # Clones: pyvene edits what it is given.
    return {name: tensors[key][example : example + 1].clone() for name, key in named.items()}


def call(doc, tensors, place, example, examples):
    """The arguments of a call for one example."""
    sources = place.get("sources")
    if isinstance(sources, dict):
        sources = [sources]
    arguments = {"unit_locations": own_locations(doc, example, examples)}
    if sources is not None:
        arguments["sources"] = [inputs(s, tensors, example) for s in sources]
    subspaces = doc.get("subspaces")
    if isinstance(subspaces, list) and any(isinstance(s, list) or s is None for s in subspaces):
        subspaces = [own(s, example, examples) for s in subspaces]
    arguments["subspaces"] = subspaces
    given = place.get("source_representations", doc.get("source_representations"))
    if isinstance(given, dict):
        given = {k: tensors[v] for k, v in given.items() if v is not None}
    elif isinstance(given, list):
        given = [tensors[v] for v in given]
    elif given is not None:
        given = tensors[given]
    if given is not None:
        arguments["source_representations"] = given
    return inputs(place["base"], tensors, example), arguments


def logits_of(output):
    return output.logits if hasattr(output, "logits") else output[0]


def batch_size(tensors, place):
    return tensors[next(iter(place["base"].values()))].shape[0]


def run(doc, tensors, wrapped, place, original=False):
    """Logits of all examples, unchanged and changed, and what was collected."""
    examples = batch_size(tensors, place)
    plain, changed, collected = [], [], []
    for example in range(examples):
        base, arguments = call(doc, tensors, place, example, examples)
        one = wrapped(base, output_original_output=original, return_dict=True, **arguments)
        if original:
            plain.append(logits_of(one.original_outputs))
        changed.append(logits_of(one.intervened_outputs))
        collected.append(one.collected_activations or [])
    joined = [torch.cat(values) for values in zip(*collected)]
    return (torch.cat(plain) if original else None), torch.cat(changed), joined


def loss_of(logits, labels):
    last = logits[:, -1] if logits.ndim == 3 else logits
    return torch.nn.functional.cross_entropy(last, labels)


def trained(wrapped, doc):
    """The parameters that training may change, by the index of their first representation."""
    seen, result = set(), {}
    for index, key in enumerate(wrapped.sorted_keys):
        made = wrapped.interventions[key]
        if id(made) in seen or not isinstance(made, pyvene.TrainableIntervention):
            continue
        seen.add(id(made))
        for name, parameter in made.named_parameters():
            if parameter.requires_grad and parameter.is_floating_point():
                result[f"{index}.{name}"] = parameter
    return result


def forward(doc, tensors, model, widths):
    wrapped = intervenable(doc, tensors, model, widths)
    with torch.no_grad():
        plain, changed, collected = run(doc, tensors, wrapped, doc, original=True)
    outputs = {"original.logits": plain, "intervened.logits": changed}
    outputs.update({f"collected.{i}": value for i, value in enumerate(collected)})
    return outputs


def gradient(doc, tensors, model, widths):
    wrapped = intervenable(doc, tensors, model, widths)
    if doc["wrt"] == "model":
        wrapped.enable_model_gradients()
        model.eval()
        parameters = dict(model.named_parameters())
    else:
        parameters = trained(wrapped, doc)
    model.zero_grad()
    _, changed, _ = run(doc, tensors, wrapped, doc)
    loss = loss_of(changed, tensors[doc["labels"]])
    loss.backward()
    outputs = {"intervened.logits": changed, "loss": loss}
    for name, parameter in parameters.items():
        if parameter.grad is not None:
            outputs[f"grad.{name}"] = parameter.grad
    wrapped.disable_model_gradients()
    return outputs


def train(doc, tensors, model, widths):
    wrapped = intervenable(doc, tensors, model, widths)
    training = doc["train"]
    parameters = trained(wrapped, doc)
    groups = [
        {"params": [parameters[name] for name in group["names"]], "lr": group["lr"]}
        for group in training["groups"]
    ]
    rates = [group["lr"] for group in groups]
    optimizer = torch.optim.Adam(groups, betas=tuple(training["betas"]), eps=training["eps"])
    losses = []
    for step in range(training["steps"]):
        if training.get("temperatures"):
            for made in wrapped.interventions.values():
                if hasattr(made, "temperature"):
                    made.temperature.data = torch.tensor(training["temperatures"][step])
        place = training["batches"][step % len(training["batches"])]
        _, changed, _ = run(doc, tensors, wrapped, place)
        loss = loss_of(changed, tensors[place["labels"]])
        for made in set(wrapped.interventions.values()):
            if training.get("boundary_weight") and hasattr(made, "intervention_boundaries"):
                loss = loss + training["boundary_weight"] * made.intervention_boundaries.sum()
        losses.append(loss.detach())
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * (training.get("lr_factors") or [1.0] * training["steps"])[step]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        _, changed, _ = run(doc, tensors, wrapped, training["batches"][0])
    outputs = {"losses": torch.stack(losses), "final.intervened.logits": changed}
    outputs.update({f"final.{name}": value for name, value in parameters.items()})
    return outputs


def generate(doc, tensors, model, widths):
    wrapped = intervenable(doc, tensors, model, widths)
    asked = doc["generate"]
    examples = batch_size(tensors, doc)
    plain, changed, collected = [], [], []
    for example in range(examples):
        base, arguments = call(doc, tensors, doc, example, examples)
        original, ids = wrapped.generate(
            base,
            intervene_on_prompt=asked["intervene_on_prompt"],
            output_original_output=True,
            max_new_tokens=asked["max_new_tokens"],
            min_new_tokens=asked["max_new_tokens"],
            num_beams=asked.get("num_beams", 1),
            do_sample=False,
            **arguments,
        )
        if wrapped.return_collect_activations:
            original, found = original
            collected.append(found)
        plain.append(original)
        changed.append(ids)
    outputs = {"original.ids": torch.cat(plain), "intervened.ids": torch.cat(changed)}
    for i, values in enumerate(zip(*collected)):
        outputs[f"collected.{i}"] = torch.cat(values)
    return outputs


TIMED = {
    "cell_input": ("", "input", None), "cell_output": ("", "output", None),
    "x2h_output": (".x2h", "output", None), "h2h_output": (".h2h", "output", None),
}
for index, gate in enumerate(["reset", "update", "new"]):
    TIMED[f"{gate}_x2h_output"] = (".x2h", "output", index)
    TIMED[f"{gate}_h2h_output"] = (".h2h", "output", index)
    TIMED[f"{gate}_gate_input"] = (f".{gate}_act", "input", None)
    TIMED[f"{gate}_gate_output"] = (f".{gate}_act", "output", None)


def watched(model, named, spec, change):
    """Runs a recurrent model; `change(step, value)` sees and may replace a component's value."""
    path, side, third = TIMED[spec["component"]]
    module = model.get_submodule(f"gru.cells.{spec.get('layer', 0)}{path}")
    clock = iter(range(10**6))

    def changed(value):
        if third is None:
            return change(next(clock), value)
        parts = list(value.chunk(3, 1))
        parts[third] = change(next(clock), parts[third])
        return torch.cat(parts, 1)

    if side == "input":
        handle = module.register_forward_pre_hook(
            lambda _, a, k: ((changed(a[0]), *a[1:]), k), with_kwargs=True
        )
    else:
        handle = module.register_forward_hook(lambda _, __, out: changed(out))
    with torch.no_grad():
        logits = logits_of(model(**named))
    handle.remove()
    return logits


def gru_time(doc, tensors, model, widths):
    """In plain PyTorch: pyvene's own steps in time are defective. One intervention."""
    (spec,) = doc["representations"]
    kind = spec["intervention_type"]
    examples = batch_size(tensors, doc)
    outputs = {"original.logits": [], "intervened.logits": [], "collected.0": []}
    for example in range(examples):
        base = inputs(doc["base"], tensors, example)
        sides = list(doc["unit_locations"].values())[0]
        sides = sides if doc.get("sources") else [None, sides]
        steps = sides[1][0][example]
        taken = {}
        if doc.get("sources"):
            source = inputs(doc["sources"][0], tensors, example)

            def read(step, value):
                taken[step] = value
                return value

            watched(model, source, spec, read)
        seen = {}

        def change(step, value):
            if step not in steps:
                return value
            if kind == "CollectIntervention":
                seen[step] = value
                return value
            if kind == "ZeroIntervention":
                return torch.zeros_like(value)
            got = taken[sides[0][0][example][steps.index(step)]]
            if kind == "AdditionIntervention":
                return value + got
            return value - got if kind == "SubtractionIntervention" else got

        with torch.no_grad():
            outputs["original.logits"].append(logits_of(model(**base)))
        outputs["intervened.logits"].append(watched(model, base, spec, change))
        if seen:
            outputs["collected.0"].append(torch.stack([seen[s] for s in steps], 1))
    return {name: torch.cat(values) for name, values in outputs.items() if values}


KINDS = {
    "forward": forward,
    "gradient": gradient,
    "train": train,
    "generate": generate,
    "gru_time": gru_time,
}


def compute(doc, tensors, model, widths):
    outputs = KINDS[doc["kind"]](copy.deepcopy(doc), tensors, model, widths)
    return {name: value.detach().contiguous().clone() for name, value in outputs.items()}
