"""What the playground asks of word vectors: neighbours, sums, the odd one out, a map."""

import re
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE

from dlkit.algorithms.word2vec import shown
from dlkit.algorithms.word2vec.spec import COMMA, NEAR
from dlkit.contract import Array
from dlkit.datasets.texts import Corpus, telling


def answers(vectors: Array, corpus: Corpus, asked: dict[str, Any]) -> dict[str, Array]:
    """What the vectors [V, D] of all words, of length 1, answer.

    The word whose neighbours are asked has to be known (`CodedError` word_unknown). A sum or a list
    with an unknown word is not answered; `missing` tells that word.
    """
    word = corpus.number(asked["word"]) - 1
    near, cosines = shown.nearest(vectors, vectors[[word]], without=np.array([[word]]), most=NEAR)
    found = {"word": _spelled(corpus, [word]), "near": _spelled(corpus, near[0])}
    found |= {"near_cosines": cosines[0], **_sum(vectors, corpus, asked)}
    return {
        **found,
        **_odd(vectors, corpus, asked),
        **_map(vectors, corpus, asked, [word, *near[0]]),
    }


def _sum(vectors: Array, corpus: Corpus, asked: dict[str, Any]) -> dict[str, Array]:
    given = [asked[name].strip().lower() for name in ("plus", "minus", "also")]
    missing = _missing(corpus, given)
    if len(missing):
        return {"sum_missing": missing}
    plus, minus, also = numbers = np.array([corpus.numbers[one] for one in given]) - 1
    wanted = vectors[plus] - vectors[minus] + vectors[also]
    said, cosines = shown.nearest(vectors, wanted[None], without=numbers[None], most=NEAR)
    found = {"asked": shown.spelled(given), "said": _spelled(corpus, said[0])}
    return {**found, "said_cosines": cosines[0]}


def _odd(vectors: Array, corpus: Corpus, asked: dict[str, Any]) -> dict[str, Array]:
    given = re.split(COMMA, asked["among"].strip().lower())
    missing = _missing(corpus, given)
    if len(missing):
        return {"odd_missing": missing}
    among = np.array([corpus.numbers[one] for one in given]) - 1
    place, cosines = shown.odd_one_out(vectors, among)
    return {"among": shown.spelled(given), "among_cosines": cosines, "odd": np.array([place])}


def _map(
    vectors: Array, corpus: Corpus, asked: dict[str, Any], found: list[int]
) -> dict[str, Array]:
    """The most frequent words that mean something, and those found, each with place and group."""
    frequent = [place for place, word in enumerate(corpus.words[1:]) if telling(word)]
    chosen = list(dict.fromkeys([*found, *frequent[: asked["mapped"]]]))
    seen = vectors[chosen]
    groups = KMeans(min(asked["groups"], len(chosen)), n_init=4, random_state=0).fit_predict(seen)
    sizes = np.bincount(groups)
    ranks = np.argsort(np.argsort(-sizes, kind="stable"))  # the largest group is number 0
    return {
        "places": placed(seen, asked["projection"], int(asked["dimensions"])),
        "place_words": _spelled(corpus, chosen),
        "groups": ranks[groups].astype(np.uint8),
    }


def placed(vectors: Array, projection: str, dimensions: int) -> Array:
    """Vectors [N, D] on a map [N, 2 or 3], by their main components or by t-SNE.

    t-SNE keeps neighbours together and lets large distances go (Laurens van der Maaten, Geoffrey
    Hinton, 2008, https://www.jmlr.org/papers/v9/vandermaaten08a.html).
    """
    centred = vectors - vectors.mean(axis=0)
    if projection == "tsne":
        perplexity = min(20.0, (len(vectors) - 1) / 3)
        steps = {"perplexity": perplexity, "max_iter": 500, "random_state": 0, "metric": "cosine"}
        places = TSNE(dimensions, init="random", **steps).fit_transform(vectors)
    else:
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        places = centred @ axes[:dimensions].T
    short = dimensions - places.shape[1]  # vectors of two numbers lie flat in space
    places = np.pad(places, ((0, 0), (0, max(0, short))))
    spread: Array = (places / max(float(np.abs(places).max()), 1e-9)).astype(np.float32)
    return spread


def _missing(corpus: Corpus, given: list[str]) -> Array:
    """The first of the words that is not known, if there is one: [0 or 1, LETTERS]."""
    return shown.spelled([one for one in given if one not in corpus.numbers][:1])


def _spelled(corpus: Corpus, places: Any) -> Array:
    return shown.spelled([corpus.words[place + 1] for place in places])
