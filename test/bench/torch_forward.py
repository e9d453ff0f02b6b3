"""PyTorch's plain passes on SmolLM2-135M-Instruct, for `npm run bench`: tokens as JSON on stdin, medians as JSON out.

usage: torch_forward.py MODEL.gguf REPEATS THREADS      needs torch, transformers, gguf, accelerate
"""
import json, os, statistics, sys, time
import torch
from transformers import AutoModelForCausalLM, logging

logging.set_verbosity_error()
path, repeats, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
tokens = torch.tensor(json.load(sys.stdin))
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


def median(run):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


print(json.dumps({"forward": median(forward), "forwardBackward": median(forward_backward), "version": torch.__version__}))
