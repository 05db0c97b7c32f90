"""Reads a trace's results with zarr, xarray and TensorStore, and prints what they hold as JSON."""
import json
import sys

import numpy as np
import tensorstore as ts
import xarray as xr
import zarr

path = sys.argv[1]
data = xr.open_zarr(path)
tree = xr.open_datatree(path, engine="zarr")
group = zarr.open_group(path, mode="r")

assert data["probability"].dims == ("fact", "site", "layer", "position", "sample")
assert list(data["site"].values) == [
    "block_output", "mlp_output", "mlp_activation", "attention_output"]
assert data["prompt"].values[1] == "In Sable the language spoken is"
assert data["token"].values[0][1] == " tower", data["token"].values[0]
assert tree["summary"]["mean_probability"].dims == ("site", "role", "layer")

wrong = 0
status = data["status"].values
values = data["probability"].values
store = ts.open({
    "driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/probability"},
}).result().read().result()
for other in (group["probability"][:], store):
    wrong += int(not np.array_equal(values, other, equal_nan=True))

meanings = data["status"].attrs["flag_meanings"].split()
named = {name: status == flag for name, flag in zip(meanings, data["status"].attrs["flag_values"])}
known = named["done"] | named["equal_to_baseline"]
wrong += int(np.isnan(values[known]).any())
wrong += int((~np.isnan(values[named["pending"] | named["not_requested"]])).any())
wrong += int(((values[known] < 0) | (values[known] > 1)).any())

# A cell that cannot matter has the corrupted run's own value.
corrupted = np.broadcast_to(
    data["corrupted_probability"].values[:, None, None, None, :], values.shape)
wrong += int((values[named["equal_to_baseline"]] != corrupted[named["equal_to_baseline"]]).any())

means = tree["summary"]["mean_probability"].values
is_there = bool(np.isfinite(means).any())
if is_there:
    state = values[:, list(data["site"].values).index("block_output")].mean(axis=3)
    last = np.stack([state[f][:, n - 1] for f, n in enumerate(data["token_count"].values)])
    role = list(tree["summary"]["role"].values).index("last")
    wrong += int(not np.allclose(means[0, role], last.mean(axis=0), rtol=1e-5, atol=1e-7))

pending = int(named["pending"].any(axis=(2, 3)).sum())
print(json.dumps({"pending": pending, "wrong": wrong, "means": int(is_there)}))
