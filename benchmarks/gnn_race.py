"""Training steps of one GCN on Cora a second: `python -m benchmarks.gnn_race WAY SECONDS`.

Both train the net of PyTorch Geometric's `examples/gcn.py`: two graph convolutions of 16 numbers,
dropout, Adam; L2 on the first layer. Nobody is checked and nothing is shown. The adjacency is
normalised once in both (`cached=True`). The features are the rows of the same file; ours are held
as a sparse matrix, the example's are dense, as each does by itself. The last line on standard
output is a JSON object with the steps a second and the number of weights.
"""

import argparse
import dataclasses
import json
import sys
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.race import SEED, Clock
from dlkit.algorithms.gnn.spec import Params
from dlkit.datasets import graphs

PARAMS = Params(
    data="cora", width=16, dropout=0.5, optimizer="adam", learning_rate=0.01, l2=0.0005,
    weight_decay=0.0, seed=SEED,
).model_copy(update={"epochs": 1_000_000})  # fmt: skip


def ours(clock: Clock) -> int:
    """The program's own model and training."""
    training: Any = import_module("dlkit.training")
    racer: Any = import_module("benchmarks.race_keras").Racer
    module: Any = import_module("dlkit.algorithms.gnn.model")
    plain = training.fit

    def fit(model: Any, split: Any, params: Any, run: Any, **_: Any) -> Any:
        few = dataclasses.replace(split, validation=split.validation[:1])
        return plain(model, few, params, run)

    class Steps(racer):
        """Counts steps, since the examples of a step are the whole graph."""

        def scalars(self, step: int, /, **values: float) -> None:
            if "loss" in values:
                clock.mark(step)

    module.fit = fit
    training.CHECKPOINT_SECONDS = float("inf")
    return int(module.train(PARAMS, Steps(PARAMS, clock)).count_params())


def geometric(clock: Clock) -> int:
    """PyTorch Geometric, eager, as in its example."""
    torch: Any = import_module("torch")
    convolution: Any = import_module("torch_geometric.nn").GCNConv
    torch.manual_seed(SEED)
    graph = graphs.load(PARAMS.data, SEED)
    x, y = torch.from_numpy(graph.features), torch.from_numpy(graph.labels).long()
    both = np.concatenate([graph.edges, graph.edges[:, ::-1]]).T.astype(np.int64)
    edges, labelled = torch.from_numpy(np.ascontiguousarray(both)), torch.from_numpy(graph.train)
    labelled = labelled.long()
    first = convolution(x.shape[1], PARAMS.width, cached=True)
    second = convolution(PARAMS.width, int(y.max()) + 1, cached=True)
    held = [
        {"params": first.parameters(), "weight_decay": 0.0005},
        {"params": second.parameters(), "weight_decay": 0.0},
    ]
    optimizer = torch.optim.Adam(held, lr=PARAMS.learning_rate)
    lost: Any = torch.nn.functional
    done = 0
    while not clock.over:
        optimizer.zero_grad()
        hidden = first(lost.dropout(x, PARAMS.dropout), edges).relu()
        logits = second(lost.dropout(hidden, PARAMS.dropout), edges)
        lost.cross_entropy(logits[labelled], y[labelled]).backward()
        optimizer.step()
        done += 1
        clock.mark(done)
    return sum(weight.numel() for part in (first, second) for weight in part.parameters())


def main() -> None:
    """Race one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("ours", "geometric"))
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    clock = Clock(args.seconds)
    weights = (ours if args.way == "ours" else geometric)(clock)
    sys.stdout.write(json.dumps({"rate": clock.found()["rate"], "weights": weights}) + "\n")


if __name__ == "__main__":
    main()
