"""Chapter 7, the generative adversarial network, and the judge of generated pictures."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="judge-ladder",
        what="judges of MNIST 5k: ladders real, noisy, Gaussians, one class, noise that sort",
        unit="of all",
        floor=1.0,
        aim=1.0,
        better="more",
        source="issue 5: a ladder must sort strictly before any figure counts; judges at least 97",
        measure="benchmarks.gan:judge_ladder",
        least={"accuracy_1": 97.0, "accuracy_2": 97.0},
    ),
    Benchmark(
        id="gan-grid",
        what="GAN on the grid of 25: good points of 2,500, all modes hit, within 60 s",
        unit="%",
        floor=90.0,
        aim=97.0,
        better="more",
        source="algorithms, section 7",
        measure="benchmarks.gan:grid",
        limits={"seconds": 60.0},
        least={"modes": 25},
    ),
)
