"""What a recurrent layer does, step by step, in NumPy, from the weights that Keras learned.

The layers of Keras give their outputs only. Here every gate can be looked at, and a text can be
written letter by letter without starting TensorFlow at each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.contract import Array

# What can be looked at in a cell: gates from 0 to 1, and last its memory, from -1 to 1.
GATES = {
    "lstm": ("forget", "input", "output", "memory"),
    "gru": ("update", "reset", "memory"),
    "simple": ("memory",),
}
State = tuple[Array, ...]  # what a cell carries from step to step, each [B, U]


@dataclass(frozen=True)
class Cell:
    """The weights of one layer: `kernel` [in, k U], `recurrent` [U, k U], `bias` as Keras has it.

    k is 4 for LSTM, 3 for GRU, 1 for a simple RNN.
    """

    kind: str
    kernel: Array
    recurrent: Array
    bias: Array

    @property
    def units(self) -> int:
        """How many numbers the cell gives out."""
        return len(self.recurrent)

    def start(self, rows: int) -> State:
        """Nothing remembered yet."""
        empty = np.zeros((rows, self.units), np.float32)
        return (empty, empty) if self.kind == "lstm" else (empty,)

    def project(self, x: Array) -> Array:
        """What comes in, times its weights: [..., in] -> [..., k U]."""
        bias = self.bias[0] if self.kind == "gru" else self.bias
        projected: Array = x @ self.kernel + bias
        return projected

    def step(self, projected: Array, state: State) -> tuple[State, State]:
        """One step on: the new state, its output first, and what `GATES` names, each [B, U]."""
        if self.kind == "lstm":
            return self._lstm(projected, state)
        if self.kind == "gru":
            return self._gru(projected, state)
        output = np.tanh(projected + state[0] @ self.recurrent)
        return (output,), (output,)

    def _lstm(self, projected: Array, state: State) -> tuple[State, State]:
        output, memory = state
        parts = np.split(projected + output @ self.recurrent, 4, axis=1)
        into, forget, out = (_sigmoid(parts[place]) for place in (0, 1, 3))
        memory = forget * memory + into * np.tanh(parts[2])
        shown = np.tanh(memory)
        return (out * shown, memory), (forget, into, out, shown)

    def _gru(self, projected: Array, state: State) -> tuple[State, State]:
        (output,) = state
        now, before = (
            np.split(part, 3, axis=1)
            for part in (projected, output @ self.recurrent + self.bias[1])
        )
        keep, reset = (_sigmoid(now[place] + before[place]) for place in (0, 1))
        new = np.tanh(now[2] + reset * before[2])
        output = keep * output + (1 - keep) * new
        return (output,), (keep, reset, output)


@dataclass(frozen=True)
class Stack:
    """A whole network: a table of vectors or none, layers of cells, a dense layer at the end.

    A layer of two cells reads both ways. `last` layers give [.., A] answers for [.., U] outputs.
    """

    table: Array | None
    layers: tuple[tuple[Cell, ...], ...]
    dense: tuple[Array, Array]

    def start(self, rows: int) -> list[State]:
        """Nothing remembered yet, in any layer."""
        return [layer[0].start(rows) for layer in self.layers]

    def step(self, x: Array, states: list[State]) -> tuple[Array, list[State], State]:
        """One step of every layer: answers [B, A], the new states, the gates of the last layer.

        `x` holds numbers [B] that the table spells out, or values [B, in].
        """
        values: Array = x if self.table is None else self.table[x]
        gates: State = ()
        new: list[State] = []
        for (cell,), state in zip(self.layers, states, strict=True):
            state, gates = cell.step(cell.project(values), state)
            values = state[0]
            new.append(state)
        return self.answer(values), new, gates

    def answers(self, x: Array) -> Array:
        """What is answered after the last step: [B, T, in] -> [B, A]."""
        values = x if self.table is None else self.table[x]
        for layer in self.layers[:-1]:
            values = np.concatenate(_both_ways(layer, values), axis=2)
        last = _both_ways(self.layers[-1], values)
        ends = [outputs[:, 0 if way else -1] for way, outputs in enumerate(last)]
        return self.answer(np.concatenate(ends, axis=1))

    def answer(self, outputs: Array) -> Array:
        """The dense layer: [B, U] -> [B, A]."""
        kernel, bias = self.dense
        found: Array = outputs @ kernel + bias
        return found


def stack_of(model: Any, kind: str) -> Stack:
    """The network of `model` whose cells are of this kind, as plain arrays."""
    names = {layer.name: layer for layer in model.layers}
    tables = [names[name].get_weights()[0] for name in ("letters", "words") if name in names]
    chosen = [names[name] for name in sorted(names) if name.startswith(f"{kind}_layer_")]
    inner = [getattr(layer, "carried", layer) for layer in chosen]
    cells = [tuple(_cells(kind, layer.get_weights())) for layer in inner]
    kernel, bias = names[f"{kind}_answer"].get_weights()
    return Stack(tables[0] if tables else None, tuple(cells), (kernel, bias))


def _cells(kind: str, weights: Sequence[Array]) -> list[Cell]:
    """One cell, or two where the layer reads both ways."""
    return [Cell(kind, *weights[place : place + 3]) for place in range(0, len(weights), 3)]


def _both_ways(layer: tuple[Cell, ...], x: Array) -> list[Array]:
    """The outputs of each cell at every step, [B, T, U]; the second reads from the end."""
    return [
        _outputs(cell, x[:, ::-1])[:, ::-1] if way else _outputs(cell, x)
        for way, cell in enumerate(layer)
    ]


def _outputs(cell: Cell, x: Array) -> Array:
    projected, state, found = cell.project(x), cell.start(len(x)), []
    for now in range(x.shape[1]):
        state, _ = cell.step(projected[:, now], state)
        found.append(state[0])
    return np.stack(found, axis=1)


def _sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * x)
