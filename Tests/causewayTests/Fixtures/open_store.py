"""Reads every array of a store with xarray, zarr and TensorStore, and prints how many there are."""
import sys
import warnings

import numpy as np
import tensorstore as ts
import xarray as xr
import zarr

warnings.simplefilter("error")
path = sys.argv[1]
xr.open_zarr(path).load()
count = 0
for node in xr.open_datatree(path, engine="zarr").subtree:
    data = node.to_dataset().load()
    below = f"{path}{node.path}".rstrip("/")
    group = zarr.open_group(below, mode="r")
    for name, array in group.arrays():
        count += 1
        assert data[name].shape == array.shape, name
        if array.dtype.kind not in "fiu":
            continue
        other = ts.open({
            "driver": "zarr3", "kvstore": {"driver": "file", "path": f"{below}/{name}"},
        }).result().read().result()
        assert np.array_equal(array[...], other, equal_nan=array.dtype.kind == "f"), name
print(count)
