"""Compares causal bases with those of tuned-lens 0.2.0 (pip install tuned-lens transformers).

    causeway run JOB -o RUN
    python basis_peer.py JOB RUN

JOB has a model folder, token ids of one length in `data.items`, the lens "logit" or "tuned", and the
mode "mean" or "zero". Prints for each layer our energies over theirs; exit code 1 if any sum of
energies is more than 1 % below theirs. extract_causal_bases of 0.2.0 gives a tuned lens the
transposed output head, which the subclass here puts right.
"""

import sys
import tomllib
from pathlib import Path

import torch
import xarray
from transformers import AutoModelForCausalLM
from tuned_lens.causal import extract_causal_bases
from tuned_lens.nn.lenses import LogitLens, TunedLens


class MendedLens(TunedLens):
    def transform_hidden(self, h, idx):
        width = self.config.d_model
        if h.shape[0] == width and h.shape[-1] != width:
            return h + (h.T @ self[idx].weight).T
        return super().transform_hidden(h, idx)


path = Path(sys.argv[1])
job = tomllib.loads(path.read_text())
basis = job["basis"]
model = AutoModelForCausalLM.from_pretrained(
    path.parent / job["model"]["path"], dtype=torch.float32).eval()
with torch.no_grad():
    hidden = model(torch.tensor(job["data"]["items"]), output_hidden_states=True).hidden_states
if basis["lens"] == "logit":
    lens = LogitLens.from_model(model)
else:
    lens = MendedLens.from_model_and_pretrained(model, str(path.parent / basis["tuned_lens"]))
ours = xarray.open_zarr(Path(sys.argv[2]) / "results.zarr")
theirs = list(extract_causal_bases(
    lens, list(hidden), basis["directions"], max_iter=basis.get("iterations", 100),
    mode=basis.get("mode", "mean")))
worst = 9.0
for layer in ours.layer.values:
    energy = ours.energy.sel(layer=layer).values
    published = theirs[layer].energies.numpy()
    worst = min(worst, energy.sum() / published.sum())
    print(f"layer {layer}: sum {energy.sum() / published.sum():.4f}, each",
          " ".join(f"{a / b:.4f}" for a, b in zip(energy, published)))
sys.exit(worst < 0.99)
