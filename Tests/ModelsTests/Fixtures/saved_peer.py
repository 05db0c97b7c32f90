"""Loads a folder with the library it is meant for, runs it, and prints its logits as JSON.

Arguments: the folder, and the inputs as JSON: token ids [examples][positions], or features
[examples][positions][width].
"""

import contextlib
import json
import sys

import torch
import transformers

folder, inputs = sys.argv[1], json.loads(sys.argv[2])
config = json.load(open(f"{folder}/config.json"))
name = config["architectures"][0]
if config["model_type"] in ("mlp", "gru"):
    # Their from_pretrained does not work under the transformers of today.
    from safetensors.torch import load_file

    # pyvene speaks on standard output when it is imported.
    with contextlib.redirect_stdout(sys.stderr):
        import pyvene  # noqa: F401
    if config["model_type"] == "mlp":
        from pyvene.models.mlp import modelings_mlp as library

        settings = library.MLPConfig.from_pretrained(folder)
    else:
        from pyvene.models.gru import modelings_gru as library

        settings = library.GRUConfig.from_pretrained(folder)
    model = getattr(library, name)(settings)
    model.load_state_dict(load_file(f"{folder}/model.safetensors"), strict=True)
else:
    model, info = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[kind]:
            sys.exit(f"{kind}: {info[kind]}")
model.eval()
with torch.no_grad():
    values = torch.tensor(inputs)
    is_features = values.dim() == 3
    output = model(inputs_embeds=values) if is_features else model(values)
    logits = output[0] if isinstance(output, tuple) else output.logits
print(json.dumps(logits.reshape(-1, logits.shape[-1]).tolist()))
