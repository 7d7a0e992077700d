"""Charts about rows of things in time: text letter by letter, memory at work, what comes next."""

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import ENDED, Array, RunData, Words
from dlkit.views import theme
from dlkit.views.classes import bars
from dlkit.views.curves import thinned

MONO = "ui-monospace, Menlo, Consolas, monospace"
LINE, WIDE_LINE = 46, 24  # letters of a line: Latin, Chinese
MOST_LINES = 3  # of a text in the timeline
GRID, WIDE_GRID = 40, 20
OPEN = ((0.0, "rgba(128,128,128,0.06)"), (1.0, "rgba(47,134,214,0.95)"))
SIGNED = ((0.0, "rgba(224,123,0,0.95)"), (0.5, "rgba(128,128,128,0.06)"),
          (1.0, "rgba(47,134,214,0.95)"))  # fmt: skip
SURE = ((0.0, "rgba(209,73,91,0.75)"), (0.25, "rgba(224,123,0,0.5)"),
        (0.6, "rgba(128,128,128,0.12)"), (1.0, "rgba(16,151,107,0.6)"))  # fmt: skip
NETS = (theme.TRAIN, theme.VALIDATION)
BASELINE = 1 / 6  # the error of who answers the mean of the adding problem


def visible(letter: str) -> str:
    """A character that can be seen: spaces and ends of lines have signs."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(letter, letter)


def told(letters: str, shares: Array) -> str:
    """The likeliest characters with their probabilities, in one line."""
    pairs = zip(letters, shares, strict=False)
    return " · ".join(f"{html.escape(visible(one))} {share:.0%}" for one, share in pairs)


def timeline(steps: Sequence[int], texts: Sequence[str], words: Words) -> go.Figure:
    """Texts written after the same prompt at several steps, the latest at the top."""
    rows = len(texts)
    figure = theme.figure(
        x_axis={"visible": False, "range": [-0.02, 1]},
        y_axis={
            "title": {"text": words("axis.step")},
            "tickvals": list(range(rows)),
            "ticktext": [f"{step:,}" for step in steps],
            "range": [-0.6, max(rows, 1) - 0.4],
            "showgrid": False,
        },
        showlegend=False,
        margin={"l": 60, "r": 8, "t": 8, "b": 8},
    )
    if not rows or len(steps) != rows:
        return figure
    return figure.add_scatter(
        x=[0.0] * rows,
        y=list(range(rows)),
        text=[_lines(text) for text in texts],
        mode="text",
        textposition="middle right",
        textfont={"family": MONO, "size": 11},
        hoverinfo="skip",
        cliponaxis=False,
    )


def gates(values: Array | None, sentence: str, names: Sequence[str], words: Words) -> go.Figure:
    """What a few units of each gate do at every character: [gates, units, T] from 0 to 255.

    Gates are shut at 0 and open at 255; of the memory, named last, 128 is zero.
    """
    count = len(names)
    tall = 1.0 / count
    signs = [visible(one) for one in sentence]
    layout: dict[str, Any] = {}
    for place, name in enumerate(names):
        top = 1.0 - place * tall
        layout[f"yaxis{place + 1 if place else ''}"] = {
            "domain": [top - tall + 0.02, top], "title": {"text": name}, "showgrid": False,
            "tickvals": [], "zeroline": False, "automargin": True,
        }  # fmt: skip
    along = {"tickvals": list(range(len(signs))), "ticktext": signs, "showgrid": False}
    along |= {"tickangle": 0, "tickfont": {"family": MONO, "size": 10}, "ticks": ""}
    along |= {"anchor": f"y{count}" if count > 1 else "y", "title": {"text": words("axis.letter")}}
    figure = theme.figure(x_axis=along, margin={"l": 36, "r": 8, "t": 8, "b": 48}, showlegend=False)
    figure.update_layout(layout)
    if values is None or len(values) != count or values.shape[2] != len(signs):
        return figure
    return figure.add_traces([_gate(block, place, count) for place, block in enumerate(values)])


def _gate(block: Array, place: int, count: int) -> go.Heatmap:
    """One gate: units from top to bottom, characters from left to right."""
    memory = place == count - 1
    z = (block / 127.5 - 1.0) if memory else block / 255.0
    return go.Heatmap(
        z=np.round(z, 2).tolist(),
        yaxis=f"y{place + 1}" if place else "y",
        zmin=-1 if memory else 0,
        zmax=1,
        colorscale=SIGNED if memory else OPEN,
        showscale=False,
        ygap=1,
        hovertemplate="%{z:.2f}<extra></extra>",
    )


def letters(
    text: str,
    shares: Array,
    others: Sequence[str],
    *,
    title: str,
    given: int,
    words: Words,
) -> go.Figure:
    """A text in lines; behind each character how probable it was. The given part is grey."""
    known = np.where(np.arange(len(text)) < given, np.nan, shares)
    hover = [
        words("hover.letter", letter=html.escape(visible(one)), share=f"{share:.1%}", others=other)
        for one, share, other in zip(text, shares, others, strict=True)
    ]
    return grid(text, known, hover, title=title, scale=(0.0, 1.0, SURE))


def unit(text: str, values: Array, title: str, words: Words) -> go.Figure:
    """A text in lines; behind each character what one unit held there, from -1 to 1."""
    hover = [f"{html.escape(visible(one))}: {value:.2f}"
             for one, value in zip(text, values, strict=True)]  # fmt: skip
    return grid(text, values, hover, title=title, scale=(-1.0, 1.0, SIGNED))


def next_letters(names: list[str], shares: Array, words: Words) -> go.Figure:
    """The likeliest characters after what was given."""
    figure = bars(shares, names, words)
    top = {"text": words("answer.next"), "font": {"size": 13}, "x": 0, "xanchor": "left"}
    return figure.update_layout(title=top, margin={"t": 40})


def forecast(held: Mapping[str, Array], words: Words, *, unit: str) -> go.Figure:
    """The past, the cone over the future, what came, and what plain rules say."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.moment")}},
        y_axis={"title": {"text": unit}},
        hovermode="x unified",
    )
    past, cone = held.get("past"), held.get("cone")
    if past is None or cone is None or not len(past):
        return figure
    shown = past[-3 * len(cone) :]
    before, after = np.arange(1 - len(shown), 1), np.arange(1, len(cone) + 1)
    low, middle, high = (np.round(cone[:, place].astype(float), 4) for place in range(3))
    blank = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=after, y=high, showlegend=False, **blank)
    figure.add_scatter(
        x=after, y=low, fill="tonexty", fillcolor=theme.tint(theme.TRAIN, 0.22),
        name=words("forecast.cone"), **blank,
    )  # fmt: skip
    lines = [
        (before, shown, "forecast.past", theme.QUIET.replace("0.35", "0.9"), "solid", 2.0),
        (after, held.get("future"), "forecast.future", theme.GOOD, "solid", 2.0),
        (after, held.get("naive"), "forecast.naive", theme.BAD, "dot", 1.4),
        (after, held.get("seasonal"), "forecast.seasonal", theme.VALIDATION, "dot", 1.4),
        (after, middle, "forecast.network", theme.TRAIN, "solid", 2.6),
    ]
    for x, y, name, color, dash, width in lines:
        if y is not None and len(y) == len(x):
            figure.add_scatter(
                x=x, y=np.round(np.asarray(y, float), 4), name=words(name), mode="lines",
                line={"color": color, "dash": dash, "width": width}, hovertemplate="%{y:.3~g}",
            )  # fmt: skip
    return figure


def ahead(rules: Array | None, words: Words, *, unit: str) -> go.Figure:
    """The mean error of each rule [3, H] for each step ahead."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.ahead")}},
        y_axis={"title": {"text": words("axis.error", unit=unit)}, "rangemode": "tozero"},
        hovermode="x unified",
    )
    if rules is None:
        return figure
    for row, name, color, dash in zip(rules, *_RULES, strict=False):
        figure.add_scatter(
            x=np.arange(1, len(row) + 1), y=np.round(row.astype(float), 4), name=words(name),
            mode="lines", line={"color": color, "width": theme.LINE, "dash": dash},
            hovertemplate="%{y:.3~g}",
        )  # fmt: skip
    return figure


def errors(data: RunData, words: Words, *, unit: str) -> go.Figure:
    """The mean error over the training, beside those of plain rules."""
    names = ("val_error", "val_naive_error", "val_seasonal_error")
    title = {"text": words("axis.error", unit=unit)}
    rules = zip(names, *_RULES, strict=True)
    return _curves(data, words, rules, up={"title": title, "rangemode": "tozero"})


def race(data: RunData, words: Words, nets: Sequence[str]) -> go.Figure:
    """The held-out error of each network; a line for always answering the mean."""
    metrics = ("val_loss", "val_simple_loss")
    named = [
        (metric, f"knob.cell.option.{net}", color, "solid")
        for metric, net, color in zip(metrics, nets, NETS, strict=False)
    ]
    up = {"title": {"text": words("axis.square")}, "type": "log"}
    figure = _curves(data, words, named, up=up)
    level = float(np.log10(BASELINE))
    figure.update_layout(
        shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": BASELINE, "y1": BASELINE}
                | {"line": {"color": theme.BAD, "dash": "dot", "width": 1.5}}],
        annotations=[theme.label(words("race.baseline"), xref="paper", x=1, xanchor="right",
                                 y=level, yanchor="bottom")],
    )  # fmt: skip
    return figure


def sums(true: Array | None, answered: Mapping[str, Array], words: Words) -> go.Figure:
    """True sums [N] against those of each network; right ones lie on the line."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.true_sum")}, "range": [0, 2]},
        y_axis={"title": {"text": words("axis.said_sum")}, "range": [-0.2, 2.2]},
    )
    figure.add_scatter(
        x=[0, 2], y=[0, 2], mode="lines", line={"color": theme.QUIET, "width": 2},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for (net, said), color in zip(answered.items(), NETS, strict=False):
        if true is not None and len(said) == len(true):
            figure.add_scatter(
                x=np.round(true.astype(float), 3), y=np.round(said.astype(float), 3),
                mode="markers", name=words(f"knob.cell.option.{net}"),
                marker={"color": color, "size": 5, "opacity": 0.6},
            )  # fmt: skip
    return figure


def row(values: Array, words: Words) -> go.Figure:
    """A row of the adding problem [T, 2]: its numbers, the two marked ones in colour."""
    colors = np.where(values[:, 1] > 0, theme.VALIDATION, theme.QUIET).tolist()
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.moment")}},
        y_axis={"range": [0, 1.15], "showgrid": False},
        showlegend=False,
        bargap=0,
        title={"text": words("answer.row"), "font": {"size": 13}, "x": 0, "xanchor": "left"},
        margin={"l": 36, "r": 12, "t": 40, "b": 40},
    )
    figure.add_bar(
        x=np.arange(1, len(values) + 1), y=np.round(values[:, 0].astype(float), 3),
        marker={"color": colors, "line": {"width": 0}}, hovertemplate="%{y:.3f}<extra></extra>",
    )  # fmt: skip
    marks = np.flatnonzero(values[:, 1])
    return figure.add_scatter(
        x=marks + 1, y=values[marks, 0].astype(float) + 0.06, mode="text",
        text=[f"<b>{value:.2f}</b>" for value in values[marks, 0]], hoverinfo="skip",
    )  # fmt: skip


def answers(true: float, said: Mapping[str, float], words: Words) -> go.Figure:
    """The true sum and what each network says."""
    names = [words("answer.true"), *(words(f"knob.cell.option.{net}") for net in said)]
    values = [float(true), *said.values()]
    figure = theme.figure(
        x_axis={"range": [0, 2.3], "title": {"text": words("axis.said_sum")}},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 12, "t": 12, "b": 40},
    )
    return figure.add_bar(
        x=values, y=names, orientation="h", text=[f"{value:.3f}" for value in values],
        textposition="outside", cliponaxis=False, hoverinfo="skip",
        marker={"color": [theme.GOOD, *NETS[: len(said)]]},
    )  # fmt: skip


_RULES = (
    ("forecast.network", "forecast.naive", "forecast.seasonal"),
    (theme.TRAIN, theme.BAD, theme.VALIDATION),
    ("solid", "dot", "dot"),
)


def _curves(data: RunData, words: Words, named: Any, *, up: Mapping[str, Any]) -> go.Figure:
    """A line for each metric of `named`: metric, key of its words, colour, dash."""
    along: dict[str, Any] = {"title": {"text": words("axis.step")}}
    along |= {"rangemode": "tozero", "tickformat": "~s"}
    if data.total_steps and data.state not in ENDED:
        along["range"] = [0, data.total_steps]
    figure = theme.figure(x_axis=along, y_axis=up, hovermode="x unified")
    for metric, name, color, dash in named:
        found = data.metrics.get(metric)
        if found is None or not len(found.steps):
            continue
        steps, values = thinned(found)
        figure.add_scatter(
            x=steps, y=values, name=words(name), mode="lines" if len(steps) > 1 else "markers",
            line={"color": color, "width": theme.LINE, "dash": dash},
            marker={"color": color, "size": 8}, hovertemplate="%{y:.3~g}",
        )  # fmt: skip
    return figure


def grid(
    text: str,
    values: Array,
    hover: Sequence[str],
    *,
    title: str,
    scale: tuple[float, float, Any],
) -> go.Figure:
    """Characters in lines of equal length, a coloured field behind each."""
    columns = WIDE_GRID if _is_wide(text) else GRID
    rows = max(1, -(-len(text) // columns))
    room = rows * columns - len(text)
    fields = np.concatenate([np.asarray(values, float), np.full(room, np.nan)])
    z = [[None if np.isnan(one) else round(float(one), 3) for one in line]
         for line in fields.reshape(rows, columns)]  # fmt: skip
    notes = [*hover, *[""] * room]
    behind = [notes[start : start + columns] for start in range(0, len(notes), columns)]
    figure = theme.figure(
        x_axis={"visible": False, "range": [-0.5, columns - 0.5]},
        y_axis={"visible": False, "autorange": "reversed"},
        showlegend=False,
        margin={"l": 4, "r": 4, "t": 36, "b": 4},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    low, high, colors = scale
    figure.add_heatmap(
        z=z, zmin=low, zmax=high, colorscale=colors, showscale=False, customdata=behind,
        xgap=1, ygap=2, hovertemplate="%{customdata}<extra></extra>", hoverongaps=False,
    )  # fmt: skip
    # Letters of their own, in the page's colour: a heat map would choose black or white by a field
    # that the page shines through.
    places = np.arange(len(text))
    return figure.add_scatter(
        x=places % columns, y=places // columns, mode="text", hoverinfo="skip",
        text=[html.escape(visible(one)) for one in text], textfont={"family": MONO, "size": 12},
    )  # fmt: skip


def _lines(text: str) -> str:
    """A text broken into short lines, its own ends of lines as signs."""
    one = "".join(visible(letter) if letter in "\n\t" else letter for letter in text)
    width = WIDE_LINE if _is_wide(text) else LINE
    parts = textwrap.wrap(
        one, width, drop_whitespace=False, break_on_hyphens=False, break_long_words=True
    )[:MOST_LINES] or [""]
    return "<br>".join(html.escape(part) for part in parts)


def _is_wide(text: str) -> bool:
    """Whether most of a text is Chinese, whose characters are twice as wide."""
    return 2 * sum(ord(letter) > 0x2E80 for letter in text) > len(text)
