"""Fields of published config.json files, and of files that leave fields out, and what transformers makes of them.

usage: make_configs.py     transformers 5.23; writes configs.json beside this file

Only sizes and fields that say how a model computes, and some that say nothing about it; no weights.
"""

import json
import os

import transformers
from transformers import AutoConfig

transformers.logging.set_verbosity_error()
HERE = os.path.dirname(os.path.abspath(__file__))

LLAMA3 = dict(factor=32.0, high_freq_factor=4.0, low_freq_factor=1.0, original_max_position_embeddings=8192, rope_type="llama3")
LLAMA = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", initializer_range=0.02, use_cache=True)
QWEN2 = dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2", attention_dropout=0.0, bos_token_id=151643, hidden_act="silu",
             rms_norm_eps=1e-6, torch_dtype="bfloat16", use_cache=True, use_sliding_window=False)
MISTRAL = dict(architectures=["MistralForCausalLM"], model_type="mistral", bos_token_id=1, eos_token_id=2, hidden_act="silu",
               hidden_size=4096, intermediate_size=14336, max_position_embeddings=32768, num_attention_heads=32,
               num_hidden_layers=32, num_key_value_heads=8, rms_norm_eps=1e-5, tie_word_embeddings=False, torch_dtype="bfloat16")
GEMMA2 = dict(architectures=["Gemma2ForCausalLM"], model_type="gemma2", attention_bias=False, attention_dropout=0.0,
              attn_logit_softcapping=50.0, bos_token_id=2, cache_implementation="hybrid", final_logit_softcapping=30.0,
              hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh", max_position_embeddings=8192, pad_token_id=0,
              rms_norm_eps=1e-6, rope_theta=10000.0, sliding_window=4096, use_cache=True, vocab_size=256000)
GPT2 = dict(architectures=["GPT2LMHeadModel"], model_type="gpt2", activation_function="gelu_new", attn_pdrop=0.1, bos_token_id=50256,
            embd_pdrop=0.1, eos_token_id=50256, initializer_range=0.02, layer_norm_epsilon=1e-5, n_ctx=1024, n_embd=768, n_head=12,
            n_positions=1024, resid_pdrop=0.1, summary_activation=None, summary_first_dropout=0.1, summary_proj_to_labels=True,
            summary_type="cls_index", summary_use_proj=True, vocab_size=50257)

CONFIGS = {
    "Llama 1 7B": {**LLAMA, "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 4096, "intermediate_size": 11008,
                   "max_position_embeddings": 2048, "max_sequence_length": 2048, "num_attention_heads": 32, "num_hidden_layers": 32,
                   "pad_token_id": 0, "rms_norm_eps": 1e-6, "tie_word_embeddings": False, "torch_dtype": "float16", "vocab_size": 32000},
    "Llama 2 13B": {**LLAMA, "_name_or_path": "x", "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 5120,
                    "intermediate_size": 13824, "max_position_embeddings": 4096, "num_attention_heads": 40, "num_hidden_layers": 40,
                    "num_key_value_heads": 40, "pretraining_tp": 2, "rms_norm_eps": 1e-5, "rope_scaling": None,
                    "tie_word_embeddings": False, "vocab_size": 32000},
    "Llama 3.2 1B": {**LLAMA, "attention_bias": False, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64,
                     "hidden_size": 2048, "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": False,
                     "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp": 1,
                     "rms_norm_eps": 1e-5, "rope_scaling": LLAMA3, "rope_theta": 500000.0, "tie_word_embeddings": True,
                     "vocab_size": 128256},
    "TinyLlama 1.1B": {**LLAMA, "attention_bias": False, "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 2048,
                       "intermediate_size": 5632, "max_position_embeddings": 2048, "num_attention_heads": 32, "num_hidden_layers": 22,
                       "num_key_value_heads": 4, "pretraining_tp": 1, "rms_norm_eps": 1e-5, "rope_scaling": None,
                       "rope_theta": 10000.0, "tie_word_embeddings": False, "vocab_size": 32000},
    "SmolLM2 135M": {**LLAMA, "attention_bias": False, "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 576,
                     "intermediate_size": 1536, "is_llama_config": True, "max_position_embeddings": 8192, "mlp_bias": False,
                     "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 2,
                     "rms_norm_eps": 1e-5, "rope_interleaved": False, "rope_scaling": None, "rope_theta": 100000,
                     "tie_word_embeddings": True, "transformers.js_config": {"kv_cache_dtype": {"fp16": "float16"}},
                     "vocab_size": 49152},
    "Vicuna 7B 16k": {**LLAMA, "hidden_size": 4096, "intermediate_size": 11008, "max_position_embeddings": 4096,
                      "max_sequence_length": 16384, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
                      "rms_norm_eps": 1e-5, "rope_scaling": {"factor": 4.0, "type": "linear"}, "vocab_size": 32000},
    "Llama, null heads": {**LLAMA, "hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2,
                          "num_key_value_heads": None, "head_dim": None, "vocab_size": 80, "rope_parameters": None},
    "Mistral 7B v0.1": {**MISTRAL, "rope_theta": 10000.0, "sliding_window": 4096, "vocab_size": 32000},
    "Mistral 7B v0.2": {**MISTRAL, "rope_theta": 1000000.0, "sliding_window": None, "attention_dropout": 0.0, "vocab_size": 32000},
    "Mistral, no window named": {**MISTRAL, "vocab_size": 32000},
    "Mistral Nemo": {**MISTRAL, "hidden_size": 5120, "head_dim": 128, "num_hidden_layers": 40, "max_position_embeddings": 131072,
                     "rope_theta": 1000000.0, "sliding_window": None, "vocab_size": 131072},
    "Gemma 2 2B": {**GEMMA2, "eos_token_id": [1, 107], "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216,
                   "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4, "query_pre_attn_scalar": 256},
    "Gemma 2 27B": {**GEMMA2, "eos_token_id": 1, "head_dim": 128, "hidden_size": 4608, "intermediate_size": 36864,
                    "num_attention_heads": 32, "num_hidden_layers": 46, "num_key_value_heads": 16, "query_pre_attn_scalar": 144,
                    "sliding_window_size": 4096, "_attn_implementation": "eager"},
    "Gemma 2, fields left out": {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "hidden_size": 2304,
                                 "intermediate_size": 9216, "num_attention_heads": 8, "num_hidden_layers": 3, "vocab_size": 256000},
    "Gemma 2, no caps": {**GEMMA2, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 2,
                         "num_key_value_heads": 1, "attn_logit_softcapping": None, "final_logit_softcapping": None},
    "Qwen 2.5 0.5B": {**QWEN2, "eos_token_id": 151643, "hidden_size": 896, "intermediate_size": 4864,
                      "max_position_embeddings": 32768, "max_window_layers": 24, "num_attention_heads": 14, "num_hidden_layers": 24,
                      "num_key_value_heads": 2, "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": True,
                      "use_mrope": False, "vocab_size": 151936},
    "Qwen 2 7B": {**QWEN2, "eos_token_id": 151645, "hidden_size": 3584, "intermediate_size": 18944, "max_position_embeddings": 131072,
                  "max_window_layers": 28, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
                  "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": False, "vocab_size": 152064},
    "Qwen 2, sliding": {**QWEN2, "hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 4,
                        "num_key_value_heads": None, "use_sliding_window": True, "max_window_layers": 3, "vocab_size": 80},
    "Qwen 3 0.6B": {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": False, "attention_dropout": 0.0,
                    "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
                    "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28, "num_attention_heads": 16,
                    "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-6, "rope_scaling": None,
                    "rope_theta": 1000000, "sliding_window": None, "tie_word_embeddings": True, "use_sliding_window": False,
                    "vocab_size": 151936},
    "Qwen 3, fields left out": {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 1024,
                                "intermediate_size": 3072, "num_attention_heads": 32, "num_hidden_layers": 2, "vocab_size": 80},
    "GPT-2": {**GPT2, "n_layer": 12, "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}}},
    "DistilGPT-2": {**GPT2, "_num_labels": 1, "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}, "n_layer": 6},
    "GPT-2, other activation and width": {**GPT2, "n_layer": 2, "n_inner": 100, "activation_function": "relu",
                                          "tie_word_embeddings": False},
}


def windows(config, layers):
    if config.model_type == "gpt2" or config.model_type == "llama":
        return [None] * layers
    if config.model_type == "mistral":
        return [config.sliding_window] * layers
    return [config.sliding_window if kind == "sliding_attention" else None for kind in config.layer_types]


def resolved(fields):
    config = AutoConfig.for_model(**fields)
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    gpt2 = config.model_type == "gpt2"
    rope = {} if gpt2 else config.rope_parameters
    return {
        "nLayers": layers, "nHeads": heads, "nKvHeads": getattr(config, "num_key_value_heads", heads), "dHead": size,
        "dModel": config.hidden_size, "dVocab": config.vocab_size, "context": config.max_position_embeddings,
        "dMlp": (config.n_inner or 4 * config.n_embd) if gpt2 else config.intermediate_size,
        "eps": config.layer_norm_epsilon if gpt2 else config.rms_norm_eps,
        "activation": config.activation_function if gpt2 else getattr(config, "hidden_activation", None) or config.hidden_act,
        "windows": windows(config, layers), "theta": rope.get("rope_theta"), "rope": rope.get("rope_type"), "factor": rope.get("factor"),
        "scale": (config.query_pre_attn_scalar if config.model_type == "gemma2" else size) ** -0.5,
        "softcap": getattr(config, "attn_logit_softcapping", None), "logitSoftcap": getattr(config, "final_logit_softcapping", None),
        "tied": config.tie_word_embeddings,
    }


with open(os.path.join(HERE, "configs.json"), "w") as file:
    json.dump({name: {"config": fields, "resolved": resolved(dict(fields))} for name, fields in CONFIGS.items()}, file, indent=1)
    file.write("\n")
