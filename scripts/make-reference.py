#!/usr/bin/env python3
"""Writes demur-reference.safetensors: what transformers and PyTorch compute with a model, for `demur model check`.

  pip install torch transformers safetensors
  python scripts/make-reference.py DIR              writes DIR/demur-reference.safetensors
  python scripts/make-reference.py DIR --out FILE   writes it elsewhere, for `demur model check DIR --reference FILE`

DIR is a Hugging Face directory, or an id of the Hub. Every prompt runs alone, without padding, in float32 with eager attention; arrays are
aligned to the right. The layout is told in docs/guides/model-check.md. Nothing here is needed to run demur or its tests.
"""
import argparse
import os
import warnings

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = ["The capital of France is", "Once upon a time, in a small town by the sea, there lived"]
RANDOM_LENGTHS = [7, 11]


def parts_of(model):
    """Blocks, and what makes the named activations in each: (blocks, z, attn_out, mlp_out, final norm)."""
    if model.config.model_type == "gpt2":
        inner = model.transformer
        return inner.h, [b.attn.c_proj for b in inner.h], [b.attn for b in inner.h], [b.mlp for b in inner.h], inner.ln_f
    inner, blocks = model.model, model.model.layers
    z = [b.self_attn.o_proj for b in blocks]
    if model.config.model_type == "gemma2":  # what is added has passed a norm of its own
        attn, mlp = [b.post_attention_layernorm for b in blocks], [b.post_feedforward_layernorm for b in blocks]
    else:
        attn, mlp = [b.self_attn for b in blocks], [b.mlp for b in blocks]
    return blocks, z, attn, mlp, inner.norm


def run(model, ids, answer, distractor):
    """One prompt: arrays by key, each [layers, ...] or [...], without a batch axis."""
    blocks, z, attn, mlp, norm = parts_of(model)
    seen, handles = {}, []

    def keep(key, tensor):
        tensor = tensor[0] if isinstance(tensor, tuple) else tensor
        if tensor.requires_grad:
            tensor.retain_grad()
        seen.setdefault(key, []).append(tensor)

    def on_input(key):
        return lambda _m, args, kwargs: keep(key, args[0] if args else kwargs["hidden_states"])

    for l, block in enumerate(blocks):
        handles.append(block.register_forward_pre_hook(on_input("resid_pre"), with_kwargs=True))
        handles.append(z[l].register_forward_pre_hook(on_input("z"), with_kwargs=True))
        handles.append(attn[l].register_forward_hook(lambda _m, _a, out: keep("attn_out", out)))
        handles.append(mlp[l].register_forward_hook(lambda _m, _a, out: keep("mlp_out", out)))
    handles.append(norm.register_forward_hook(lambda _m, _a, out: keep("final_norm", out)))
    try:
        embeds = model.get_input_embeddings()(torch.tensor([ids])).detach().requires_grad_(True)
        out = model(inputs_embeds=embeds, output_attentions=True, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    (out.logits[0, -1, answer] - out.logits[0, -1, distractor]).backward()
    heads = model.config.num_attention_heads
    split = lambda t: t.reshape(*t.shape[:-1], heads, -1)
    arrays = {"logits": out.logits[0], "final_norm": seen["final_norm"][0][0]}
    arrays["pattern"] = torch.stack([p[0] for p in out.attentions])
    for key in ["resid_pre", "z", "attn_out", "mlp_out"]:
        value, gradient = (torch.stack(list(ts)) for ts in zip(*((t[0], t.grad[0]) for t in seen[key])))
        arrays[key], arrays["grad." + key] = (split(value), split(gradient)) if key == "z" else (value, gradient)
    return {key: tensor.detach() for key, tensor in arrays.items()}


def right_aligned(tensors, key, columns):
    """One array of all prompts, [layers,] batch first, zero where a prompt has no token."""
    layered = key not in ("logits", "final_norm")
    position_axes = [-2, -1] if key == "pattern" else [1 if layered else 0]
    padded = []
    for tensor in tensors:
        for axis in position_axes:
            axis = axis % tensor.dim()
            shape = list(tensor.shape)
            shape[axis] = columns - shape[axis]
            tensor = torch.cat([torch.zeros(shape), tensor], dim=axis)
        padded.append(tensor)
    return torch.stack(padded, dim=1 if layered else 0).contiguous()


def prompts_of(directory, vocabulary):
    files = ["tokenizer.json", "tokenizer.model", "vocab.json"]
    if os.path.isdir(directory) and not any(os.path.exists(os.path.join(directory, name)) for name in files):
        generator = torch.Generator().manual_seed(0)  # transformers would make up an empty tokenizer
        return [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in RANDOM_LENGTHS]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    return [tokenizer(text)["input_ids"] for text in TEXTS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--out")
    options = parser.parse_args()
    model = AutoModelForCausalLM.from_pretrained(options.directory, dtype=torch.float32, attn_implementation="eager").eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    vocabulary = model.get_input_embeddings().weight.shape[0]
    prompts = prompts_of(options.directory, vocabulary)
    # The two likeliest next tokens: any two would do, and these are well apart from rounding.
    with torch.no_grad():
        metrics = [model(torch.tensor([ids])).logits[0, -1].topk(2).indices.tolist() for ids in prompts]
    runs = [run(model, ids, *metric) for ids, metric in zip(prompts, metrics)]
    columns = max(map(len, prompts))
    pads = [columns - len(ids) for ids in prompts]
    arrays = {f"clean.{key}": right_aligned([r[key] for r in runs], key, columns) for key in runs[0]}
    for key in arrays:  # gradients are of the metric's mean over prompts
        if ".grad." in key:
            arrays[key] = arrays[key] / len(prompts)
    arrays["tokens.clean"] = torch.tensor([[0] * pad + ids for pad, ids in zip(pads, prompts)])
    arrays["attention_mask"] = torch.tensor([[0] * pad + [1] * len(ids) for pad, ids in zip(pads, prompts)])
    arrays["tokens.answer"], arrays["tokens.distractor"] = torch.tensor(metrics).T.contiguous().clone().unbind(0)
    arrays = {key: tensor.contiguous().clone() for key, tensor in arrays.items()}
    out = options.out or os.path.join(options.directory, "demur-reference.safetensors")
    save_file(arrays, out)
    print(f"{out}: {len(prompts)} prompts of {', '.join(map(str, map(len, prompts)))} tokens, {len(arrays)} arrays")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
