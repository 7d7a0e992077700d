"""The plane on which examples are drawn: the points' own, or a table's two main components."""

from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.splits import Split, spread

SHOWN = 480  # examples drawn on it


@dataclass(frozen=True)
class Plane:
    """A plane in the space of the features, and the part of it that the examples fill."""

    centre: Array  # [F]
    scale: Array  # [F]
    axes: Array  # [2, F], at right angles
    frame: Array  # left, right, bottom, top
    points: Array  # [M, 4]: place, class or number, 1 for validation

    @classmethod
    def through(cls, split: Split) -> "Plane":
        """The plane that shows most of the spread of the training part."""
        if split.x_train.shape[1] == 2:
            centre, scale, axes = np.zeros(2), np.ones(2), np.eye(2)
        else:
            centre, scale = split.mean, np.sqrt(split.variance) + 1e-9
            covariance = np.cov(((split.x_train - centre) / scale).T.astype(np.float64))
            axes = np.linalg.eigh(covariance)[1][:, :-3:-1].T  # the two largest, largest first
        plane = cls(centre, scale, axes, np.zeros(4), np.zeros((0, 4)))
        learned = spread(len(split.x_train), SHOWN * 2 // 3)
        held = spread(len(split.x_val), SHOWN // 3)
        parts = [
            plane.labelled(split.x_train[learned], split.y_train[learned], held=0),
            plane.labelled(split.x_val[held], split.y_val[held], held=1),
        ]
        points = np.concatenate(parts)
        # A few far examples must not squeeze all others together.
        low, high = np.quantile(points[:, :2], [0.005, 0.995], axis=0)
        middle, half = (low + high) / 2, (high - low).max() * 0.56
        frame = np.stack([middle - half, middle + half], axis=1).ravel().astype(np.float32)
        return cls(centre, scale, axes, frame, points)

    def place(self, rows: Array) -> Array:
        """Rows [N, F] -> places on the plane [N, 2]."""
        return (((rows - self.centre) / self.scale) @ self.axes.T).astype(np.float32)

    def rows(self, side: int) -> Array:
        """The rows at `side` times `side` places of the frame, bottom row first, [side side, F]."""
        left, right, bottom, top = self.frame
        across, up = np.meshgrid(np.linspace(left, right, side), np.linspace(bottom, top, side))
        places = np.stack([across.ravel(), up.ravel()], axis=1)
        return (places @ self.axes * self.scale + self.centre).astype(np.float32)

    def labelled(self, rows: Array, answers: Array, *, held: int) -> Array:
        """Place, answer and part of each row, [N, 4]."""
        parts = [self.place(rows), answers.reshape(-1, 1), np.full((len(rows), 1), held)]
        return np.concatenate(parts, axis=1).astype(np.float32)
