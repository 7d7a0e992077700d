"""What word vectors are worth and how fast they are learned, each run in a fresh process.

Planted: the quick preset, nothing picked; the seconds are those of the whole call, pictures
included as in the studio, starting Python left out. Quality and speed: gensim's Word2Vec reads the
same words, turn and turn about; see `word2vec_judged` and `word2vec_race`.
"""

import statistics
from typing import Any

from benchmarks import fresh
from benchmarks.accuracy import reached
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

SECONDS = 10.0
WAYS = ("ours", "gensim")
JUDGES = ("analogies", "wordsim", "simlex")


def planted(seeds: int) -> Measured:
    """Per cent of the planted analogies that are answered."""
    return reached("word2vec-planted", seeds, algorithm="word2vec")


def quality(seeds: int) -> Measured:
    """By how many standard deviations of the seeds our mean is above gensim's: the worst judge's.

    Raises `ValueError` for a single seed, which has no deviation.
    """
    if seeds < 2:
        raise ValueError("word2vec-quality compares spreads: it needs 2 seeds at least")
    rounds = [
        {way: fresh.call("benchmarks.word2vec_judged", way, str(seed)) for way in _order(seed)}
        for seed in range(1, seeds + 1)
    ]
    beside: dict[str, Any] = {}
    for name in JUDGES:
        beside |= {f"{name}_over": over(*([one[way][name] for one in rounds] for way in WAYS))}
        for way in WAYS:
            beside[f"{name}_{way}"] = statistics.mean(one[way][name] for one in rounds)
    above = [beside[f"{name}_over"] for name in JUDGES]
    return Measured(min(above), spread(above), beside=beside)


def over(ours: list[float], theirs: list[float]) -> float:
    """How far our mean is above theirs, in standard deviations of one seed (both sides pooled)."""
    sigma = statistics.mean([statistics.variance(ours), statistics.variance(theirs)]) ** 0.5
    return (statistics.mean(ours) - statistics.mean(theirs)) / max(sigma, 1e-9)


def speed(seeds: int) -> Measured:
    """Words a second over those of gensim, round by round."""
    rounds = [
        {way: fresh.call("benchmarks.word2vec_race", way, str(SECONDS)) for way in _order(turn)}
        for turn in range(1, seeds + 1)
    ]
    times = [one["ours"]["rate"] / one["gensim"]["rate"] for one in rounds]
    rates = {f"{way}_rate": middle([one[way]["rate"] for one in rounds]) for way in WAYS}
    peer = rates["gensim_rate"]
    return Measured(middle(times), spread(times), peer, middle(times), beside=rates)


def _order(turn: int) -> tuple[str, ...]:
    return WAYS if turn % 2 else WAYS[::-1]
