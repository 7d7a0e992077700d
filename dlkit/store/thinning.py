"""A long curve in a few points that look the same: the ends, and the extremes of each stretch.

The steps of the curve are cut into stretches of equal length; each gives the point of its least
and of its greatest value. NaN counts as neither, unless a stretch has nothing else.
"""

from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
    Double,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)

from dlkit.contract import Array, Series
from dlkit.store.tables import metrics

READ_WHOLE = 5000  # points up to which reading a curve costs less than the database's search

_OF = metrics.c.curve == bindparam("curve")
_POINTS = (
    select(metrics.c.step, type_coerce(metrics.c.value, Double)).where(_OF).order_by(metrics.c.step)
)
_ENDS = select(func.min(metrics.c.step), func.max(metrics.c.step)).where(_OF)
_LONGER = select(literal_column("1", Integer)).where(_OF).limit(1).offset(bindparam("points"))
_AFTER = _POINTS.where(metrics.c.step > bindparam("after"))
_CHOSEN = _POINTS.where(metrics.c.step.in_(bindparam("chosen", expanding=True)))
_EXTREMES = text("""
    WITH RECURSIVE stretch(low, high) AS (
        SELECT CAST(:first AS BIGINT), CAST(:first AS BIGINT) + :width
        UNION ALL
        SELECT high, high + :width FROM stretch WHERE high <= :last)
    SELECT (SELECT step FROM metrics WHERE curve = :curve AND step >= low AND step < high
            ORDER BY value IS NULL, value, step LIMIT 1),
           (SELECT step FROM metrics WHERE curve = :curve AND step >= low AND step < high
            ORDER BY value IS NULL, value DESC, step LIMIT 1)
    FROM stretch""")


def after(connection: Connection, curve: int, step: int) -> Series:
    """All points of a curve after `step`."""
    return _series(connection, _AFTER, {"curve": curve, "after": step})


def thinned(connection: Connection, curve: int, *, most: int) -> Series:
    """At most `most` points of a curve, in order."""
    if connection.execute(_LONGER, {"curve": curve, "points": READ_WHOLE}).first():
        return _thinned_by_database(connection, curve, most=most)
    return fewer(_series(connection, _POINTS, {"curve": curve}), most=most)


def longer(connection: Connection, curve: int, known: Series) -> Series:
    """`known`, a part of the curve, with all points that came after it; the last is read again."""
    found = after(connection, curve, int(known.steps[-1]) - 1)
    steps = np.concatenate([known.steps[:-1], found.steps])
    return Series(steps, np.concatenate([known.values[:-1], found.values]))


def fewer(series: Series, *, most: int) -> Series:
    """At most `most` of the points."""
    if len(series.steps) <= most:
        return series
    chosen = _extremes(series, _width(int(series.steps[0]), int(series.steps[-1]), most=most))
    return Series(series.steps[chosen], series.values[chosen])


def _thinned_by_database(connection: Connection, curve: int, *, most: int) -> Series:
    first, last = connection.execute(_ENDS, {"curve": curve}).one()
    place = {"curve": curve, "first": first, "last": last, "width": _width(first, last, most=most)}
    rows = connection.execute(_EXTREMES, place)
    chosen = {first, last, *(step for row in rows for step in row if step is not None)}
    return _series(connection, _CHOSEN, {"curve": curve, "chosen": sorted(chosen)})


def _width(first: int, last: int, *, most: int) -> int:
    """How many steps a stretch has, so that two points of each and both ends are not too many."""
    stretches = max(1, (most - 2) // 2)
    return -(-(last - first + 1) // stretches)


def _extremes(series: Series, width: int) -> Array:
    """The places of the ends and extremes in `series`, rising."""
    stretch = (series.steps - series.steps[0]) // width
    unknown = np.isnan(series.values)
    least = _least(np.where(unknown, np.inf, series.values), stretch)
    greatest = _least(np.where(unknown, np.inf, -series.values), stretch)
    return np.unique(np.concatenate([[0, len(stretch) - 1], least, greatest]))


def _least(values: Array, stretch: Array) -> Array:
    """The place of the first least value of each stretch."""
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    lengths = np.diff(starts, append=len(values))
    places = np.flatnonzero(values == np.repeat(np.minimum.reduceat(values, starts), lengths))
    return places[np.diff(stretch[places], prepend=-1) > 0]


def _series(connection: Connection, points: Select[Any], place: dict[str, object]) -> Series:
    """The points as arrays; numpy makes NaN of NULL."""
    rows = connection.execute(points, place).all()
    steps = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return Series(steps, np.array([row[1] for row in rows], np.float64))
