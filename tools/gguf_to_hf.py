#!/usr/bin/env python3
"""Turns a GGUF model into the folder that vLLM, SGLang and transformers load.

    gguf_to_hf.py MODEL.gguf FOLDER [--dtype bf16|f16|f32]

It exists so that engines with different file formats can serve the same weights. It reads models
of the "llama" architecture with a byte-level BPE tokenizer, dequantises every tensor, and writes
model.safetensors, config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
chat_template.jinja. It needs the `gguf` package (which brings numpy) and no torch.

The weights stay what the quantised file says they are: bf16 here is the rounding of a dequantised
block, not the model as it was trained.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize

DTYPES = {  # name on the command line: (name in safetensors, name in config.json)
    "bf16": ("BF16", "bfloat16"),
    "f16": ("F16", "float16"),
    "f32": ("F32", "float32"),
}

TOP_LEVEL_TENSORS = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}

LAYER_TENSORS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}

UNKNOWN_TOKEN, CONTROL_TOKEN = 2, 3  # gguf token types that tokenizer.json calls "special"


def fail(message):
    sys.exit(f"error: {message}")


def hugging_face_name(gguf_name):
    """blk.3.attn_q.weight -> model.layers.3.self_attn.q_proj.weight"""
    parts = gguf_name.split(".")
    if parts[-1] != "weight":
        fail(f"tensor {gguf_name}: only weights are known here")
    if parts[0] == "blk" and parts[2] in LAYER_TENSORS:
        return f"model.layers.{parts[1]}.{LAYER_TENSORS[parts[2]]}.weight"
    if parts[0] in TOP_LEVEL_TENSORS:
        return f"{TOP_LEVEL_TENSORS[parts[0]]}.weight"
    fail(f"tensor {gguf_name}: not part of a llama model")


def undo_rope_interleave(weight, heads):
    """GGUF stores the rows of q and k in pairs for its rotary embedding; others want halves."""
    pairs = weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def encode(weight, dtype):
    """The bytes of a tensor in `dtype`; bf16 rounds to nearest, ties to even."""
    values = np.ascontiguousarray(weight, dtype=np.float32)
    if dtype == "f32":
        return values.tobytes()
    if dtype == "f16":
        return values.astype(np.float16).tobytes()
    bits = values.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return rounded.astype(np.uint16).tobytes()


def convert_tensors(reader, heads, kv_heads, dtype):
    """(name, shape, bytes) of every tensor, in the order of the file."""
    for tensor in reader.tensors:
        if tensor.name == "rope_freqs.weight":
            continue  # follows from the configuration
        weight = dequantize(tensor.data, tensor.tensor_type)
        if tensor.name.endswith("attn_q.weight"):
            weight = undo_rope_interleave(weight, heads)
        elif tensor.name.endswith("attn_k.weight"):
            weight = undo_rope_interleave(weight, kv_heads)
        yield hugging_face_name(tensor.name), list(weight.shape), encode(weight, dtype)


def write_safetensors(path, tensors, dtype):
    """Layout: 8 bytes header length, JSON header, then the tensors one after the other."""
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape, blob in tensors:
        header[name] = {
            "dtype": DTYPES[dtype][0],
            "shape": shape,
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        file.writelines(blobs)
    return header, offset


def model_config(field, ids, vocabulary, tied, dtype):
    """config.json of the model."""
    heads = field("llama.attention.head_count")
    hidden = field("llama.embedding_length")
    theta = float(field("llama.rope.freq_base", 10000.0))
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": DTYPES[dtype][1],
        "hidden_size": hidden,
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": field("llama.attention.head_count_kv", heads),
        "head_dim": hidden // heads,
        "vocab_size": vocabulary,
        "hidden_act": "silu",
        "max_position_embeddings": field("llama.context_length"),
        "rms_norm_eps": float(field("llama.attention.layer_norm_rms_epsilon")),
        "rope_theta": theta,
        "rope_parameters": {"rope_theta": theta, "rope_type": "default"},
        "tie_word_embeddings": tied,
        "attention_bias": False,
        "mlp_bias": False,
        "use_cache": True,
        **ids,
    }


def tokenizer(tokens, types, merges):
    """tokenizer.json: byte-level BPE that splits digits first, as the "smollm" splitter does."""
    special = [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for index, (token, kind) in enumerate(zip(tokens, types))
        if kind in (UNKNOWN_TOKEN, CONTROL_TOKEN)
    ]
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {**byte_level, "add_prefix_space": False},
            ],
        },
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }


def tokenizer_config(field, tokens):
    """tokenizer_config.json; the chat template rides in it where the model has one."""

    def named(kind):
        index = field(f"tokenizer.ggml.{kind}_token_id")
        return None if index is None else tokens[index]

    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": field("llama.context_length"),
        "bos_token": named("bos"),
        "eos_token": named("eos"),
        "unk_token": named("unknown"),
        "pad_token": named("padding"),
        "add_bos_token": False,
        "add_prefix_space": False,
    }
    template = field("tokenizer.chat_template")
    if template:
        config["chat_template"] = template
    return config


def write_json(path, value, indent=1):
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")


def convert(source, folder, dtype):
    reader = GGUFReader(source)
    fields = {name: entry.contents() for name, entry in reader.fields.items()}

    def field(name, default=None):
        return fields.get(name, default)

    if field("general.architecture") != "llama":
        fail(f"{source}: architecture {field('general.architecture')}, expected llama")
    if field("tokenizer.ggml.pre") != "smollm":
        fail(f"{source}: text splitter {field('tokenizer.ggml.pre')}, expected smollm")

    folder.mkdir(parents=True, exist_ok=True)
    heads = field("llama.attention.head_count")
    kv_heads = field("llama.attention.head_count_kv", heads)
    header, size = write_safetensors(
        folder / "model.safetensors", convert_tensors(reader, heads, kv_heads, dtype), dtype
    )

    tokens = field("tokenizer.ggml.tokens")
    ids = {
        f"{name}_token_id": field(f"tokenizer.ggml.{kind}_token_id")
        for name, kind in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
    }
    tied = "lm_head.weight" not in header
    write_json(folder / "config.json", model_config(field, ids, len(tokens), tied, dtype))
    write_json(folder / "generation_config.json", ids)
    write_json(
        folder / "tokenizer.json",
        tokenizer(tokens, field("tokenizer.ggml.token_type"), field("tokenizer.ggml.merges")),
        indent=None,
    )
    settings = tokenizer_config(field, tokens)
    write_json(folder / "tokenizer_config.json", settings)
    if "chat_template" in settings:
        (folder / "chat_template.jinja").write_text(settings["chat_template"], encoding="utf-8")
    print(f"{folder}: {len(header) - 1} tensors, {size} bytes of {dtype} weights")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("source", metavar="MODEL.gguf", type=Path)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        fail(f"{arguments.source}: no such file")
    convert(arguments.source, arguments.folder, arguments.dtype)


if __name__ == "__main__":
    main()
