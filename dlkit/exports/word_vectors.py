"""Word vectors as a text file, the way the first word2vec program wrote them.

gensim's `KeyedVectors.load_word2vec_format`, spaCy and the Embedding Projector read it.
"""

from typing import Any

import keras

from dlkit.algorithms.word2vec.spec import corpus_of


def word2vec_text(model: keras.Model, params: Any) -> bytes:
    """The vectors of a trained `word2vec`: a line "words dimension", then a line for each word.

    The most frequent word comes first. Nine digits tell any two numbers of 32 bits apart.
    """
    words = corpus_of(params).words[1:]
    vectors = model.get_layer("words").get_weights()[0][1:]  # row 0 belongs to no word
    lines = [f"{len(words)} {vectors.shape[1]}"]
    for word, vector in zip(words, vectors, strict=True):
        lines.append(f"{word} {' '.join(f'{value:.9g}' for value in vector)}")
    return ("\n".join(lines) + "\n").encode()
