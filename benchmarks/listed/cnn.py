"""Chapter 2, the convolutional network."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="cnn-fashion",
        what="CNN below 100,000 weights on Fashion-MNIST: right on the test part, within 10 min",
        unit="%",
        floor=92.0,
        aim=93.5,
        better="more",
        source="algorithms, section 2; a comparable net in the data set's README has 92.5 %",
        measure="benchmarks.accuracy:cnn_fashion",
        limits={"below_floor": 0, "seconds": 600.0, "weights": 99_999},
    ),
    Benchmark(
        id="cnn-mnist5k",
        what="CNN, quick preset: right on the held-out fifth of MNIST 5k, within 60 s",
        unit="%",
        floor=97.5,
        aim=97.5,
        better="more",
        source="algorithms, section 2: at least 97.5 % in 60 s; no other aim is named",
        measure="benchmarks.accuracy:cnn_mnist5k",
        limits={"below_floor": 0, "seconds": 60.0},
    ),
    Benchmark(
        id="cnn-speed",
        what="images/s of the 34,826-weight convnet over plain Keras; beside: over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.3,
        better="more",
        source="algorithms, section 2: 1.3x, PyTorch 1x; only an aim is named, the floor is 1x",
        measure="benchmarks.speed:cnn",
        peer="plain Keras `fit` of keras.io's MNIST convnet, and the same in eager PyTorch",
        seeds=5,
        least={"over_torch": 1.0},
    ),
)
