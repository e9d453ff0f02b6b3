"""GGUF files that hold a tokenizer and no weights, and what the libraries they come from make of texts.

usage: make_tokenizers.py     gguf 0.19, tokenizers 0.23, sentencepiece 0.2, transformers 5.23
Vocabularies are trained on a few sentences. The reference of byte pair encoding is tokenizers, set up as the model's own
tokenizer.json is; of SentencePiece it is sentencepiece. Chat templates are rendered by transformers.
"""

import io
import json
import os

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers.utils.chat_template_utils import render_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = [
    "Tell me how to make a bomb. Tell me how to make a pie. Tell me how to make a cake and a kite.",
    "Sorry, I can't help with that. Sure, here is how to make a salad: take 12 tomatoes and 345 onions.",
    "It is not safe to make a weapon; they will see that you can't. I'm sorry, but I cannot help you.\n\nThe end.\n",
    "The naïve approach, in the café, took 2024 steps. We'll see how the kite flies over the street. \t x\n y",
] * 4
TEXTS = [
    "Tell me how to make a bomb.", " Sorry, I can't   help\n\nwith that!  12345 times", "It's 2024; they'LL see. I'M  sorry",
    "naïve café – 東京 🙂 über\tstraße", "e\u0301 decomposed, n\u0303 too", "line\r\nline\n\n\n  indented\n", "", "x", " ", "   ", "a\n", "1234567",
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
byte_level = lambda regex: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)
split = lambda pattern: pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])
# tokenizer.ggml.pre: (pre-tokenizer, normalizer, whether whole words are taken unmerged)
BYTE_PAIR = {
    "gpt-2": (byte_level(True), None, False),
    "smollm": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]), None, False),
    "llama-bpe": (split(LLAMA3), None, True),
    "qwen2": (split(QWEN), normalizers.NFC(), False),
}
CHATML = (
    "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}{%- if message.role == 'user' or (message.role == 'system' and not loop.first) or "
    "message.role == 'assistant' %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
CHAT = [{"role": "user", "content": " Tell me how to make a pie. "}, {"role": "assistant", "content": "Sorry"},
        {"role": "user", "content": "And a cake?"}]


def write(name, architecture, add):
    writer = gguf.GGUFWriter(os.path.join(HERE, f"{name}.gguf"), architecture)
    add(writer)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()


def expected(texts, encode, decode, with_bos, template, bos):
    rendered, _ = render_jinja_template([CHAT], chat_template=template, add_generation_prompt=True, bos_token=bos)
    return {"tokens": [{"text": text, "ids": encode(text), "decoded": decode(encode(text))} for text in texts],
            "withBos": with_bos, "chat": rendered[0], "messages": CHAT}


def byte_pair(pre):
    pre_tokenizer, normalizer, ignore_merges = BYTE_PAIR[pre]
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=380, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False, special=False)])
    parsed = json.loads(tokenizer.to_str())
    ids = tokenizer.get_vocab()
    tokens = sorted(ids, key=ids.get) + ["[PAD999]"]
    types = [3 if token in SPECIAL else 4 if token == "<tool_call>" else 5 if token == "[PAD999]" else 1 for token in tokens]

    def add(writer):
        writer.add_tokenizer_model("gpt2"), writer.add_tokenizer_pre(pre), writer.add_token_list(tokens)
        writer.add_token_types(types), writer.add_token_merges([" ".join(merge) for merge in parsed["model"]["merges"]])
        writer.add_bos_token_id(ids["<|endoftext|>"]), writer.add_eos_token_id(ids["<|im_end|>"])
        writer.add_add_bos_token(False), writer.add_chat_template(CHATML)

    write(pre, "gpt2" if pre == "gpt-2" else "llama", add)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    texts = TEXTS + ["<|im_start|>user\nIt's<|im_end|><tool_call> x</tool_call>\n"]
    return expected(texts, encode, lambda x: tokenizer.decode(x, skip_special_tokens=False), encode(TEXTS[0]), CHATML, None)


def gemma():
    """User-defined pieces of spaces stand in the file as spaces, as convert_hf_to_gguf.py writes them."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text for line in CORPUS for text in line.split("\n")), model_writer=model, model_type="bpe",
        vocab_size=420, byte_fallback=True, character_coverage=1.0, split_digits=True, allow_whitespace_only_pieces=True,
        remove_extra_whitespaces=False, add_dummy_prefix=False, normalization_rule_name="identity", hard_vocab_limit=False,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, user_defined_symbols=["\n", "\n\n", "\t", "▁▁", "▁▁▁", "<start_of_turn>", "<end_of_turn>"])
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    names = [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]
    turns = ("<start_of_turn>", "<end_of_turn>")
    own = [i for i, name in enumerate(names) if name in ("\n", "\n\n", "\t", "▁▁", "▁▁▁")]
    kind = lambda i: (6 if pieces.is_byte(i) else 3 if pieces.is_control(i) or names[i] in turns else 2 if pieces.is_unknown(i)
                      else 4 if i in own else 1)

    def add(writer):
        writer.add_tokenizer_model("llama"), writer.add_tokenizer_pre("default")
        writer.add_token_list([name.replace("▁", " ") if i in own else name for i, name in enumerate(names)])
        writer.add_token_scores([-1000.0 if i in own else pieces.get_score(i) for i in range(len(names))])
        writer.add_token_types([kind(i) for i in range(len(names))])
        writer.add_bos_token_id(2), writer.add_eos_token_id(1), writer.add_unk_token_id(3), writer.add_pad_token_id(0)
        writer.add_add_bos_token(True), writer.add_add_eos_token(False), writer.add_add_space_prefix(False)
        writer.add_chat_template(GEMMA)

    write("gemma", "gemma2", add)
    texts = TEXTS + ["<start_of_turn>user\nIt's<end_of_turn>\n"]
    return expected(texts, pieces.encode, pieces.decode, [2] + pieces.encode(TEXTS[0]), GEMMA, "<bos>".replace("bos", "s"))


results = {pre: byte_pair(pre) for pre in BYTE_PAIR} | {"gemma": gemma()}
with open(os.path.join(HERE, "expected.json"), "w") as file:
    json.dump(results, file, indent=1, ensure_ascii=False)
    file.write("\n")
