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
    Benchmark(
        id="gan-fashion",
        what="GAN, Fashion-MNIST, standard preset in 10 min: distance of 2,500 pictures over that "
        "of the WGAN-GP recipe's after equal time, by the judge that likes us less",
        unit="x",
        floor=1.0,
        aim=0.33,
        better="less",
        source="algorithms, section 7: all classes seen, each at least 3 % (aim 7 to 13 %)",
        measure="benchmarks.gan:fashion",
        peer="keras.io's WGAN-GP, written by us as plain Keras from its page",
        limits={"seconds": 600.0},
        least={
            "classes": 10,
            "smallest_class": 3.0,
            "sorted": 1.0,
            "accuracy_1": 92.0,
            "accuracy_2": 92.0,
        },
    ),
    Benchmark(
        id="gan-speed",
        what="pictures/s of the standard preset on Fashion-MNIST over those of the DCGAN recipe; "
        "beside it one net trained both ways",
        unit="x",
        floor=1.5,
        aim=1.5,
        better="more",
        source="algorithms, section 7: at least 1.5x; no other aim is named",
        measure="benchmarks.gan:speed",
        peer="keras.io's DCGAN for 28x28, its own nets, written by us as plain Keras from its page",
    ),
)
