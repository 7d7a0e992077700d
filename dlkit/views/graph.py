"""Graphs: nodes at fixed places, their links, and what a network takes them for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

LARGE = 500  # nodes from which they are small and drawn by the graphics card
LINKS = 600  # drawn at most
GRID = 60_000  # steps along each side: whole numbers take half the room of broken ones
INK = "#7f7f7f"  # seen on light and on dark pages
STILL = {"visible": False, "showgrid": False}


def nodes(
    held: Mapping[str, Array],
    answers: Array | None,
    names: Sequence[str],
    words: Words,
    *,
    rings: Sequence[tuple[str, Array, str]] = (),
    hover: str = "hover.node",
) -> go.Figure:
    """Every node in the colour of its class `answers` [N], over the links.

    `held` has the nodes' `places` [N, 2], their own `numbers` [N], and `links` [L, 2] as places in
    the list of nodes. Each of `rings` is drawn around some of the nodes: a label, a mask [N] and a
    colour.
    """
    places, links, numbers = held.get("places"), held.get("links"), held.get("numbers")
    figure = _blank()
    if places is None or answers is None or len(places) != len(answers):
        return figure
    kind, size = ("scattergl", 4) if len(places) > LARGE else ("scatter", 11)
    spots = _whole(places)
    traces = [] if links is None else [_lines(spots, links, kind)]
    own = np.arange(len(spots)) if numbers is None or len(numbers) != len(spots) else numbers
    for number, name in enumerate(names):
        chosen = answers == number
        look = {"size": size, "color": theme.CLASSES[number % len(theme.CLASSES)]}
        text = words(hover, name=name) + "<extra></extra>"
        traces.append(_dots(spots[chosen], kind, look, own[chosen], name=name, hovertemplate=text))
    for label, mask, color in rings:
        if len(mask) != len(spots):
            continue
        look = {"size": size + 5, "color": "rgba(0,0,0,0)", "line": {"width": 1.6, "color": color}}
        traces.append(_dots(spots[mask], kind, look, None, name=label, hoverinfo="skip"))
    return figure.add_traces(traces)


def add_lines(
    figure: go.Figure, places: Array, links: Array, *, name: str, color: str, dash: str = "solid"
) -> None:
    """Some links [L, 2] of the nodes at `places` on top of a drawn graph, told by colour."""
    kind = "scattergl" if len(places) > LARGE else "scatter"
    look = {"width": 2.4, "color": color, "dash": dash}
    line = _lines(_whole(places), links, kind)
    figure.add_trace({**line, "line": look, "name": name, "showlegend": True})


def small(
    held: Mapping[str, Array], names: Sequence[str], letters: Sequence[str], words: Words
) -> go.Figure:
    """Small graphs side by side, each in the colour of its answer, wrong ones ringed.

    Of every node `held` has a place, its `kinds`, the number of its graph, and that graph's answer
    and true class. A node says its letter, but for the first kind, which most are of.
    """
    keys = ("places", "links", "numbers", "answers", "truth", "kinds")
    figure, held = _blank(), {key: held[key] for key in keys if key in held}
    if len(held) < len(keys) or len({len(held[key]) for key in keys if key != "links"}) > 1:
        return figure
    spots, said = _whole(held["places"]), held["answers"]
    traces = [_lines(spots, held["links"], "scatter", most=4 * LINKS)]
    shown = np.array(["", *letters[1:]])[np.minimum(held["kinds"], len(letters) - 1)]
    for number, name in enumerate(names):
        chosen = said == number
        look = {"size": 13, "color": theme.CLASSES[number % len(theme.CLASSES)]}
        text = words("hover.molecule", name=name) + "<extra></extra>"
        named: dict[str, Any] = {"mode": "markers+text", "text": shown[chosen], "name": name}
        named["textfont"] = {"size": 9, "color": "#ffffff"}
        traces.append(_dots(spots[chosen], "scatter", look, held["numbers"][chosen],
                            hovertemplate=text, **named))  # fmt: skip
    look = {"size": 18, "color": "rgba(0,0,0,0)", "line": {"width": 1.6, "color": theme.BAD}}
    wrong, label = said != held["truth"], words("ring.wrong")
    traces.append(_dots(spots[wrong], "scatter", look, None, name=label, hoverinfo="skip"))
    return figure.add_traces(traces)


def heard(held: Mapping[str, Array], names: Sequence[str], words: Words) -> go.Figure:
    """The graph whose links [L, 2] are as strong as what is `heard` [L] along them, from 0 to 1."""
    links, weights = held.get("links"), held.get("heard")
    if links is None or weights is None or len(links) != len(weights):
        return _blank()
    figure = nodes({**held, "links": links[:0]}, held.get("kinds"), names, words)
    if not figure.data or not len(weights):
        return figure
    kind = "scattergl" if len(held["places"]) > LARGE else "scatter"
    spots, scaled = _whole(held["places"]), np.nan_to_num(weights)
    edges = np.quantile(scaled, (0.25, 0.5, 0.75, 1.0))
    strength, lines = np.searchsorted(edges[:-1], scaled, side="right"), []
    for level, alpha in enumerate((0.12, 0.3, 0.55, 0.9)):
        chosen = strength == level
        look = {"width": 0.6 + 0.9 * level, "color": f"rgba(128,128,128,{alpha})"}
        low = float(scaled[chosen].mean()) if chosen.any() else 0.0
        label = words("ring.heard", share=percent(low))
        line = _lines(spots, links[chosen], kind)
        lines.append({**line, "line": look, "name": label, "showlegend": bool(chosen.any())})
    return _blank().add_traces([*lines, *figure.data])


def speaking(
    places: Array, links: Array, influence: Array, *, texts: Sequence[str], title: str
) -> go.Figure:
    """One small graph; nodes without which the answer falls are blue, those against it orange."""
    figure = _blank(title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"})
    figure.update_layout(showlegend=False, margin={"l": 4, "r": 4, "t": 12, "b": 4})
    spots, size = _whole(places), np.abs(influence)
    sizes = 16 + 18 * size / max(float(size.max(initial=0.0)), 1e-9)
    colors = [theme.TRAIN if one >= 0 else theme.VALIDATION for one in influence]
    look = {"size": sizes, "color": colors, "opacity": 1}
    shares = [f"{text} · {100 * one:+.0f} %" for text, one in zip(texts, influence, strict=True)]
    named: dict[str, Any] = {"mode": "markers+text", "text": list(texts), "hovertext": shares}
    named |= {"hovertemplate": "%{hovertext}<extra></extra>", "textfont": {"color": "#ffffff"}}
    return figure.add_traces(
        [_lines(spots, links, "scatter"), _dots(spots, "scatter", look, None, **named)]
    )


def variety(shares: Array | None, words: Words) -> go.Figure:
    """How different the nodes still are after each layer, [layers + 1] from 0 to 1."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.layer")}, "type": "category", "showgrid": False},
        y_axis={"title": {"text": words("axis.variety")}, "range": [0, 1.05], "tickformat": ".0%"},
        showlegend=False,
    )
    if shares is None or not len(shares):
        return figure
    names = [words("layer.features"), *(str(number) for number in range(1, len(shares)))]
    poor = np.asarray(shares, np.float64) < 0.1
    return figure.add_bar(
        x=names,
        y=np.asarray(shares, np.float32),
        marker={"color": [theme.BAD if one else theme.TRAIN for one in poor]},
        hovertemplate="%{y:.1%}<extra></extra>",
    )


def around(
    places: Array,
    links: Array,
    answers: Array,
    influence: Array,
    *,
    texts: Sequence[str],
    title: str,
) -> go.Figure:
    """One node, the first, among its neighbours; a larger one has more influence on it."""
    figure = _blank(title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"})
    figure.update_layout(showlegend=False, margin={"l": 4, "r": 4, "t": 12, "b": 4})
    spots = _whole(places)
    strongest = max(float(np.abs(influence).max(initial=0.0)), 1e-9)
    sizes = np.concatenate([[26.0], 10 + 16 * np.abs(influence) / strongest])
    colors = [theme.CLASSES[int(one) % len(theme.CLASSES)] for one in answers]
    edge = {"width": np.where(np.arange(len(spots)) == 0, 4, 1), "color": INK}
    look = {"size": sizes, "color": colors, "line": edge, "opacity": 1}
    middle = {"mode": "markers+text", "textposition": "top center"}
    named = {"text": list(texts), "hovertemplate": "%{text}<extra></extra>", **middle}
    return figure.add_traces(
        [_lines(spots, links, "scatter"), _dots(spots, "scatter", look, None, **named)]
    )


def shares(values: Array, names: Sequence[str], title: str) -> go.Figure:
    """A few shares from 0 to 1 as bars, the first one standing out."""
    figure = theme.figure(
        x_axis={"range": [0, 1.15], "visible": False},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 12, "b": 12},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_bar(
        x=np.asarray(values, np.float32),
        y=list(names),
        orientation="h",
        marker={"color": [theme.TRAIN, *[theme.QUIET] * (len(names) - 1)]},
        text=[percent(float(one)) for one in values],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _blank(**layout: Any) -> go.Figure:
    margin = {"l": 4, "r": 4, "t": 30, "b": 4}
    up = {**STILL, "scaleanchor": "x"}
    return theme.figure(x_axis=STILL, y_axis=up, **{"margin": margin, **layout})


def _whole(places: Array) -> Array:
    """Places as whole numbers on one grid, [N, 2]."""
    found = np.nan_to_num(np.asarray(places, np.float64))
    low, high = found.min(axis=0, initial=0.0), found.max(axis=0, initial=0.0)
    widest = max(float((high - low).max(initial=0.0)), 1e-9)
    grid: Array = np.rint((found - low) / widest * GRID).astype(np.uint16)
    return grid


def _lines(spots: Array, links: Array, kind: str, most: int = LINKS) -> dict[str, Any]:
    """All links as one line with gaps; of more than `most` only a part, spread evenly."""
    every = max(1, -(-len(links) // most))
    chosen = links[::every]
    chosen = chosen[(chosen < len(spots)).all(axis=1)] if len(chosen) else chosen
    ends = np.full((len(chosen), 3, 2), np.nan, np.float32)
    ends[:, :2] = spots[chosen]
    width = 0.6 if kind == "scattergl" else 1.2
    return {
        "type": kind,
        "x": ends[:, :, 0].ravel(),
        "y": ends[:, :, 1].ravel(),
        "mode": "lines",
        "line": {"width": width, "color": theme.QUIET},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _dots(
    spots: Array, kind: str, look: dict[str, Any], numbers: Array | None, **named: Any
) -> dict[str, Any]:
    own = {} if numbers is None else {"customdata": numbers.astype(np.uint16)}
    place = {"x": spots[:, 0], "y": spots[:, 1]}
    return {"type": kind, "mode": "markers", "marker": look, **place, **own, **named}
