"""TransformerLens's activation patching, `generic_activation_patch`: a few cells of each grid, since every cell is a whole
forward pass and takes the same time.  usage: transformer_lens_patching.py MODEL.gguf THREADS [CELLS]
needs transformer-lens 2.16.1, transformers 4.57, gguf, accelerate
"""
import sys, time
import pandas, torch
import transformer_lens.patching as patching
from hooked_llama import opened, tell

model, clean, corrupted, answer, distractor = opened()
torch.set_grad_enabled(False)
cells = int(sys.argv[3]) if len(sys.argv) > 3 else 8
layers, heads, positions = model.cfg.n_layers, model.cfg.n_heads, clean.shape[1]
_, cache = model.run_with_cache(clean)
metric = lambda logits: (logits[:, -1, answer] - logits[:, -1, distractor]).mean()
by_position = (patching.layer_pos_patch_setter, ("layer", "pos"), positions)
by_head = (patching.layer_head_vector_patch_setter, ("layer", "head"), heads)
for measures, (setter, axes, columns) in {"resid_pre": by_position, "attn_out": by_position, "mlp_out": by_position, "z": by_head}.items():
    places = [(i * layers // cells, columns - 1 - i % min(columns, 8)) for i in range(cells)]
    start = time.perf_counter()
    patching.generic_activation_patch(model, corrupted, cache, metric, setter, measures, index_df=pandas.DataFrame(places, columns=list(axes)))
    tell(measures, time.perf_counter() - start, cells, layers * columns)
