"""Chapter 8, diffusion."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="diffusion-2d",
        what="points of the spiral: sliced Wasserstein distance over real against real, in 60 s",
        unit="x",
        floor=1.5,
        aim=1.1,
        better="less",
        source="algorithms, section 8: at most 1.5x (aim 1.1x) the floor in 60 s",
        measure="benchmarks.diffusion:points",
        limits={"above_floor": 0, "seconds": 60.0},
    ),
    Benchmark(
        id="diffusion-sampling",
        what="64 pictures of 28x28 in 20 steps with guidance, standard preset's network",
        unit="s",
        floor=3.0,
        aim=3.0,
        better="less",
        source="algorithms, section 8: 64 samples in at most 3 s; no other aim is named",
        measure="benchmarks.diffusion:sampling",
    ),
)
