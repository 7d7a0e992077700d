"""Transformer: its masks, its cache, its pairs, and what it learns."""

import datetime
import importlib
import itertools
import math
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.transformer import health, shown, spec
from dlkit.algorithms.transformer.bleu import bleu
from dlkit.algorithms.transformer.spec import ALGORITHM, Params
from dlkit.contract import CodedError, RunData, Series, Snapshot
from dlkit.datasets import characters, pairs
from dlkit.params import ParamsError
from dlkit.texts import words
from dlkit.views import attention, written
from tests.fakes.recording import RecordingRun

WORDS = words("en", "transformer")
TEXT: dict[str, Any] = {"data": "grammar", "layers": 2, "heads": 2, "width": 16, "context": 24}
PAIRS: dict[str, Any] = {"data": "reverse", "layers": 2, "heads": 2, "width": 16}
POSITIONS = ("learned", "sine", "rotary")


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.transformer.model")


def _writing() -> Any:
    return importlib.import_module("dlkit.writing")


def _built(values: dict[str, Any], **more: Any) -> tuple[Any, Params]:
    """A network whose weights are far from those of the beginning, so that it has opinions."""
    params = Params(**{**values, **more})
    model = _model().build(params)
    random = np.random.default_rng(1)
    model.set_weights([one + random.normal(0, 0.3, one.shape) for one in model.get_weights()])
    return model, params


def _tokens(count: int, length: int, symbols: int) -> Any:
    return np.random.default_rng(2).integers(4, symbols, (count, length)).astype(np.int32)


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "zero", "零"),
        (10, "ten", "十"),
        (21, "twenty-one", "二十一"),
        (305, "three hundred and five", "三百零五"),
        (4007, "four thousand and seven", "四千零七"),
        (11_011, "eleven thousand and eleven", "一万一千零一十一"),
        (20_300, "twenty thousand three hundred", "二万零三百"),
        (99_999, "ninety-nine thousand nine hundred and ninety-nine", "九万九千九百九十九"),
    ],
)
def test_numbers_in_words(number: int, english: str, chinese: str) -> None:
    assert pairs.number_words(number) == english
    assert pairs.chinese_words(number) == chinese


@pytest.mark.parametrize("name", [*pairs.MADE])
def test_made_pairs_fit_their_sizes_and_no_held_question_is_learned(name: str) -> None:
    found = pairs.pairs(name, 1)
    assert found.sizes == pairs.sizes(name)
    assert len(found.questions) == pairs.MADE[name].count
    assert len(found.held_questions) == pairs.HELD
    every = np.concatenate([found.questions, found.held_questions])
    assert pairs.UNKNOWN not in every and len(np.unique(every, axis=0)) == len(every)
    answers = np.concatenate([found.answers, found.held_answers])
    assert np.all(answers[:, 0] == pairs.START)
    assert np.all((answers == pairs.END).sum(axis=1) == 1)
    other = pairs.pairs(name, 2)
    assert not np.array_equal(found.held_questions, other.held_questions)


def test_answers_are_right() -> None:
    def told(name: str) -> list[tuple[str, str]]:
        found = pairs.pairs(name, 3)
        rows = zip(found.questions[:300], found.answers[:300], strict=True)
        return [(found.decode(question), found.decode(answer)) for question, answer in rows]

    assert all(answer == question[::-1] for question, answer in told("reverse"))
    assert all(answer == "".join(sorted(question)) for question, answer in told("sort"))
    for question, answer in told("addition"):
        assert int(answer) == sum(int(one) for one in question.split("+"))
    for question, answer in told("addition_turned"):
        assert int(answer[::-1]) == sum(int(one) for one in question.split("+"))
    for question, answer in told("dates"):
        date = datetime.date.fromisoformat(answer)
        digits = "".join(one for one in question if one in "0123456789")
        assert str(date.year) in digits or "年" in question
        assert "年" in question or str(date.day) in digits


def test_no_held_sum_is_learned_the_other_way_round() -> None:
    found = pairs.pairs("addition", 1)
    sides = [
        {tuple(sorted(found.decode(row).split("+"))) for row in rows}
        for rows in (found.questions, found.held_questions)
    ]
    assert not sides[0] & sides[1]


def test_no_held_date_is_learned_in_another_form() -> None:
    found = pairs.pairs("dates", 1)
    learned, held = ({found.decode(row) for row in rows} for rows in
                     (found.answers, found.held_answers))  # fmt: skip
    assert not learned & held


def test_words_and_marks_and_chinese_characters_are_tokens() -> None:
    assert pairs.parts("It's a dog, isn't it?", by_word=True) == [
        "it's", "a", "dog", ",", "isn't", "it", "?",
    ]  # fmt: skip
    assert pairs.parts("我在 read。", by_word=True) == ["我", "在", "read", "。"]


def test_bleu_by_hand() -> None:
    true = "the cat sat on the mat".split()
    assert bleu([true], [true]) == pytest.approx(100)
    # 6 of 7 words, 5 of 6 runs of two, 4 of 5, 3 of 4: the product is 3 / 7
    assert bleu([[*true, "today"]], [true]) == pytest.approx(100 * (3 / 7) ** 0.25)
    assert bleu([true[:5]], [true]) == pytest.approx(100 * math.exp(1 - 6 / 5))  # too short
    assert bleu([["the"] * 7], [true]) == 0.0
    # of all sentences together: 10 of 12 words, 7 of 10 runs of two, 5 of 8, 3 of 6
    other = "a dog ran in the park".split()
    said = [true, ["a", "dog", "ran", "away", "to", "park"]]
    shares = [10 / 12, 7 / 10, 5 / 8, 3 / 6]
    assert bleu(said, [true, other]) == pytest.approx(100 * math.prod(shares) ** 0.25)
    assert bleu([[], true], [other, true]) == pytest.approx(100 * math.exp(1 - 12 / 6))


def test_translations_are_measured_on_held_out_sentences() -> None:
    params = Params(data="reverse")
    found = pairs.pairs("reverse", 1)
    some = shown.Translations(params, lambda asked: np.array([truth[q.tobytes()] for q in asked]))
    assert len(some.questions) == shown.TRANSLATED
    held = {row.tobytes() for row in found.held_questions}
    assert all(row.tobytes() in held for row in some.questions)
    truth = {q.tobytes(): a for q, a in zip(found.held_questions, found.held_answers, strict=True)}
    assert some.judged()["bleu"] == pytest.approx(100)
    truth = {question: np.roll(answer, 1) for question, answer in truth.items()}
    truth = dict(zip(truth, [*truth.values()][::-1], strict=True))
    assert some.judged()["bleu"] < 20


def test_unknown_pairs_are_refused() -> None:
    with pytest.raises(CodedError, match="not_an_option"):
        pairs.pairs("no such pairs", 1)


@pytest.mark.data
@pytest.mark.parametrize("name", [*pairs.CACHED])
def test_translations_are_split_by_their_questions(name: str) -> None:
    if not pairs.is_there(name):
        pytest.skip(f"{name} is in none of the caches of this machine")
    found = pairs.pairs(name, 1)
    learned, held = ({tuple(row) for row in rows} for rows in
                     (found.questions.tolist(), found.held_questions.tolist()))  # fmt: skip
    assert len(learned) > 10_000 and len(held) >= pairs.HELD * 0.9
    assert len(learned & held) <= 0.01 * len(held)  # other words may become the same unknown one


@pytest.mark.keras
@pytest.mark.parametrize("values", [TEXT, PAIRS])
@pytest.mark.parametrize("positions", POSITIONS)
def test_weights_are_as_drawn(values: dict[str, Any], positions: str) -> None:
    params = Params(**values, positions=positions)
    boxes = spec.layers(params, WORDS)
    assert sum(box.weights * box.repeats for box in boxes) == _model().build(params).count_params()


@pytest.mark.keras
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm_first", [True, False])
def test_nothing_looks_ahead(positions: str, norm_first: bool) -> None:
    """Changing token t changes no logits before t, and those at t."""
    model, params = _built(TEXT, positions=positions, norm_first=norm_first)
    tokens = _tokens(1, params.context, model.output.shape[-1])
    changed = tokens.copy()
    changed[0, 10] = tokens[0, 10] % (model.output.shape[-1] - 1) + 1
    before, after = (np.asarray(model(one)) for one in (tokens, changed))
    assert np.array_equal(before[0, :10], after[0, :10])
    assert not np.allclose(before[0, 10], after[0, 10])
    maps = _model().maps_of(model, tokens)[0]
    assert np.allclose(np.triu(maps, 1), 0.0) and np.allclose(maps.sum(axis=-1), 1.0, atol=1e-5)


@pytest.mark.keras
def test_nothing_looks_at_padding() -> None:
    """What stands behind the end of a question, and how much of it, changes nothing."""
    model, _ = _built(PAIRS)
    sizes = pairs.sizes("reverse")
    question = np.zeros((1, sizes.question), np.int32)
    question[0, :4] = _tokens(1, 4, sizes.symbols)
    tokens = _tokens(1, sizes.answer, sizes.symbols)
    _, _, across = _model().maps_of(model, [question, tokens])
    assert np.allclose(across[..., 4:], 0.0) and np.allclose(across.sum(axis=-1), 1.0, atol=1e-5)
    before = np.asarray(model([question, tokens]))
    read = model.get_layer("read")
    table, *others = read.get_weights()
    table[pairs.PADDING] += 5.0
    read.set_weights([table, *others])
    assert np.allclose(np.asarray(model([question, tokens])), before, atol=1e-5)


@pytest.mark.keras
def test_padding_does_not_count_in_the_loss() -> None:
    model, _ = _built(PAIRS)
    found = pairs.pairs("reverse", 1)
    questions, answers = found.held_questions[:3], found.held_answers[:3]
    logits = np.asarray(model([questions, answers[:, :-1]]), np.float64)
    logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    wanted = answers[:, 1:]
    true = np.take_along_axis(logits, wanted[..., None], axis=-1)[..., 0]
    by_hand = -true[wanted > 0].mean()
    loss = model.test_on_batch((questions, answers[:, :-1]), wanted, return_dict=True)["loss"]
    assert float(loss) == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.keras
@pytest.mark.parametrize("positions", POSITIONS)
def test_writing_with_the_cache_is_the_plain_loop_and_is_traced_once(positions: str) -> None:
    model, params = _built(TEXT, positions=positions)
    network, context = _model(), params.context
    writer = _writing().Writer(model, network.begin, network.step)
    prompt = _tokens(1, 5, model.output.shape[-1])[0]
    found = writer.write(prompt, context + 1, temperature=0.0)
    plain, shares = list(prompt), [0.0]
    for place in range(context):
        logits = np.asarray(model(shown.padded(np.array(plain[:context]), context)))[0, place]
        share = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        if place + 1 >= len(plain):
            plain.append(int(logits.argmax()))
        shares.append(float(share[plain[place + 1]]))
    assert found["tokens"].tolist() == plain
    assert np.allclose(found["shares"], shares, atol=1e-4)
    traced = writer.predict_function.experimental_get_tracing_count()
    for length, temperature in ((3, 1.0), (context, 0.5), (90, 0.0)):
        assert len(writer.write(prompt[:2], length, temperature=temperature)["tokens"]) == length
    assert writer.predict_function.experimental_get_tracing_count() == traced == 1


@pytest.mark.keras
def test_a_text_longer_than_the_context_goes_on_from_half_a_page() -> None:
    model, params = _built(TEXT)
    network, half = _model(), params.context // 2
    writer = _writing().Writer(model, network.begin, network.step)
    prompt = _tokens(1, 4, model.output.shape[-1])[0]
    long = writer.write(prompt, 40, temperature=0.0)["tokens"]
    page = params.context + 1
    again = writer.write(long[page - half : page], 40 - page + half, temperature=0.0)["tokens"]
    assert long[page - half :].tolist() == again.tolist()


@pytest.mark.keras
def test_greedy_answers_are_the_likeliest_token_at_each_place() -> None:
    model, _ = _built(PAIRS)
    network, writing = _model(), _writing()
    asked = pairs.pairs("reverse", 1).held_questions[:4]
    answerer = writing.answerer(model, network.begin, network.step, count=4, beams=1)
    answers, scores = answerer.answers(asked)
    logits = np.asarray(model([asked, answers[:, 0, :-1]]), np.float64)
    logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    for row in range(4):
        said = answers[row, 0, 1:]
        length = int(np.argmax(said == pairs.END)) + 1 if pairs.END in said else len(said)
        assert np.array_equal(logits[row].argmax(axis=-1)[:length], said[:length])
        total = logits[row][np.arange(length), said[:length]].sum()
        assert float(scores[row, 0]) == pytest.approx(total, abs=1e-3)


@pytest.mark.keras
def test_beams_find_what_is_more_probable_and_differ() -> None:
    model, _ = _built(PAIRS)
    network, writing = _model(), _writing()
    asked = pairs.pairs("reverse", 1).held_questions[:3]
    best = []
    for beams in (1, 5):
        answerer = writing.answerer(model, network.begin, network.step, count=3, beams=beams)
        answers, scores = answerer.answers(asked)
        best.append(scores[:, 0])
        assert np.all(np.diff(scores, axis=1) <= 0)
        for rows in answers:
            assert len({tuple(row) for row in rows.tolist()}) == beams
    assert np.all(best[1] >= best[0] - 1e-4) and np.any(best[1] > best[0] + 1e-3)


@pytest.mark.keras
def test_what_is_drawn_from() -> None:
    narrowed = _writing().narrowed
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32))

    def shares(temperature: float, top_k: float, top_p: float) -> list[float]:
        how = np.array([temperature, top_k, top_p], np.float32)
        found = np.asarray(narrowed(logits, how))[0]
        return [round(float(one / found.sum()), 3) for one in found]

    assert shares(1, 1e9, 1) == [0.5, 0.3, 0.15, 0.05]
    assert shares(0, 1e9, 1) == [1, 0, 0, 0]
    assert shares(1, 2, 1) == [0.625, 0.375, 0, 0]
    assert shares(1, 1e9, 0.6) == [0.625, 0.375, 0, 0]
    assert shares(1, 1e9, 0.5) == [1, 0, 0, 0]
    halved = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert np.allclose(shares(0.5, 1e9, 1), halved / halved.sum(), atol=1e-3)


@pytest.mark.keras
def test_draws_follow_the_shares() -> None:
    chance = (np.arange(1000, dtype=np.float32) + 0.5) / 1000
    shares = np.repeat(np.array([[0.0, 0.25, 0.0, 0.75]], np.float32), 1000, axis=0)
    drawn = np.bincount(np.asarray(_writing().draw(shares, chance)), minlength=4)
    assert drawn.tolist() == [0, 250, 0, 750]


@pytest.mark.keras
def test_rotary_attention_knows_only_distances() -> None:
    attention_layer = _model().Attention(2, rotary=True)
    attention_layer.build((None, None, 8))
    x = np.random.default_rng(1).normal(size=(1, 6, 8)).astype(np.float32)
    here = attention_layer(x, *attention_layer.remember(x))[1]
    there = attention_layer(x, *attention_layer.remember(x, 9), place=9)[1]
    assert np.allclose(np.asarray(here), np.asarray(there), atol=1e-5)
    turned = attention_layer(x, *attention_layer.remember(x, 3))[1]
    assert not np.allclose(np.asarray(here), np.asarray(turned), atol=1e-3)


def test_windows_are_shifted_by_one_and_the_held_part_is_apart() -> None:
    params = Params(**TEXT)
    data, text = shown.data_of(params), characters.characters("grammar")
    assert np.array_equal(data.x_train[5][1:], data.y_train[5][:-1])
    asked = data.y_val[:, :-1] != characters.UNKNOWN  # each character once, see `checks`
    assert asked.mean() > 0.95
    assert np.array_equal(data.x_val[:, 1:][asked], data.y_val[:, :-1][asked])
    assert len(data.x_train) == len(text.train) - params.context
    assert not np.shares_memory(data.x_train, text.held)


@pytest.mark.keras
def test_what_was_never_learned_does_not_count_in_the_loss_of_a_text() -> None:
    model, params = _built(TEXT)
    tokens = _tokens(2, params.context, model.output.shape[-1])
    wanted = np.roll(tokens, -1, axis=1)
    wanted[:, 10:] = characters.UNKNOWN
    logits = np.asarray(model(tokens), np.float64)[:, :10]
    logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    by_hand = -np.take_along_axis(logits, wanted[:, :10, None], axis=-1).mean()
    loss = model.test_on_batch(tokens, wanted, return_dict=True)["loss"]
    assert float(loss) == pytest.approx(by_hand, rel=1e-4)


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"heads": 6, "width": 64})
    assert caught.value.problems[0].code == "heads_do_not_fit"


def test_texts_are_kept_at_steps_that_double() -> None:
    told: list[tuple[int, str]] = []
    for step in range(0, 1000, 10):
        told = shown.timeline(told, step, str(step))
    steps = [step for step, _ in told]
    assert steps[0] == 0 and steps[-1] == 990 and len(steps) <= shown.TIMELINE
    between = steps[1:-1]
    assert all(later >= 2 * earlier for earlier, later in itertools.pairwise(between))


def test_text_survives_being_kept_as_numbers_and_is_no_mark_up() -> None:
    given = ["a <b>", "明月", ""]
    assert written.decoded(shown.coded(given)) == given
    assert spec._read(shown.spelled(["明", " ", "\n"])) == ["明", " ", "\n"]
    assert written.seen("<") == "&lt;" and written.seen("\n") == "⏎"


def test_a_click_finds_its_head() -> None:
    maps = np.zeros((3, 4, 10, 6), np.uint8)
    assert attention.clicked(maps, {"x": 7.0, "y": 0.0}) == (1, 2)
    assert attention.clicked(maps, {"x": 27, "y": 32}) == (3, 4)
    assert attention.clicked(None, {}) == (1, 1)


def test_health_checks_say_what_they_see() -> None:
    def found(loss: Any, held: Any, data: str = "shakespeare", **more: Any) -> list[str]:
        steps = np.arange(1, 21)
        metrics = {
            "loss": Series(steps, np.linspace(4.0, loss, 20)),
            "val_loss": Series(steps, np.linspace(4.0, held, 20)),
        }
        run = RunData(Params(data=data), step=50, total_steps=100, metrics=metrics, **more)
        return [one.key for one in health.checks(run)]

    assert found(1.6, 1.7) == []
    assert found(0.5, 0.6) == ["leak"]
    assert found(0.5, 0.6, "grammar") == []
    assert found(6.0, 5.0) == ["diverging"]
    assert found(3.9, 3.9) == ["not_learning"]
    assert found(np.nan, 2.0) == ["diverged"]
    circles = {"written": Snapshot(1, shown.coded(["the the the " * 10]))}
    assert found(1.6, 1.7, arrays=circles) == ["repeating"]
    prose = "It was a bright cold day, and all the clocks of the old town were striking thirteen."
    assert found(1.6, 1.7, arrays={"written": Snapshot(1, shown.coded([prose]))}) == []
    rare = {"unknown": Snapshot(1, np.array([0.2], np.float32))}
    assert found(1.6, 1.7, "tatoeba", arrays=rare) == ["few_symbols"]


@pytest.mark.keras
def test_a_text_is_learned_and_played_with() -> None:
    params = Params(**TEXT, batch_size=32, epochs=2, learning_rate=0.005)
    run = RecordingRun(params)
    model = _model().train(params, run)
    losses = list(run.points["val_loss"].values())
    assert losses[-1] < 0.75 * losses[0]
    assert written.decoded(run.arrays["written"][run.total_steps])[-1].startswith("the king ")
    inputs = spec.inputs(params).checked({"prompt": "she is", "length": 30, "temperature": 0.5})
    found = _model().play(model, params, inputs)
    assert "".join(spec._read(found["tokens"])).startswith("she is")
    assert len(found["tokens"]) == 36
    assert np.all((found["shares"] >= 0) & (found["shares"] <= 1))
    assert np.all(np.diff(found["other_shares"][1:], axis=1) <= 0)
    for language in ("en", "zh"):
        assert len(spec.answer(found, params, words(language, "transformer"))) == 4


@pytest.mark.keras
@pytest.mark.data
def test_translations_are_measured_while_it_learns() -> None:
    if not pairs.is_there("multi30k"):
        pytest.skip("multi30k is in none of the caches of this machine")
    params = Params(data="multi30k", layers=1, heads=2, width=16, batch_size=8, epochs=1)
    run = RecordingRun(params)
    _model().train(params, run)
    assert list(run.points["val_bleu"]) == list(run.points["val_loss"])
    assert all(0 <= value < 20 for value in run.points["val_bleu"].values())
    drawn = [view.name for view in ALGORITHM.views if view.applies(params)]
    assert "bleu" in drawn and "translations" in drawn and "answers" not in drawn


@pytest.mark.keras
def test_pairs_of_one_s_own_are_learned_and_asked() -> None:
    given = "\n".join(f"{one}\t{one + 1}" for one in range(100, 300))
    values = {**PAIRS, "data": pairs.OWN_PAIRS, "own_pairs": given}
    params = Params.checked({**values, "batch_size": 16, "epochs": 1})
    run = RecordingRun(params)
    model = _model().train(params, run)
    assert run.points["val_loss"][run.total_steps] < run.points["val_loss"][0]
    found = _model().play(model, params, spec.inputs(params).checked({"question": "123"}))
    assert len(spec.answer(found, params, WORDS)) == 3


@pytest.mark.keras
def test_the_temperature_is_live() -> None:
    params = Params(**TEXT, batch_size=8, epochs=1)
    texts = []
    for temperature in (0.0, 2.0):
        run = RecordingRun(params)
        run.knobs["temperature"] = temperature
        _model().train(params, run)
        texts.append(written.decoded(run.arrays["written"][run.total_steps])[-1])
    assert texts[0] != texts[1]
    assert len(set(texts[0])) < len(set(texts[1]))


def test_presets_are_what_they_promise() -> None:
    presets = ALGORITHM.presets
    assert set(presets) == {"quick", "standard", "gpu"}
    assert pairs.is_there(str(presets["quick"].values()["data"]))
