"""GNN: edges and whole graphs as examples, attention, and graphs edited after the training."""

import importlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.gnn import asked, shown
from dlkit.algorithms.gnn.spec import ALGORITHM, EDITS, LAYERS, TASKS, Params
from dlkit.contract import Array, RunData, Series, Snapshot
from dlkit.datasets import caches, graphs, molecules, own_graph
from dlkit.datasets.links import links, unlinked
from dlkit.params import ParamsError
from dlkit.texts import LANGUAGES, words
from tests.fakes.recording import RecordingRun

SHORT: dict[str, Any] = {"epochs": 40, "width": 8, "dropout": 0.0}
MOST_LABELS = "0:a, 1:a, 2:a, 3:a, 6:b, 7:b, 8:b, 9:b"
OTHERS = ("link", "graph")


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.gnn.model")


def _codes(pairs: Array) -> set[tuple[int, ...]]:
    return {tuple(pair) for pair in pairs.tolist()}


# ------------------------------------------------------------------------------------- examples


def test_hidden_edges_carry_no_message() -> None:
    whole, found = graphs.load("karate", 1), links(graphs.load("karate", 1), 1)
    assert found.pairs is not None
    there = _codes(found.pairs[found.labels == 1])
    assert there == _codes(whole.edges) and not there & _codes(found.pairs[found.labels == 0])
    messages = _codes(found.edges)
    for part in (found.validation, found.test):
        hidden = found.pairs[part][found.labels[part] == 1]
        assert not _codes(hidden) & messages
        assert found.labels[part].mean() == 0.5
    assert messages == _codes(found.x_train[found.y_train == 1])
    parts = np.concatenate([found.train, found.validation, found.test])
    assert np.array_equal(np.sort(parts), np.arange(2 * len(whole.edges)))


def test_pairs_without_an_edge_are_different_ones() -> None:
    edges = np.array([[0, 1], [1, 2]], np.int32)
    found = unlinked(edges, 4, 4, np.random.default_rng(1))  # all that there are
    assert _codes(found) == {(0, 2), (0, 3), (1, 3), (2, 3)}


def test_made_molecules_differ_in_bonds_alone() -> None:
    one, found = datasets.MOLECULES["molecules"], molecules.molecules("molecules", 1)
    assert found.owners is not None and found.kinds is not None
    assert found.features.shape == (one.num_nodes, one.num_features)
    assert len(found.labels) == one.num_graphs and found.labels.mean() == 0.5
    assert (found.owners[found.edges[:, 0]] == found.owners[found.edges[:, 1]]).all()
    assert np.bincount(found.edges.ravel()).max() <= molecules.BONDS
    for number in range(one.num_graphs):
        kinds = found.kinds[found.owners == number]
        assert np.bincount(kinds).tolist()[1:] == [2, 2]
        bonds = found.edges[found.owners[found.edges[:, 0]] == number]
        ends = {tuple(sorted(pair)) for pair in found.kinds[bonds].tolist()}
        assert ((1, 2) in ends) == bool(found.labels[number])
        assert len(bonds) >= len(kinds) - 1  # all in one piece


def test_graphs_are_parted_by_class_and_seed() -> None:
    one, same, other = (molecules.molecules("molecules", seed) for seed in (1, 1, 2))
    assert np.array_equal(one.edges, same.edges) and len(one.edges) != len(other.edges)
    for part in (one.train, one.validation, one.test):
        assert one.labels[part].mean() == 0.5
    assert len(set(one.train) | set(one.validation) | set(one.test)) == len(one.labels)


@pytest.mark.data
def test_mutag_is_read_as_it_was_written() -> None:
    if not datasets.is_there("mutag"):
        pytest.skip("MUTAG is not on this machine")
    found = molecules.molecules("mutag", 1)
    assert found.features.shape == (2545, 7) and len(found.edges) == 2813
    assert np.bincount(found.labels).tolist() == [42, 93]
    assert found.owners is not None and len(np.unique(found.owners)) == 135


def test_a_file_comes_out_of_a_zip_and_a_zip_without_it_is_damaged() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("MUTAG/one.txt", "1, 2\n")
    file = caches.File(("one.txt",), "https://nowhere/MUTAG.zip", "", member="MUTAG/one.txt")
    assert caches._member(packed.getvalue(), file) == b"1, 2\n"
    with pytest.raises(caches._Damaged, match="two"):
        caches._member(packed.getvalue(), caches.File(("two",), "", "", member="two"))
    with pytest.raises(caches._Damaged):
        caches._member(b"not a zip", file)


# ---------------------------------------------------------------------------------- what it learns


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("task", OTHERS)
def test_each_task_learns_with_each_layer_and_shows_and_plays(
    task: str, layer: str, tmp_path: Path
) -> None:
    params = Params(data="karate", task=task, layer=layer, heads=2, learning_rate=0.02, **SHORT)
    run = RecordingRun(params)
    model = _model().train(params, run)
    loss = run.points["loss"]
    assert loss[max(loss)] < loss[min(loss)] and "test_accuracy" in run.points
    boxes = ALGORITHM.layers(params, words("en", "gnn"))
    assert sum(box.weights * box.repeats for box in boxes) == model.count_params()
    data, views = _data(params, run), [v for v in ALGORITHM.views if v.applies(params)]
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    for language in LANGUAGES:
        shown_words = words(language, "gnn")
        figures = [view.build(data, shown_words) for view in views]
        figures += ALGORITHM.answer(found, params, shown_words)
        assert all(figure.data and len(figure.to_json()) < 60_000 for figure in figures)
    model.save(tmp_path / "model.keras")
    keras = importlib.import_module("keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    examples = shown.graph_of(task, params.chosen, params.seed).x_val
    np.testing.assert_allclose(np.asarray(loaded(examples)), np.asarray(model(examples)), rtol=1e-5)


@pytest.mark.keras
def test_a_bond_is_found_by_sum_and_the_bonds_are_why() -> None:
    params = Params(task="graph", layer="gin", dropout=0.0, epochs=250)
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["test_accuracy"][run.total_steps] > 0.85
    (_, key, values) = run.notes[-1]
    assert key == "tested_graph" and values["nodes"] == 48
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    assert found["accuracies"][0] > 0.85 > 0.65 > found["accuracies"][1]


@pytest.mark.keras
def test_hidden_edges_are_found_and_the_order_of_a_pair_is_nothing() -> None:
    params = Params(task="link", epochs=150)
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["test_accuracy"][run.total_steps] > 0.6
    ask = ALGORITHM.inputs(params)
    one, other = (
        _model().play(model, params, ask.checked({"node": a, "partner": b}))
        for a, b in ((3, 50), (50, 3))
    )
    np.testing.assert_allclose(one["probabilities"], other["probabilities"], rtol=1e-5)
    known = asked.within(shown.graph_of("link", "blocks", 1).edges, 3, 1, 99)
    assert len(known) and not set(one["best"].tolist()) & {3, *known.tolist()}
    assert (np.diff(one["chances"]) <= 0).all()


@pytest.mark.keras
def test_the_answer_to_one_graph_hangs_on_no_other() -> None:
    params = Params(task="graph", **SHORT)
    model = _model().build(params)
    graph = shown.graph_of("graph", "molecules", 1)
    inside, whole = model.get_layer("network"), model.get_layer("graph").whole
    before = np.asarray(inside(whole))
    features = graph.features.copy()
    features[graph.owners == 7] *= 3
    changed = np.asarray(inside([importlib.import_module("keras").ops.array(features), *whole[1:]]))
    moved = np.flatnonzero(np.abs(changed - before).max(axis=1) > 1e-6)
    assert moved.tolist() == [7]


@pytest.mark.keras
def test_attention_adds_up_to_one_and_goes_along_edges_only() -> None:
    params = Params(data="karate", layer="gat", **{**SHORT, "epochs": 5})
    run = RecordingRun(params)
    model = _model().train(params, run)
    graph = graphs.load("karate", 1)
    heard = _model()._inside(model, params, graph)().heard
    dense = np.asarray(heard.todense())
    np.testing.assert_allclose(dense.sum(axis=1), 1.0, rtol=1e-5)
    there = np.eye(34, dtype=bool)
    there[tuple(graph.edges.T)] = there[tuple(graph.edges.T[::-1])] = True
    assert (dense[~there] == 0).all() and (dense[there] > 0).all()
    last = list(run.arrays["heard"].values())[-1]
    first, second = graph.edges.T
    np.testing.assert_allclose(last, np.maximum(dense[first, second], dense[second, first]))


# ---------------------------------------------------------------------------------- what is edited


@pytest.mark.keras
@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_can_be_tried(edit: str) -> None:
    params = Params(data="karate", epochs=30, dropout=0.0)
    model = _model().train(params, RecordingRun(params))
    asked_for = ALGORITHM.inputs(params).checked({"node": 8, "edit": edit, "partner": 16})
    found = _model().play(model, params, asked_for)
    assert len(found["flipped"]) == len(found["places"]) == 34
    assert (len(found["paths"]) > 0) >= bool(
        found["flipped"][[i for i in range(34) if i != 8]].any()
    )
    for language in LANGUAGES:
        assert len(ALGORITHM.answer(found, params, words(language, "gnn"))) >= 4


def test_edits_do_what_they_say() -> None:
    graph = graphs.load("karate", 1)
    edges, features = asked.edited(graph, 8, "remove", 0)
    assert not (edges == 8).any() and features is graph.features
    edges, features = asked.edited(graph, 8, "features", 33)
    assert edges is graph.edges and np.array_equal(features[8], graph.features[33])
    assert np.array_equal(features[9], graph.features[9])
    edges, features = asked.edited(graph, 8, "join", 33)
    assert edges[-2:].tolist() == [[8, 34], [33, 34]] and len(features) == 35
    assert np.array_equal(features[34], (features[8] + features[33]) / 2)
    assert asked.edited(graph, 8, "join", 8)[0][-1:].tolist() == [[8, 34]]


def test_the_way_of_a_message_is_the_shortest() -> None:
    edges = np.array([[0, 1], [1, 2], [2, 3], [0, 4], [3, 4], [5, 6]], np.int32)
    assert asked.paths(edges, 0, np.array([2])).tolist() == [[0, 1], [1, 2]]
    assert asked.paths(edges, 0, np.array([3, 6])).tolist() == [[0, 4], [3, 4]]
    assert asked.paths(edges, 7, np.array([3])).shape == (0, 2)


# ---------------------------------------------------------------------------------- own graphs


def test_an_own_graph_is_what_was_written() -> None:
    name = own_graph.named("0-1, 2 - 1;1-0 3-3, 4-2", "0:b, 4:a")
    own, one = own_graph.written(name), datasets.graph_set(name)
    assert own.edges.tolist() == [[0, 1], [1, 2], [2, 4]]  # once each, no loop
    assert own.names == ("b", "a") and own.labels.tolist() == [0, -1, -1, -1, 1]
    assert (one.num_nodes, one.num_features, one.num_classes) == (5, 5, 2)
    assert own_graph.written(own_graph.named("0-1", "7:x")).strangers == (7,)


def test_nodes_of_an_own_graph_without_a_label_are_in_no_part() -> None:
    graph = graphs.load(Params(data="own", own_labels=MOST_LABELS).chosen, 1)
    parts = np.concatenate([graph.train, graph.validation, graph.test])
    assert sorted(parts.tolist()) == [0, 1, 2, 3, 6, 7, 8, 9]
    assert graph.labels[graph.train].tolist() == [0, 0, 1, 1]
    assert len(graph.validation) and len(graph.test)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"own_edges": "0-1, 1~2"}, "own_edges", "wrong_form"),
        ({"own_labels": "0:a b"}, "own_labels", "wrong_form"),
        ({"own_labels": "0:a, 1:a, 2:a, 3:a, 4:b, 5:b, 6:b"}, "own_labels", "few_labels"),
        ({"own_labels": "0:a, 1:a, 2:a, 3:a"}, "own_labels", "few_labels"),
        ({"own_labels": ""}, "own_labels", "few_labels"),
        ({"own_labels": "77:a"}, "own_labels", "label_of_no_node"),
        ({"own_edges": "0-1, 1-2", "own_labels": "", "task": "link"}, "own_edges",
         "not_so_many_edges"),
    ],
)  # fmt: skip
def test_an_own_graph_that_will_not_do_is_refused(
    values: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"data": "own", **values})
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == (field, code)
    for language in LANGUAGES:
        assert "{" not in words(language, "gnn")(f"error.{code}", **problem.values)


@pytest.mark.keras
@pytest.mark.parametrize("task", ["node", "link"])
def test_an_own_graph_is_learned_and_played_with(task: str) -> None:
    labels = MOST_LABELS if task == "node" else ""
    params = Params(data="own", own_labels=labels, task=task, **SHORT)
    run = RecordingRun(params)
    model = _model().train(params, run)
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    for language in LANGUAGES:
        shown_words, data = words(language, "gnn"), _data(params, run)
        figures = [v.build(data, shown_words) for v in ALGORITHM.views if v.applies(params)]
        figures += ALGORITHM.answer(found, params, shown_words)
        assert all(figure.data for figure in figures)


# ------------------------------------------------------------------------------- what is on show


def test_each_task_has_words_for_its_questions() -> None:
    for language in LANGUAGES:
        table = words(language, "gnn").table
        for task in TASKS:
            knobs = ALGORITHM.inputs(Params(task=task)).knobs()
            assert {f"input.{knob.name}.label" for knob in knobs} <= set(table)
            options = [f"input.{k.name}.option.{o}" for k in knobs for o in k.options]
            assert set(options) <= set(table)
        for name in ("link", "molecules", "mutag"):
            assert {f"class.{name}.0", f"class.{name}.1"} <= set(table)


def test_small_graphs_lie_side_by_side_with_both_classes() -> None:
    graph = molecules.molecules("molecules", 1)
    assert graph.owners is not None
    drawn = shown.pictured(graph)
    chosen = np.unique(graph.owners[drawn])
    assert len(chosen) == shown.PICTURED and set(chosen) <= set(graph.validation.tolist())
    assert graph.labels[chosen].mean() == 0.5
    inside = shown.links_among(graph.edges, drawn, len(graph.features))
    places = shown.beside(graph.owners[drawn], inside, 1)
    for owner in chosen[:3]:
        own = places[graph.owners[drawn] == owner]
        assert np.ptp(own, axis=0).max() < 1  # each in its own cell


def test_hidden_pairs_are_drawn_by_what_became_of_them() -> None:
    held = {
        "places": np.random.default_rng(1).random((5, 2)), "links": np.array([[0, 1]]),
        "kinds": np.zeros(5, np.int8), "numbers": np.arange(5),
        "held": np.array([[1, 2], [2, 3], [3, 4], [0, 4]]), "truth": np.array([1, 1, 0, 0]),
        "answers": np.array([1, 0, 1, 0]),
    }  # fmt: skip
    data = RunData(Params(task="link"), arrays={k: Snapshot(1, v) for k, v in held.items()})
    view = next(view for view in ALGORITHM.views if view.name == "pairs")
    names = [trace.name for trace in view.build(data, words("en", "gnn")).data]
    for end in ("finds: 1", "misses: 1", "wrongly: 1"):
        assert sum(str(name).endswith(end) for name in names) == 1


def _data(params: Params, run: RecordingRun) -> RunData:
    curves = {
        name: Series(np.array(list(points)), np.array(list(points.values())))
        for name, points in run.points.items()
    }
    arrays = {name: Snapshot(max(kept), kept[max(kept)]) for name, kept in run.arrays.items()}
    return RunData(params, arrays=arrays, metrics=curves, step=run.total_steps)
