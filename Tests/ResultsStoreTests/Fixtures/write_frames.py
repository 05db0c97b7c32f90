"""Writes chunks with numcodecs, for the reader here: the same containers by another maker."""

import sys

import numcodecs
import numpy as np

values = np.arange(600, dtype="<f4") / 8
with open(sys.argv[1] + "/zstd", "wb") as file:
    file.write(numcodecs.Zstd(level=3, checksum=True).encode(values))
with open(sys.argv[1] + "/rounded", "wb") as file:
    file.write(numcodecs.BitRound(7).encode(np.sin(values)).astype("<u4").tobytes())
with open(sys.argv[1] + "/sines", "wb") as file:
    file.write(np.sin(values).tobytes())
