"""How every figure looks: colours, sizes, bare layout. The page adds font and background."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

# Okabe and Ito's colours, for people who see colours differently, brightened for dark pages.
TRAIN = "#2f86d6"
VALIDATION = "#e07b00"
GOOD = "#10976b"
BAD = "#d1495b"
QUIET = "rgba(128,128,128,0.35)"
CLASSES = (
    "#2f86d6",
    "#e07b00",
    "#10976b",
    "#c061a6",
    "#8a6ad9",
    "#b59a00",
    "#1aa6b8",
    "#d1495b",
    "#6b8e23",
    "#8c6d5a",
)
LINE = 2.2


def tint(color: str, alpha: float) -> str:
    """`color` (#rrggbb) seen through, so that light and dark pages shine through it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def figure(
    *,
    x_axis: Mapping[str, Any] | None = None,
    y_axis: Mapping[str, Any] | None = None,
    **layout: Any,
) -> go.Figure:
    """An empty figure in the house style. One call: each later update costs milliseconds."""
    axis = {"zeroline": False, "automargin": True, "gridcolor": QUIET}
    house = {
        "template": "none",
        "margin": {"l": 48, "r": 12, "t": 30, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "uirevision": "kept",
        "hovermode": "closest",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemwidth": 30},
        "xaxis": {**axis, **(x_axis or {})},
        "yaxis": {**axis, **(y_axis or {})},
    }
    return go.Figure(layout={**house, **layout})


def label(text: str, **place: Any) -> dict[str, Any]:
    """One text on a figure: all go into one `annotations` list, one added later costs 7 ms."""
    return {"text": text, "showarrow": False, **place}
