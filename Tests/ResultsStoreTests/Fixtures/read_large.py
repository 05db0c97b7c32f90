"""Reads 256 rows of an array of a million in every way that its users do, and prints seconds.

Run with `-W error`: a warning on any of the ways is a failure. Column 0 holds the row's number, the
others `(row % 4096 * 64 + column) % 997`.
"""

import json
import sys
import time

import numpy as np
import tensorstore
import xarray
import zarr

root, start = sys.argv[1], int(sys.argv[2])
rows = np.arange(start, start + 256)[:, None]
expected = ((rows % 4096 * 64 + np.arange(64)) % 997).astype("float32")
expected[:, 0] = rows[:, 0]


def open_tensorstore():
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{root}/a"}}
    array = tensorstore.open(spec).result()
    return array.shape, lambda: array[start : start + 256].read().result()


def open_zarr():
    array = zarr.open_group(root, mode="r")["a"]
    return array.shape, lambda: array[start : start + 256]


def open_xarray():
    array = xarray.open_zarr(root, consolidated=True)["a"]
    return array.shape, lambda: array.isel(row=slice(start, start + 256)).values


seconds = {}
for reader in [open_tensorstore, open_zarr, open_xarray]:
    shape, read = reader()
    if tuple(shape) != (1000000, 64):
        sys.exit(f"{reader.__name__} finds the shape {shape}")
    tries = []
    for _ in range(3):
        before = time.perf_counter()
        values = read()
        tries.append(time.perf_counter() - before)
        if not np.array_equal(values, expected):
            sys.exit(f"{reader.__name__} reads other values")
    seconds[reader.__name__] = min(tries)
print(json.dumps(seconds))
