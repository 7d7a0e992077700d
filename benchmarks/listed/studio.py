"""The studio itself: how soon, how dear, for how many."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="first-number",
        what="from the click on Train to the first number, warm supervisor",
        unit="s",
        floor=3.0,
        aim=2.0,
        better="less",
        source="design, promise 2: first number within 2 s of pressing Train",
        measure="benchmarks.first_number:measure",
        seeds=5,
    ),
    Benchmark(
        id="watching-cost",
        what="training time that pictures, store and two viewers add to DNN and CNN (the dearer)",
        unit="%",
        floor=5.0,
        aim=3.0,
        better="less",
        source="issue 2: cost of watching, aim 3 % of the training time",
        measure="benchmarks.watching_cost:measure",
        peer="the same Keras training with nothing stored or drawn, turn and turn about",
        seeds=100,
    ),
    Benchmark(
        id="live-tick",
        what="processor time of one live tick: read the run, build all its figures, write JSON",
        unit="ms",
        floor=100.0,
        aim=40.0,
        better="less",
        source="one line chart of Streamlit costs 39 ms a tick; curves at least once a second",
        measure="benchmarks.live_tick:measure",
        seeds=40,
        limits={"latency_s": 1.0},
    ),
    Benchmark(
        id="viewers",
        what="from a metric's write to the last of 20 streams while 20 pages are open too (p95)",
        unit="s",
        floor=2.0,
        aim=1.0,
        better="less",
        source="features: curves at most 1 s old, hosted 2 s",
        measure="benchmarks.viewers:measure",
        seeds=20,
        limits={"web_cpu_percent": 100.0},
    ),
)
