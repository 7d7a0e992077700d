"""Chapter 4, the LSTM."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="lstm-shakespeare",
        what="LSTM, standard preset, tiny Shakespeare: nats a character on the whole held-out "
        "tenth, in at most 5 min with at most 400,000 weights",
        unit="nats",
        floor=1.90,
        aim=1.75,
        better="less",
        source="algorithms, section 4",
        measure="benchmarks.lstm:shakespeare",
        limits={"above_floor": 0, "seconds": 300.0, "weights": 400_000},
    ),
    Benchmark(
        id="lstm-adding",
        what="LSTM on the adding problem, rows of 100: mean squared error on fresh rows, while "
        "the simple network beside it stays above 0.1",
        unit="",
        floor=0.02,
        aim=0.02,
        better="less",
        source="algorithms, section 4; always answering the mean gives 0.167",
        measure="benchmarks.lstm:adding",
        limits={"above_floor": 0},
        least={"simple": 0.1},
    ),
    Benchmark(
        id="lstm-speed",
        what="characters/s of one layer of 256 LSTM units over PyTorch's `nn.LSTM`",
        unit="x",
        floor=0.8,
        aim=1.0,
        better="more",
        source="algorithms, section 4: at least 0.8x, aim 1.0x",
        measure="benchmarks.lstm:speed",
        peer="eager PyTorch, `nn.LSTM`, the same net, batch and optimizer",
        seeds=5,
    ),
)
