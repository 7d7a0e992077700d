"""Word2Vec: the known traps, and what its vectors answer."""

import importlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.word2vec import shown, spec
from dlkit.algorithms.word2vec.spec import ALGORITHM, Params
from dlkit.contract import Array, CodedError, RunData, Series, Snapshot
from dlkit.datasets import chinese, grammar, texts, wiki
from dlkit.datasets.grammar_zh import RELATIONS
from dlkit.params import ParamsError
from dlkit.texts import words
from tests.fakes.recording import RecordingRun

WORDS = words("en", "word2vec")


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.word2vec.model")


def _windows(line: list[int], kept: list[int], reach: int) -> Array:
    """Which pairs of a line count, [L, L]."""
    reached = np.full((1, len(line)), reach, np.float32)
    found = _model().windows(np.array([line]), np.array([kept]) > 0, reached)
    return np.asarray(found)[0].astype(int)


@pytest.mark.parametrize("name", ["grammar", "lee_news"])
def test_a_text_is_split_by_sentences_and_counted_on_its_training_part(name: str) -> None:
    corpus = texts.corpus(name, 1, least=2)
    sentences = [int((part == 0).sum()) for part in (corpus.train, corpus.held)]
    assert sentences[1] == round(sum(sentences) * texts.HELD_OUT)
    counted = np.bincount(corpus.train, minlength=len(corpus.words))[1:]
    assert np.array_equal(counted, corpus.counts[1:]) and counted.min() >= 2
    assert np.all(np.diff(corpus.counts[1:]) <= 0)
    assert len(set(corpus.words)) == len(corpus.words)
    same, other = (texts.corpus(name, seed, least=2) for seed in (1, 2))
    assert np.array_equal(same.held, corpus.held) and not np.array_equal(other.held, corpus.held)


def test_a_minimum_count_that_leaves_nothing_is_said() -> None:
    with pytest.raises(CodedError, match="text_too_short"):
        texts.corpus("lee_news", 1, least=100_000)
    with pytest.raises(CodedError, match="not_an_option"):
        texts.corpus("no such text", 1, least=1)


def test_a_text_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (file,) = texts.ABC.files
    gone = replace(texts.ABC, further=(), files=(replace(file, address=tmp_path.as_uri() + "/x"),))
    monkeypatch.setattr(texts, "ABC", gone)
    monkeypatch.setitem(texts.CACHED, "abc", gone)
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    assert not texts.is_there("abc") and texts.is_there("wikipedia")
    with pytest.raises(CodedError, match="data_missing") as caught:
        texts.corpus("abc", 1, least=1)
    assert caught.value.values["instead"] == "grammar"


def test_markup_leaves_only_what_a_reader_sees() -> None:
    markup = (
        "'''Ants''' {{about|the {{small}} animal}} live in [[Nest (biology)|nests]].<ref>No</ref>"
        "[[File:Ant.jpg|thumb|An [[ant]] at work]] They eat [[leaf]]s.{| class=x\n| table |}"
    )
    assert " ".join(wiki.plain(markup).split()) == "Ants live in nests. They eat leafs."


def test_the_grammar_says_nothing_that_tells_two_pairs_apart_but_their_own_words() -> None:
    sentences = [one.split() for one in grammar.sentences()]
    king = {word for one in sentences if "king" in one for word in one}
    man = {word for one in sentences if "man" in one for word in one}
    assert king - man == {"king", "throne", "crown", "palace", "kingdom"}
    assert not king & {"she", "her", "hers", "herself", "madam", "queen"}
    assert len(set(grammar.analogies())) == 4 * 8 * 7 * 2


def test_the_chinese_grammar_survives_being_cut_into_words() -> None:
    corpus = texts.corpus("grammar_zh", 1, least=1)
    questions = grammar.analogies("grammar_zh")
    assert len(corpus.known(questions)) == len(questions) == 4 * 8 * 7 * 2
    objects = {one for pairs, *_ in RELATIONS for pair in pairs for one in pair[2].split()}
    assert objects < set(corpus.words)
    sentences = list(grammar.sentences("grammar_zh"))
    assert not any(" " in one for one in sentences)
    king = {word for one in sentences if "国王" in one for word in chinese.cut(one)}
    assert "宝座" in king and not king & {"她", "裙子", "女士", "长发"}


def test_only_chinese_is_cut() -> None:
    assert chinese.cut("studio") == ["studio"]
    assert chinese.cut("我们在北京学习keras") == ["我们", "在", "北京", "学习", "keras"]


def test_own_text_is_read_in_both_languages() -> None:
    own = "The cat drinks MILK! The dog drinks water…\n"
    own += "小猫在花园里看书。老师在学校教书，学校在花园旁边。"
    corpus = texts.corpus("own", 1, least=1, own=own * 30)
    assert {"cat", "milk", "花园", "学校"} < set(corpus.words)
    assert corpus.number("Milk") == corpus.numbers["milk"]
    parts = [int((part == 0).sum()) for part in (corpus.train, corpus.held)]
    assert sum(parts) == 4 * 30 and parts[1] == round(sum(parts) * texts.HELD_OUT)
    unbroken = texts.corpus("own", 1, least=1, own="one two three four five six seven eight " * 50)
    assert (unbroken.held == 0).sum() == 1 and len(unbroken.train) > 300


def test_own_text_that_is_too_short_or_too_long_is_refused_with_its_length() -> None:
    enough = "猫喝牛奶。" * 100
    assert Params.checked({"data": "own", "own_text": enough})
    assert Params.checked({"own_text": "short, but another text was chosen"})
    for own, code, given in (
        ("", "own_text_short", 0),
        ("don't say 猫喝牛奶!", "own_text_short", 6),
        ("word " * (spec.MOST + 1), "own_text_long", spec.MOST + 1),
    ):
        with pytest.raises(ParamsError) as caught:
            Params.checked({"data": "own", "own_text": own})
        (problem,) = caught.value.problems
        assert (problem.field, problem.code, problem.values["given"]) == ("own_text", code, given)


def test_the_playground_of_an_own_text_asks_for_its_words_first() -> None:
    own = "Teachers write letters. Children read stories, parents answer questions. " * 40
    params = Params(data="own", own_text=own)
    asked, corpus = spec.inputs(params)().values(), spec.corpus_of(params)
    for name in ("word", "plus", "minus", "also"):
        assert corpus.number(asked[name])
    assert all(corpus.number(word) for word in asked["among"].split(","))


@pytest.mark.keras
def test_windows_of_a_sentence_of_five_words_by_hand() -> None:
    assert _windows([4, 8, 6, 7, 5], [1, 1, 1, 1, 1], 2).tolist() == [
        [0, 1, 1, 0, 0],
        [1, 0, 1, 1, 0],
        [1, 1, 0, 1, 1],
        [0, 1, 1, 0, 1],
        [0, 0, 1, 1, 0],
    ]


@pytest.mark.keras
def test_words_are_left_out_before_the_windows_are_laid() -> None:
    pairs = _windows([4, 8, 6, 7, 5], [1, 0, 0, 1, 1], 1)
    assert np.argwhere(pairs).tolist() == [[0, 3], [3, 0], [3, 4], [4, 3]]


@pytest.mark.keras
def test_no_window_reaches_into_another_sentence() -> None:
    pairs = _windows([4, 8, 0, 6, 7, 0, 0], [1] * 7, 5)
    assert np.argwhere(pairs).tolist() == [[0, 1], [1, 0], [3, 4], [4, 3]]


@pytest.mark.keras
def test_negatives_are_drawn_by_count_to_the_power_of_three_quarters() -> None:
    params = Params(subsampling=0.0)
    corpus, model = texts.corpus("grammar", 1, least=1), _model().build(params)
    lines = np.ones((2000, _model().LINE), np.int32)
    drawn = np.bincount(
        np.asarray(model.get_layer("draw")(lines, training=True)[1]).ravel(),
        minlength=len(corpus.words),
    )
    wanted = corpus.counts**0.75
    wanted = wanted[1:] / wanted.sum() * drawn.sum()
    assert drawn[0] == 0
    chi_square = float(((drawn[1:] - wanted) ** 2 / wanted).sum())
    free = len(wanted) - 1
    assert chi_square < free + 4 * np.sqrt(2 * free)
    plain = corpus.counts[1:] / corpus.counts.sum() * drawn.sum()
    assert float(((drawn[1:] - plain) ** 2 / plain).sum()) > 10 * chi_square


@pytest.mark.keras
def test_windows_are_of_every_length_up_to_the_limit_and_the_check_draws_the_same() -> None:
    draw = _model().build(Params(window=3)).get_layer("draw")
    lines = np.arange(1, _model().LINE + 1)[None].repeat(50, axis=0)
    pairs = np.asarray(draw(lines, training=True)[0])[:, 10:50].sum(axis=2).ravel()
    counts = [int((pairs == size).sum()) for size in (2, 4, 6)]
    assert sum(counts) == pairs.size and min(counts) > 0.25 * pairs.size
    first, second = (np.asarray(draw(lines)[0]) for _ in range(2))
    assert np.array_equal(first, second)
    again = np.asarray(draw(lines, training=True)[0]), np.asarray(draw(lines, training=True)[0])
    assert not np.array_equal(*again)


@pytest.mark.keras
def test_adagrad_by_rows_takes_the_steps_of_adagrad() -> None:
    keras = importlib.import_module("keras")
    tables = []
    for made in (keras.optimizers.Adagrad, _model().RowAdagrad):
        table = keras.layers.Embedding(10, 3, embeddings_initializer="ones")
        model = keras.Sequential([keras.Input((4,), dtype="int32"), table])
        model.compile(made(0.1, initial_accumulator_value=2e-9, epsilon=1e-12), "mse")
        rows = np.array([[1, 2, 2, 7], [7, 3, 1, 2]], np.int32)
        for _ in range(3):
            model.train_on_batch(rows, np.zeros((2, 4, 3), np.float32))
        tables.append(table.get_weights()[0])
    plain, by_rows = tables
    assert np.allclose(plain, by_rows, rtol=1e-6) and np.all(by_rows[[1, 2, 3, 7]] < 1)
    assert np.all(by_rows[[0, 4, 5, 6, 8, 9]] == 1)


@pytest.mark.keras
@pytest.mark.parametrize("method", ["skip_gram", "cbow"])
def test_an_untrained_network_guesses(method: str) -> None:
    """All scores are 0, so each true pair and each negative costs the logarithm of 2."""
    params = Params(method=method, negatives=7, subsampling=0.0)
    model, corpus = _model().build(params), texts.corpus("grammar", 1, least=1)
    lines = _model()._lines(corpus.train)[:32]
    loss = model.test_on_batch(lines, return_dict=True)["loss"]
    assert float(loss) == pytest.approx(8 * np.log(2), rel=1e-4)
    assert model.count_params() == len(corpus.words) * (2 * params.dimension + 2)


@pytest.mark.keras
def test_the_loss_of_skip_gram_by_hand() -> None:
    params = Params(dimension=2, window=2, subsampling=0.0)
    word2vec = _model()
    model, random = word2vec.build(params), np.random.default_rng(1)
    for name in ("words", "contexts"):
        layer = model.get_layer(name)
        layer.set_weights([random.normal(size=one.shape) for one in layer.get_weights()])
    line = np.zeros((1, word2vec.LINE), np.int32)
    line[0, :5] = [4, 8, 6, 7, 5]
    pairs, negatives = (np.asarray(one)[0] for one in model.get_layer("draw")(line))
    table, company = (model.get_layer(name).get_weights()[0] for name in ("words", "contexts"))
    losses = []
    for place, other in np.argwhere(pairs):
        word = table[line[0, place]]
        drawn = np.log1p(np.exp(company[negatives] @ word))
        losses.append(
            np.log1p(np.exp(-word @ company[line[0, other]]))
            + drawn.sum() * params.negatives / word2vec.NEGATIVES
        )
    loss = float(model.test_on_batch(line, return_dict=True)["loss"])
    assert loss == pytest.approx(float(np.mean(losses)), rel=1e-4)


def test_an_analogy_is_never_answered_with_a_word_of_its_question() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.99, 0.0], [0.0, 1.0], [0.9, 0.12]])
    question = np.array([[0, 1, 2, 4]])
    assert shown.analogies(vectors, question).tolist() == [True]
    unit = shown.unit(vectors)
    said, cosines = shown.nearest(unit, unit[[0]], without=np.array([[0, 1]]), most=9)
    assert sorted(said[0].tolist()) == [2, 3, 4] and np.all(np.diff(cosines[0]) <= 0)


def test_likeness_is_a_rank_correlation() -> None:
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    pairs = np.array([[0, 1], [0, 2], [0, 3]])
    assert shown.similarity(vectors, pairs, np.array([9.0, 5.0, 1.0])) == pytest.approx(1.0)
    assert shown.similarity(vectors, pairs, np.array([1.0, 5.0, 9.0])) == pytest.approx(-1.0)
    assert shown.similarity(vectors, pairs, np.array([5.0, 5.0, 5.0])) == 0.0


def test_the_map_stays_where_it_was_when_the_vectors_turn() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(40, 6)) * (5, 4, 1, 1, 1, 1)
    turn, _ = np.linalg.qr(random.normal(size=(6, 6)))
    first = shown.flat(vectors, None)
    assert np.allclose(shown.flat(vectors @ turn, first), first, atol=1e-4)
    mirrored = first * (1, -1)
    assert np.allclose(shown.flat(vectors, mirrored), mirrored, atol=1e-4)


def test_words_survive_being_kept_as_numbers() -> None:
    given = ["king", "", "café", "北京", "a" * 40]
    assert shown.read(shown.spelled(given)) == ["king", "", "café", "北京", "a" * shown.LETTERS]


def test_the_playground_takes_words_only() -> None:
    inputs = spec.inputs(Params())
    assert inputs.checked({"word": " Queen ", "among": "he, she , queen's"})
    assert inputs.checked({"word": "国王", "among": "北京、东京，罗马"})
    for wrong in ({"word": "two words"}, {"word": ""}, {"among": "only, two"}):
        with pytest.raises(ParamsError) as caught:
            inputs.checked(wrong)
        assert caught.value.problems[0].code == "wrong_form"


def test_an_unknown_word_is_named_with_one_that_is_known() -> None:
    corpus = texts.corpus("grammar", 1, least=1)
    assert corpus.number(" King ") == corpus.numbers["king"]
    with pytest.raises(CodedError, match="word_unknown") as caught:
        corpus.number("zebra")
    assert caught.value.values["given"] == "zebra"
    assert corpus.number(caught.value.values["example"])


@pytest.mark.parametrize("name", ["grammar", "grammar_zh", "lee_news", "wikipedia"])
def test_what_the_playground_asks_first_is_known_at_the_presets_minimum_count(name: str) -> None:
    least = 1 if name in texts.PLANTED else spec.REAL.minimum_count
    corpus = texts.corpus(name, 1, least=least)
    for word in re.split(spec.COMMA, ", ".join(spec.FIRST_ASKED[name])):
        assert corpus.number(word)


def test_health_checks_say_what_they_see() -> None:
    def found(loss: float, **more: Any) -> list[str]:
        steps = np.arange(1, 21)
        metrics = {
            "loss": Series(steps, np.full(20, loss)),
            "val_loss": Series(steps, loss + 0.0 * steps),
        }
        data = RunData(Params(data="lee_news"), step=50, total_steps=100, metrics=metrics, **more)
        return [one.key for one in spec.checks(data)]

    guessing = 6 * np.log(2)
    assert found(guessing) == ["not_learning"]
    assert found(2 * guessing) == ["too_fast"]
    assert found(2.0) == []
    assert found(2.0, arrays={"map_words": Snapshot(1, np.zeros((9, 24), np.uint8))}) == [
        "few_words"
    ]


@pytest.fixture(scope="module")
def learned() -> tuple[RecordingRun, Any, Params]:
    """The quick preset, trained as a person would."""
    params = ALGORITHM.presets["quick"]
    assert isinstance(params, Params)
    run = RecordingRun(params)
    return run, _model().train(params, run), params


@pytest.mark.keras
def test_all_planted_analogies_are_answered(learned: tuple[RecordingRun, Any, Params]) -> None:
    run, _, _ = learned
    points = run.points["val_accuracy"]
    assert points[0] < 0.1 and points[run.total_steps] == 1.0
    assert run.points["val_loss"][run.total_steps] < 2.0 < run.points["val_loss"][0]
    answers = shown.read(run.arrays["board_answers"][run.total_steps])
    board = run.arrays["board"][0]
    assert [shown.read(row)[3] for row in board] == answers


@pytest.mark.keras
def test_the_playground_answers(learned: tuple[RecordingRun, Any, Params]) -> None:
    _, model, params = learned
    found = _model().play(model, params, spec.inputs(params)())
    assert shown.read(found["said"])[0] == "queen"
    assert shown.read(found["among"])[int(found["odd"][0])] == "walked"
    assert not {"king", "man", "woman"} & set(shown.read(found["said"]))
    with pytest.raises(CodedError, match="word_unknown"):
        _model().play(model, params, spec.inputs(params).checked({"word": "zebra"}))
    partly = {"plus": "zebra", "among": "king, unicorn, queen"}
    found = _model().play(model, params, spec.inputs(params).checked(partly))
    titles = [figure.layout.title.text for figure in spec.answer(found, params, WORDS)]
    assert "king" in titles[0] and "zebra" in titles[1] and "unicorn" in titles[2]


@pytest.mark.keras
def test_the_map_of_the_playground_has_the_asked_for_word_its_neighbours_and_groups(
    learned: tuple[RecordingRun, Any, Params],
) -> None:
    _, model, params = learned
    for asked, shape in (({}, 2), ({"projection": "tsne"}, 2), ({"dimensions": "3"}, 3)):
        values = {"word": "paris", "groups": 4, "mapped": 40, **asked}
        found = _model().play(model, params, spec.inputs(params).checked(values))
        names = shown.read(found["place_words"])
        assert names[0] == "paris" and names[1 : 1 + spec.NEAR] == shown.read(found["near"])
        assert len(set(names)) == len(names) >= 40
        assert found["places"].shape == (len(names), shape)
        assert set(found["groups"]) == {0, 1, 2, 3}
        apart = np.linalg.norm(found["places"] - found["places"][0], axis=1)
        assert apart[1 : 1 + spec.NEAR].mean() < apart.mean()
        figure = spec.answer(found, params, WORDS)[-1]
        assert {trace.type for trace in figure.data} == {"scatter3d" if shape == 3 else "scatter"}
        assert sorted(name for trace in figure.data for name in trace.hovertext) == sorted(names)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_gensim_reads_the_exported_vectors_and_finds_the_same_neighbours(
    learned: tuple[RecordingRun, Any, Params], tmp_path: Path
) -> None:
    _, model, params = learned
    gensim = importlib.import_module("gensim.models")
    exports = importlib.import_module("dlkit.exports.word_vectors")
    path = tmp_path / "vectors.txt"
    model.save(tmp_path / "model.keras")
    kept = (tmp_path / "model.keras").read_bytes()
    path.write_bytes(exports.word2vec_text(kept, params))
    theirs = gensim.KeyedVectors.load_word2vec_format(str(path))
    assert np.array_equal(theirs.vectors, _model().vectors_of(model)[1:])
    for word in ("king", "paris", "walked"):
        found = _model().play(model, params, spec.inputs(params).checked({"word": word}))
        ours = list(zip(shown.read(found["near"]), found["near_cosines"], strict=True))
        for (near, cosine), (their, likeness) in zip(ours, theirs.most_similar(word), strict=True):
            assert near == their and cosine == pytest.approx(likeness, abs=1e-5)
    with zipfile.ZipFile(io.BytesIO(exports.projector_tables(kept, params))) as archive:
        rows = archive.read("vectors.tsv").decode().splitlines()
        assert archive.read("metadata.tsv").decode().splitlines() == theirs.index_to_key
    values = np.array([[float(value) for value in row.split("\t")] for row in rows], np.float32)
    assert np.array_equal(values, theirs.vectors)
