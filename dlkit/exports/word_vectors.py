"""Word vectors as text: the way the first word2vec program wrote them, and for the projector.

gensim's `KeyedVectors.load_word2vec_format` and spaCy read the first; the Embedding Projector
(https://projector.tensorflow.org) takes the two tables of the second. They are made from the saved
network without Keras.
"""

import io
import json
import zipfile
from typing import Any

import h5py

from dlkit.algorithms.word2vec.spec import corpus_of
from dlkit.contract import Array


def word2vec_text(kept: bytes, params: Any) -> bytes:
    """The vectors of a saved `word2vec`: a line "words dimension", then a line for each word.

    The most frequent word comes first. Nine digits tell any two numbers of 32 bits apart.
    """
    words, vectors = corpus_of(params).words[1:], _vectors(kept)
    head = f"{len(words)} {vectors.shape[1]}"
    lines = [f"{word} {row}" for word, row in zip(words, _rows(vectors, " "), strict=True)]
    return "\n".join([head, *lines, ""]).encode()


def projector_tables(kept: bytes, params: Any) -> bytes:
    """The same as an archive of `vectors.tsv` and `metadata.tsv`, a line for each word in both."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.tsv", "\n".join([*_rows(_vectors(kept), "\t"), ""]))
        archive.writestr("metadata.tsv", "\n".join([*corpus_of(params).words[1:], ""]))
    return file.getvalue()


def _rows(vectors: Array, between: str) -> list[str]:
    return [between.join(f"{value:.9g}" for value in vector) for vector in vectors]


def _vectors(kept: bytes) -> Array:
    """The vectors [V, dimension] inside a `.keras` file; its row 0 belongs to no word.

    Keras files layers by their class, numbered in the order of the network.
    """
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
        weights = io.BytesIO(archive.read("model.weights.h5"))
    tables = [layer["config"]["name"] for layer in layers if layer["class_name"] == "Embedding"]
    number = tables.index("words")
    with h5py.File(weights) as file:
        place = f"layers/embedding{f'_{number}' if number else ''}/vars/0"
        vectors: Array = file[place][1:]
    return vectors
