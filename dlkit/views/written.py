"""What a network writes: texts of several moments, answers to questions, how sure it was."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

WIDE = 40  # letters of a line; a Chinese one counts as two
COLUMNS = 32  # characters of a row where each has a place of its own
STILL = {"visible": False, "showgrid": False, "fixedrange": True}
LINE = 17  # pixels
SURE = [[0.0, theme.tint(theme.BAD, 0.75)], [0.5, theme.tint(theme.VALIDATION, 0.4)],
        [1.0, theme.tint(theme.GOOD, 0.65)]]  # fmt: skip


def timeline(steps: Array | None, texts: Sequence[str], words: Words) -> go.Figure:
    """The text of each step, the newest on top."""
    figure = _sheet()
    if steps is None or len(steps) != len(texts) or not len(steps):
        return figure
    notes, top = [], 0.0
    for step, text in reversed(list(zip(steps.tolist(), texts, strict=True))):
        lines = wrapped(text)
        title = f"<b>{words('written.step', step=f'{step:,}')}</b>"
        body = "<br>".join([title, *lines])
        notes.append(_note(body, top))
        top += (len(lines) + 1.6) * LINE
    figure.update_layout(annotations=notes)
    return _pinned(figure)


def answers(
    asked: Sequence[str], said: Sequence[str], wanted: Sequence[str], words: Words
) -> go.Figure:
    """A line for each question: what it is answered, and the right answer where it is wrong."""
    figure = _sheet()
    if not said or not len(asked) == len(said) == len(wanted):
        return figure
    notes, top = [], 0.0
    for question, answer, right in zip(asked, said, wanted, strict=True):
        color = theme.GOOD if answer == right else theme.BAD
        lines = wrapped(question)
        lines += [f"<b style='color:{color}'>{line}</b>" for line in wrapped(f"→ {answer}")]
        if answer != right:
            lines += wrapped(words("written.wanted", right=right))
        notes.append(_note("<br>".join(lines), top))
        top += (len(lines) + 0.6) * LINE
    figure.update_layout(annotations=notes)
    return _pinned(figure)


def text(
    tokens: Sequence[str],
    shares: Array,
    others: Sequence[Sequence[str]],
    other_shares: Array,
    begun: int,
    words: Words,
) -> go.Figure:
    """Every character in its place, coloured by how probable it was; pointing shows the others."""
    rows = -(-len(tokens) // COLUMNS)
    room = rows * COLUMNS - len(tokens)
    letters = np.array([seen(one) for one in tokens] + [""] * room, object)
    z = np.concatenate([np.asarray(shares, np.float32), np.full(room, np.nan, np.float32)])
    z[:begun] = np.nan  # the person's own words
    hover = [
        _told(one, float(share), list(zip(names, also.tolist(), strict=True)), words)
        for one, share, names, also in zip(tokens, shares, others, other_shares, strict=True)
    ]
    figure = theme.figure(
        x_axis=dict(STILL),
        y_axis={**STILL, "range": [rows - 0.5, -0.5]},
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        height=max(120, 40 + 24 * rows),
        title={"text": words("answer.text"), "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_heatmap(
        z=np.round(z, 3).reshape(rows, COLUMNS),
        text=letters.reshape(rows, COLUMNS).tolist(),
        texttemplate="%{text}",
        textfont={"family": "monospace", "size": 14},
        customdata=np.array(hover + [""] * room, object).reshape(rows, COLUMNS).tolist(),
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=1,
        colorscale=SURE,
        showscale=False,
        xgap=1,
        ygap=1,
    )


def shares(names: Sequence[str], probabilities: Array, title: str) -> go.Figure:
    """A bar for each of several answers or tokens, the likeliest on top."""
    values = np.nan_to_num(np.asarray(probabilities, np.float64))
    order = np.argsort(-values, kind="stable")
    named = [f"{_cut(names[place]) or '·'}" for place in order]
    unique = [name + "\u200b" * number for number, name in enumerate(named)]  # alike ones stay two
    figure = theme.figure(
        x_axis={"range": [0, max(1e-9, float(values.max(initial=0)) * 1.25)], "visible": False},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 30, "b": 8},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_bar(
        x=values[order],
        y=unique,
        orientation="h",
        marker={"color": [theme.TRAIN, *[theme.QUIET] * (len(order) - 1)]},
        text=[percent(value) for value in values[order]],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )


def decoded(rows: Array | None) -> list[str]:
    """Texts that were kept as the numbers of their characters."""
    lines = [] if rows is None else np.asarray(rows).tolist()
    return ["".join(chr(code) for code in line if code > 0) for line in lines]


def seen(token: str) -> str:
    """A token that can be seen: spaces and ends of lines have signs."""
    return {" ": "␣", "\n": "⏎", "": "·"}.get(token, _safe(token))


def wrapped(text: str) -> list[str]:
    """A text in lines, its own ends of lines kept as signs."""
    wide = sum(letter >= "\u2e80" for letter in text) > len(text) / 3
    shown = text.replace("\n", " ⏎ ")
    lines = textwrap.wrap(shown, WIDE // 2 if wide else WIDE, drop_whitespace=False)
    return [_safe(line) for line in lines] or [""]


def _told(token: str, share: float, also: Sequence[tuple[str, float]], words: Words) -> str:
    first = words("written.probability", token=seen(token), share=percent(share))
    return "<br>".join([first, *(f"{seen(name)} {percent(other)}" for name, other in also)])


def _sheet() -> go.Figure:
    return theme.figure(
        x_axis={**STILL, "range": [0, 1]},
        y_axis={**STILL, "range": [0, 1]},
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )


def _pinned(figure: go.Figure) -> go.Figure:
    """A figure of words alone still needs one point, or Plotly draws nothing."""
    return figure.add_scatter(x=[0], y=[0], mode="markers", marker={"opacity": 0}, hoverinfo="skip")


def _note(body: str, top: float) -> dict[str, Any]:
    place = {"x": 0, "xref": "paper", "xanchor": "left", "align": "left"}
    place |= {"y": 1, "yref": "paper", "yanchor": "top", "yshift": -top}
    return theme.label(body, **place, font={"size": 12, "family": "monospace"})


def _cut(text: str) -> str:
    return _safe(text if len(text) <= WIDE else f"{text[: WIDE - 1]}…")


def _safe(text: str) -> str:
    """Text in which Plotly finds no mark-up."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
