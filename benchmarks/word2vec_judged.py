"""One training and what its vectors answer: `python -m benchmarks.word2vec_judged WAY SEED`.

WAY is "ours" or "gensim"; the text, its training part and the settings are those of the standard
preset for both, and each has its own learning rate (`RATES`): the better of a few by the sum of the
three judgements with seed 1. Asked are all analogies whose words are known, WordSim-353 and
SimLex-999. The last line is a JSON object.
"""

import argparse
import json
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.bare_training import Nobody
from benchmarks.word2vec_race import gensim, sentences
from dlkit import training
from dlkit.algorithms.word2vec import shown
from dlkit.algorithms.word2vec.spec import ALGORITHM, Params, corpus_of
from dlkit.contract import Array
from dlkit.datasets import texts

RATES = {"ours": 0.2, "gensim": 0.05}


def main() -> None:
    """Train and judge one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=RATES)
    parser.add_argument("seed", type=int)
    parser.add_argument("--rate", type=float, help="in place of the best one")
    args = parser.parse_args()
    rate = args.rate or RATES[args.way]
    standard = ALGORITHM.presets["standard"].values()
    params = Params.checked({**standard, "seed": args.seed, "learning_rate": rate})
    began = time.monotonic()
    vectors = (ours if args.way == "ours" else peer)(params)
    seconds = time.monotonic() - began
    sys.stdout.write(json.dumps({**judged(vectors, params), "seconds": seconds}) + "\n")


def ours(params: Params) -> Array:
    """The vectors [V, dimension] of all words, learned by the program."""
    module: Any = import_module("dlkit.algorithms.word2vec.model")
    training.CHECKPOINT_SECONDS = float("inf")
    vectors: Array = module.vectors_of(module.train(params, Nobody(params)))[1:]
    return vectors


def peer(params: Params) -> Array:
    """The same, learned by gensim."""
    given = sentences(params)
    model = gensim(params, given, rate=params.learning_rate)
    model.train(given, total_examples=len(given), epochs=params.epochs)
    corpus = corpus_of(params)
    return np.stack([model.wv[word] for word in corpus.words[1:]])


def judged(vectors: Array, params: Params) -> dict[str, float]:
    """The share of analogies answered; the rank correlation with people's ratings of each set."""
    corpus = corpus_of(params)
    questions = corpus.known(texts.analogies(params.data)).reshape(-1, 4)
    found = {"analogies": float(shown.analogies(vectors, questions - 1).mean())}
    for asked in texts.LIKENESSES:
        pairs, ratings = corpus.rated(*texts.likenesses(params.data, asked))
        found[asked] = shown.similarity(vectors, pairs - 1, ratings)
    return found


if __name__ == "__main__":
    main()
