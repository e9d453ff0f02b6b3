"""Tiny models of every family and format, and what PyTorch makes of them.

usage: make_families.py [case ...]     torch 2.13, transformers 5.23, gguf 0.19; writes a folder a case beside this file

Each case has a model (a Hugging Face directory, or a GGUF file), case.json (tokens, and the tokens a and b of the metric) and
reference.safetensors, float32: logits [B, T, V]; resid_pre, attn_out, mlp_out [L, B, T, d]; z [L, B, T, H, dHead];
pattern [L, B, H, T, T]; grad.resid_pre and grad.z, of the batch's mean of logits[:, -1, a] - logits[:, -1, b]. attn_out and
mlp_out are what is added to the residual stream, after Gemma 2's post-norms. Hooks are written by hand.

GGUF files are laid out as llama.cpp's convert_hf_to_gguf.py does it. Their reference is the Hugging Face model with the weights
that gguf's own dequantisation gives; where transformers reads the file, its logits must be the same.
"""

import copy
import json
import math
import os
import shutil
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Q
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)


def sizes(layers, d, heads, kv, mlp, vocab, **own):
    return dict(num_hidden_layers=layers, hidden_size=d, num_attention_heads=heads, num_key_value_heads=kv,
                intermediate_size=mlp, vocab_size=vocab, max_position_embeddings=own.pop("context", 64), **own)


def rope(theta, **own):
    return dict(rope_parameters=dict(rope_type=own.pop("rope_type", "default"), rope_theta=theta, **own))


LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)

# name: (model_type, tokens a row, configuration, what is done to the files)
CASES = {
    "llama3_rope": ("llama", 12, sizes(3, 32, 2, 1, 44, 61, context=256, **rope(10000.0, **LLAMA3)), ["old_style"]),
    "llama_linear": ("llama", 9, sizes(2, 24, 3, 3, 40, 53, rms_norm_eps=1e-5, tie_word_embeddings=True,
                     **rope(5000.0, rope_type="linear", factor=4.0)), ["old_style"]),
    "llama_dynamic": ("llama", 13, sizes(2, 32, 4, 2, 40, 57, context=8, **rope(10000.0, rope_type="dynamic", factor=2.0)), []),
    "llama_bias_gqa": ("llama", 8, sizes(2, 36, 6, 2, 40, 59, head_dim=10, attention_bias=True, mlp_bias=True,
                       hidden_act="gelu", **rope(3000.0)), []),
    "llama_f16": ("llama", 8, sizes(2, 32, 4, 2, 40, 60, **rope(10000.0)), ["float16"]),
    "mistral_window": ("mistral", 10, sizes(3, 32, 4, 2, 44, 62, head_dim=12, sliding_window=4, **rope(10000.0)), ["old_style"]),
    "gemma2_b": ("gemma2", 10, sizes(3, 20, 2, 1, 36, 58, head_dim=12, sliding_window=3, query_pre_attn_scalar=7,
                 attn_logit_softcapping=3.0, final_logit_softcapping=None, **rope(20000.0)), ["old_style", "no_layer_types"]),
    "qwen2_b": ("qwen2", 9, sizes(3, 48, 6, 3, 52, 64, tie_word_embeddings=True, use_sliding_window=True, sliding_window=4,
                max_window_layers=1, **rope(1000000.0)), ["old_style", "no_layer_types"]),
    "qwen2_sharded_bf16": ("qwen2", 8, sizes(2, 32, 4, 2, 40, 63, **rope(10000.0)), ["bfloat16", "sharded"]),
    "qwen3": ("qwen3", 9, sizes(3, 32, 4, 2, 44, 64, head_dim=12, attention_bias=True, tie_word_embeddings=True,
              **rope(1000000.0)), []),
    "gpt2_b": ("gpt2", 9, dict(n_layer=2, n_embd=40, n_head=5, vocab_size=73, n_positions=24, n_inner=72,
               activation_function="gelu"), []),
    "gpt2_published_f16": ("gpt2", 9, dict(n_layer=2, n_embd=32, n_head=4, vocab_size=66, n_positions=16,
                           activation_function="relu", scale_attn_weights=False), ["float16", "published_gpt2"]),
    "gguf_llama3": ("llama", 11, sizes(2, 64, 4, 2, 64, 61, context=256, **rope(10000.0, **LLAMA3)), ["gguf"]),
    "gguf_llama_bias": ("llama", 8, sizes(2, 32, 4, 2, 64, 59, attention_bias=True, mlp_bias=True,
                        **rope(3000.0, rope_type="linear", factor=2.0)), ["gguf"]),
    "gguf_gemma2": ("gemma2", 10, sizes(3, 32, 4, 2, 64, 58, head_dim=16, sliding_window=3, query_pre_attn_scalar=16,
                    attn_logit_softcapping=4.0, final_logit_softcapping=6.0, **rope(10000.0)), ["gguf"]),
    "gguf_qwen2": ("qwen2", 8, sizes(2, 32, 4, 2, 64, 60, **rope(1000000.0)), ["gguf"]),
    "gguf_qwen3": ("qwen3", 8, sizes(2, 32, 4, 2, 64, 62, head_dim=16, tie_word_embeddings=True, **rope(1000000.0)), ["gguf"]),
    "gguf_k_quants": ("llama", 4, sizes(1, 256, 8, 2, 256, 40, tie_word_embeddings=True, **rope(10000.0)), ["gguf", "k_quants"]),
    "gguf_gpt2": ("gpt2", 9, dict(n_layer=2, n_embd=32, n_head=4, vocab_size=66, n_positions=16), ["gguf"]),
}


def randomise(model, kind, generator):
    """Weights of such sizes that no part of the model is idle: patterns neither flat nor one-hot, soft caps bent."""
    d = model.config.hidden_size
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1 and name.endswith("weight"):
            values = 0.25 * values if kind == "gemma2" else 1 + 0.25 * values
        elif parameter.ndim == 1:
            values = 0.3 * values
        elif "embed_tokens" in name or "wte" in name or "wpe" in name or "lm_head" in name:
            values = values * (0.25 if kind == "gemma2" else 0.6)
        elif any(part in name for part in ("q_proj", "k_proj", "c_attn")):
            values = values * 0.35 * (32 / d) ** 0.5
        else:
            values = values * 0.35 * (32 / d) ** 0.5
        parameter.data.copy_(values)


def edit_config(folder, edit):
    file = os.path.join(folder, "config.json")
    config = json.load(open(file))
    edit(config)
    with open(file, "w") as out:
        json.dump(config, out, indent=1)
        out.write("\n")


def old_style(config):
    """As published checkpoints have it: rope_theta, rope_scaling, torch_dtype."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters
    config["torch_dtype"] = config.pop("dtype")


def published_gpt2(folder):
    """As gpt2 itself was published: names without the prefix, the mask among the tensors, few fields."""
    file = os.path.join(folder, "model.safetensors")
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in load_file(file).items()}
    context = tensors["wpe.weight"].shape[0]
    for layer in range(2):
        tensors[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(1, 1, context, context))
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})

    def edit(config):
        config["n_ctx"] = config["n_positions"]
        config["task_specific_params"] = {"text-generation": {"do_sample": True, "max_length": 50}}
        for key in ("tie_word_embeddings", "n_inner", "add_cross_attention", "reorder_and_upcast_attn", "dtype"):
            config.pop(key, None)

    edit_config(folder, edit)


def save_directory(model, folder, steps):
    dtype = torch.bfloat16 if "bfloat16" in steps else torch.float16 if "float16" in steps else torch.float32
    model.to(dtype).save_pretrained(folder, max_shard_size="25KB" if "sharded" in steps else "1GB")
    os.remove(os.path.join(folder, "generation_config.json"))
    if "old_style" in steps:
        edit_config(folder, old_style)
    if "no_layer_types" in steps:
        edit_config(folder, lambda config: config.pop("layer_types"))
    if "published_gpt2" in steps:
        published_gpt2(folder)


# ---- GGUF

ARCHITECTURES = {"llama": gguf.MODEL_ARCH.LLAMA, "gemma2": gguf.MODEL_ARCH.GEMMA2, "qwen2": gguf.MODEL_ARCH.QWEN2,
                 "qwen3": gguf.MODEL_ARCH.QWEN3, "gpt2": gguf.MODEL_ARCH.GPT2}
CONV1D = (".c_attn.weight", ".c_proj.weight", ".c_fc.weight")


def interleaved(x, heads):
    """Llama's q and k in llama.cpp's order of rows."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(x.shape)


def separated(x, heads):
    return x.reshape(heads, x.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(x.shape)


def to_gguf(kind, config, name, x, back=False):
    if kind == "llama" and any(part in name for part in (".q_proj.", ".k_proj.")):
        heads = config.num_attention_heads if ".q_proj." in name else config.num_key_value_heads
        return (separated if back else interleaved)(x, heads)
    if kind == "gpt2" and name.endswith(CONV1D):
        return x.T
    if kind == "gemma2" and name.endswith("norm.weight"):
        return x - 1 if back else x + 1
    return x


K_QUANTS = {Q.Q4_K: (0, 2), Q.Q5_K: (0, 2), Q.Q6_K: (208,)}


def random_blocks(x, kind, rng):
    """Blocks of a shape: gguf does not quantise to these formats. Values of about the size of a weight, some negative."""
    length, size = gguf.GGML_QUANT_SIZES[kind]
    raw = rng.integers(0, 256, size=(x.size // length, size), dtype=np.uint8)
    for at, scale in zip(K_QUANTS[kind], (8e-5, 5e-4)):
        raw[:, at:at + 2] = rng.uniform(0.5 * scale, scale, size=(len(raw), 1)).astype(np.float16).view(np.uint8)
    return raw.reshape(x.shape[0], -1)


def type_of(index, x, steps):
    if x.ndim == 1:
        return Q.F32
    if "k_quants" in steps:
        return list(K_QUANTS)[index % 3]
    return [Q.Q8_0, Q.Q4_1, Q.F16, Q.Q5_1, Q.BF16, Q.Q5_0, Q.F32, Q.Q4_0][index % 8]


def write_metadata(writer, kind, config):
    writer.add_block_count(config.num_hidden_layers), writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size), writer.add_head_count(config.num_attention_heads)
    if kind == "gpt2":
        writer.add_feed_forward_length(4 * config.hidden_size), writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_feed_forward_length(config.intermediate_size), writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps), writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if kind in ("gemma2", "qwen3"):
        writer.add_key_length(config.head_dim), writer.add_value_length(config.head_dim)
    if kind == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
        writer.add_sliding_window(config.sliding_window)
    if kind == "llama":
        writer.add_rope_dimension_count(config.head_dim)
        write_scaling(writer, config)
    writer.add_vocab_size(config.vocab_size)
    writer.add_token_list([f"t{i}" for i in range(config.vocab_size)])
    writer.add_bos_token_id(config.bos_token_id), writer.add_eos_token_id(config.eos_token_id)


def write_scaling(writer, config):
    scaling = config.rope_parameters
    if scaling["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR), writer.add_rope_scaling_factor(scaling["factor"])
    if scaling["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", np.array(llama3_factors(scaling, config.head_dim), dtype=np.float32))


def llama3_factors(scaling, size):
    low, high, old = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["original_max_position_embeddings"]
    factors = []
    for i in range(size // 2):
        wavelength = 2 * math.pi * scaling["rope_theta"] ** (2 * i / size)
        smooth = (old / wavelength - low) / (high - low)
        between = 1 / ((1 - smooth) / scaling["factor"] + smooth)
        factors.append(1.0 if wavelength < old / high else scaling["factor"] if wavelength > old / low else between)
    return factors


def save_gguf(model, kind, file, steps):
    """Writes the file, and gives the model the weights that are in it."""
    config, rng = model.config, np.random.default_rng(5)
    writer = gguf.GGUFWriter(file, kind)
    write_metadata(writer, kind, config)
    names = gguf.get_tensor_name_map(ARCHITECTURES[kind], config.num_hidden_layers)
    for index, (name, parameter) in enumerate(model.named_parameters()):
        x = np.ascontiguousarray(to_gguf(kind, config, name, parameter.detach().numpy()))
        type_ = type_of(index, x, steps)
        raw = random_blocks(x, type_, rng) if type_ in K_QUANTS else gguf.quantize(x, type_)
        stored = gguf.dequantize(raw, type_).reshape(x.shape)
        parameter.data.copy_(torch.from_numpy(np.array(to_gguf(kind, config, name, stored, back=True))))
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), raw, raw_dtype=None if type_ in (Q.F32, Q.F16) else type_)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()


def check_against_transformers(model, folder, tokens):
    """Transformers' own reading of the tensors (of the configuration it reads the sizes alone, so it gets ours)."""
    try:
        other = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", attn_implementation="eager",
                                                     dtype=torch.float32, config=copy.deepcopy(model.config))
    except Exception as error:
        return f"not read by transformers: {error}"
    difference = (other.eval()(tokens).logits - model(tokens).logits).abs().max().item()
    return f"largest difference from transformers' own reading {difference:.1e}"


# ---- the reference

def parts_of(model, kind):
    if kind == "gpt2":
        return [(block, block.attn.c_proj, block.attn, block.mlp) for block in model.transformer.h]
    post = kind == "gemma2"
    return [(block, block.self_attn.o_proj, block.post_attention_layernorm if post else block.self_attn,
             block.post_feedforward_layernorm if post else block.mlp) for block in model.model.layers]


def reference(model, kind, tokens, a, b):
    kept = {name: [] for name in ("resid_pre", "z", "attn_out", "mlp_out")}

    def keep(name, x):
        x.retain_grad()
        kept[name].append(x)

    def before(name):
        return lambda _module, args, kwargs: keep(name, args[0] if args else kwargs["hidden_states"])

    def after(name):
        return lambda _module, _args, output: keep(name, output[0] if isinstance(output, tuple) else output)

    for block, projection, attention, mlp in parts_of(model, kind):
        block.register_forward_pre_hook(before("resid_pre"), with_kwargs=True)
        projection.register_forward_pre_hook(before("z"), with_kwargs=True)
        attention.register_forward_hook(after("attn_out"))
        mlp.register_forward_hook(after("mlp_out"))
    output = model(tokens, output_attentions=True, use_cache=False)
    rows = torch.arange(len(a))
    (output.logits[rows, -1, a] - output.logits[rows, -1, b]).mean().backward()
    heads = model.config.num_attention_heads
    by_head = lambda x: x.reshape(*x.shape[:2], heads, -1)
    arrays = {name: torch.stack(values) for name, values in kept.items() if name != "z"}
    arrays |= {"z": torch.stack([by_head(x) for x in kept["z"]]), "logits": output.logits,
               "pattern": torch.stack(output.attentions),
               "grad.resid_pre": torch.stack([x.grad for x in kept["resid_pre"]]),
               "grad.z": torch.stack([by_head(x.grad) for x in kept["z"]])}
    return {name: x.detach().float().contiguous() for name, x in arrays.items()}


def make(name, seed):
    kind, length, own, steps = CASES[name]
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    generator = torch.Generator().manual_seed(seed)
    config = AutoConfig.for_model(kind, **own, **IDS)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    randomise(model, kind, generator)
    note = ""
    vocab = config.vocab_size
    tokens = torch.randint(3, vocab, (2, length), generator=generator)
    if "gguf" in steps:
        save_gguf(model, kind, os.path.join(folder, "model.gguf"), steps)
        note = check_against_transformers(model, folder, tokens)
    else:
        save_directory(model, os.path.join(folder, "model"), steps)
        model = AutoModelForCausalLM.from_pretrained(os.path.join(folder, "model"), attn_implementation="eager",
                                                     dtype=torch.float32).eval()
    a = torch.randint(3, vocab, (2,), generator=generator)
    b = (a - 3 + 9) % (vocab - 3) + 3
    arrays = reference(model, kind, tokens, a, b)
    save_file(arrays, os.path.join(folder, "reference.safetensors"))
    for root, _, files in os.walk(folder):
        for file in files:
            os.chmod(os.path.join(root, file), 0o644)
    with open(os.path.join(folder, "case.json"), "w") as out:
        json.dump({"tokens": tokens.tolist(), "answer": a.tolist(), "distractor": b.tolist()}, out)
        out.write("\n")
    total = sum(os.path.getsize(os.path.join(root, file)) for root, _, files in os.walk(folder) for file in files)
    peak = arrays["pattern"][:, :, :, -1].max(-1).values.mean().item()
    print(f"{name:20s} {total // 1024:4d} KB, logits to {arrays['logits'].abs().max():.2f}, largest attention {peak:.2f} {note}")


for case in sys.argv[1:] or CASES:
    make(case, 700 + sum(case.encode()))
