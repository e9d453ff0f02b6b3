"""A tiny Llama with biases everywhere and a head size of its own, and what PyTorch makes of it.

usage: make_llama_bias.py      torch 2.13, transformers 5; writes model/ and reference.json beside this file
"""
import json, os
import torch
from transformers import LlamaConfig, LlamaForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(2024)
config = LlamaConfig(
    vocab_size=61, hidden_size=30, intermediate_size=40, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=3,
    head_dim=8, max_position_embeddings=64, rms_norm_eps=1e-6, attention_bias=True, mlp_bias=True, tie_word_embeddings=False,
    rope_parameters={"rope_type": "default", "rope_theta": 3000.0}, attn_implementation="eager")
model = LlamaForCausalLM(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        scale = 0.4 if "bias" in name or "norm" in name else parameter.shape[-1] ** -0.5
        parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "norm" in name else 0.0))
model.save_pretrained(os.path.join(HERE, "model"))
os.remove(os.path.join(HERE, "model", "generation_config.json"))

tokens = torch.tensor([[5, 17, 2, 44, 31, 9, 60], [8, 8, 25, 3, 50, 12, 1]])
outputs = {}
for layer, block in enumerate(model.model.layers):
    def keep(name):
        def hook(_module, _inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            output.retain_grad()
            outputs[name] = output
        return hook
    block.self_attn.register_forward_hook(keep(f"blocks.{layer}.hook_attn_out"))
    block.mlp.register_forward_hook(keep(f"blocks.{layer}.hook_mlp_out"))
    block.self_attn.q_proj.register_forward_hook(keep(f"blocks.{layer}.attn.hook_q"))
logits = model(tokens).logits
(logits[:, -1, 11] - logits[:, -1, 30]).mean().backward()
reference = {
    "tokens": tokens.tolist(), "answer": 11, "distractor": 30, "logitsLast": logits[:, -1].flatten().tolist(),
    "activations": {name: value.flatten().tolist() for name, value in outputs.items()},
    "gradients": {name: value.grad.flatten().tolist() for name, value in outputs.items()},
}
with open(os.path.join(HERE, "reference.json"), "w") as file:
    json.dump(reference, file)
    file.write("\n")
