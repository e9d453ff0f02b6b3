"""PyTorch's plain passes on SmolLM2-135M-Instruct, for `npm run bench`: serves them as pass-server.ts does.

usage: torch_passes.py MODEL.gguf THREADS      needs torch, transformers, gguf, accelerate
"""
import json, os, sys, time
import torch
from transformers import AutoModelForCausalLM, logging

logging.set_verbosity_error()
path, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
tokens = torch.tensor(json.loads(sys.stdin.readline()))
folder, file = os.path.split(path)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
for parameter in model.parameters():
    parameter.requires_grad_(False)


def forward():
    with torch.no_grad():
        model(tokens, logits_to_keep=1)


def forward_backward():
    """Gradients to every residual stream, none to weights."""
    embedded = model.model.embed_tokens(tokens).detach().requires_grad_()
    logits = model(inputs_embeds=embedded, logits_to_keep=1).logits[:, -1]
    (logits[:, 0] - logits[:, 1]).mean().backward()


passes = {"forward": forward, "forwardBackward": forward_backward}
for run in passes.values():
    run()
print(json.dumps({"ready": True, "version": torch.__version__}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    passes[line.strip()]()
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
