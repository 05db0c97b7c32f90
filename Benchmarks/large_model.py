"""Writes a Llama-2-7B-shaped model of random bfloat16 weights as its owners publish it: a folder of
config.json, an index, and shards of safetensors. Needs nothing but Python.

    python3 large_model.py FOLDER [LAYERS]

With all 32 layers it takes 13.5 GB of disk.
"""

import json
import os
import random
import sys

WIDTH, INNER, VOCABULARY, HEADS = 4096, 11008, 32000, 32
SHARD_BYTES = 5_000_000_000


def tensors(layers):
    """Names and shapes in the order of the layers."""
    yield "model.embed_tokens.weight", [VOCABULARY, WIDTH]
    for layer in range(layers):
        block = f"model.layers.{layer}."
        yield block + "input_layernorm.weight", [WIDTH]
        for name in "qkvo":
            yield f"{block}self_attn.{name}_proj.weight", [WIDTH, WIDTH]
        yield block + "post_attention_layernorm.weight", [WIDTH]
        yield block + "mlp.gate_proj.weight", [INNER, WIDTH]
        yield block + "mlp.up_proj.weight", [INNER, WIDTH]
        yield block + "mlp.down_proj.weight", [WIDTH, INNER]
    yield "model.norm.weight", [WIDTH]
    yield "lm_head.weight", [VOCABULARY, WIDTH]


def count(shape):
    return shape[0] * (shape[1] if len(shape) > 1 else 1)


def random_weights(source, size):
    """Bytes of bfloat16 numbers of both signs from 2^-8 to 2^-5, by chance."""
    upper = bytes([0x3B, 0x3C, 0x3C, 0x3C, 0xBB, 0xBC, 0xBC, 0xBC][byte % 8] for byte in range(256))
    numbers = bytearray(size)
    numbers[0::2] = source.randbytes(size // 2)
    numbers[1::2] = source.randbytes(size // 2).translate(upper)
    return bytes(numbers)


def main():
    folder, layers = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 32
    os.makedirs(folder, exist_ok=True)
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_act": "silu",
        "hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": layers,
        "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "vocab_size": VOCABULARY,
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2,
    }
    with open(f"{folder}/config.json", "w") as file:
        json.dump(config, file, indent=1)
    shards, size = [[]], 0
    for name, shape in tensors(layers):
        if size + 2 * count(shape) > SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += 2 * count(shape)
    source = random.Random(0)
    # Of a prime length, so that no two matrices have the same rows.
    pattern = random_weights(source, 2 * 8_388_593)
    ones = b"\x80\x3f"
    places = {}
    for number, shard in enumerate(shards, 1):
        file_name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for name, shape in shard:
            end = offset + 2 * count(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
            places[name], offset = file_name, end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        at = 0
        with open(f"{folder}/{file_name}", "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for _, shape in shard:
                if len(shape) == 1:
                    file.write(ones * shape[0])
                    continue
                left = 2 * count(shape)
                while left:
                    part = pattern[at : at + left]
                    file.write(part)
                    left -= len(part)
                    at = (at + len(part)) % len(pattern)
    total = sum(2 * count(shape) for shard in shards for _, shape in shard)
    with open(f"{folder}/model.safetensors.index.json", "w") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": places}, file)
    print(f"{folder}: {total} bytes in {len(shards)} files")


main()
