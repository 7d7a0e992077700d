"""Chapter 1, the fully connected network."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="dnn-fashion",
        what="DNN on Fashion-MNIST without augmentation: right on the test part, in at most 3 min",
        unit="%",
        floor=89.5,
        aim=90.5,
        better="more",
        source="algorithms, section 1; an MLP reaches 88.3 % in the data set's README",
        measure="benchmarks.accuracy:dnn_fashion",
        limits={"below_floor": 0, "seconds": 180.0},
    ),
    Benchmark(
        id="dnn-spirals",
        what="DNN, quick preset: right on fresh points of two spirals",
        unit="%",
        floor=99.0,
        aim=99.0,
        better="more",
        source="algorithms, section 1: at least 99 %; no other aim is named",
        measure="benchmarks.accuracy:dnn_spirals",
        limits={"below_floor": 0},
    ),
    Benchmark(
        id="dnn-tables",
        what="DNN on breast cancer: mean of five folds, folds drawn anew for each seed",
        unit="%",
        floor=97.0,
        aim=97.0,
        better="more",
        source="algorithms, section 1: at least 97 % (5-fold); no other aim is named",
        measure="benchmarks.accuracy:dnn_tables",
        limits={"below_floor": 0},
    ),
    Benchmark(
        id="dnn-speed",
        what="images/s of 784-512-512-10 over plain Keras; beside: 2-8-8-1, and over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.15,
        better="more",
        source="algorithms, section 1: 1.15x, 5x for 2-8-8-1, PyTorch 1x; where only an aim is "
        "named, the floor is 1x",
        measure="benchmarks.speed:dnn",
        peer="plain Keras `fit`, and eager PyTorch, on the same net, batch and optimizer",
        seeds=5,
        least={"small_over_keras": 1.0, "over_torch": 1.0, "small_over_torch": 1.0},
    ),
)
