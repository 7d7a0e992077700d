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
    Benchmark(
        id="diffusion-fashion",
        what="diffusion, Fashion-MNIST, standard preset in 10 min, 20 steps: distance of 2,500 "
        "pictures over that of the DDIM recipe's after equal time, by the judge that likes us less",
        unit="x",
        floor=1.0,
        aim=0.4,
        better="less",
        source="algorithms, section 8: at most 0.5 M weights; agreement at least 70 % (aim 88 %)",
        measure="benchmarks.diffusion:fashion",
        peer="keras.io's DDIM, written by us as plain Keras from its page, three of four widths",
        limits={"seconds": 600.0, "weights": 500_000},
        least={
            "classes": 10,
            "agreement": 70.0,
            "sorted": 1.0,
            "accuracy_1": 92.0,
            "accuracy_2": 92.0,
        },
    ),
    Benchmark(
        id="diffusion-speed",
        what="pictures/s of the standard preset on Fashion-MNIST over those of the DDIM recipe; "
        "beside it one net trained both ways",
        unit="x",
        floor=1.3,
        aim=1.3,
        better="more",
        source="algorithms, section 8: at least 1.3x; no other aim is named",
        measure="benchmarks.diffusion:speed",
        peer="keras.io's DDIM, its own net, written by us as plain Keras from its page",
    ),
)
