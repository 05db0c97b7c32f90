"""Opens a store in every way that its users do and prints what it holds as JSON.

Run with `-W error`: a warning on any of the ways is a failure, as is a reader that disagrees.
"""

import json
import sys

import numpy as np
import tensorstore
import xarray
import zarr

root = sys.argv[1]
found = {}


def plain(values):
    values = np.asarray(values)
    if values.dtype.kind == "f":
        return [None if np.isnan(v) else float(v) for v in values.ravel()]
    return [v if isinstance(v, str) else v.item() for v in values.ravel()]


def agree(name, reader, values):
    values = plain(values)
    if name in found and found[name] != values:
        sys.exit(f"{reader} reads {name} as {values}, another reader as {found[name]}")
    found[name] = values


def arrays(group, path=""):
    for name, member in group.members():
        if isinstance(member, zarr.Group):
            yield from arrays(member, f"{path}{name}/")
        else:
            yield path + name, member


for name, array in arrays(zarr.open_group(root, mode="r")):
    agree(name, "zarr-python", array[...])
    agree(name, "zarr-python, array alone", zarr.open_array(f"{root}/{name}", mode="r")[...])
    if array.dtype.kind in "fiub":
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{root}/{name}"}}
        agree(name, "TensorStore", tensorstore.open(spec).result().read().result())

groups = sorted({name.rpartition("/")[0] for name in found})
tree = xarray.open_datatree(root, engine="zarr")
for group in groups:
    opened = [
        xarray.open_zarr(root, group=group or None),
        xarray.open_zarr(f"{root}/{group}"),
        xarray.open_zarr(f"{root}/{group}", consolidated=True),
        xarray.open_dataset(f"{root}/{group}", engine="zarr"),
        tree[group or "/"].to_dataset(),
    ]
    for place, dataset in enumerate(opened):
        for name in dataset.variables:
            path = f"{group}/{name}" if group else name
            agree(path, f"xarray way {place}", dataset[name].values)
            found[f"{path}:dims"] = list(dataset[name].dims)

print(json.dumps(found))
