"""The charts of graph networks: what a training wrote down, and what the playground answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, RunData, Words
from dlkit.datasets import ATOMS, graph_set
from dlkit.datasets.own_graph import PREFIX, written
from dlkit.views import answers, classes, curves, graph, theme

CLOUD = {"places": "cloud", "numbers": "cloud_numbers"}


def classes_of(params: Any) -> int:
    """How many answers there are."""
    return 2 if params.task == "link" else graph_set(params.chosen).num_classes


def nodes(data: RunData, words: Words) -> go.Figure:
    """The graph in the colours of the answers."""
    held = _held(data)
    said, truth, part = held.get("answers"), held.get("truth"), held.get("part")
    rings = []
    if part is not None:
        rings.append((words("ring.labelled"), part == 0, graph.INK))
    if said is not None and truth is not None and len(said) == len(truth):
        rings.append((words("ring.wrong"), (said != truth) & (truth >= 0), theme.BAD))
    return graph.nodes(held, said, _names(data.params, words), words, rings=rings)


def pairs(data: RunData, words: Words) -> go.Figure:
    """The graph, and which of the edges that were held back the network finds."""
    held = _held(data)
    figure = graph.nodes(held, held.get("kinds"), _kinds(data.params, words), words)
    ends, said, truth = (held.get(name) for name in ("held", "answers", "truth"))
    if figure.data and ends is not None and said is not None and truth is not None:
        kinds = {"found": (said == 1) & (truth == 1), "missed": (said == 0) & (truth == 1)}
        kinds["invented"] = (said == 1) & (truth == 0)
        colors = (theme.GOOD, theme.BAD, theme.VALIDATION)
        for (name, mask), color in zip(kinds.items(), colors, strict=True):
            label = words(f"ring.{name}", count=int(mask.sum()))
            dash = "dot" if name == "invented" else "solid"
            graph.add_lines(figure, held["places"], ends[mask], name=label, color=color, dash=dash)
    return figure


def molecules(data: RunData, words: Words) -> go.Figure:
    """A few graphs that were held back, in the colours of the answers."""
    held = _held(data)
    return graph.small(held, _names(data.params, words), _letters(data.params), words)


def heard(data: RunData, words: Words) -> go.Figure:
    """The graph with its edges as thick as the attention that passes along them."""
    return graph.heard(_held(data), _kinds(data.params, words), words)


def cloud(data: RunData, words: Words) -> go.Figure:
    """Where the network puts nodes, or whole graphs, in the colours of their true classes."""
    held = _held(data)
    params: Any = data.params
    here = {name: held[key] for name, key in CLOUD.items() if key in held}
    hover = "hover.molecule" if params.task == "graph" else "hover.node"
    truth = held.get("cloud_truth")
    return graph.nodes(here, truth, _kinds(params, words), words, hover=hover)


def accuracy(data: RunData, words: Words) -> go.Figure:
    """Accuracy on labelled and validation examples, and once, at the end, on test examples."""
    figure, tested = curves.accuracy(data, words), data.metrics.get("test_accuracy")
    if tested is None or not len(tested.steps):
        return figure
    return figure.add_scatter(
        x=tested.steps[-1:],
        y=np.asarray(tested.values[-1:], np.float64),
        name=words("curve.test"),
        mode="markers",
        marker={"symbol": "star", "size": 14, "color": theme.GOOD},
        hovertemplate="%{y:.1%}",
    )


def variety(data: RunData, words: Words) -> go.Figure:
    """The over-smoothing gauge: how different the nodes are after each layer."""
    return graph.variety(_held(data).get("variety"), words)


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the validation examples."""
    return classes.confusion(_held(data).get("confusion"), _names(data.params, words), words)


def answer(found: Mapping[str, Array], params: Any, words: Words) -> Sequence[go.Figure]:
    """What the network says of a node, of two nodes, or of a small graph."""
    about = {"node": _about_a_node, "link": _about_a_link, "graph": _about_a_graph}
    return about[params.task](found, params, words)


def _about_a_node(found: Mapping[str, Array], params: Any, words: Words) -> Sequence[go.Figure]:
    """The node's classes, its neighbours, whom the answer hangs on, and who changes their mind."""
    names, flipped = _names(params, words), found["flipped"]
    said, true = names[int(found["probabilities"].argmax())], "?"
    if found["truth"][0] >= 0:
        true = names[int(found["truth"][0])]
    group = [str(int(one)) for one in found["group"]]
    bars = [words("answer.with_edit"), words("answer.as_given"), words("answer.no_edges")]
    rings = [(words("ring.flipped", count=int(flipped.sum())), flipped, theme.BAD)]
    wide = graph.nodes(found, found["answers"], names, words, rings=rings)
    if len(found["paths"]):
        way = words("ring.way")
        graph.add_lines(wide, found["places"], found["paths"], name=way, color=theme.BAD)
    shown = [
        classes.bars(found["probabilities"], names, words),
        _group(found, words("answer.around", node=group[0], said=said, true=true)),
        wide,
        graph.shares(found["accuracies"], bars, words("answer.accuracies")),
    ]
    if len(group) > 1:
        shown.insert(2, _hangs(found["influence"], group[1:], words))
    return shown


def _about_a_link(found: Mapping[str, Array], params: Any, words: Words) -> Sequence[go.Figure]:
    """Is there an edge, what does the answer hang on, and who else should know the first node."""
    names, pair = _names(params, words), [int(one) for one in found["node"]]
    true = names[int(found["truth"][0])]
    title = words("answer.between", node=pair[0], partner=pair[1], true=true)
    others = [words("answer.neighbour", node=int(one)) for one in found["best"]]
    shown = [classes.bars(found["probabilities"], names, words), _group(found, title)]
    near = len(found["group"]) - len(set(pair))
    if near:
        group = [str(int(one)) for one in found["group"][-near:]]
        shown.append(_hangs(found["influence"][-near:], group, words))
    return [*shown, graph.shares(found["chances"], others, words("answer.best", node=pair[0]))]


def _about_a_graph(found: Mapping[str, Array], params: Any, words: Words) -> Sequence[go.Figure]:
    """The graph's classes, which atoms speak for the answer, and what is left without bonds."""
    names, letters = _names(params, words), _letters(params)
    said, true = names[int(found["probabilities"].argmax())], names[int(found["truth"][0])]
    title = words("answer.molecule", graph=int(found["graph"][0]), said=said, true=true)
    bars = [words("answer.as_given"), words("answer.no_edges")]
    texts = [letters[int(kind)] for kind in found["kinds"]]
    return [
        classes.bars(found["probabilities"], names, words),
        graph.speaking(
            found["places"], found["links"], found["influence"], texts=texts, title=title
        ),
        graph.shares(found["accuracies"], bars, words("answer.accuracies_graphs")),
    ]


def _group(found: Mapping[str, Array], title: str) -> go.Figure:
    texts = [str(int(one)) for one in found["group"]]
    return graph.around(
        found["group_places"],
        found["group_links"],
        found["group_answers"],
        found["influence"],
        texts=texts,
        title=title,
    )


def _hangs(influence: Array, group: Sequence[str], words: Words) -> go.Figure:
    named = [words("answer.neighbour", node=one) for one in group]
    return answers.influence(influence, named, words, share=True)


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _names(params: Any, words: Words) -> list[str]:
    """What can be answered, in words."""
    return classes.names_of("link", 2, words) if params.task == "link" else _kinds(params, words)


def _kinds(params: Any, words: Words) -> list[str]:
    """The classes of nodes, also where links are asked for; of small graphs their own."""
    if params.chosen.startswith(PREFIX):
        return [*written(params.chosen).names] or [words("class.own.0")]
    return classes.names_of(params.chosen, graph_set(params.chosen).num_classes, words)


def _letters(params: Any) -> list[str]:
    return ATOMS.get(params.graphs, "").split()
