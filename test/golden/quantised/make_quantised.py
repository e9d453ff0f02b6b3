"""Random blocks of every GGUF number format, and what gguf's own dequantisation makes of them.

usage: make_quantised.py     gguf 0.19; writes quantised.safetensors beside this file: <type>.bytes and <type>.values
"""

import os

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q
from safetensors.numpy import save_file

rng = np.random.default_rng(11)
# The byte offsets of a block's float16 numbers, which may not be infinite.
HALVES = {Q.F16: [0], Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208]}
BLOCKS = 6
arrays = {}
for kind, halves in HALVES.items():
    length, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = BLOCKS * (256 // length)
    raw = rng.integers(0, 256, size=(blocks, size), dtype=np.uint8)
    for at in halves:
        raw[:, at:at + 2] = rng.normal(scale=0.01, size=(blocks, 1)).astype(np.float16).view(np.uint8)
    arrays[f"{kind.name}.bytes"] = raw.reshape(-1)
    arrays[f"{kind.name}.values"] = gguf.dequantize(raw, kind).astype(np.float32).reshape(-1)
wide = rng.normal(size=256).astype(np.float32)
for kind in (Q.F32, Q.BF16):
    raw = gguf.quantize(wide, kind).view(np.uint8)
    arrays[f"{kind.name}.bytes"] = raw.reshape(-1)
    arrays[f"{kind.name}.values"] = gguf.dequantize(raw, kind).astype(np.float32).reshape(-1) if kind != Q.F32 else wide
file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantised.safetensors")
save_file({name: np.ascontiguousarray(x) for name, x in arrays.items()}, file)
os.chmod(file, 0o644)
print({name: x.size for name, x in arrays.items()})
