#!/usr/bin/env python3
"""Reference runs of circuits, and ACDC's circuits, in float64 PyTorch: makes circuits.json beside it.

The models of ../open that are Llama's or Qwen2's are written out node by node, as a circuit is defined: what a node reads is the
sum over its senders of what each writes in this run, where the edge is kept, or in the ablated run, where it is not. Every
query head reads its own queries, keys and values (an expanded graph). No hooks, and no library of circuits.

  python make_circuits.py      needs torch and safetensors
"""
import json
import os

import torch
from safetensors.torch import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ["llama_mha", "llama_gqa_tied", "qwen2"]
SHARES = [0.1, 0.5, 0.9]
TAUS = [0.2]


class Model:
    def __init__(self, folder):
        self.config = c = json.load(open(os.path.join(folder, "config.json")))
        self.w = {name: t.double() for name, t in load_file(os.path.join(folder, "model.safetensors")).items()}
        self.L, self.H, self.d = c["num_hidden_layers"], c["num_attention_heads"], c["hidden_size"]
        self.kv = c.get("num_key_value_heads") or self.H
        self.dh = c.get("head_dim") or self.d // self.H
        rope = c.get("rope_parameters") or {}
        self.theta = rope.get("rope_theta", c.get("rope_theta", 10000.0))
        self.senders = ["input"]
        self.receivers = []
        for l in range(self.L):
            self.senders += [f"a{l}.h{h}" for h in range(self.H)] + [f"m{l}"]
            self.receivers += [f"a{l}.h{h}<{p}>" for p in "qkv" for h in range(self.H)] + [f"m{l}"]
        self.receivers.append("logits")

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"]) * self.w[name]

    def head_map(self, l, port, h):
        """W [dh, d] and b [dh] of one query head's q, or of the k or v that it reads."""
        name = f"model.layers.{l}.self_attn.{port}_proj."
        row = (h if port == "q" else h * self.kv // self.H) * self.dh
        b = self.w.get(name + "bias")
        return self.w[name + "weight"][row : row + self.dh], 0 if b is None else b[row : row + self.dh]

    def rotate(self, x):
        """x [B, T, dh]; halves are turned against each other."""
        half = self.dh // 2
        f = self.theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * f
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

    def head(self, l, h, reads):
        """What head h writes [B, T, d] from what its queries, keys and values read, [B, T, d] each."""
        project = lambda p: (lambda W, b: self.norm(reads[p], f"model.layers.{l}.input_layernorm.weight") @ W.T + b)(*self.head_map(l, p, h))
        q, k, v = self.rotate(project("q")), self.rotate(project("k")), project("v")
        T = q.shape[1]
        scores = (q @ k.transpose(1, 2) * self.dh**-0.5).masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)
        W_O = self.w[f"model.layers.{l}.self_attn.o_proj.weight"][:, h * self.dh : (h + 1) * self.dh]
        return scores.softmax(-1) @ v @ W_O.T

    def mlp(self, l, x):
        W = lambda name: self.w[f"model.layers.{l}.mlp.{name}_proj.weight"].T
        x = self.norm(x, f"model.layers.{l}.post_attention_layernorm.weight")
        return (torch.nn.functional.silu(x @ W("gate")) * (x @ W("up"))) @ W("down")

    def run(self, tokens, keep=None, ablated=None):
        """Last-position logits [B, V] and what the senders write, under a circuit `keep` [sender, receiver] (all, unless given)."""
        E = self.w["model.embed_tokens.weight"]
        wrote = [E[tokens]]

        def reads(column):
            if keep is None:
                return sum(wrote)
            return sum(own if keep[s, column] else other for s, (own, other) in enumerate(zip(wrote, ablated)))

        for l in range(self.L):
            first = l * (3 * self.H + 1)
            heads = [self.head(l, h, {p: reads(first + i * self.H + h) for i, p in enumerate("qkv")}) for h in range(self.H)]
            wrote += heads
            wrote.append(self.mlp(l, reads(first + 3 * self.H)))
        final = self.norm(reads(len(self.receivers) - 1)[:, -1], "model.norm.weight")
        return final @ self.w.get("lm_head.weight", E).T, wrote

    def mask(self):
        """Which senders come before which receivers."""
        M = torch.zeros(len(self.senders), len(self.receivers), dtype=torch.bool)
        for r, name in enumerate(self.receivers):
            l, place = divmod(r, 3 * self.H + 1)
            before = 1 + l * (self.H + 1) + (self.H if place == 3 * self.H else 0)
            M[:before, r] = True
        return M

    def owner(self, column):
        """The sender that a receiver is an input of; None of the logits."""
        if column == len(self.receivers) - 1:
            return None
        l, place = divmod(column, 3 * self.H + 1)
        return 1 + l * (self.H + 1) + (self.H if place == 3 * self.H else place % self.H)

    def names(self, keep):
        return [f"{self.senders[s]}->{self.receivers[r]}" for s, r in keep.nonzero().tolist()]


def acdc(model, metric, tau):
    """One edge after the other, receivers and senders from the last to the first; edges into what nobody reads go untested."""
    keep = model.mask()
    current, tested, nearest = metric(keep), 0, float("inf")
    for column in reversed(range(keep.shape[1])):
        for sender in reversed(range(keep.shape[0])):
            if not keep[sender, column]:
                continue
            keep[sender, column] = False
            owner = model.owner(column)
            if owner is not None and not keep[owner].any():
                continue
            changed, tested = metric(keep), tested + 1
            nearest = min(nearest, abs(abs(changed - current) - tau))
            if abs(changed - current) < tau:
                current = changed
            else:
                keep[sender, column] = True
    return {"tau": tau, "edges": model.names(keep), "tested": tested, "metric": current, "nearest": nearest}


def case(name):
    folder = os.path.join(HERE, "..", "open", name)
    told = json.load(open(os.path.join(folder, "case.json")))
    model = Model(os.path.join(folder, "model"))
    clean, corrupted = (torch.tensor(told["batches"]["plain"][f"tokens_{side}"]) for side in ("clean", "corrupted"))
    rows = torch.arange(len(clean))
    difference = lambda logits: logits[rows, told["answer_token"]] - logits[rows, told["other_token"]]
    ablated = {"corrupted": model.run(corrupted)[1]}
    ablated["zero"] = [torch.zeros_like(x) for x in ablated["corrupted"]]
    ablated["mean"] = [x.mean((0, 1), keepdim=True).expand_as(x) for x in ablated["corrupted"]]
    M = model.mask()
    metrics = lambda keep, how: difference(model.run(clean, keep, ablated[how])[0])
    generator = torch.Generator().manual_seed(7)
    circuits = []
    for share in SHARES:
        keep = M & (torch.rand(M.shape, generator=generator) < share)
        of = {how: {"circuit": metrics(keep, how).tolist(), "rest": metrics(M & ~keep, how).tolist()} for how in ablated}
        circuits.append({"edges": model.names(keep), **of})
    baselines = {how: metrics(torch.zeros_like(M), how).tolist() for how in ablated}
    found = [acdc(model, lambda keep: metrics(keep, "corrupted").mean().item(), tau) for tau in TAUS]
    return {"clean": metrics(M, "corrupted").tolist(), "ablated": baselines, "circuits": circuits, "acdc": found}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "circuits.json"), "w") as file:
        json.dump({name: case(name) for name in CASES}, file)
