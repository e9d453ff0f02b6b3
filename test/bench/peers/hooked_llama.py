"""A Llama checkpoint (GGUF) as a TransformerLens model with the checkpoint's own weights: nothing folded, nothing centred.

For the scripts beside this one; each reads one line of JSON from stdin, {"clean": [[id]], "corrupted": [[id]], "answer": id,
"distractor": id}, and writes one line of JSON a measurement, {"measures", "seconds", "cells", "ofCells", "peakBytes"}.
"""
import json, os, resource, sys
import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformers import AutoModelForCausalLM, logging

logging.set_verbosity_error()


def load(path, n_ctx=64):
    folder, file = os.path.split(path)
    llama = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    c, weights = llama.config, llama.state_dict()
    heads, kv, width = c.num_attention_heads, c.num_key_value_heads, c.hidden_size
    d_head = width // heads
    theta = getattr(c, "rope_theta", None) or c.rope_parameters["rope_theta"]
    model = HookedTransformer(HookedTransformerConfig(
        n_layers=c.num_hidden_layers, d_model=width, n_heads=heads, d_head=d_head, d_mlp=c.intermediate_size,
        n_key_value_heads=None if kv == heads else kv, d_vocab=c.vocab_size, n_ctx=n_ctx, act_fn="silu", gated_mlp=True,
        normalization_type="RMS", final_rms=True, eps=c.rms_norm_eps, positional_embedding_type="rotary", rotary_dim=d_head,
        rotary_base=int(theta), rotary_adjacent_pairs=False, device="cpu", init_weights=False, seed=0))
    grouped = "" if kv == heads else "_"
    state = {"embed.W_E": weights["model.embed_tokens.weight"], "ln_final.w": weights["model.norm.weight"],
             "unembed.W_U": weights["lm_head.weight"].T, "unembed.b_U": torch.zeros(c.vocab_size)}
    for layer in range(c.num_hidden_layers):
        to, of = f"blocks.{layer}.", lambda name: weights[f"model.layers.{layer}.{name}.weight"]
        state |= {to + "ln1.w": of("input_layernorm"), to + "ln2.w": of("post_attention_layernorm"),
                  to + "mlp.W_gate": of("mlp.gate_proj").T, to + "mlp.W_in": of("mlp.up_proj").T,
                  to + "mlp.W_out": of("mlp.down_proj").T, to + "mlp.b_in": torch.zeros(c.intermediate_size),
                  to + "mlp.b_out": torch.zeros(width), to + "attn.b_O": torch.zeros(width),
                  to + "attn.W_O": of("self_attn.o_proj").T.reshape(heads, d_head, width)}
        for name, count, group in (("Q", heads, ""), ("K", kv, grouped), ("V", kv, grouped)):
            W = of(f"self_attn.{name.lower()}_proj").reshape(count, d_head, width)
            state |= {to + f"attn.{group}W_{name}": W.transpose(1, 2), to + f"attn.{group}b_{name}": torch.zeros(count, d_head)}
    missing, unexpected = model.load_state_dict({name: x.contiguous() for name, x in state.items()}, strict=False)
    missing = [name for name in missing if not any(part in name for part in ("mask", "IGNORE", "rotary"))]
    assert not missing and not unexpected, (missing, unexpected)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()


def opened():
    """The arguments MODEL THREADS, and the work: model, clean tokens, corrupted tokens, answer, distractor."""
    torch.set_num_threads(int(sys.argv[2]))
    work = json.loads(sys.stdin.readline())
    return load(sys.argv[1]), torch.tensor(work["clean"]), torch.tensor(work["corrupted"]), work["answer"], work["distractor"]


def tell(measures, seconds, cells=1, of_cells=1):
    """Seconds for `cells` of `of_cells` equal pieces of work."""
    peak = 1000 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"measures": measures, "seconds": seconds, "cells": cells, "ofCells": of_cells, "peakBytes": peak}), flush=True)
