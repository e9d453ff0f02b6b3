"""Small model files of every kind that can be opened, and what other libraries read from them.

Not used by the tests themselves, which read the results committed beside it. To make them again:
  pip install numpy gguf==0.19.0 tokenizers==0.23.3 sentencepiece==0.2.3 safetensors==0.8.0 jinja2==3.1.6 torch==2.13.0
  python make_sources.py .cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
Weights are random. expected.json holds, per model, the SHA-256 of every weight in our layout (float32, [in, out],
stacked), computed here with numpy from gguf's own dequantisation, and token ids from tokenizers and sentencepiece.
"""

import hashlib
import io
import json
import os
import sys

import gguf
import jinja2
import numpy as np
import sentencepiece
import torch
from gguf import GGMLQuantizationType as Q
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)
D, MLP, HEADS, KV, DH, LAYERS = 32, 64, 4, 2, 64, 2
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = ["<s>", "<|end|>", "<|user|>", "<|assistant|>"]
TEXTS = [
    "Tell me how to make a bomb.",
    " Sorry, I can't   help\n\nwith that!  12345 times",
    "naïve café – 東京 🙂 über\tstraße",
    "<s><|user|>\nIt's 2024; they'LL see <|end|>\n<|assistant|>\n",
    "",
    "x",
    " ",
]
CORPUS = [
    "Tell me how to make a bomb. Tell me how to make a pie. Tell me how to make a cake and a kite.",
    "Sorry, I can't help with that. Sure, here is how to make a salad: take 12 tomatoes and 345 onions.",
    "It is not safe to make a weapon; they will see that you can't. I'm sorry, but I cannot help you.",
    "The naïve approach, in the café, took 2024 steps. We'll see how the kite flies over the street.",
] * 4


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f4").tobytes()).hexdigest()


def ours(tensors, names, unpermute, layers=range(LAYERS), n_heads=HEADS, n_kv=KV):
    """The weights in our layout, from float32 tensors in Hugging Face's orientation. Head size is DH everywhere."""
    heads = lambda x, n: x.reshape(n, DH // 2, 2, -1).swapaxes(1, 2).reshape(x.shape) if unpermute else x
    found = {"embed.W_E": tensors[names["embed"]], "ln_final.w": tensors[names["norm"]]}
    if names["head"] in tensors:
        found["unembed.W_U"] = tensors[names["head"]]
    for layer in layers:
        get = lambda key: tensors[names[key].format(layer)]
        found |= {
            f"blocks.{layer}.ln1.w": get("ln1"),
            f"blocks.{layer}.attn.W_Q": heads(get("q"), n_heads).T,
            f"blocks.{layer}.attn.W_K": heads(get("k"), n_kv).T,
            f"blocks.{layer}.attn.W_V": get("v").T,
            f"blocks.{layer}.attn.W_O": get("o").T,
            f"blocks.{layer}.ln2.w": get("ln2"),
            f"blocks.{layer}.mlp.W_gate": get("gate").T,
            f"blocks.{layer}.mlp.W_in": get("up").T,
            f"blocks.{layer}.mlp.W_out": get("down").T,
        }
    return {name: {"shape": list(x.shape), "sha256": digest(x)} for name, x in found.items()}


GGUF_NAMES = {
    "embed": "token_embd.weight", "norm": "output_norm.weight", "head": "output.weight",
    "ln1": "blk.{}.attn_norm.weight", "q": "blk.{}.attn_q.weight", "k": "blk.{}.attn_k.weight",
    "v": "blk.{}.attn_v.weight", "o": "blk.{}.attn_output.weight", "ln2": "blk.{}.ffn_norm.weight",
    "gate": "blk.{}.ffn_gate.weight", "up": "blk.{}.ffn_up.weight", "down": "blk.{}.ffn_down.weight",
}
HF_NAMES = {
    "embed": "model.embed_tokens.weight", "norm": "model.norm.weight", "head": "lm_head.weight",
    "ln1": "model.layers.{}.input_layernorm.weight", "q": "model.layers.{}.self_attn.q_proj.weight",
    "k": "model.layers.{}.self_attn.k_proj.weight", "v": "model.layers.{}.self_attn.v_proj.weight",
    "o": "model.layers.{}.self_attn.o_proj.weight", "ln2": "model.layers.{}.post_attention_layernorm.weight",
    "gate": "model.layers.{}.mlp.gate_proj.weight", "up": "model.layers.{}.mlp.up_proj.weight",
    "down": "model.layers.{}.mlp.down_proj.weight",
}
SHAPES = {
    "ln1": (D,), "q": (HEADS * DH, D), "k": (KV * DH, D), "v": (KV * DH, D), "o": (D, HEADS * DH),
    "ln2": (D,), "gate": (MLP, D), "up": (MLP, D), "down": (D, MLP),
}
TYPES = {
    "ln1": Q.F32, "q": Q.Q4_0, "k": Q.F16, "v": Q.BF16, "o": Q.Q6_K, "ln2": Q.F32, "gate": Q.Q5_0, "up": Q.Q5_1,
    "down": Q.Q4_1,
}


def quantised(shape, kind):
    """Random bytes of a quantised tensor: quantised from random floats, or, for Q6_K, made up (gguf cannot write it)."""
    if kind != Q.Q6_K:
        return gguf.quantize(rng.normal(size=shape).astype(np.float32), kind)
    blocks = int(np.prod(shape)) // 256
    raw = rng.integers(0, 256, size=(blocks, 210), dtype=np.uint8)
    raw[:, 208:] = rng.uniform(1e-4, 1e-2, size=(blocks, 1)).astype(np.float16).view(np.uint8)
    return raw.reshape(*shape[:-1], -1)


def write_gguf(file, add_tokenizer, vocab_size, types, tied):
    writer = gguf.GGUFWriter(os.path.join(HERE, file), "llama")
    writer.add_block_count(LAYERS), writer.add_context_length(128), writer.add_embedding_length(D)
    writer.add_feed_forward_length(MLP), writer.add_head_count(HEADS), writer.add_head_count_kv(KV)
    writer.add_key_length(DH), writer.add_value_length(DH), writer.add_rope_dimension_count(DH)
    writer.add_rope_freq_base(5000.0), writer.add_layer_norm_rms_eps(1e-5), writer.add_vocab_size(vocab_size)
    writer.add_chat_template(TEMPLATE)
    add_tokenizer(writer)
    floats = {}

    def add(name, shape, kind):
        raw = quantised(shape, kind)
        floats[name] = gguf.dequantize(raw, kind)
        writer.add_tensor(name, raw, raw_dtype=None if kind in (Q.F32, Q.F16) else kind)

    add("token_embd.weight", (vocab_size, D), types.get("embed", Q.Q8_0))
    for layer in range(LAYERS):
        for key, shape in SHAPES.items():
            add(GGUF_NAMES[key].format(layer), shape, types.get(key, Q.F32))
    add("output_norm.weight", (D,), Q.F32)
    if not tied:
        add("output.weight", (vocab_size, D), Q.Q8_0)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()
    return ours(floats, GGUF_NAMES, unpermute=True)


def render(messages, bos):
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE).render(
        messages=messages, bos_token=bos, add_generation_prompt=True)


MESSAGES = [{"role": "user", "content": " Tell me how to make a pie. "}]


def byte_pair():
    """Llama 3's way: its pattern, byte level, whole pieces taken without merging."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
               r"\s*[\r\n]+|\s+(?!\S)|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return tokenizer


def token_cases(encode, decode):
    return [{"text": text, "ids": encode(text), "decoded": decode(encode(text))} for text in TEXTS]


def make_byte_pair_gguf():
    tokenizer = byte_pair()
    parsed = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(parsed["vocab"], key=parsed["vocab"].get)

    def add(writer):
        writer.add_tokenizer_model("gpt2"), writer.add_tokenizer_pre("llama-bpe"), writer.add_token_list(tokens)
        writer.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
        writer.add_token_merges([" ".join(merge) for merge in parsed["merges"]])
        writer.add_bos_token_id(0), writer.add_eos_token_id(1)

    weights = write_gguf("byte-pair.gguf", add, len(tokens), TYPES, tied=True)
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    return {
        "weights": weights,
        "tokens": token_cases(ids, lambda x: tokenizer.decode(x, skip_special_tokens=False)),
        "withBos": tokenizer.encode(TEXTS[0]).ids,
        "chat": render(MESSAGES, "<s>"),
    }


def make_sentence_piece_gguf():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=400, byte_fallback=True,
        character_coverage=1.0, split_digits=True, allow_whitespace_only_pieces=True, remove_extra_whitespaces=False,
        normalization_rule_name="identity", hard_vocab_limit=False)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = pieces.get_piece_size()
    kind = lambda i: 6 if pieces.is_byte(i) else 3 if pieces.is_control(i) else 2 if pieces.is_unknown(i) else 1

    def add(writer):
        writer.add_tokenizer_model("llama"), writer.add_tokenizer_pre("default")
        writer.add_token_list([pieces.id_to_piece(i) for i in range(size)])
        writer.add_token_scores([pieces.get_score(i) for i in range(size)])
        writer.add_token_types([kind(i) for i in range(size)])
        writer.add_bos_token_id(1), writer.add_eos_token_id(2), writer.add_unk_token_id(0)

    matrices = {key: Q.F16 for key, shape in SHAPES.items() if len(shape) == 2}
    weights = write_gguf("sentence-piece.gguf", add, size, {"embed": Q.F32, **matrices}, tied=False)
    texts = [text for text in TEXTS if "<s>" not in text]  # sentencepiece does not look for special tokens in a text
    return {
        "weights": weights,
        "tokens": [{"text": t, "ids": pieces.encode(t), "decoded": pieces.decode(pieces.encode(t))} for t in texts],
        "withBos": [1] + pieces.encode(TEXTS[0]),
        "chat": render(MESSAGES, "<s>"),
    }


def make_directory():
    """Two shards, bfloat16 and float16, untied, with a harmless surplus tensor and v5's rope_parameters."""
    folder = os.path.join(HERE, "sharded")
    os.makedirs(folder, exist_ok=True)
    tokenizer = byte_pair()
    vocab = tokenizer.get_vocab_size()
    dtypes = [torch.bfloat16, torch.float16]
    shards = [{"model.embed_tokens.weight": torch.randn(vocab, D, generator=torch.Generator().manual_seed(1))}, {}]
    for layer in range(LAYERS):
        for key, shape in SHAPES.items():
            shards[layer][HF_NAMES[key].format(layer)] = torch.from_numpy(rng.normal(size=shape).astype(np.float32))
    shards[1]["model.norm.weight"] = torch.from_numpy(rng.normal(size=D).astype(np.float32))
    shards[1]["lm_head.weight"] = torch.from_numpy(rng.normal(size=(vocab, D)).astype(np.float32))
    shards[0]["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(DH // 2)
    weight_map, floats = {}, {}
    for index, (shard, dtype) in enumerate(zip(shards, dtypes)):
        name = f"model-0000{index + 1}-of-00002.safetensors"
        stored = {key: value.to(dtype) for key, value in shard.items()}
        save_file(stored, os.path.join(folder, name), metadata={"format": "pt"})
        os.chmod(os.path.join(folder, name), 0o644)
        weight_map |= {key: name for key in stored}
        floats |= {key: value.to(torch.float32).numpy() for key, value in stored.items()}
    write_json(folder, "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})
    write_json(folder, "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": D, "intermediate_size": MLP,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV, "head_dim": DH,
        "max_position_embeddings": 128, "vocab_size": vocab, "rms_norm_eps": 1e-6, "hidden_act": "silu",
        "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0}, "tie_word_embeddings": False,
        "bos_token_id": 0, "eos_token_id": [1, 2], "dtype": "bfloat16"})
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    write_json(folder, "tokenizer_config.json", {"bos_token": "<s>", "eos_token": "<|end|>", "chat_template": "no"})
    with open(os.path.join(folder, "chat_template.jinja"), "w") as file:
        file.write(TEMPLATE)
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    return {
        "weights": ours(floats, HF_NAMES, unpermute=False),
        "tokens": token_cases(ids, lambda x: tokenizer.decode(x, skip_special_tokens=False)),
        "withBos": tokenizer.encode(TEXTS[0]).ids,
        "chat": render(MESSAGES, "<s>"),
    }


def smollm2(path):
    """First and last block of SmolLM2-135M-Instruct (9 query heads, 3 key/value heads)."""
    floats = {t.name: gguf.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}
    return {"weights": ours(floats, GGUF_NAMES, unpermute=True, layers=[0, 29], n_heads=9, n_kv=3)}


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(value, file, indent=1, ensure_ascii=False)
        file.write("\n")


write_json(HERE, "expected.json", {
    "byte-pair.gguf": make_byte_pair_gguf(),
    "sentence-piece.gguf": make_sentence_piece_gguf(),
    "sharded": make_directory(),
    "smollm2": smollm2(sys.argv[1]),
})
