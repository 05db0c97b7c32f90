"""Makes random specifications for small models, with what pyvene makes of them.

    random_scenarios.py MODELS OUT SEED COUNT [MODEL...]

OUT/NAME.json and OUT/NAME.safetensors have `in.X` and `out.X`, as the shared cases do.
"""

import json
import pathlib
import random
import sys

import pyvene_reference as reference
import torch
from safetensors.torch import save_file

TRAINED = ["RotatedSpace", "LowRankRotatedSpace", "BoundlessRotatedSpace",
           "SigmoidMaskRotatedSpace", "SigmoidMask", "Autoencoder", "JumpReLUAutoencoder"]
PLAIN = ["Vanilla", "Addition", "Subtraction", "Zero", "Collect", "Skip"]
JOINING = ["RotatedSpace", "LowRankRotatedSpace", "BoundlessRotatedSpace",
           "SigmoidMaskRotatedSpace", "Autoencoder", "PCARotatedSpace"]
NO_SOURCE = ["Zero", "Collect"]


class Sizes:
    """What a model's components are made of."""

    def __init__(self, name, model):
        config = model.config
        self.kind = name.split("_")[0]
        self.layers = getattr(config, "n_layer", None) or config.num_hidden_layers
        self.classes = None
        if self.kind in ("mlp", "gru"):
            width = config.h_dim
            self.classes = config.num_classes if self.kind == "mlp" else config.n_labels
            if self.kind == "gru" and name.endswith("lm"):
                self.classes = config.vocab_size
            if self.kind == "mlp":
                parts = ["block_input", "block_output", "mlp_activation"]
            else:
                parts = list(reference.TIMED)
            self.flat = {p: width * (3 if p in ("x2h_output", "h2h_output") else 1) for p in parts}
            self.heads = {}
            self.vocabulary = config.vocab_size
            self.width = width
            return
        self.vocabulary = config.vocab_size
        self.classes = config.vocab_size
        if self.kind == "backpack":
            self.flat, self.heads = {}, {"sense_network_output": (config.num_senses, config.n_embd)}
            self.layers = 1
            return
        width = config.hidden_size
        heads = config.num_attention_heads
        keys = getattr(config, "num_key_value_heads", heads)
        each = getattr(config, "head_dim", None) or width // heads
        inner = getattr(config, "intermediate_size", None) or 4 * width
        names = ["block_input", "block_output", "mlp_input", "mlp_output", "attention_input",
                 "attention_output"]
        self.flat = {n: width for n in names}
        self.flat.update(mlp_activation=inner, attention_value_output=heads * each,
                         query_output=heads * each, key_output=keys * each,
                         value_output=keys * each)
        self.heads = {"head_attention_value_output": (heads, each),
                      "head_query_output": (heads, each), "head_key_output": (keys, each),
                      "head_value_output": (keys, each)}
        prefix = "transformer.h" if self.kind == "gpt2" else "model.layers"
        attention = "attn" if self.kind == "gpt2" else "self_attn"
        self.paths = {f"{prefix}[{{}}].mlp.output": width, f"{prefix}[{{}}].output": width,
                      f"{prefix}[{{}}].input": width, f"{prefix}[{{}}].mlp.input": width,
                      f"{prefix}[{{}}].{attention}.output": width}
        if self.kind == "gpt2":
            self.paths.update({
                f"{prefix}[{{}}].attn.c_attn.output": 3 * width,
                f"{prefix}[{{}}].attn.c_attn.input": width,
                f"{prefix}[{{}}].attn.c_proj.input": width,
                f"{prefix}[{{}}].attn.c_proj.output": width,
                f"{prefix}[{{}}].ln_1.input": width, f"{prefix}[{{}}].ln_1.output": width,
                f"{prefix}[{{}}].ln_2.input": width, f"{prefix}[{{}}].ln_2.output": width,
                f"{prefix}[{{}}].mlp.c_fc.input": width,
                f"{prefix}[{{}}].mlp.c_fc.output": inner, f"{prefix}[{{}}].mlp.act.input": inner,
                f"{prefix}[{{}}].mlp.act.output": inner,
                f"{prefix}[{{}}].mlp.c_proj.input": inner,
                f"{prefix}[{{}}].mlp.c_proj.output": width,
                f"{prefix}[{{}}].mlp.dropout.output": width, "transformer.wte.output": width,
                "transformer.drop.output": width, "transformer.ln_f.input": width,
                "transformer.ln_f.output": width, "lm_head.input": width,
                "lm_head.output": self.vocabulary,
            })
        else:
            self.paths.update({
                f"{prefix}[{{}}].self_attn.q_proj.output": heads * each,
                f"{prefix}[{{}}].self_attn.q_proj.input": width,
                f"{prefix}[{{}}].self_attn.k_proj.output": keys * each,
                f"{prefix}[{{}}].self_attn.v_proj.output": keys * each,
                f"{prefix}[{{}}].self_attn.v_proj.input": width,
                f"{prefix}[{{}}].self_attn.o_proj.input": heads * each,
                f"{prefix}[{{}}].self_attn.o_proj.output": width,
                f"{prefix}[{{}}].input_layernorm.input": width,
                f"{prefix}[{{}}].input_layernorm.output": width,
                f"{prefix}[{{}}].post_attention_layernorm.input": width,
                f"{prefix}[{{}}].post_attention_layernorm.output": width,
                f"{prefix}[{{}}].mlp.gate_proj.input": width,
                f"{prefix}[{{}}].mlp.gate_proj.output": inner,
                f"{prefix}[{{}}].mlp.up_proj.input": width,
                f"{prefix}[{{}}].mlp.up_proj.output": inner,
                f"{prefix}[{{}}].mlp.act_fn.input": inner,
                f"{prefix}[{{}}].mlp.act_fn.output": inner,
                f"{prefix}[{{}}].mlp.down_proj.input": inner,
                f"{prefix}[{{}}].mlp.down_proj.output": width, "model.embed_tokens.output": width,
                "model.norm.input": width, "model.norm.output": width, "lm_head.input": width,
                "lm_head.output": self.vocabulary,
            })


class Draw:
    """One random specification."""

    def __init__(self, seed, name, sizes):
        self.random = random.Random(seed)
        self.noise = torch.Generator().manual_seed(seed)
        self.sizes, self.tensors, self.widths = sizes, {}, []
        self.doc = {"name": f"case{seed}", "model": name, "kind": "forward"}
        self.examples = self.random.choice([1, 2, 2, 3, 4])

    def normal(self, name, *shape, scale=1.0):
        self.tensors[name] = torch.randn(*shape, generator=self.noise) * scale
        return name

    def chance(self, p):
        return self.random.random() < p

    def inputs(self, name, length=None):
        """Named inputs of a model, and their length."""
        length = length or self.random.randint(7, 10)
        if self.sizes.kind == "mlp":
            self.normal(name, self.examples, 1, self.sizes.width)
            return {"inputs_embeds": name}, 1
        ids = torch.randint(3, self.sizes.vocabulary, (self.examples, length), generator=self.noise)
        self.tensors[name] = ids
        return {"input_ids": name}, length

    # What, where

    def component(self, kinds):
        """A representation with its place: the component, the unit, and a unit's width."""
        r, s = self.random, self.sizes
        spec = {"layer": r.randrange(s.layers)}
        if s.heads and (not s.flat or self.chance(0.35)):
            spec["component"] = r.choice(list(s.heads))
            count, each = s.heads[spec["component"]]
            spec["unit"] = "sense.pos" if s.kind == "backpack" else r.choice(["h", "h.pos"])
            return spec, each, count
        paths = getattr(s, "paths", {})
        if paths and self.chance(0.25):
            path, width = r.choice(list(paths.items()))
            spec["component"] = path.format(spec["layer"])
            spec["unit"] = "pos"
            return spec, width, None
        spec["component"] = r.choice(list(s.flat))
        spec["unit"] = "t" if s.kind == "gru" else "pos"
        return spec, s.flat[spec["component"]], None

    def orthogonal(self, prefix, width, rank):
        base, _ = torch.linalg.qr(torch.randn(width, width, generator=self.noise))
        angles = torch.randn(width, rank, generator=self.noise) * 0.2
        index = torch.arange(rank)
        angles[index, index] = -1.0
        self.tensors[f"{prefix}.base"] = base.contiguous()
        self.tensors[f"{prefix}.original"] = angles
        return {
            "rotate_layer.parametrizations.weight.original": f"{prefix}.original",
            "rotate_layer.parametrizations.weight.0.base": f"{prefix}.base",
        }

    def numbers(self, spec, kind, prefix, width):
        """The state of a trained type."""
        r = self.random
        if kind in ("RotatedSpace", "BoundlessRotatedSpace", "SigmoidMaskRotatedSpace"):
            spec["params"] = self.orthogonal(prefix, width, width)
        if kind == "LowRankRotatedSpace":
            spec["low_rank_dimension"] = r.randint(2, min(width - 1, 9))
            spec["params"] = self.orthogonal(prefix, width, spec["low_rank_dimension"])
        if kind == "BoundlessRotatedSpace":
            self.tensors[f"{prefix}.boundary"] = torch.tensor([r.uniform(0.1, 1.2)])
            self.tensors[f"{prefix}.temperature"] = torch.tensor(r.uniform(0.5, 20))
            spec["params"].update(intervention_boundaries=f"{prefix}.boundary",
                                  temperature=f"{prefix}.temperature")
        if kind in ("SigmoidMaskRotatedSpace", "SigmoidMask"):
            field = "mask" if kind == "SigmoidMask" else "masks"
            self.tensors[f"{prefix}.temperature"] = torch.tensor(r.uniform(0.3, 3))
            spec.setdefault("params", {}).update(
                {field: self.normal(f"{prefix}.mask", width), "temperature": f"{prefix}.temperature"})
        if kind == "Autoencoder":
            spec["latent_dim"] = latents = r.randint(8, 24)
            spec["interchange_dim"] = sorted(r.sample(range(latents), r.randint(1, latents - 1)))
            shapes = {"encoder.0.weight": (latents, width), "encoder.0.bias": (latents,),
                      "decoder.0.weight": (width, latents), "decoder.0.bias": (width,)}
            spec["params"] = {
                f"autoencoder.{k}": self.normal(f"{prefix}.{k}", *shape, scale=0.3)
                for k, shape in shapes.items()}
        if kind == "JumpReLUAutoencoder":
            spec["low_rank_dimension"] = latents = width + r.randint(1, 20)
            shapes = {"W_enc": (width, latents), "W_dec": (latents, width), "b_enc": (latents,),
                      "b_dec": (width,)}
            spec["params"] = {k: self.normal(f"{prefix}.{k}", *shape, scale=0.3)
                              for k, shape in shapes.items()}
            self.tensors[f"{prefix}.threshold"] = torch.rand(latents, generator=self.noise) * 0.3
            spec["params"]["threshold"] = f"{prefix}.threshold"
        if kind == "PCARotatedSpace":
            rank = r.randint(2, min(width, 12))
            rows, _ = torch.linalg.qr(torch.randn(width, width, generator=self.noise))
            self.tensors[f"{prefix}.components"] = rows[:rank].contiguous()
            self.tensors[f"{prefix}.std"] = torch.rand(width, generator=self.noise) + 0.5
            spec["args"] = {"components": f"{prefix}.components", "std": f"{prefix}.std",
                            "mean": self.normal(f"{prefix}.mean", width)}

    def coordinates(self, kind, spec, width):
        """How many coordinates subspaces choose among; none for types that choose themselves."""
        if kind in ("BoundlessRotatedSpace", "SigmoidMask", "SigmoidMaskRotatedSpace",
                    "Autoencoder") or kind.startswith("custom"):
            return None
        if kind in ("LowRankRotatedSpace", "JumpReLUAutoencoder"):
            return spec["low_rank_dimension"]
        if kind == "PCARotatedSpace":
            return len(self.tensors[spec["args"]["components"]])
        return width

    def rows(self, count, units, shared, top):
        """Places of every example."""
        one = self.random.sample(range(top), units)
        if shared:
            return [list(one) for _ in range(count)]
        return [self.random.sample(range(top), units) for _ in range(count)]

    def places(self, spec, units, blocks, source, base):
        """The places of an entry in source and base."""
        shared = self.chance(0.4)
        if "." in spec["unit"]:
            count, positions = units
            def side(length):
                return [self.rows(self.examples, count, shared, blocks),
                        self.rows(self.examples, positions, shared, length)]
            return side(source), side(base)
        top = [blocks, blocks] if spec["unit"] == "h" else [source, base]
        return [self.rows(self.examples, units, shared, t) for t in top]

    def entry(self, index, kinds, source, base, like=None):
        """A representation with its places and subspaces."""
        r = self.random
        kind = r.choice(kinds)
        spec, each, blocks = self.component(kinds)
        if like:
            spec, each, blocks = dict(like[0]), like[1], like[2]
        if kind == "Skip":
            spec = {"layer": r.randrange(self.sizes.layers), "component": "block_output",
                    "unit": "pos"}
            each, blocks = self.sizes.flat["block_output"], None
        place = (dict(spec), each, blocks)
        if spec["unit"] == "h":
            # Kept keys and values have as many rows as the source: heads take all positions.
            source = base
        limit = min(source, base)
        if "." in spec["unit"]:
            units = (r.randint(1, min(3, blocks)), r.randint(1, min(3, limit)))
            joined = units[0]
        elif spec["unit"] == "h":
            units = joined = r.randint(1, min(3, blocks))
        else:
            units = joined = 1 if self.sizes.kind == "mlp" else r.randint(1, min(3, limit))
        full = {"custom.Scale": "custom.Scale", "custom.Interpolate": "custom.Interpolate"}
        spec["intervention_type"] = full.get(kind, f"{kind}Intervention")
        keeps = kind in JOINING and joined > 1 and self.chance(0.3)
        joins = kind in JOINING and not keeps
        width = each * (joined if joins else 1)
        if width > 200:
            return self.entry(index, kinds, source, base)
        spec["max_number_of_units"] = joined
        if keeps:
            spec["keep_last_dim"] = True
            spec["embed_dim"] = width
        self.numbers(spec, kind, f"iv{index}", width)
        if kind == "JumpReLUAutoencoder":
            spec["embed_dim"] = width
        if kind == "custom.Scale":
            spec["args"] = {"factor": round(r.uniform(-2, 2), 3)}
        if kind == "custom.Interpolate":
            spec["args"] = {"alpha": round(r.uniform(0, 1), 3)}
        count = None if spec["unit"] == "t" else self.coordinates(kind, spec, width)
        subspaces = None
        if count and kind != "Collect" and (self.chance(0.4) or kind == "JumpReLUAutoencoder"):
            shared = self.chance(0.5)
            if self.chance(0.5) and count > 4 and kind != "JumpReLUAutoencoder":
                cut = sorted(r.sample(range(1, count), 2))
                spec["subspace_partition"] = [[0, cut[0]], [cut[0], cut[1]], [cut[1], count]]
                if cut[0] > 3 and self.chance(0.3):
                    spec["subspace_partition"][0] = r.sample(range(cut[0]), 3)
                count = 3
            subspaces = []
            for example in range(self.examples):
                if example and shared:
                    subspaces.append(list(subspaces[0]))
                else:
                    subspaces.append(r.sample(range(count), r.randint(1, min(count, 6))))
        elif count and kind in ("Vanilla", "Addition", "Subtraction", "Zero", "RotatedSpace",
                                "PCARotatedSpace") and self.chance(0.3):
            spec["interchange_dim"] = r.randint(1, count)
        self.widths.append(width * (joined if kind == "Collect" else 1))
        return spec, place, self.places(spec, units, blocks, source, base), subspaces

    # Kinds of case

    def setup(self, count, kinds, serial=False):
        """Representations, inputs, places and subspaces."""
        r, doc = self.random, self.doc
        doc["base"], base = self.inputs("base")
        same = self.chance(0.5)
        length = base if same else None
        grouped = not serial and count > 1 and self.chance(0.3)
        groups = [0]
        for _ in range(count - 1):
            groups.append(groups[-1] + (r.randint(0, 1) if grouped else 1))
        sources, lengths = [], []
        for group in range(groups[-1] + 1):
            named, size = self.inputs(f"source{group}", length)
            self.length = size
            sources.append(named)
            lengths.append(size)
        entries = []
        for index in range(count):
            like = entries[-1][1] if entries and self.chance(0.3) else None
            target = lengths[index + 1] if serial and index + 1 < count else base
            entries.append(self.entry(index, kinds, lengths[groups[index]], target, like))
        specs = [e[0] for e in entries]
        if grouped:
            for spec, group in zip(specs, groups):
                spec["group_key"] = group
        for spec in specs:
            if spec["unit"] == "h" and not same:
                return False
        doc["representations"] = specs
        needs = [s["intervention_type"] not in
                 ("ZeroIntervention", "CollectIntervention", "custom.Scale") for s in specs]
        if not serial and any(needs) and count > 1 and self.chance(0.2):
            dropped = r.randrange(len(sources))
            sources[dropped] = None
        if any(needs) or serial:
            doc["sources"] = sources
        if serial:
            doc["mode"] = "serial"
            doc["unit_locations"] = {}
            for index in range(count):
                target = "base" if index == count - 1 else f"source_{index + 1}"
                places = entries[index][2]
                doc["unit_locations"][f"source_{index}->{target}"] = [[places[0]], [places[1]]]
        elif any(needs):
            doc["unit_locations"] = {
                "sources->base": [[e[2][0] for e in entries], [e[2][1] for e in entries]]}
        else:
            doc["unit_locations"] = {"base": [e[2][1] for e in entries]}
        if any(e[3] for e in entries):
            doc["subspaces"] = [e[3] for e in entries]
        if not serial:
            self.shorten(entries, base if same else min(lengths + [base]))
        return True

    def shorten(self, entries, length):
        """Short forms of places and sources, and links, where they mean the same."""
        r, doc = self.random, self.doc
        specs = doc["representations"]
        plain = all(s["unit"] == "pos" and s["max_number_of_units"] == 1 for s in specs)
        (key, places), = doc["unit_locations"].items()
        if plain and self.sizes.kind != "mlp" and self.chance(0.4):
            short = [r.randrange(length)]
            if key == "sources->base" and self.chance(0.5):
                short.append(r.randrange(length))
            doc["unit_locations"] = {key: short[0] if len(short) == 1 else short}
        elif self.chance(0.2) and all(s["unit"] == "pos" for s in specs):
            # The same places for all examples, said once.
            def once(side):
                return [[entry[0]] for entry in side]
            doc["unit_locations"] = {
                key: once(places) if key == "base" else [once(side) for side in places]}
        if doc.get("sources") and len(doc["sources"]) > 1 and None not in doc["sources"]:
            if "group_key" not in specs[0] and self.chance(0.2):
                if not any(s["intervention_type"].startswith("Collect") for s in specs):
                    doc["sources"] = doc["sources"][:1]
        rows = doc.get("subspaces")
        if rows and len(specs) == 1 and rows[0] and all(x == rows[0][0] for x in rows[0]):
            if self.chance(0.5):
                doc["subspaces"] = rows[0][0]

    def given(self):
        """Constants in place of sources."""
        if self.doc.get("sources") is None or self.doc.get("mode") == "serial":
            return
        for index, spec in enumerate(self.doc["representations"]):
            if spec["intervention_type"] not in ("VanillaIntervention", "AdditionIntervention",
                                                 "SubtractionIntervention"):
                return
        if self.chance(0.5):
            for index, spec in enumerate(self.doc["representations"]):
                spec["source_representation"] = self.normal(f"constant{index}", self.widths[index])
        else:
            names = [self.normal(f"constant{i}", w) for i, w in enumerate(self.widths)]
            if len(names) == 1 and self.chance(0.5):
                names = names[0]
            elif self.chance(0.5):
                names = dict(zip(self.keys(), names))
            self.doc["source_representations"] = names
        del self.doc["sources"]
        places = self.doc["unit_locations"]["sources->base"]
        self.doc["unit_locations"] = {"base": places[1] if isinstance(places, list) else places}

    def keys(self):
        """The keys of the representations."""
        counts, keys = {}, []
        for spec in self.doc["representations"]:
            component, unit = spec["component"].replace(".", "_"), spec["unit"].replace(".", "_")
            stem = f"comp_{component}_unit_{unit}_nunit_{spec['max_number_of_units']}"
            if "." not in spec["component"]:
                stem = f"layer_{spec['layer']}_{stem}"
            keys.append(f"{stem}#{counts.get(stem, 0)}")
            counts[stem] = counts.get(stem, 0) + 1
        return keys

    def labels(self, name="labels"):
        self.tensors[name] = torch.randint(
            0, self.sizes.classes, (self.examples,), generator=self.noise)
        return name

    def make(self):
        r, doc, kind = self.random, self.doc, self.sizes.kind
        if kind == "gru":
            doc["kind"] = "gru_time"
            return self.setup(1, ["Vanilla", "Zero", "Collect", "Addition", "Subtraction"])
        simple = PLAIN if kind in ("gpt2", "llama") else [p for p in PLAIN if p != "Skip"]
        if kind == "backpack":
            return self.setup(1, simple)
        everything = simple + TRAINED + ["PCARotatedSpace", "custom.Scale", "custom.Interpolate"]
        if kind != "mlp" and self.chance(0.05):
            return self.linked()
        what = r.choice(["forward"] * 5 + ["serial", "given", "gradient", "model", "train",
                                           "generate"])
        if kind == "mlp" and what in ("generate", "serial"):
            what = "gradient"
        if what == "forward":
            return self.setup(r.randint(1, 4), everything)
        if what == "serial":
            return self.setup(r.randint(2, 3), [k for k in everything if k not in NO_SOURCE
                                                and not k.startswith("custom")], serial=True)
        if what == "given":
            if not self.setup(r.randint(1, 3), ["Vanilla", "Addition", "Subtraction"]):
                return False
            self.given()
            return True
        if what in ("gradient", "model", "train"):
            learned = [t for t in TRAINED if t != "Autoencoder"]
            if not self.setup(r.randint(1, 2), ["Vanilla", "Addition"] if what == "model"
                              else learned):
                return False
            if "sources" not in doc or None in doc["sources"]:
                return False
            if what != "train":
                doc.update(kind="gradient", wrt="model" if what == "model" else "interventions",
                           labels=self.labels())
                return True
            return self.training()
        doc["generate"] = {"max_new_tokens": r.randint(2, 6), "intervene_on_prompt": True}
        doc["kind"] = "generate"
        kinds = ["Vanilla", "Addition", "Subtraction", "Zero", "Collect", "RotatedSpace"]
        if not self.setup(r.randint(1, 2), kinds):
            return False
        if self.chance(0.3) and "CollectIntervention" not in [
                s["intervention_type"] for s in doc["representations"]]:
            doc["generate"]["num_beams"] = r.randint(2, 4)
            return True
        if self.chance(0.4):
            # New tokens alone, each a position by itself.
            self.given()
            if doc.get("sources") is not None or any(
                    s["unit"] != "pos" or s["intervention_type"].startswith("Rotated")
                    for s in doc["representations"]):
                return False
            doc["generate"]["intervene_on_prompt"] = False
            doc["unit_locations"] = {"base": [[[0]] * self.examples for _ in self.widths]}
        return True

    def linked(self):
        """Two entries at one place that share an intervention and exchange other parts."""
        r, doc = self.random, self.doc
        if not self.setup(1, ["Vanilla", "RotatedSpace", "LowRankRotatedSpace"]):
            return False
        spec = doc["representations"][0]
        spec.pop("interchange_dim", None)
        count = spec.get("low_rank_dimension", self.widths[0])
        cut = r.randint(1, count - 1)
        spec["subspace_partition"] = [[0, cut], [cut, count]]
        spec["intervention_link_key"] = 0
        doc["representations"] = [spec, dict(spec)]
        self.widths *= 2
        doc["sources"] = [doc["sources"][0], self.inputs("other", self.length)[0]]
        if isinstance(doc["unit_locations"]["sources->base"], list) and isinstance(
                doc["unit_locations"]["sources->base"][0], list):
            source, base = doc["unit_locations"]["sources->base"]
            doc["unit_locations"] = {"sources->base": [source * 2, base * 2]}
        doc["subspaces"] = [[[0]] * self.examples, [[1]] * self.examples]
        return True

    def training(self):
        r, doc = self.random, self.doc
        doc["kind"] = "train"
        sources = doc.pop("sources")
        batches = [{"base": doc.pop("base"), "sources": sources, "labels": self.labels("labels0")}]
        if self.chance(0.5):
            again = {"labels": self.labels("labels1"), "sources": []}
            ids = batches[0]["base"]
            def copy(named, name):
                (field, key), = named.items()
                self.tensors[name] = self.tensors[key].flip(0).roll(1, -1).contiguous()
                return {field: name}
            again["base"] = copy(ids, "base1")
            again["sources"] = [copy(s, f"again{i}") for i, s in enumerate(sources)]
            batches.append(again)
        names = []
        for index, spec in enumerate(doc["representations"]):
            for name in spec["params"]:
                if name.endswith(("original", "boundaries", "mask", "masks", "W_enc", "W_dec")):
                    names.append(f"{index}.{name}")
        steps = r.randint(3, 6)
        doc["train"] = {"optimizer": "Adam", "parameters": "interventions", "steps": steps,
                        "groups": [{"names": names, "lr": 0.01}], "batches": batches,
                        "betas": [0.9, 0.999], "eps": 1e-4}
        if self.chance(0.5):
            doc["train"]["lr_factors"] = [round(1 - i / (2 * steps), 3) for i in range(steps)]
        if self.chance(0.5):
            doc["train"]["temperatures"] = [round(5 / (i + 1), 3) for i in range(steps)]
        if self.chance(0.3) and any(n.endswith("boundaries") for n in names):
            doc["train"]["boundary_weight"] = 0.1
        return True


def main(models, out, seed, count, names):
    torch.manual_seed(0)
    opened = {name: reference.load_model(f"{models}/{name}") for name in names}
    sizes = {name: Sizes(name, model) for name, model in opened.items()}
    made = 0
    while made < count:
        name = names[seed % len(names)]
        draw = Draw(seed, name, sizes[name])
        seed += 1
        if not draw.make():
            continue
        doc, tensors = draw.doc, draw.tensors
        try:
            outputs = reference.compute(doc, tensors, opened[name], draw.widths)
        except Exception as error:  # pyvene cannot do all that a specification can say
            print(f"{doc['name']} {doc['kind']} {name}: pyvene fails, {type(error).__name__} "
                  f"{str(error)[:100]}: {json.dumps(doc['representations'])[:300]}", flush=True)
            continue
        loose = doc["kind"] in ("train", "gradient")
        doc["tolerance"] = {"atol": 1e-3, "rtol": 5e-3} if loose else {"atol": 2e-4, "rtol": 2e-4}
        doc["expected"] = {n: [str(v.dtype).split(".")[1], list(v.shape)]
                           for n, v in outputs.items()}
        path = pathlib.Path(out) / doc["name"]
        path.with_suffix(".json").write_text(json.dumps(doc, indent=1))
        everything = {f"in.{k}": v for k, v in tensors.items()}
        everything.update({f"out.{k}": v for k, v in outputs.items()})
        save_file({k: v.contiguous() for k, v in everything.items()},
                  path.with_suffix(".safetensors"))
        made += 1


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = given[4:] or ["gpt2", "llama", "mlp_classifier", "gru_classifier", "gru_lm",
                           "backpack_gpt2", "llama_rope_scaled", "mlp_classifier_gelu"]
    main(given[0], given[1], int(given[2]), int(given[3]), chosen)
