"""Skip-gram on Wikipedia, ours or gensim's: `python -m benchmarks.word2vec_race WAY SECONDS`.

Both read the same words of the same training part with the settings of the standard preset, without
checking on held-back sentences and without pictures. gensim has the sentences as lists of words in
memory and two worker threads. Counted are all words of the text, those thinned out included. The
last line is a JSON object: words a second, processor microseconds of one.
"""

import argparse
import dataclasses
import json
import sys
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.race import SEED, Clock
from dlkit import training
from dlkit.algorithms.word2vec.spec import LINE, REAL, Params, corpus_of

WORKERS = 2
LONG = 500  # epochs: longer than any race


def sentences(params: Params) -> list[list[str]]:
    """The training part, word by word."""
    corpus = corpus_of(params)
    parts = np.split(corpus.train, np.flatnonzero(corpus.train == 0) + 1)
    return [[corpus.words[number] for number in part[:-1]] for part in parts if len(part) > 1]


def gensim(params: Params, given: list[list[str]], *, rate: float) -> Any:
    """The peer with these settings, its vocabulary counted, not yet trained."""
    model = import_module("gensim.models").Word2Vec(
        vector_size=params.dimension,
        window=params.window,
        negative=params.negatives,
        sample=params.subsampling,
        sg=int(params.method == "skip_gram"),
        min_count=1,  # rare words are left out already
        alpha=rate,
        seed=params.seed,
        workers=WORKERS,
    )
    model.build_vocab(given)
    return model


def ours(clock: Clock) -> float:
    """Train with the program's own model and training until the clock is over; words a line."""
    module: Any = import_module("dlkit.algorithms.word2vec.model")
    racer: Any = import_module("benchmarks.race_keras").Racer
    plain = training.fit

    def fit(model: Any, lines: Any, params: Params, run: Any, **_: Any) -> Any:
        model.examiner = None
        few = dataclasses.replace(lines, x_val=lines.x_val[: params.batch_size])
        return plain(model, few, params, run)

    module.fit = fit
    training.CHECKPOINT_SECONDS = float("inf")
    params = REAL.model_copy(update={"seed": SEED, "schedule": "constant", "epochs": LONG})
    return float(module.train(params, racer(params, clock)).words_per_example)


def peer(clock: Clock) -> float:
    """Train gensim's until the clock is over; words a line, as if it read in lines."""
    params = REAL.model_copy(update={"seed": SEED})
    given = sentences(params)
    model, done = gensim(params, given, rate=0.025), 0
    while not clock.over:
        model.train(given, total_examples=len(given), epochs=1)
        done += sum(len(one) for one in given)
        clock.mark(done // LINE)
    return float(LINE)


def main() -> None:
    """Race one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("ours", "gensim"))
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    clock = Clock(args.seconds)
    words = (ours if args.way == "ours" else peer)(clock)
    found = clock.found()
    rate = {"rate": found["rate"] * words, "processor_us": found["processor_us"] / words}
    sys.stdout.write(json.dumps(rate) + "\n")


if __name__ == "__main__":
    main()
