"""LSTM: the known traps, the gates beside Keras' own layers, and what it writes."""

import importlib
import math
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.lstm import cells, health, shown, spec, writing
from dlkit.algorithms.lstm.spec import ALGORITHM, Params
from dlkit.contract import Array, RunData, Series, Snapshot
from dlkit.datasets import adding, characters, reviews, series
from dlkit.params import ParamsError
from dlkit.texts import words
from dlkit.views import verdicts
from tests.fakes.recording import Broken, RecordingRun

WORDS = words("en", "lstm")
SMALL = {
    "text": Params(units=8, context=16, epochs=1, batch_size=512),
    "series": Params(task="series", units=8, context=24, horizon=6, epochs=1, batch_size=512),
    "sentiment": Params(task="sentiment", units=8, context=16, epochs=1, batch_size=512),
    "adding": Params(task="adding", units=8, context=10, epochs=1, batch_size=512),
}
STATEFUL = SMALL["text"].model_copy(update={"stateful": True, "epochs": 2})


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.lstm.model")


def _shown() -> Any:
    return importlib.import_module("dlkit.algorithms.lstm.shown")


def _shaken(model: Any) -> Any:
    """The same model with weights that are large enough to see every gate at work."""
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.5, one.shape) for one in model.get_weights()])
    return model


# -------------------------------------------------------------------------- the data of the tasks


def test_the_size_of_each_text_is_as_the_drawing_says() -> None:
    assert set(spec.SIZES) == set(characters.TEXTS)
    for name in characters.TEXTS:
        if characters.is_there(name):
            assert len(characters.characters(name).symbols) == spec.SIZES[name], name


def test_the_target_of_a_letter_is_the_letter_after_it() -> None:
    parts = _shown().Text(SMALL["text"], writing.WithDiary(None)).parts()
    text = characters.characters("grammar")
    assert np.array_equal(parts.x_train[:, 1:], parts.y_train[:, :-1])
    assert np.array_equal(parts.y_train[0], text.train[1:17])
    assert not np.array_equal(parts.x_train, parts.y_train)
    assert np.array_equal(parts.y_val[0], text.held[1 : characters.STRETCH + 1])


def test_a_short_text_is_read_in_windows_that_overlap() -> None:
    params = Params(data="verse")
    parts = _shown().Text(params, writing.WithDiary(None)).parts()
    assert len(parts.x_train) >= spec.FEWEST
    assert np.array_equal(parts.x_train[1:, :-1], parts.x_train[:-1, 1:])  # one letter further each
    assert np.array_equal(parts.y_train[:, :-1], parts.x_train[:, 1:])
    assert parts.x_train.shape[1] == params.context
    long = _shown().Text(Params(), writing.WithDiary(None)).parts()
    assert np.array_equal(long.x_train[1:, 0], long.y_train[:-1, -1])  # one behind the other


def test_windows_of_the_check_share_no_letter_with_those_that_are_learned() -> None:
    parts = _shown().Text(SMALL["text"], writing.WithDiary(None)).parts()
    text = characters.characters("grammar")
    assert parts.x_train.size + parts.y_train[-1:, -1:].size <= len(text.train)
    whole = text.held.tobytes()
    assert len(parts.x_val) == characters.STRETCHES
    assert all(row.tobytes() in whole for row in parts.x_val)


@pytest.mark.parametrize("name", series.SERIES)
def test_a_series_is_cut_in_time_and_scaled_by_its_past(name: str) -> None:
    whole = series._READERS[name]().astype(np.float32)
    found = series.series(name)
    assert np.array_equal(np.concatenate([found.train, found.held]), whole)
    assert len(found.held) == round(len(whole) * series.HELD_OUT)
    assert found.mean == pytest.approx(float(found.train.mean()))
    assert not np.isclose(found.mean, whole.mean(), rtol=1e-5)
    assert np.allclose(found.unscaled(found.scaled(found.held)), found.held, atol=1e-4)


def test_the_windows_of_a_series_keep_its_order() -> None:
    past, future = series.windows(np.arange(10), 4, 2)
    assert past.tolist()[0] == [0, 1, 2, 3] and future.tolist()[0] == [4, 5]
    assert len(past) == 5 and future[-1].tolist() == [8, 9]
    parts = _shown().Forecast(SMALL["series"], writing.WithDiary(None)).parts()
    held = series.series("mackey_glass")
    assert np.array_equal(parts.x_val[0, :, 0], held.scaled(held.held[:24]))
    assert np.array_equal(parts.y_val[-1], held.scaled(held.held[-6:]))
    assert np.array_equal(parts.y_train[-1], held.scaled(held.train[-6:]))


def test_a_season_is_found_in_the_changes() -> None:
    time = np.arange(1000)
    drifting = np.sin(2 * np.pi * time / 24) + time / 50
    assert series.period(drifting, 64) == 24
    assert series.period(series.series("temperature").train, 64) == 24
    assert series.seasonal(np.arange(8)[None], 5, 3).tolist() == [[5, 6, 7, 5, 6]]


def test_the_adding_problem_by_hand() -> None:
    rows, sums = adding.adding(2000, 10, seed=1)
    assert rows.shape == (2000, 10, 2) and sums.shape == (2000, 1)
    marks = rows[..., 1]
    assert np.all(marks[:, :5].sum(axis=1) == 1) and np.all(marks[:, 5:].sum(axis=1) == 1)
    first = rows[0]
    assert sums[0, 0] == pytest.approx(first[first[:, 1] > 0, 0].sum())
    assert np.mean((sums - 1) ** 2) == pytest.approx(adding.BASELINE, abs=0.01)
    held = _shown().Adding(SMALL["adding"], writing.WithDiary(None)).parts()
    assert not {row.tobytes() for row in held.x_val} & {row.tobytes() for row in held.x_train}


def test_streams_go_on_where_the_windows_before_them_ended() -> None:
    x, y = characters.streams(np.arange(101, dtype=np.int32), 4, 5)
    assert x.shape == y.shape == (20, 5) and np.array_equal(y, x + 1)
    assert x[:4, 0].tolist() == [0, 25, 50, 75]
    assert np.array_equal(x[4:, 0], x[:-4, -1] + 1)
    assert sorted(x.ravel().tolist()) == list(range(100))


# --------------------------------------------------------------------------------------- the knobs


@pytest.mark.parametrize("task", ["text", "series"])
def test_who_writes_or_foretells_may_not_read_the_future(task: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"task": task, "bidirectional": True})
    assert caught.value.problems[0].code == "reads_the_future"
    assert Params.checked({"task": "adding", "bidirectional": True}).bidirectional


@pytest.mark.parametrize("task", ["series", "sentiment", "adding"])
def test_a_memory_is_carried_along_a_text_only(task: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"task": task, "stateful": True})
    assert caught.value.problems[0].code == "no_stream"


@pytest.mark.keras
@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
@pytest.mark.parametrize("more", [{}, {"layers": 2}, {"bidirectional": True, "layers": 2}])
def test_the_drawing_counts_every_weight(cell: str, more: dict[str, Any]) -> None:
    for task, small in SMALL.items():
        if more.get("bidirectional") and task in ("text", "series"):
            continue
        params = small.model_copy(update={"cell": cell, **more})
        drawn = sum(layer.weights for layer in spec.layers(params, WORDS))
        assert drawn == _model().build(params).count_params(), task


def test_the_standard_preset_has_at_most_400_000_weights() -> None:
    layers = spec.layers(ALGORITHM.presets["standard"], WORDS)  # type: ignore[arg-type]
    assert sum(layer.weights for layer in layers) <= 400_000


# --------------------------------------------------------------------------------------- the cells


@pytest.mark.keras
@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_the_gates_are_those_of_the_layer(cell: str) -> None:
    model = _shaken(_model().build(SMALL["text"].model_copy(update={"cell": cell, "layers": 2})))
    stack = cells.stack_of(model, cell)
    text = np.random.default_rng(1).integers(0, 29, (1, 20))
    states, said = stack.start(1), []
    for letter in text[0]:
        logits, states, gates = stack.step(np.array([letter]), states)
        said.append(logits[0])
        assert len(gates) == len(cells.GATES[cell])
    assert np.allclose(said, np.asarray(model(text))[0], atol=1e-4)


@pytest.mark.keras
def test_the_gates_of_an_lstm_add_up_to_its_memory() -> None:
    model = _shaken(_model().build(SMALL["text"]))
    cell = cells.stack_of(model, "lstm").layers[0][0]
    state, before = cell.start(1), np.zeros((1, 8))
    for _ in range(5):
        incoming = np.random.default_rng(2).normal(size=(1, spec.EMBEDDED))
        new = np.tanh(np.split(cell.project(incoming) + state[0] @ cell.recurrent, 4, axis=1)[2])
        state, (forget, into, out, shown) = cell.step(cell.project(incoming), state)
        memory = forget * before + into * new
        assert np.allclose(shown, np.tanh(memory), atol=1e-5)
        assert np.allclose(state[0], out * shown, atol=1e-5)
        assert forget.min() >= 0 and forget.max() <= 1
        before = memory


@pytest.mark.keras
def test_the_forget_gate_begins_open() -> None:
    bias = cells.stack_of(_model().build(SMALL["text"]), "lstm").layers[0][0].bias
    assert bias.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16


@pytest.mark.keras
@pytest.mark.parametrize("more", [{}, {"bidirectional": True, "layers": 2}, {"cell": "gru"}])
def test_answers_are_those_of_the_model(more: dict[str, Any]) -> None:
    params = SMALL["adding"].model_copy(update=more)
    model = _shaken(_model().build(params))
    rows, _ = adding.adding(5, 12, seed=1)
    for net, said in model(rows).items():
        assert np.allclose(cells.stack_of(model, net).answers(rows), np.asarray(said), atol=1e-4)


@pytest.mark.keras
def test_a_letter_does_not_change_what_was_said_before_it() -> None:
    model = _shaken(_model().build(SMALL["text"].model_copy(update={"layers": 2})))
    text = np.random.default_rng(1).integers(1, 29, (1, 16))
    other = text.copy()
    other[0, 9] = text[0, 9] % 28 + 1
    one, two = (np.asarray(model(each))[0] for each in (text, other))
    assert np.array_equal(one[:9], two[:9]) and not np.allclose(one[9:], two[9:])


@pytest.mark.keras
def test_no_memory_is_carried_from_one_shuffled_window_to_another() -> None:
    model = _shaken(_model().build(SMALL["text"]))
    windows = np.random.default_rng(1).integers(0, 29, (4, 16))
    alone = np.asarray(model(windows[2:3]))[0]
    model(windows[:2])
    assert np.allclose(np.asarray(model(windows))[2], alone, atol=1e-5)
    assert np.allclose(np.asarray(model(windows[::-1]))[1], alone, atol=1e-5)


@pytest.mark.keras
@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_a_carried_memory_reads_two_windows_as_one(cell: str) -> None:
    params = SMALL["text"].model_copy(update={"stateful": True, "cell": cell, "layers": 2})
    model, plain = (_model().build(p) for p in (params, params.model_copy(
        update={"stateful": False})))  # fmt: skip
    weights = [weight.numpy() for weight in plain.trainable_weights]
    for weight, value in zip(model.trainable_weights, weights, strict=True):
        weight.assign(3 * value)
    for weight, value in zip(plain.trainable_weights, weights, strict=True):
        weight.assign(3 * value)
    rows, windows = _shown().streams_of(params)
    text = np.random.default_rng(1).integers(0, 29, (rows, 32))
    whole, empty = np.asarray(plain(text)), np.asarray(plain(text[:, 16:]))
    first, second = (np.asarray(model(part, training=True)) for part in np.split(text, 2, axis=1))
    assert np.allclose(np.concatenate([first, second], axis=1), whole, atol=1e-4)
    assert not np.allclose(second, empty, atol=1e-3)
    assert np.allclose(np.asarray(model(text[:, 16:])), empty, atol=1e-4)  # checked: begins empty
    for number in range(1, 3):
        model.get_layer(f"{cell}_layer_{number}").batches.assign(windows)
    assert np.allclose(np.asarray(model(text[:, 16:], training=True)), empty, atol=1e-4)
    said, _, _ = cells.stack_of(model, cell).step(text[0, :1], cells.stack_of(model, cell).start(1))
    assert np.allclose(said[0], whole[0, 0], atol=1e-4)


# ----------------------------------------------------------------------------------------- writing


def test_the_temperature_divides_the_scores() -> None:
    logits = np.array([9.0, 2.0, 1.0, 0.0])
    shares = writing.shaped(logits, 1.0)
    known = np.exp([2.0, 1.0, 0.0])
    assert np.allclose(shares, [0, *(known / known.sum())])
    cold, hot = writing.shaped(logits, 0.5), writing.shaped(logits, 2.0)
    assert np.allclose(cold[1:] / cold[2], (shares[1:] / shares[2]) ** 2)
    assert np.allclose(hot[1:] / hot[2], (shares[1:] / shares[2]) ** 0.5)
    assert cold[1] > shares[1] > hot[1]
    assert np.allclose(writing.shaped(logits, 1.0, top_k=2), [0, *known[:2] / known[:2].sum(), 0])
    assert np.allclose(writing.shaped(logits, 1.0, top_k=9), shares)


def test_a_draw_follows_its_probabilities() -> None:
    random, shares = np.random.default_rng(1), np.array([0.0, 0.2, 0.5, 0.3])
    counts = np.bincount([writing.draw(shares, random) for _ in range(4000)], minlength=4)
    assert counts[0] == 0 and np.allclose(counts / 4000, shares, atol=0.03)


@pytest.mark.keras
def test_writing_is_reading_what_was_written() -> None:
    model = _shaken(_model().build(SMALL["text"]))
    stack, prompt = cells.stack_of(model, "lstm"), np.array([3, 4, 5])
    found = writing.write(stack, prompt, 20, temperature=0.8, seed=3)
    logits = np.asarray(model(found.numbers[None]))[0]
    for place in range(1, 23):
        shares = writing.shaped(logits[place - 1], 0.8)
        assert found.shares[place] == pytest.approx(shares[found.numbers[place]], abs=1e-4)
    assert found.numbers[:3].tolist() == [3, 4, 5] and characters.UNKNOWN not in found.numbers
    again = writing.write(stack, prompt, 20, temperature=0.8, seed=3)
    other = writing.write(stack, prompt, 20, temperature=0.8, seed=4)
    assert np.array_equal(found.numbers, again.numbers)
    assert not np.array_equal(found.numbers, other.numbers)
    greedy = writing.write(stack, prompt, 20, temperature=0.8, top_k=1)
    assert np.allclose(greedy.shares[3:], 1.0)


def test_letters_survive_being_kept_as_numbers() -> None:
    for text in ("the king\n", "明月，", ""):
        assert writing.read(writing.letters(text, 120)) == text
    assert writing.letters("abc", 2).tolist() == [97, 98]


def test_the_diary_keeps_the_first_the_last_and_some_between() -> None:
    diary = writing.Diary()
    for step in (0, 1, 5, 10, 50, 100, 150, 200, 250, 300, 1000):
        diary = diary.with_text(step, f"at {step}")
    assert len(diary.steps) == writing.DIARY
    assert diary.steps[0] == 0 and diary.steps[-1] == 1000 and diary.texts[-1] == "at 1000"
    assert list(diary.steps) == sorted(diary.steps)
    again = diary.with_text(100, "again")  # a run that was taken up again from step 100
    assert again.steps[-1] == 100 and again.texts[-1] == "again" and max(again.steps) == 100
    arrays = diary.arrays()
    assert arrays["timeline"].shape == (8, 120) and arrays["timeline_steps"].tolist()[0] == 0


# ---------------------------------------------------------------------------------------- training


@pytest.mark.keras
def test_what_could_not_be_learned_is_no_fault() -> None:
    """The loss is the mean of -log p over the known letters only."""
    model = _shaken(_model().build(SMALL["text"]))
    x = np.random.default_rng(1).integers(1, 29, (3, 16))
    y = np.roll(x, -1, axis=1)
    y[:, 10:] = characters.UNKNOWN
    logits = np.asarray(model(x))[:, :10]
    shares = np.exp(logits - np.log(np.exp(logits).sum(axis=2, keepdims=True)))
    wanted = -np.log(np.take_along_axis(shares, y[:, :10, None], axis=2)).mean()
    found = model.test_on_batch(x, y, return_dict=True)
    assert float(found["loss"]) == pytest.approx(float(wanted), rel=1e-4)
    assert float(found["bits"]) == pytest.approx(float(wanted) / math.log(2), rel=1e-4)


@pytest.mark.keras
@pytest.mark.parametrize("task", ["text", "sentiment"])
@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_row_that_is_met_often_takes_one_step(task: str, clip: float) -> None:
    """The first step of Adam is as long as the learning rate, however often a letter was met."""
    changes = {"optimizer": "adam", "weight_decay": 0.0, "clip": clip, "learning_rate": 0.01}
    model = _model().build(SMALL[task].model_copy(update=changes))
    table = model.get_layer("letters" if task == "text" else "words")
    before = table.get_weights()[0]
    x = np.tile(np.array([2, 2, 2, 3], np.int32), (4, 4))
    model.train_on_batch(x, np.roll(x, -1, axis=1) if task == "text" else np.ones((4, 1)))
    moved = np.abs(table.get_weights()[0] - before)
    assert np.all(moved[[0, 1, 4]] == 0)
    assert moved.max() == pytest.approx(0.01, rel=1e-3)
    assert np.median(moved[[2, 3]]) == pytest.approx(0.01, rel=0.1)


@pytest.mark.keras
def test_an_untrained_network_guesses_among_all_letters() -> None:
    run = RecordingRun(SMALL["text"])
    _model().train(SMALL["text"], run)
    assert run.points["val_loss"][0] == pytest.approx(math.log(29), rel=0.02)
    assert run.points["val_loss"][run.total_steps] < 3.2


@pytest.mark.keras
def test_the_pinball_loss_by_hand() -> None:
    loss = _model().Pinball()
    true, told = np.array([[1.0]]), np.array([[[0.0, 1.5, 3.0]]])
    assert float(loss(true, told)) == pytest.approx((0.1 * 1 + 0.5 * 0.5 + 0.1 * 2) / 3)


@pytest.mark.keras
def test_the_three_lines_settle_where_the_shares_say() -> None:
    """The constant that costs least has the told share of the values below it."""
    values = np.linspace(0, 1, 1001)[:, None]
    places = np.linspace(0, 1, 101)
    loss = _model().Pinball(reduction="none")
    for number, share in enumerate(spec.TOLD):
        costs = []
        for place in places:
            told = np.repeat(values[:, :, None], 3, axis=2)
            told[..., number] = place
            costs.append(float(np.mean(loss(values, told))))
        assert places[int(np.argmin(costs))] == pytest.approx(share, abs=0.011)


@pytest.mark.keras
@pytest.mark.parametrize("task", ["series", "sentiment", "adding", "stateful"])
def test_killed_and_taken_up_again_ends_the_same(
    task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = importlib.import_module("dlkit.training")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training, "CHECKPOINT_BYTES_A_SECOND", 1e18)
    params = {**SMALL, "stateful": STATEFUL}[task]
    whole = RecordingRun(params)
    _model().train(params, whole)
    killed = RecordingRun(params, breaks_at=int(whole.calls * 0.6))
    with pytest.raises(Broken):
        _model().train(params, killed)
    heir = RecordingRun(params, start=killed.checkpoints[-1])
    _model().train(params, heir)
    for name in ("loss", "val_loss"):
        for step, value in whole.points[name].items():
            assert heir.points[name].get(step, killed.points[name].get(step)) == value
    assert heir.steps[-1] == whole.total_steps
    found = _model().play(_model().build(params), params, ALGORITHM.inputs(params)())
    assert spec.answer(found, params, WORDS)


@pytest.mark.keras
def test_the_timeline_goes_on_after_a_kill() -> None:
    params = SMALL["text"]
    first = RecordingRun(params, grants=[20, 0])
    _model().train(params, first)
    heir = RecordingRun(params, start=first.checkpoints[-1])
    _model().train(params, heir)
    steps = heir.arrays["timeline_steps"][heir.total_steps].tolist()
    assert steps[0] == 0 and 20 in steps and steps[-1] == heir.total_steps
    prompt = characters.PROMPTS["grammar"]
    texts = [writing.read(row) for row in heir.arrays["timeline"][heir.total_steps]]
    assert all(text.startswith(prompt) and len(text) == writing.LETTERS for text in texts)


@pytest.mark.keras
def test_the_temperature_is_live() -> None:
    params, cold = SMALL["text"], RecordingRun(SMALL["text"])
    cold.knobs["temperature"] = 0.1
    _model().train(params, cold)
    warm = RecordingRun(params)
    _model().train(params, warm)
    assert not np.array_equal(cold.arrays["timeline"][0], warm.arrays["timeline"][0])
    assert cold.points["loss"] == warm.points["loss"]


@pytest.mark.keras
def test_in_a_race_both_learn_as_if_alone() -> None:
    params = SMALL["adding"]
    both = RecordingRun(params)
    _model().train(params, both)
    assert {"val_loss", "val_simple_loss"} <= set(both.points)
    race = _model().build(params)
    rows, sums = adding.adding(64, 10, seed=9)
    before = [w.copy() for w in cells.stack_of(race, "simple").dense]
    race.train_on_batch(rows, {"lstm": sums, "simple": sums})
    alone = _model().build(params.model_copy(update={"race": False}))
    names = [layer.name for layer in alone.layers]
    fresh = _model().build(params)
    for name in (one for one in names if one.startswith("lstm_")):
        alone.get_layer(name).set_weights(fresh.get_layer(name).get_weights())
    alone.optimizer.clipnorm, alone.optimizer.global_clipnorm = 1.0, None
    alone.train_on_batch(rows, sums)
    for name in (one for one in names if one.startswith("lstm_")):
        pairs = zip(
            alone.get_layer(name).get_weights(), race.get_layer(name).get_weights(), strict=True
        )
        assert all(np.allclose(one, two, atol=1e-6) for one, two in pairs)
    assert not np.allclose(before[0], cells.stack_of(race, "simple").dense[0])


@pytest.mark.keras
@pytest.mark.parametrize("task", ["text", "series"])
def test_what_a_person_pastes_is_learned(task: str) -> None:
    given = {
        "text": {"data": "own", "own_text": "明月几时有，把酒问青天。\n" * 120},
        "series": {"series": "own", "own_numbers": " ".join(str(one % 7) for one in range(300))},
    }
    small = {**SMALL[task].values(), "batch_size": 32, "epochs": 8, **given[task]}
    params = Params.checked({**small, "learning_rate": 0.02})
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["val_loss"][run.total_steps] < 0.8 * run.points["val_loss"][0]
    assert model.count_params() == sum(box.weights for box in spec.layers(params, WORDS))
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    assert spec.answer(found, params, words("zh", "lstm"))


@pytest.mark.keras
@pytest.mark.parametrize("more", [{}, {"bidirectional": True, "layers": 2, "cell": "gru"}])
def test_the_influence_of_a_word_is_what_hiding_it_takes_away(more: dict[str, Any]) -> None:
    params = SMALL["sentiment"].model_copy(update=more)
    model, said = _shaken(_model().build(params)), "The story was, oddly, not dull."
    found = _model().play(model, params, ALGORITHM.inputs(params).checked({"review": said}))
    row = reviews.reviews("made_reviews", 1, 16).encode(said)
    hidden = np.repeat(row, 7, axis=0)
    hidden[1:, 10:][np.eye(6, dtype=bool)] = reviews.UNKNOWN
    praise = 1 / (1 + np.exp(-np.asarray(model(hidden), np.float64)[:, 0]))
    assert found["praise"][0] == pytest.approx(praise[0], abs=1e-4)
    assert np.allclose(found["influence"], praise[0] - praise[1:], atol=1e-4)
    assert found["influence"][3] == 0.0 and found["unknown"].tolist() == [1]  # never learned
    assert writing.read(found["review"]) == "the story was oddly not dull"
    assert found["reading"][-1] == pytest.approx(praise[0], abs=1e-4)
    for language in ("en", "zh"):
        assert len(spec.answer(found, params, words(language, "lstm"))) == 3


@pytest.mark.keras
def test_reviews_are_judged_and_not_turns_a_word_round() -> None:
    params = Params(task="sentiment", units=16, context=24, epochs=10, batch_size=64,
                    learning_rate=0.02)  # fmt: skip
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["val_accuracy"][run.total_steps] > 0.9
    assert run.arrays["verdicts"][run.total_steps].sum() >= shown.SUMS_SHOWN
    inputs = ALGORITHM.inputs(params)

    def praise(review: str) -> float:
        found = _model().play(model, params, inputs.checked({"review": review}))
        return float(found["praise"][0])

    assert praise("the story was dull") < 0.5 < praise("the story was not dull")
    assert praise("the story was not moving") < 0.5 < praise("the story was moving")
    assert praise("the cast was superb although the music was dull") > 0.5


def test_words_are_not_broken_where_they_are_coloured() -> None:
    review = "although the music was lovely i found the story dull and the ending was not moving"
    changes = np.linspace(-0.5, 0.5, len(review.split()))
    figure = verdicts.influence(review, changes, WORDS)
    field, letters = figure.data
    lines = ["" for _ in field.z]
    for x, y, letter in zip(letters.x, letters.y, letters.text, strict=True):
        assert (field.z[y][x] is None) == (letter == "\u00a0")
        lines[y] += letter
    assert [word for line in lines for word in line.split()] == review.split()
    assert field.z[0][0] == -1.0 and "-50.0%" in field.customdata[0][0]
    assert verdicts.influence("", None, WORDS).to_json()


@pytest.mark.keras
def test_a_forecast_of_one_s_own_numbers() -> None:
    params = SMALL["series"]
    inputs = ALGORITHM.inputs(params)
    model = _model().build(params)
    found = _model().play(model, params, inputs.checked({"own": "1, 0.9, 0.8 0.7,0.6"}))
    assert found["past"].tolist()[-5:] == pytest.approx([1, 0.9, 0.8, 0.7, 0.6])
    assert len(found["past"]) == 24 and found["cone"].shape == (6, 3) and not len(found["future"])
    assert np.all(np.diff(found["cone"], axis=1) >= 0)
    for wrong in ("1, 2", "one, two, three, four"):
        with pytest.raises(ParamsError):
            inputs.checked({"own": wrong})


@pytest.mark.keras
def test_the_playground_reads_chinese_and_counts_what_it_never_learned() -> None:
    params = Params(data="verse", units=8)
    inputs = ALGORITHM.inputs(params)
    asked = inputs.checked({"prompt": "春眠X", "length": 20, "unit": 8})
    found = _model().play(_model().build(params), params, asked)
    assert writing.read(found["letters"])[:2] == "春眠" and found["given"][2] == 1
    assert spec.answer(found, params, words("zh", "lstm"))


# ------------------------------------------------------------------------------------ what it says


def _keys(params: Params, values: dict[str, list[float]], **more: Any) -> list[str]:
    curves = {
        name: Series(np.arange(1, len(found) + 1), np.array(found))
        for name, found in values.items()
    }
    data = RunData(params, step=90, total_steps=100, metrics=curves, **more)
    return [one.key for one in health.checks(data)]


def test_health_checks_say_what_they_see() -> None:
    english = Params(data="shakespeare")
    flat = {"loss": [2.0] * 20, "val_loss": [4.1, 2.0, 2.0, 2.0]}
    assert _keys(english, flat) == []
    assert _keys(english, {**flat, "loss": [*flat["loss"], math.nan]}) == ["diverged"]
    assert _keys(english, {"loss": [4.0] * 10 + [9.0] * 3, "val_loss": [4.1]}) == ["diverging"]
    assert _keys(english, {**flat, "val_loss": [4.1, 0.2]}) == ["too_good"]
    assert _keys(Params(), {**flat, "val_loss": [3.4, 0.4]}) == []  # a grammar can be foretold
    assert _keys(english, {**flat, "val_loss": [4.1, 4.0]}) == ["no_text"]
    assert _keys(english, {**flat, "val_loss": [4.1, 2.0, 1.8, 1.9]}) == ["by_heart"]
    circles = np.array([writing.letters("the the " * 15, 120)])
    held = {"timeline": Snapshot(1, circles)}
    assert _keys(english, flat, arrays=held) == ["repeats"]


def test_health_checks_of_the_other_tasks() -> None:
    foretold = {
        "loss": [0.1] * 20,
        "val_loss": [0.2, 0.1],
        "val_error": [2.0, 0.5],
        "val_naive_error": [1.0, 1.0],
        "val_seasonal_error": [2.0, 2.0],
        "val_coverage": [0.2, 0.8],
    }
    params = Params(task="series")
    assert _keys(params, foretold) == ["foretells"]
    assert _keys(params, {**foretold, "val_error": [2.0, 1.0]}) == ["no_use"]
    assert _keys(params, {**foretold, "val_coverage": [0.2, 0.4]}) == ["narrow"]
    judged = {"loss": [0.4] * 20, "val_loss": [0.7, 0.4, 0.4], "val_accuracy": [0.5, 0.9]}
    params = Params(task="sentiment")
    assert _keys(params, judged) == ["judges"]
    assert _keys(params, {**judged, "val_accuracy": [0.5, 0.52]}) == ["guesses"]
    assert _keys(params, {**judged, "val_loss": [0.7, 0.4, 0.6]}) == ["reviews_by_heart"]
    summed = {"loss": [0.17] * 20, "val_loss": [1.2, 0.166]}
    params = Params(task="adding")
    assert _keys(params, summed) == ["forgets"]
    summed["val_loss"] = [1.2, 0.01]
    assert _keys(params, summed) == ["remembers"]
    assert _keys(params, {**summed, "val_simple_loss": [1.0, 0.16]}) == ["remembers_alone"]


def test_a_timeline_shows_each_text_with_its_step() -> None:
    rows = np.array([writing.letters(text, 120) for text in ("the <b>\n", "the king")])
    held = {"timeline": Snapshot(9, rows), "timeline_steps": Snapshot(9, np.array([0, 1200]))}
    figure = spec.timeline(RunData(Params(), arrays=held), WORDS)
    assert list(figure.data[0].text) == ["the &lt;b&gt;↵", "the king"]
    assert list(figure.layout.yaxis.ticktext) == ["0", "1,200"]


@pytest.fixture(scope="module")
def learned() -> tuple[RecordingRun, Any, Params]:
    """The quick preset, trained as a person would."""
    params = ALGORITHM.presets["quick"]
    assert isinstance(params, Params)
    run = RecordingRun(params)
    return run, _model().train(params, run), params


@pytest.mark.keras
def test_the_quick_preset_learns_to_write(learned: tuple[RecordingRun, Any, Params]) -> None:
    run, model, params = learned
    assert run.points["val_loss"][run.total_steps] < 0.45
    asked = ALGORITHM.inputs(params).checked({"temperature": 0.3, "length": 400})
    text = writing.read(_model().play(model, params, asked)["letters"])
    known = set(characters._READERS["grammar"]().replace("\n", " ").split(" "))
    whole = text.replace("\n", " ").split(" ")[:-1]
    assert _share(whole, known) > 0.95


def _share(found: list[str], known: set[str]) -> float:
    right: Array = np.array([word in known for word in found])
    return float(right.mean())
