"""Chapter 3, the residual network and its plain twin."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="resnet-degradation",
        what="seeds in which plain-56 learns worse than plain-20 and ResNet-56 not worse than -20",
        unit="of all",
        floor=1.0,
        aim=1.0,
        better="more",
        source="algorithms, section 3: in training loss on Fashion-MNIST, 5 of 5 seeds, 5 min",
        measure="benchmarks.degradation:measure",
        seeds=5,
        limits={"seconds": 300.0},
    ),
    Benchmark(
        id="resnet-fashion",
        what="ResNet-20 of width 8 on Fashion-MNIST: right on the test part, within 15 min",
        unit="%",
        floor=92.5,
        aim=93.8,
        better="more",
        source="algorithms, section 3",
        measure="benchmarks.accuracy:resnet_fashion",
        limits={"below_floor": 0, "seconds": 900.0},
    ),
    Benchmark(
        id="resnet-speed",
        what="images/s of ResNet-20 (width 16) over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.0,
        better="more",
        source="algorithms, section 3: seconds an epoch at least as good as PyTorch's",
        measure="benchmarks.speed:resnet",
        peer="the same net in eager PyTorch",
        seeds=5,
    ),
)
