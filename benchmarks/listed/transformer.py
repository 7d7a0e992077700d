"""Chapter 6, the Transformer."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="transformer-shakespeare",
        what="GPT below 850,000 weights on Shakespeare: whole held-out tenth, nats a character, "
        "within 3 min",
        unit="nats",
        floor=1.85,
        aim=1.75,
        better="less",
        source="algorithms, section 6; 1.88 in about 3 min on a laptop in nanoGPT's README",
        measure="benchmarks.transformer:shakespeare",
        limits={"above_floor": 0, "seconds": 180.0, "weights": 850_000},
    ),
    Benchmark(
        id="transformer-addition",
        what="encoder and decoder, sums of two numbers below 1,000: held-out answers exactly right",
        unit="%",
        floor=99.0,
        aim=99.0,
        better="more",
        source="algorithms, section 6: at least 99 %; no other aim is named",
        measure="benchmarks.transformer:addition",
        limits={"below_floor": 0},
    ),
    Benchmark(
        id="transformer-cache",
        what="256 characters written with the key-value cache, over the plain loop",
        unit="x",
        floor=5.0,
        aim=5.0,
        better="more",
        source="algorithms, section 6: at least 5x at 256 characters",
        measure="benchmarks.transformer:cache",
        peer="the plain loop: the whole context through the same compiled network for each one",
        limits={"traced": 1},
        least={"same_text": 1},
    ),
    Benchmark(
        id="transformer-speed",
        what="tokens/s of the standard preset's net, AdamW, over the same net in PyTorch",
        unit="x",
        floor=1.0,
        aim=1.0,
        better="more",
        source="algorithms, section 6: tokens/s at least 1x of PyTorch; no other aim is named",
        measure="benchmarks.transformer:speed",
        peer="the same net in eager PyTorch with fused attention and fused AdamW",
    ),
)
