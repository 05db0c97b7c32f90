"""Makes models of several families with random weights, or times transformers' forward pass of one.

families_peer.py make FOLDER            writes FOLDER/NAME for each model
families_peer.py time FOLDER/NAME N     prints the seconds of N passes of 8 texts of 64 tokens, one a line
"""

import sys
import time

import torch
import transformers

torch.set_num_threads(1)
MODELS = {
    "gpt2": dict(model_type="gpt2"),
    "pythia-160m": dict(
        model_type="gpt_neox", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
        intermediate_size=3072, vocab_size=50304),  # fmt: skip
    "qwen2-0.5b": dict(
        model_type="qwen2", hidden_size=896, num_hidden_layers=24, num_attention_heads=14,
        num_key_value_heads=2, intermediate_size=4864, vocab_size=151936,
        tie_word_embeddings=True),  # fmt: skip
    "experts-16": dict(
        model_type="mixtral", hidden_size=512, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, intermediate_size=1024, num_local_experts=16,
        num_experts_per_tok=2, vocab_size=32000),  # fmt: skip
}


def make(folder):
    for name, fields in MODELS.items():
        torch.manual_seed(1)
        config = transformers.AutoConfig.for_model(**fields)
        model = transformers.AutoModelForCausalLM.from_config(config)
        model.save_pretrained(f"{folder}/{name}")


def measure(path, passes):
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    ids = torch.tensor([[(7919 * e + 31 * i + 1) % 30000 for i in range(64)] for e in range(8)])
    with torch.inference_mode():
        model(ids, use_cache=False)
        for _ in range(passes):
            start = time.perf_counter()
            model(ids, use_cache=False)
            print(time.perf_counter() - start, flush=True)


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    measure(sys.argv[2], int(sys.argv[3]))
