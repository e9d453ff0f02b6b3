"""The EAP-IG package's EAP over the graph with a key and a value a query head, in batches.
usage: EAP_IG=CHECKOUT eap_ig.py MODEL.gguf THREADS [BATCH]
needs a checkout of github.com/hannamw/EAP-IG (commit 795f560), transformer-lens 2.16.1, transformers 4.57, gguf, accelerate, matplotlib.
The package makes its matrices on device='cuda'; a copy with 'cpu' there is what runs. Weights get no gradients, which it would not use.
"""
import os, pathlib, shutil, sys, tempfile, time
import torch
from hooked_llama import opened, tell

copy = pathlib.Path(tempfile.mkdtemp()) / "eap"
shutil.copytree(pathlib.Path(os.environ["EAP_IG"]) / "src" / "eap", copy)
for file in copy.glob("*.py"):
    file.write_text(file.read_text().replace("device='cuda'", "device='cpu'"))
sys.path.insert(0, str(copy.parent))
import eap.attribute as attribute
from eap.graph import Graph

shutil.rmtree(copy.parent)
model, clean, corrupted, answer, distractor = opened()
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 4
model.set_use_attn_result(True)
model.set_use_split_qkv_input(True)
model.set_use_hook_mlp_in(True)
model.set_ungroup_grouped_query_attention(True)
model.embed.register_forward_hook(lambda _module, _input, out: out.requires_grad_() if torch.is_grad_enabled() else out)
# Token ids are what runs: none are padding.
attribute.tokenize_plus = lambda _model, ids, max_length=None: (ids, torch.ones_like(ids), torch.full((len(ids),), ids.shape[1]), ids.shape[1])
metric = lambda logits, *_: (logits[:, -1, answer] - logits[:, -1, distractor]).sum()
batches = [(clean[i:i + batch], corrupted[i:i + batch], None) for i in range(0, len(clean), batch)]
graph = Graph.from_model(model)
start = time.perf_counter()
attribute.attribute(model, graph, batches, metric, method="EAP", quiet=True)
tell("eap", time.perf_counter() - start)
