"""GNN: the known traps, exact sizes, the graphs, and that it learns what it must."""

import importlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.gnn import asked, shown
from dlkit.algorithms.gnn.spec import ALGORITHM, LAYERS, Params
from dlkit.contract import Array, CodedError, RunData, Series, Snapshot
from dlkit.datasets import caches, citation, graph_sets, graphs
from dlkit.params import ParamsError
from dlkit.texts import LANGUAGES, words
from tests.fakes.recording import RecordingRun

PATH = np.array([[0, 1], [1, 2]], np.int32)  # 0 - 1 - 2
ONES = np.ones(len(PATH), np.float32)
SMALL = [name for name, one in datasets.GRAPHS.items() if one.source != "cache"]
EVERY_LAYER = pytest.mark.parametrize("layer", LAYERS)


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.gnn.model")


def _dense(matrix: Any) -> Array:
    found = np.zeros(tuple(matrix.shape), np.float32)
    np.add.at(found, tuple(np.asarray(matrix.indices).T), np.asarray(matrix.values))
    return found


# ------------------------------------------------------------------------------------ graphs


@pytest.mark.parametrize("name", SMALL)
def test_a_graph_is_what_the_catalogue_says(name: str) -> None:
    one, graph = datasets.GRAPHS[name], graphs.load(name, 1)
    assert graph.features.shape == (one.num_nodes, one.num_features)
    assert set(graph.labels.tolist()) == set(range(one.num_classes))
    assert set(graph.labels[graph.train].tolist()) == set(range(one.num_classes))
    assert (graph.edges[:, 0] < graph.edges[:, 1]).all()
    assert len(np.unique(graph.edges, axis=0)) == len(graph.edges)
    parts = np.concatenate([graph.train, graph.validation, graph.test])
    assert np.array_equal(np.sort(parts), np.arange(one.num_nodes))  # each node in one part


def test_the_karate_club_broke_in_two_and_four_members_have_labels() -> None:
    graph = graphs.load("karate", 1)
    assert len(graph.edges) == 78 and np.bincount(graph.labels).tolist() == [17, 17]
    assert graph.labels[0] == graph.labels[8] == 0 and graph.labels[33] == 1
    # the two leaders, and of each club the member with the largest share of contacts in the other
    assert sorted(graph.train.tolist()) == [0, 8, 30, 33]
    assert graph.strength(np.array([[0, 8], [8, 33], [0, 33], [0, 34]])).tolist() == [2, 4, 1, 1]


def test_the_seed_draws_the_blocks_and_shares_out_the_members() -> None:
    for name in ("blocks", "karate"):
        one, same, other = (graphs.load(name, seed) for seed in (1, 1, 2))
        assert np.array_equal(one.validation, same.validation)
        assert not np.array_equal(one.validation, other.validation)


def test_blocks_have_most_of_their_edges_inside() -> None:
    graph = graphs.load("blocks", 1)
    inside = graph.labels[graph.edges[:, 0]] == graph.labels[graph.edges[:, 1]]
    assert 0.65 < inside.mean() < 0.85


def test_isolated_test_nodes_without_a_row_have_no_features_and_no_part() -> None:
    """As in Citeseer: the rows of `tx` belong to the nodes 4 and 6; nobody wrote down node 5."""
    held = {
        "x": np.eye(3)[:2], "y": np.eye(2), "allx": 2 * np.eye(3)[[0, 1, 2, 0]],
        "ally": np.eye(2)[[0, 1, 0, 1]], "tx": np.ones((2, 3)), "ty": np.eye(2),
        "graph": {0: [1, 1, 0], 1: [0], 4: [6], 5: [], 6: [4]},
    }  # fmt: skip
    features, edges, labels, train, val, test = citation.assembled(held, np.array([6, 4]))
    assert features.shape == (7, 3) and not features[5].any()
    assert np.allclose(features.sum(axis=1), [1, 1, 1, 1, 1, 0, 1])  # rows normalised
    assert edges.tolist() == [[0, 1], [4, 6]]  # no loop, nothing twice
    assert labels[[6, 4]].tolist() == [0, 1]
    assert (train.tolist(), val.tolist(), test.tolist()) == ([0, 1], [2, 3], [4, 6])


def test_a_pickle_that_would_run_something_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="Path"):
        citation._read(pickle.dumps(Path("."), protocol=2))


def test_a_missing_graph_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cora = graph_sets.CITATIONS["cora"]
    nowhere = tuple(
        caches.File(file.names, (tmp_path / "nowhere").as_uri(), file.digest) for file in cora.files
    )
    away = caches.Cached("cora", nowhere, layout=cora.layout, instead=cora.instead)
    monkeypatch.setitem(graph_sets.CITATIONS, "cora", away)
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    assert not datasets.is_there("cora") and datasets.is_there("karate")
    with pytest.raises(CodedError, match="data_missing") as caught:
        graphs.load("cora", 1)
    assert caught.value.values["instead"] == "blocks"


@pytest.mark.data
def test_cora_has_its_public_split() -> None:
    if not datasets.is_there("cora"):
        pytest.skip("Cora is not on this machine")
    graph = graphs.load("cora", 1)
    assert graph.features.shape == (2708, 1433) and len(graph.edges) == 5278
    assert np.bincount(graph.labels).tolist() == [351, 217, 418, 818, 426, 298, 180]
    assert np.bincount(graph.labels[graph.train]).tolist() == [20] * 7
    assert (len(graph.validation), len(graph.test)) == (500, 1000)
    assert np.allclose(graph.features.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("num_nodes", [40, 600])
def test_linked_nodes_are_drawn_near_each_other(num_nodes: int) -> None:
    ring = np.stack([np.arange(num_nodes), (np.arange(num_nodes) + 1) % num_nodes], axis=1)
    places = graphs.layout(num_nodes, ring, 1)
    assert places.shape == (num_nodes, 2) and np.abs(places).max() <= 1
    assert np.array_equal(places, graphs.layout(num_nodes, ring, 1))
    linked = np.linalg.norm(places[ring[:, 0]] - places[ring[:, 1]], axis=1).mean()
    far = np.linalg.norm(places - places[::-1], axis=1).mean()
    assert linked < 0.5 * far


# ------------------------------------------------------------------------------------- traps


@pytest.mark.keras
def test_messages_are_weighed_symmetrically_by_degree() -> None:
    """D^-1/2 (A + I) D^-1/2 of the path 0 - 1 - 2, by hand; not D^-1 (A + I)."""
    found = _dense(_model().as_adjacency(3, PATH, ONES, "gcn"))
    end, middle, across = 1 / 2, 1 / 3, 1 / np.sqrt(6)
    assert np.allclose(found, [[end, across, 0], [across, middle, across], [0, across, end]])


@pytest.mark.keras
def test_an_isolated_node_hears_itself() -> None:
    assert np.allclose(_dense(_model().as_adjacency(4, PATH, ONES, "gcn"))[3], [0, 0, 0, 1])
    assert np.isfinite(_dense(_model().as_adjacency(4, PATH, ONES, "chebyshev"))).all()


@pytest.mark.keras
@EVERY_LAYER
def test_the_graph_stays_sparse(layer: str) -> None:
    graph = graphs.load("blocks", 1)
    matrix = _model().as_adjacency(240, graph.edges, graph.strength(graph.edges), layer)
    assert len(matrix.values) <= 2 * len(graph.edges) + 240
    assert np.array_equal(_dense(matrix), _dense(matrix).T)


@pytest.mark.keras
@EVERY_LAYER
def test_a_node_hears_just_as_far_as_the_layers_reach(layer: str) -> None:
    """Two layers reach two steps, Chebyshev's four; what is farther changes nothing."""
    reach = {"appnp": 2, "chebyshev": 4}.get(layer, 2)
    params = Params(data="karate", layer=layer, width=8, heads=2, depth=2, reach=2, dropout=0.0)
    model = _model().build(params)
    graph = graphs.load("karate", 1)
    chain = np.stack([np.arange(33), np.arange(1, 34)], axis=1)
    adjacency = _model().as_adjacency(34, chain, np.ones(len(chain)), layer)
    inside = model.get_layer("network")
    other = graph.features.copy()
    other[20] *= 7
    to_tensor = importlib.import_module("keras").ops.convert_to_tensor
    features = [to_tensor(one) for one in (graph.features, other)]
    one, two = (np.asarray(inside([each, adjacency])) for each in features)
    changed = np.flatnonzero(np.abs(one - two).max(axis=1) > 1e-7)
    assert 20 in changed and np.abs(changed - 20).max() <= reach


@pytest.mark.keras
def test_only_labelled_nodes_enter_the_loss() -> None:
    """The compiled loss is the mean over the four labels; other classes change nothing."""
    model = _model().build(Params(data="karate", width=8, dropout=0.0))
    graph = graphs.load("karate", 1)
    logits = np.asarray(model(np.arange(34, dtype=np.int32)))
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    by_hand = -logs[graph.train, graph.labels[graph.train]].mean()
    measured = model.test_on_batch(graph.x_train, graph.y_train, return_dict=True)["loss"]
    assert measured == pytest.approx(by_hand, rel=1e-5)
    backwards = graph.train[::-1]
    again = model.test_on_batch(backwards, graph.labels[backwards], return_dict=True)["loss"]
    assert again == pytest.approx(by_hand, rel=1e-5)  # the order makes no difference


@pytest.mark.keras
@EVERY_LAYER
@pytest.mark.parametrize("depth", [1, 3])
def test_the_drawing_counts_the_weights_there_are(layer: str, depth: int) -> None:
    params = Params(
        data="blocks", layer=layer, width=8, heads=4, depth=depth, normalisation="batch"
    )
    boxes = ALGORITHM.layers(params, words("en", "gnn"))
    model = _model().build(params)
    assert sum(box.weights * box.repeats for box in boxes) == model.count_params()


@pytest.mark.keras
def test_the_network_of_the_paper_has_its_23063_parameters() -> None:
    """Cora, 16 neurons: (1433 + 1) 16 + (16 + 1) 7, counted without loading Cora."""
    assert _model().network(Params(data="cora")).count_params() == 23_063


@pytest.mark.keras
@pytest.mark.parametrize(("layer", "held"), [("gcn", 1), ("appnp", 1), ("gat", 6), ("gcnii", 4)])
def test_l2_holds_the_weights_that_the_papers_name(layer: str, held: int) -> None:
    model = _model().build(Params(data="karate", layer=layer, depth=2, l2=0.002, width=8))
    penalties = [np.asarray(one) for one in model.losses]
    assert len(penalties) == held
    first = np.asarray(model.trainable_weights[0])
    np.testing.assert_allclose(penalties[0], 0.001 * np.square(first).sum(), rtol=1e-5)
    assert not _model().build(Params(data="karate", layer=layer, depth=2, width=8)).losses


def test_dropped_edges_are_dropped_in_training_only_and_never_those_to_itself() -> None:
    graph = graphs.load("blocks", 1)
    matrix = _model().as_adjacency(240, graph.edges, graph.strength(graph.edges), "gcn")
    layer = _model().DropEdge(0.5)
    assert layer(matrix) is matrix
    thin = layer(matrix, training=True)
    assert 0.4 < (len(thin.values) - 240) / (2 * len(graph.edges)) < 0.6
    assert np.allclose(np.diag(_dense(thin)), np.diag(_dense(matrix)))
    assert np.allclose(_dense(thin).sum(), _dense(matrix).sum(), rtol=0.1)


@pytest.mark.keras
def test_many_plain_layers_make_all_nodes_alike_and_shortcuts_keep_them_apart() -> None:
    def variety(**named: Any) -> Array:
        params = Params(data="blocks", depth=16, epochs=1, dropout=0.0, **named)
        run = RecordingRun(params)
        _model().train(params, run)
        return run.arrays["variety"][0]

    plain, kept = variety(), variety(residual=True)
    assert len(plain) == 17 and plain[2] > 10 * plain[-2]
    assert kept[-2] > 5 * plain[-2]


# -------------------------------------------------------------------------------- what it learns


@pytest.mark.keras
def test_five_labels_a_block_are_enough_and_the_edges_are_why() -> None:
    params = Params(epochs=150)
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["test_accuracy"][run.total_steps] > 0.9
    assert set(run.points["test_accuracy"]) == {run.total_steps}  # looked at once
    (_, key, values) = run.notes[-1]
    assert key == "tested" and values["nodes"] == 160
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    assert found["accuracies"][0] == found["accuracies"][1] > found["accuracies"][2] + 0.15


@pytest.mark.keras
@EVERY_LAYER
def test_every_layer_learns_shows_and_plays(layer: str) -> None:
    params = Params(
        data="karate", layer=layer, epochs=60, width=16, dropout=0.2, drop_edge=0.1, depth=3
    )
    run = RecordingRun(params)
    model = _model().train(params, run)
    loss = run.points["loss"]
    assert loss[max(loss)] < 0.6 * loss[min(loss)]
    inputs = ALGORITHM.inputs(params).checked({"node": 8, "edit": "toggle", "partner": 33})
    found = _model().play(model, params, inputs)
    for language in LANGUAGES:
        figures = ALGORITHM.answer(found, params, words(language, "gnn"))
        assert len(figures) == 5 and all(len(one.to_json()) < 60_000 for one in figures)


@pytest.mark.keras
def test_an_edge_that_is_taken_away_is_gone_and_an_edit_of_nothing_changes_nothing() -> None:
    params = Params(data="karate", epochs=20)
    model = _model().train(params, RecordingRun(params))
    inputs = ALGORITHM.inputs(params)
    kept = _model().play(model, params, inputs.checked({"node": 8}))
    cut = _model().play(model, params, inputs.checked({"node": 8, "edit": "toggle", "partner": 33}))
    assert len(kept["links"]) == len(cut["links"]) + 1 == 78
    assert not kept["flipped"].any()
    assert not np.allclose(kept["probabilities"], cut["probabilities"])


# ------------------------------------------------------------------------------ what is on show


def test_nodes_within_two_steps_come_nearest_first() -> None:
    edges = np.array([[0, 1], [1, 2], [2, 3], [0, 4]], np.int32)
    assert asked.within(edges, 0, 2, 16).tolist() == [1, 4, 2]
    assert asked.within(edges, 0, 2, 1).tolist() == [1]
    assert asked.without(edges, 1).tolist() == [[2, 3], [0, 4]]


def test_an_edge_comes_if_it_was_not_there_and_goes_if_it_was() -> None:
    assert asked.toggled(PATH, 2, 0).tolist() == [[0, 1], [1, 2], [0, 2]]
    assert asked.toggled(PATH, 2, 1).tolist() == [[0, 1]]
    assert asked.toggled(PATH, 1, 1).tolist() == PATH.tolist()


def test_variety_is_nothing_for_equal_nodes_and_much_for_different_ones() -> None:
    assert shown.variety(np.ones((5, 3))) == pytest.approx(0, abs=1e-6)
    assert shown.variety(np.outer([1, 2, 3], [1, 1])) == pytest.approx(0, abs=1e-6)
    assert shown.variety(np.zeros((5, 3))) == pytest.approx(0, abs=1e-6)
    assert shown.variety(np.eye(10)) == pytest.approx(0.9)


def test_the_cloud_does_not_spin() -> None:
    random = np.random.default_rng(1)
    flat = random.normal(size=(50, 2)) * (3, 1)
    nodes = flat @ np.linalg.qr(random.normal(size=(8, 8)))[0][:2]
    first = shown.cloud(nodes, flat)
    turned = nodes @ np.linalg.qr(random.normal(size=(8, 8)))[0]
    assert np.allclose(shown.cloud(turned, first), first, atol=1e-5)


def test_the_graph_of_cora_fits_on_the_screen() -> None:
    """A look is sent as often as once a second, so it must stay small."""
    random, one = np.random.default_rng(1), datasets.GRAPHS["cora"]
    arrays: dict[str, Array] = {
        "places": random.random((one.num_nodes, 2)).astype(np.float32),
        "links": random.integers(0, one.num_nodes, (5278, 2)).astype(np.int32),
        "answers": random.integers(0, 7, one.num_nodes).astype(np.int8),
        "truth": np.zeros(one.num_nodes, np.int8),
        "part": random.integers(0, 4, one.num_nodes).astype(np.int8),
        "numbers": np.arange(one.num_nodes, dtype=np.int32),
    }
    wrong = random.random(one.num_nodes) < 0.2
    arrays["truth"] = np.where(wrong, 7, arrays["answers"])
    held = {name: Snapshot(1, value) for name, value in arrays.items()}
    data = RunData(Params(data="cora"), arrays=held)
    figure = next(view for view in ALGORITHM.views if view.name == "nodes").build(
        data, words("en", "gnn")
    )
    assert {trace.type for trace in figure.data} == {"scattergl"}
    assert len(figure.to_json()) < 60_000


def test_over_smoothing_is_found_where_it_hurts() -> None:
    def said(variety: list[float], accuracy: float) -> set[str]:
        steps = np.arange(1, 101)
        curves = {
            name: Series(steps, np.full(100, accuracy)) for name in ("accuracy", "val_accuracy")
        }
        curves |= {name: Series(steps, np.full(100, 1.2)) for name in ("loss", "val_loss")}
        held = {"variety": Snapshot(100, np.array(variety, np.float32))}
        data = RunData(Params(depth=4), step=100, total_steps=100, metrics=curves, arrays=held)
        return {one.key for one in ALGORITHM.checks(data)}

    assert "over_smoothed" in said([0.9, 0.4, 0.01, 0.001], 0.3)
    assert "over_smoothed" not in said([0.9, 0.4, 0.3, 0.2], 0.3)
    assert "over_smoothed" not in said([0.9, 0.4, 0.01, 0.001], 0.95)


def test_heads_that_do_not_share_evenly_are_refused() -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"layer": "gat", "width": 20, "heads": 8})
    assert caught.value.problems[0].code == "heads_do_not_fit"
