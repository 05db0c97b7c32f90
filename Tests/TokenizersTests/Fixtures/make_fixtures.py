"""Writes the tiny tokenizers of this folder, and what the published libraries make of a few texts.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 tiktoken gguf transformers
    python make_fixtures.py

Each is a folder NAME with the tokenizer's files and `expected.json`: of each text the ids without and
with special tokens, the characters that each token stands for (where `tokenizers` counts as we do), and
the text that the ids stand for. The sentences were written for this purpose.
"""
import base64
import io
import json
import os
import shutil
import struct

import gguf
import numpy as np
import sentencepiece as spm
import tiktoken
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tiny")
CORPUS = [
    "The old lighthouse keeper counted the ships as they came home in the evening.",
    "Nobody counts ships in the morning, he said, because the morning counts them for you.",
    "In 1984 the harbour had 12 boats; by 2001 there were 345, and 6789 nets.",
    "She wrote: \"the sea is a slow reader\" and underlined it twice.",
    "Der alte Leuchtturm zählt die Schiffe, und das Meer zählt den Turm.",
    "L'été, les bateaux rentrent plus tard; l'hiver, ils ne rentrent pas.",
    "They're counting, we're counting, and the keeper's cat isn't counting at all.",
    "for boat in boats:\n    if boat.home():\n        count += 1\n",
] * 3
TEXTS = [
    "", " ", "  ", "\n", "The keeper", " The keeper", "  The  keeper ", "the ships came home.",
    "counted\ncounting\n\n", "a\tb", "1984", "in 12345 boats", "l'été d'hiver", "zählt Schiffe",
    "they're isn't", "HARBOUR", "x", "\u00e9", "e\u0301", "\u4e2d\u6587 ships", "\U0001F642 sea",
    "the \U0001F642\U0001F642 sea", "\u2581ship", "ship\u2581s", "<s>the sea</s>", "the<s>sea",
    "[CLS] the [SEP]", "(a)[b]{c}", "a--b...c", "\ufb01sh \u2460", "\u00a0the\u3000sea",
    "\u200bthe", "quickly brown", "boat.home() += 1", "\uff33hip",
]


def save(name, texts, encode, decode, framed, spans=None):
    rows = []
    for text in texts:
        row = {"text": text, "ids": encode(text), "framed": framed(text)}
        if spans:
            row["spans"] = spans(text)
        row["decoded"] = decode(row["ids"])
        rows.append(row)
    with open(os.path.join(HERE, name, "expected.json"), "w") as f:
        json.dump(rows, f, ensure_ascii=True, indent=0)


def folder(name):
    path = os.path.join(HERE, name)
    os.makedirs(path, exist_ok=True)
    return path


def by_file(name, t, texts=TEXTS, spans=True):
    t.save(os.path.join(folder(name), "tokenizer.json"))
    t = Tokenizer.from_file(os.path.join(folder(name), "tokenizer.json"))
    plain = lambda s: t.encode(s, add_special_tokens=False)
    save(name, texts, lambda s: plain(s).ids, lambda i: t.decode(i, skip_special_tokens=False),
         lambda s: t.encode(s).ids, (lambda s: plain(s).offsets) if spans else None)


BYTES = [f"<0x{b:02X}>" for b in range(256)]
SPECIAL = ["<unk>", "<s>", "</s>"]


def template(t, before="<s>", after=None):
    single = (f"{before} " if before else "") + "$A" + (f" {after}" if after else "")
    t.post_processor = processors.TemplateProcessing(
        single=single, pair=single + " $B",
        special_tokens=[(n, t.token_to_id(n)) for n in (before, after) if n])


def merged(size=420, **options):
    """A BPE over characters with byte fallback, trained on text with marks."""
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL + BYTES, show_progress=False))
    raw = json.loads(t.to_str())
    raw["added_tokens"] = [a for a in raw["added_tokens"] if a["id"] < 3]
    raw["pre_tokenizer"] = None
    raw["normalizer"] = None
    return Tokenizer.from_str(json.dumps(raw))


def llama():
    t = merged()
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(),
                                   decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    template(t)
    by_file("llama", t)


def mistral():
    t = merged()
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(),
                                   decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    template(t)
    by_file("mistral", t)


def gemma():
    t = merged()
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("  ", normalized=False)])
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    template(t)
    by_file("gemma", t)


def clip():
    t = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "),
                                         normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<|startoftext|>", "<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), end_of_word_suffix="</w>"))
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0), False, False)
    by_file("clip", t, spans=False)


def wordpiece(cased):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=not cased)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=240, special_tokens=special, show_progress=False))
    t.decoder = decoders.WordPiece(cleanup=True)
    template(t, "[CLS]", "[SEP]")
    name = "bert-cased" if cased else "bert"
    by_file(name, t)
    if cased:
        return
    words = sorted(t.get_vocab().items(), key=lambda x: x[1])
    path = folder("vocab-txt")
    with open(os.path.join(path, "vocab.txt"), "w") as f:
        f.write("\n".join(w for w, _ in words) + "\n")
    shutil.copy(os.path.join(folder(name), "expected.json"), path)
    path = folder("gguf-bert")
    shutil.copy(os.path.join(folder(name), "expected.json"), path)
    tokens = [w if w.startswith("[") and w.endswith("]") and len(w) > 2 else
              w[2:] if w.startswith("##") else "\u2581" + w for w, _ in words]
    write_gguf("gguf-bert", "bert", tokens, [3 if i in (0, 2, 3, 4) else 1 for i in range(len(tokens))],
               unknown=None, ids={"cls": 2, "seperator": 3})


def words():
    t = Tokenizer(models.WordLevel(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Strip(),
                                         normalizers.Nmt()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(True)])
    t.train_from_iterator(CORPUS, trainers.WordLevelTrainer(special_tokens=["<unk>"], show_progress=False))
    by_file("words", t, spans=False)


def unigram_json():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(CHARSMAP), normalizers.NFKC(),
                                         normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    t.decoder = decoders.Metaspace()
    template(t, None, "</s>")
    by_file("t5", t)


def train(**options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model,
                                   minloglevel=2, hard_vocab_limit=False, **options)
    return model.getvalue()


def by_library(name, model, frame=None):
    with open(os.path.join(folder(name), "tokenizer.model"), "wb") as f:
        f.write(model)
    sp = spm.SentencePieceProcessor(model_proto=model)
    frame = frame or (lambda ids: [sp.bos_id()] + ids)
    texts = [t for t in TEXTS if not t.startswith("<s>")]
    save(name, texts, sp.encode, sp.decode, lambda s: frame(sp.encode(s)))
    return sp


def pieces():
    bpe = train(model_type="bpe", vocab_size=420, byte_fallback=True, split_digits=True,
                normalization_rule_name="identity", remove_extra_whitespaces=False)
    sp = by_library("sp-bpe", bpe)
    gguf_of("gguf-llama", bpe, "llama", sp)
    llama2c(bpe, sp)
    bpe = train(model_type="bpe", vocab_size=420, byte_fallback=True, add_dummy_prefix=False,
                normalization_rule_name="identity", remove_extra_whitespaces=False,
                user_defined_symbols=["\n\n", "<mask>"])
    sp = by_library("sp-user", bpe)
    gguf_of("gguf-gemma", bpe, "llama", sp, prefix=False)
    rules = os.path.join(HERE, "rules.tsv")
    with open(rules, "w") as f:
        for old, new in [("\ufb01", "fi"), ("\u00e9", "e"), ("\u00e9e", "EE"), ("\u3000", " "), ("\t", " "), ("\n", " ")]:
            f.write(" ".join(f"{ord(c):X}" for c in old) + "\t" + " ".join(f"{ord(c):X}" for c in new) + "\n")
    uni = train(model_type="unigram", vocab_size=260, normalization_rule_tsv=rules)
    os.remove(rules)
    sp = by_library("sp-unigram", uni, lambda ids: ids + [2])
    gguf_of("gguf-t5", uni, "t5", sp)
    proto = pb.ModelProto()
    proto.ParseFromString(uni)
    return proto.normalizer_spec.precompiled_charsmap


def llama2c(model, sp):
    """The pieces as export.py of llama2.c writes them, whose blanks are blanks."""
    proto = pb.ModelProto()
    proto.ParseFromString(model)
    tokens = [p.piece.replace("\u2581", " ").encode() for p in proto.pieces]
    tokens[1:3] = [b"\n<s>\n", b"\n</s>\n"]
    with open(os.path.join(folder("llama2c"), "tokenizer.bin"), "wb") as f:
        f.write(struct.pack("I", max(map(len, tokens))))
        for token, piece in zip(tokens, proto.pieces):
            f.write(struct.pack("fI", piece.score, len(token)) + token)
    texts = [t for t in TEXTS if "\u2581" not in t]
    save("llama2c", texts, sp.encode, lambda ids: " " + sp.decode(ids) if ids else "",
         lambda s: [1] + sp.encode(s))


def gguf_of(name, model, kind, sp, prefix=True):
    proto = pb.ModelProto()
    proto.ParseFromString(model)
    write_gguf(name, kind, [p.piece for p in proto.pieces], [p.type for p in proto.pieces],
               scores=[p.score for p in proto.pieces], unknown=0, ids={"bos": 1, "eos": 2},
               prefix=prefix, charsmap=proto.normalizer_spec.precompiled_charsmap)
    texts = [t for t in TEXTS if "<s>" not in t]
    framed = (lambda s: sp.encode(s) + [2]) if kind == "t5" else (lambda s: [1] + sp.encode(s))
    folder(name)
    save(name, texts, sp.encode, sp.decode, framed)


def write_gguf(name, kind, tokens, types, scores=None, unknown=None, ids={}, prefix=True, charsmap=b""):
    w = gguf.GGUFWriter(os.path.join(folder(name), "tokenizer.gguf"), "llama")
    w.add_tokenizer_model(kind)
    w.add_token_list(tokens)
    w.add_token_types(types)
    if scores:
        w.add_token_scores(scores)
    for key, value in ids.items():
        w.add_uint32(f"tokenizer.ggml.{key}_token_id", value)
    if kind in ("llama", "t5"):
        w.add_bool("tokenizer.ggml.add_space_prefix", prefix)
    if charsmap:
        w.add_precompiled_charsmap(charsmap)
    w.add_tensor("t", np.zeros(32, dtype=np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def byte_level():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.decoder = decoders.ByteLevel()
    path = folder("vocab-merges")
    t.model.save(path)
    by_file("vocab-merges", t, spans=True)
    os.remove(os.path.join(path, "tokenizer.json"))
    # tiktoken: the same tokens, ranked as they were merged.
    letters = {}
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    for b in range(256):
        letters[chr(b) if b in visible else chr(256 + [x for x in range(256) if x not in visible].index(b))] = b
    ranks = {}
    for token, _ in sorted(t.get_vocab().items(), key=lambda x: x[1]):
        if token != "<|endoftext|>":
            ranks[bytes(letters[c] for c in token)] = len(ranks)
    path = folder("tiktoken")
    with open(os.path.join(path, "tiny.tiktoken"), "wb") as f:
        for token, rank in ranks.items():
            f.write(base64.b64encode(token) + b" %d\n" % rank)
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
               r"\s*[\r\n]+|\s+(?!\S)|\s+")
    e = tiktoken.Encoding("tiny", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<s>": len(ranks)})
    with open(os.path.join(path, "tokenizer_config.json"), "w") as f:
        json.dump({"pat_str": pattern, "bos_token": "<s>", "add_bos_token": True, "added_tokens_decoder": {
            str(len(ranks)): {"content": "<s>", "special": True}}}, f, indent=1)
    texts = [t for t in TEXTS if not t.startswith("<s>")]
    encode = lambda s: e.encode(s, allowed_special="all")
    save("tiktoken", texts, encode, e.decode, lambda s: [len(ranks)] + encode(s))


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE)
    CHARSMAP = pieces()
    unigram_json()
    llama()
    mistral()
    gemma()
    clip()
    wordpiece(False)
    wordpiece(True)
    words()
    byte_level()
