"""Chapter 5, Word2Vec."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="word2vec-planted",
        what="Word2Vec, quick preset, made-up grammar: per cent of the planted analogies that are "
        "answered, in at most 20 s",
        unit="%",
        floor=100.0,
        aim=100.0,
        better="more",
        source="algorithms, section 5",
        measure="benchmarks.word2vec:planted",
        limits={"below_floor": 0, "seconds": 20.0},
    ),
    Benchmark(
        id="word2vec-quality",
        what="Word2Vec, standard preset, Wikipedia: our mean above gensim's in standard deviations "
        "of the seeds, by Google's analogies, WordSim-353 and SimLex-999; the worst of the three",
        unit="sigma",
        floor=-1.0,
        aim=0.0,
        better="more",
        source="algorithms, section 5: within one sigma of gensim, aim at least its mean",
        measure="benchmarks.word2vec:quality",
        peer="gensim's Word2Vec, same text and settings, each side with its best learning rate",
    ),
    Benchmark(
        id="word2vec-speed",
        what="words/s of skip-gram with 100 dimensions, window 5 and 5 negatives over gensim's "
        "Word2Vec with two workers",
        unit="x",
        floor=0.3,
        aim=1.0,
        better="more",
        source="algorithms, section 5: at least 0.3x, aim 1.0x",
        measure="benchmarks.word2vec:speed",
        peer="gensim's Word2Vec, workers=2, same text and settings",
        seeds=5,
    ),
)
