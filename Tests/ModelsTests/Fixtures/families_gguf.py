"""Writes a model folder as GGUF files, as llama.cpp's convert_hf_to_gguf.py does.

Argument: a folder of families_peer.py. Families that GGUF has no architecture for get no file. Beside
model.gguf there are files with other spellings of the same, such as model.untyped.gguf.
"""

import json
import sys

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

# model_type: the architecture, and whether queries and keys are permuted.
ARCHITECTURES = {
    "llama": ("llama", True), "mistral": ("llama", True), "mixtral": ("llama", True),
    "qwen2": ("qwen2", False), "qwen3": ("qwen3", False), "qwen3_moe": ("qwen3moe", False),
    "gemma": ("gemma", False), "gemma2": ("gemma2", False), "gemma3_text": ("gemma3", False),
    "phi": ("phi2", False), "phi3": ("phi3", False), "stablelm": ("stablelm", False),
    "olmo": ("olmo", True), "olmo2": ("olmo2", False), "gpt_neox": ("gptneox", False),
    "gpt2": ("gpt2", False), "bloom": ("bloom", False), "falcon": ("falcon", False),
    "gpt_oss": ("gpt-oss", False),
}  # fmt: skip

# What llama.cpp cannot run, so that no such file is about.
WITHOUT = {
    "falcon_multi_head", "falcon_slopes", "falcon_slopes_parallel", "phi_norms", "qwen2_windows",
    "qwen3_moe", "qwen3_moe_dense", "qwen3_moe_windows", "gpt_neox_serial", "gpt2_scaled", "mistral",
    "llama_dynamic", "llama_yarn_new", "llama_yarn_attention", "phi3_long_new", "gemma3_linear",
    "gemma2_uncapped",
}  # fmt: skip


def permuted(weight, heads):
    shape = weight.shape
    return weight.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


class Converter:
    def __init__(self, folder):
        self.config = json.load(open(f"{folder}/full.json"))
        self.state = load_file(f"{folder}/model.safetensors")
        self.type = self.config["model_type"]
        self.arch, self.is_permuted = ARCHITECTURES[self.type]
        self.width = self.get("hidden_size", "n_embd")
        self.layers = self.get("num_hidden_layers", "n_layer")
        self.heads = self.get("num_attention_heads", "n_head")
        self.key_heads = self.get("num_key_value_heads", "num_kv_heads", usual=self.heads)
        arch = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}[self.arch]
        self.names = gguf.get_tensor_name_map(arch, self.layers)

    def get(self, *keys, usual=None):
        return next((self.config[k] for k in keys if self.config.get(k) is not None), usual)

    # Fields -----------------------------------------------------------------------------------

    def fields(self):
        get, own = self.get, {}
        own["embedding_length"] = self.width
        own["block_count"] = self.layers
        own["context_length"] = get(
            "max_position_embeddings", "n_positions", "seq_length", usual=2048)
        own["feed_forward_length"] = get(
            "intermediate_size", "ffn_hidden_size", "n_inner", usual=4 * self.width)
        own["attention.head_count"] = self.heads
        if self.type == "falcon" and not get("new_decoder_architecture"):
            self.key_heads = 1
        if self.type not in ("gpt2", "gpt_neox"):
            own["attention.head_count_kv"] = self.key_heads
        epsilon = get("layer_norm_eps", "layer_norm_epsilon")
        if self.type == "olmo":
            epsilon = 1e-5
        if epsilon is not None:
            own["attention.layer_norm_epsilon"] = epsilon
        if get("rms_norm_eps") is not None:
            own["attention.layer_norm_rms_epsilon"] = get("rms_norm_eps")
        head = get("head_dim")
        if head is not None and self.type != "phi":
            own["attention.key_length"] = own["attention.value_length"] = head
        optional = {
            "attention.sliding_window": get("sliding_window"),
            "attn_logit_softcapping": get("attn_logit_softcapping"),
            "final_logit_softcapping": get("final_logit_softcapping"),
            "attention.clamp_kqv": get("clip_qkv"),
            "expert_count": get("num_local_experts", "num_experts"),
            "expert_used_count": get("num_experts_per_tok"),
            "expert_feed_forward_length": get("moe_intermediate_size"),
            "use_parallel_residual": get("use_parallel_residual"),
        }
        if self.type == "gpt_oss":
            optional["expert_feed_forward_length"] = get("intermediate_size")
        if self.type == "phi3":
            optional["attention.sliding_window"] = get("sliding_window", usual=0)
        if self.type in ("mistral", "mixtral"):
            optional["attention.sliding_window"] = None
        own.update({key: value for key, value in optional.items() if value is not None})
        own.update(self.rotary(head or self.width // self.heads))
        return own

    def rotary(self, head):
        own, rotary = {}, self.get("rope_parameters")
        if rotary is None or self.type in ("gpt2", "bloom", "falcon"):
            return own
        rotary = rotary.get("full_attention", rotary)
        own["rope.dimension_count"] = int(head * rotary.get("partial_rotary_factor", 1.0))
        # Their converters leave the base out.
        if self.type not in ("phi", "stablelm", "gpt_neox") or rotary["rope_theta"] != 10000:
            own["rope.freq_base"] = float(rotary["rope_theta"])
        kind = rotary["rope_type"]
        if kind == "linear":
            own["rope.scaling.type"], own["rope.scaling.factor"] = "linear", rotary["factor"]
        elif kind == "yarn":
            own["rope.scaling.type"], own["rope.scaling.factor"] = "yarn", rotary["factor"]
            own["rope.scaling.original_context_length"] = rotary["original_max_position_embeddings"]
            for ours, theirs in (("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow")):
                if rotary.get(theirs) is not None:
                    own[f"rope.scaling.{ours}"] = float(rotary[theirs])
        if self.type == "phi3":
            original = self.get("original_max_position_embeddings")
            own["rope.scaling.original_context_length"] = original
            if kind == "longrope":
                scale = self.get("max_position_embeddings") / original
                own["rope.scaling.attn_factor"] = float(
                    np.sqrt(1 + np.log(scale) / np.log(original)) if scale > 1 else 1.0)
        return own

    # Tensors ----------------------------------------------------------------------------------

    def tensors(self):
        stacked = {}
        for name, weight in self.state.items():
            for given, value in self.parts(name, weight.float()):
                if isinstance(given, tuple):
                    stacked.setdefault(given[0], {})[given[1]] = value
                else:
                    yield self.named(given), value
        for name, parts in stacked.items():
            yield name, torch.stack([parts[i] for i in sorted(parts)])
        rotary = self.get("rope_parameters") or {}
        if rotary.get("rope_type") == "longrope":
            for kind in ("long", "short"):
                yield f"rope_factors_{kind}.weight", torch.tensor(rotary[f"{kind}_factor"])
        if rotary.get("rope_type") == "llama3":
            yield "rope_freqs.weight", self.llama3(rotary)

    def llama3(self, rotary):
        width = self.get("head_dim")
        frequencies = 1.0 / (
            rotary["rope_theta"] ** (torch.arange(0, width, 2, dtype=torch.float32) / width))
        factor, low, high = (rotary[k] for k in ("factor", "low_freq_factor", "high_freq_factor"))
        context, factors = rotary["original_max_position_embeddings"], []
        for frequency in frequencies:
            length = 2 * np.pi / frequency
            if length < context / high:
                factors.append(1.0)
            elif length > context / low:
                factors.append(factor)
            else:
                smooth = (context / length - low) / (high - low)
                factors.append(1 / ((1 - smooth) / factor + smooth))
        return torch.tensor(factors, dtype=torch.float32)

    def named(self, name):
        if name.startswith("blk."):
            return name
        if self.type == "bloom":
            name = name.removeprefix("transformer.")
        found = self.names.get_name(name, try_suffixes=(".weight", ".bias"))
        if found is None:
            sys.exit(f"GGUF has no name for {name} of {self.arch}")
        return found

    def parts(self, name, weight):
        """Names, or names in GGUF with a place in a stack, and what stands there."""
        block = name.split("layers.")[-1].split(".")[0]
        if name == "lm_head.weight" and self.get("tie_word_embeddings"):
            return
        if self.type.startswith("gemma") and name.endswith("norm.weight"):
            weight = weight + 1
        if self.type == "gpt2" and name.split(".")[-2] in ("c_attn", "c_proj", "c_fc") \
                and weight.dim() == 2:
            weight = weight.T
        if self.is_permuted and ".q_proj." in name:
            weight = permuted(weight, self.heads)
        if self.is_permuted and ".k_proj." in name:
            weight = permuted(weight, self.key_heads)
        if "query_key_value" in name:
            each = self.heads // self.key_heads
            width = self.width // self.heads
            whole = weight.reshape(self.key_heads, each + 2, width, *weight.shape[1:])
            weight = torch.cat([
                part.reshape(-1, *weight.shape[1:])
                for part in (whole[:, :-2], whole[:, -2], whole[:, -1])
            ])
        if "layernorm.norms." in name:
            kind = "q" if "q_layernorm" in name else "k"
            yield (f"blk.{block}.attn_{kind}_norm.weight", int(name.split(".")[-2])), weight
            return
        if ".experts." in name and self.type != "gpt_oss":
            expert, kind = name.split(".experts.")[1].split(".")[:2]
            kind = {"w1": "gate", "w2": "down", "w3": "up"}.get(kind, kind.split("_")[0])
            yield (f"blk.{block}.ffn_{kind}_exps.weight", int(expert)), weight
            return
        if ".experts.gate_up_proj" in name:
            end = "bias" if name.endswith("_bias") else "weight"
            for i, kind in enumerate(("gate", "up")):
                part = weight[..., i::2]
                yield f"blk.{block}.ffn_{kind}_exps.{end}", \
                    part if end == "bias" else part.transpose(-1, -2)
            return
        if ".experts.down_proj" in name:
            end = "bias" if name.endswith("_bias") else "weight"
            yield f"blk.{block}.ffn_down_exps.{end}", \
                weight if end == "bias" else weight.transpose(-1, -2)
            return
        if name.endswith(".sinks"):
            name += ".weight"
        if self.type == "gpt_oss" and ".mlp.router." in name:
            name = f"blk.{block}.ffn_gate_inp.{name.split('.')[-1]}"
        yield name, weight

    # Files ------------------------------------------------------------------------------------

    def write(self, path, fields):
        writer = gguf.GGUFWriter(path, self.arch)
        for key, value in fields.items():
            key = f"{self.arch}.{key}"
            kinds = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string}
            kinds.get(type(value), writer.add_float32)(key, value)
        for name, weight in self.tensors():
            writer.add_tensor(name, weight.contiguous().numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def write(folder):
    name = folder.rstrip("/").split("/")[-1]
    if json.load(open(f"{folder}/config.json"))["model_type"] not in ARCHITECTURES or name in WITHOUT:
        return
    converter = Converter(folder)
    fields = converter.fields()
    converter.write(f"{folder}/model.gguf", fields)
    others = {}
    if name == "llama_linear":
        others["untyped"] = {k: v for k, v in fields.items() if k != "rope.scaling.type"}
        others["older"] = {k: v for k, v in fields.items() if "rope.scaling" not in k}
        others["older"]["rope.scale_linear"] = fields["rope.scaling.factor"]
    if name == "llama_default":
        others["none"] = {**fields, "rope.scaling.type": "none", "rope.scaling.factor": 4.0}
        others["zero"] = {**fields, "rope.scaling.factor": 0.0}
    for kind, changed in others.items():
        converter.write(f"{folder}/model.{kind}.gguf", changed)


if __name__ == "__main__":
    write(sys.argv[1])
