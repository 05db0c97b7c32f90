"""Writes small random models of many families with transformers, and what they compute.

Arguments: the folder to write to, then the names of models; all of them if there is none. With
`--defaults` alone it prints what the configuration class of each family has when it is given nothing
(family_defaults.json). Each model
gets a folder: config.json as the case spells it, full.json as transformers saves it,
model.safetensors, and expected.safetensors with a few prompts (0.input_ids, 1.input_ids, ...) and their
logits. A model that GGUF has an architecture for gets model.gguf as well.
"""

import json
import os
import sys

import torch
import transformers
from safetensors.torch import save_file

WIDTH, LAYERS, HEADS, VOCABULARY, POSITIONS = 16, 2, 4, 53, 40

usual = dict(
    hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=24,
    vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, bos_token_id=1, eos_token_id=2,
    pad_token_id=0)  # fmt: skip
# Those of GPT's time.
older = dict(
    n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, vocab_size=VOCABULARY, n_positions=POSITIONS,
    bos_token_id=1, eos_token_id=2)  # fmt: skip
# Wide heads, so that there are enough frequencies for a ramp between them.
llama = dict(usual, model_type="llama", num_key_value_heads=2, head_dim=16)
gemma = dict(usual, num_key_value_heads=2, head_dim=8)
yarn = dict(factor=4.0, original_max_position_embeddings=10)
long = dict(short_factor=[1.0, 1.3, 1.7, 2.0], long_factor=[1.5, 3.0, 5.0, 9.0])
phi3 = dict(usual, model_type="phi3", num_key_value_heads=2, hidden_size=32)
stablelm = dict(usual, model_type="stablelm", num_key_value_heads=2, hidden_size=32)
falcon = dict(
    model_type="falcon", hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
    vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, bos_token_id=1, eos_token_id=2)  # fmt: skip
moe = dict(usual, model_type="qwen3_moe", num_key_value_heads=2, head_dim=8, num_experts=4,
    num_experts_per_tok=2, moe_intermediate_size=10)  # fmt: skip
opt = dict(
    model_type="opt", hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
    ffn_dim=24, vocab_size=VOCABULARY, max_position_embeddings=POSITIONS)  # fmt: skip

CASES = {
    "gptj": dict(older, model_type="gptj", rotary_dim=2),
    "gptj_wide": dict(older, model_type="gptj", n_embd=32, rotary_dim=8, n_inner=20),
    "phi": dict(usual, model_type="phi", partial_rotary_factor=0.5),
    "phi_norms": dict(usual, model_type="phi", qk_layernorm=True, num_key_value_heads=2),
    "stablelm": stablelm,
    "stablelm_bias": dict(stablelm, use_qkv_bias=True, partial_rotary_factor=0.5),
    "stablelm_parallel": dict(stablelm, use_parallel_residual=True),
    "stablelm_norms": dict(stablelm, qk_layernorm=True, rope_theta=500.0),
    "smollm3": dict(
        usual, model_type="smollm3", num_key_value_heads=2, num_hidden_layers=4,
        no_rope_layer_interval=2),
    "smollm3_window": dict(
        usual, model_type="smollm3", num_key_value_heads=2, no_rope_layers=[1, 0],
        use_sliding_window=True, sliding_window=4, layer_types=["full_attention", "sliding_attention"]),
    "starcoder2": dict(usual, model_type="starcoder2", num_key_value_heads=2),
    "starcoder2_bare": dict(
        usual, model_type="starcoder2", num_key_value_heads=2, use_bias=False, sliding_window=4),
    "falcon": falcon,
    "falcon_multi_head": dict(falcon, multi_query=False),
    "falcon_new": dict(falcon, new_decoder_architecture=True, num_kv_heads=2),
    "falcon_new_one_norm": dict(
        falcon, new_decoder_architecture=True, num_kv_heads=2, num_ln_in_parallel_attn=1),
    "falcon_slopes": dict(falcon, alibi=True, parallel_attn=False, multi_query=False, bias=True),
    "falcon_slopes_parallel": dict(falcon, alibi=True, bias=True),
    "bloom": dict(model_type="bloom", hidden_size=WIDTH, n_layer=LAYERS, n_head=HEADS,
        vocab_size=VOCABULARY),
    "bloom_six_heads": dict(model_type="bloom", hidden_size=24, n_layer=LAYERS, n_head=6,
        vocab_size=VOCABULARY, n_embed=24),
    "opt": opt,
    "opt_after": dict(opt, do_layer_norm_before=False, word_embed_proj_dim=8),
    "opt_bare": dict(opt, enable_bias=False, layer_norm_elementwise_affine=False,
        _remove_final_layer_norm=True),
    "qwen2": dict(usual, model_type="qwen2", num_key_value_heads=2),
    "qwen2_windows": dict(usual, model_type="qwen2", num_key_value_heads=2, use_sliding_window=True,
        sliding_window=5, max_window_layers=1),
    "qwen3": dict(usual, model_type="qwen3", num_key_value_heads=2, head_dim=8),
    "qwen3_moe": moe,
    "qwen3_moe_normed": dict(moe, norm_topk_prob=True),
    "qwen3_moe_dense": dict(moe, num_hidden_layers=4, decoder_sparse_step=2, mlp_only_layers=[3]),
    "qwen3_moe_windows": dict(moe, use_sliding_window=True, sliding_window=5, max_window_layers=1),
    "mistral": dict(usual, model_type="mistral", num_key_value_heads=2, sliding_window=6),
    "mixtral": dict(usual, model_type="mixtral", num_key_value_heads=2, num_local_experts=3),
    "phi3": phi3,
    "phi3_window": dict(phi3, sliding_window=5),
    "phi3_long": dict(phi3, original_max_position_embeddings=12,
        rope_scaling=dict(type="longrope", **long)),
    "phi3_long_new": dict(phi3, original_max_position_embeddings=12,
        rope_parameters=dict(rope_type="longrope", rope_theta=1000.0, factor=2.5, **long)),
    "phi3_part": dict(phi3, partial_rotary_factor=0.5, rope_theta=500.0),
    "llama_default": dict(llama, rope_theta=500.0),
    "llama_default_new": dict(llama, rope_parameters=dict(rope_type="default", rope_theta=500.0)),
    "llama_linear": dict(llama, rope_scaling=dict(type="linear", factor=4.0)),
    "llama_linear_new": dict(
        llama, rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=500.0)),
    "llama_dynamic": dict(llama, rope_scaling=dict(type="dynamic", factor=4.0)),
    "llama_yarn": dict(llama, rope_scaling=dict(rope_type="yarn", **yarn)),
    "llama_yarn_new": dict(llama, rope_parameters=dict(
        rope_type="yarn", rope_theta=500.0, mscale=0.7, mscale_all_dim=1.2, beta_fast=4,
        truncate=False, **yarn)),
    "llama_yarn_one_scale": dict(llama, rope_scaling=dict(type="yarn", mscale=0.7, **yarn)),
    "llama_yarn_attention": dict(
        llama, rope_scaling=dict(type="yarn", attention_factor=1.2, factor=4.0),
        original_max_position_embeddings=10),
    "llama_3": dict(llama, rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
        high_freq_factor=4.0, original_max_position_embeddings=16)),
    "llama_3_new": dict(llama, rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0,
        low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
    "llama_biases": dict(llama, attention_bias=True, mlp_bias=True, tie_word_embeddings=True),
    "gemma": dict(gemma, model_type="gemma"),
    "gemma2": dict(gemma, model_type="gemma2", sliding_window=6, query_pre_attn_scalar=8),
    "gemma2_uncapped": dict(gemma, model_type="gemma2", sliding_window=6, query_pre_attn_scalar=12,
        attn_logit_softcapping=None, final_logit_softcapping=None),
    "gemma3": dict(gemma, model_type="gemma3_text", num_hidden_layers=7, sliding_window=6,
        query_pre_attn_scalar=8),
    "gemma3_linear": dict(gemma, model_type="gemma3_text", sliding_window=6, sliding_window_pattern=2,
        query_pre_attn_scalar=8, rope_theta=5000.0, rope_local_base_freq=300.0,
        rope_scaling=dict(rope_type="linear", factor=8.0), final_logit_softcapping=20.0),
    "gpt_neox": dict(usual, model_type="gpt_neox", rotary_pct=0.5, rotary_emb_base=500),
    "gpt_neox_serial": dict(usual, model_type="gpt_neox", use_parallel_residual=False,
        rotary_pct=1.0, hidden_act="gelu_new", attention_bias=False),
    "gpt_neo": dict(model_type="gpt_neo", hidden_size=WIDTH, num_layers=LAYERS, num_heads=HEADS,
        vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, window_size=5,
        attention_types=[[["global", "local"], 1]]),
    "gpt2": dict(older, model_type="gpt2"),
    "gpt2_scaled": dict(older, model_type="gpt2", scale_attn_by_inverse_layer_idx=True,
        activation_function="relu", n_inner=20),
    "olmo": dict(usual, model_type="olmo", num_key_value_heads=2, clip_qkv=0.8),
    "olmo2": dict(usual, model_type="olmo2", num_key_value_heads=2),
    "gpt_oss": dict(usual, model_type="gpt_oss", num_key_value_heads=2, head_dim=8,
        num_local_experts=4, num_experts_per_tok=2, sliding_window=6),
}  # fmt: skip


def randomise(model, seed):
    """Draws every weight, norms and biases among them: they are added to what they begin with."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            draws = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() < 2 or name.endswith("_bias"):
                parameter.add_(0.3 * draws)
            elif "embed" in name or ".wte" in name or ".wpe" in name:
                parameter.copy_(0.7 * draws)
            else:
                parameter.copy_(1.2 * draws / parameter.shape[-1] ** 0.5)


def prompts(seed):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randint(3, VOCABULARY, (2, 7), generator=generator),
        torch.randint(3, VOCABULARY, (1, 29), generator=generator),
    ]


def write(folder, fields, seed):
    os.makedirs(folder, exist_ok=True)
    given = json.loads(json.dumps(fields))
    config = transformers.AutoConfig.for_model(given.pop("model_type"), **given)
    config._attn_implementation = config._experts_implementation = "eager"
    if fields.get("alibi"):
        # Eager attention of Falcon adds its slopes twice, once with the mask; this one is the default.
        config._attn_implementation = "sdpa"
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    randomise(model, seed)
    model.save_pretrained(folder)
    os.rename(f"{folder}/config.json", f"{folder}/full.json")
    for name in os.listdir(folder):
        if name not in ("full.json", "model.safetensors"):
            os.remove(f"{folder}/{name}")
    with open(f"{folder}/config.json", "w") as file:
        json.dump(fields, file, indent=1)
    tensors = {}
    for i, ids in enumerate(prompts(seed)):
        with torch.no_grad():
            tensors[f"{i}.logits"] = model(ids).logits.contiguous()
        tensors[f"{i}.input_ids"] = ids
    save_file(tensors, f"{folder}/expected.safetensors")


def defaults():
    types = sorted({fields["model_type"] for fields in CASES.values()})
    return {
        name: transformers.AutoConfig.for_model(name).to_dict() | {"model_type": name}
        for name in types
    }


def main():
    transformers.logging.set_verbosity_error()
    if sys.argv[1:] == ["--defaults"]:
        print(json.dumps(defaults(), indent=1))
        return
    out, names = sys.argv[1], sys.argv[2:] or list(CASES)
    for name in names:
        write(f"{out}/{name}", CASES[name], list(CASES).index(name))
    import families_gguf

    for name in names:
        families_gguf.write(f"{out}/{name}")


if __name__ == "__main__":
    main()
