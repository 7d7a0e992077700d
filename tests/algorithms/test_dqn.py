"""Deep Q-learning: the known traps, one target by hand, and what it reaches."""

import base64
import importlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlkit.algorithms.dqn import health, shelf, worlds
from dlkit.algorithms.dqn.memory import Memory
from dlkit.algorithms.dqn.spec import ALGORITHM, Params
from dlkit.contract import Array, CodedError, RunData, Series, Snapshot
from dlkit.datasets import grids
from dlkit.params import ParamsError
from dlkit.texts import words
from dlkit.views import games as film
from tests.fakes.recording import Broken, RecordingRun

WORDS = words("en", "dqn")
SMALL = Params(hidden_layers="8", train_every=4, gradient_steps=3, batch_size=5, target_every=2)
SURE = "S..G/.#.X/...2"


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.dqn.model")


def _games() -> Any:
    return importlib.import_module("dlkit.algorithms.dqn.games")


def _memory(capacity: int = 6, side_by_side: int = 1) -> Memory:
    return Memory(capacity, side_by_side, 1, np.float32)


def _live(
    memory: Memory, moment: int, reward: float, *, over: bool = False, late: bool = False
) -> None:
    memory.add(
        seen=np.array([[moment]], np.float32),
        following=np.array([[moment + 0.5]], np.float32),
        actions=np.array([0]),
        rewards=np.array([reward], np.float32),
        over=np.array([over]),
        late=np.array([late]),
    )


def _every(memory: Memory, steps: int) -> dict[float, tuple[float, float, float]]:
    """By moment: the return, what the end counts, and what is seen there."""
    random = np.random.default_rng(1)
    drawn = memory.draw((1, 500), random, steps=steps, discount=0.5)
    rows = zip(
        drawn.seen[0, :, 0], drawn.rewards[0], drawn.discounts[0], drawn.following[0, :, 0],
        strict=True,
    )  # fmt: skip
    return {float(one): (float(a), float(b), float(c)) for one, a, b, c in rows}


def test_nothing_comes_after_an_end_but_after_mere_lateness_it_does() -> None:
    memory = _memory()
    _live(memory, 0, 1.0, over=True)
    _live(memory, 1, 1.0, late=True)
    _live(memory, 2, 1.0)
    found = _every(memory, steps=1)
    assert found == {0.0: (1.0, 0.0, 0.5), 1.0: (1.0, 0.5, 1.5), 2.0: (1.0, 0.5, 2.5)}


def test_returns_over_three_steps_by_hand() -> None:
    memory = _memory()
    for moment, reward in enumerate((1.0, 2.0, 4.0)):
        _live(memory, moment, reward, over=moment == 2)
    _live(memory, 3, 8.0, late=True)
    _live(memory, 4, 16.0)
    found = _every(memory, steps=3)
    assert found[0.0] == (1 + 0.5 * 2 + 0.25 * 4, 0.0, 2.5)
    assert found[1.0] == (2 + 0.5 * 4, 0.0, 2.5)
    assert found[2.0] == (4.0, 0.0, 2.5)
    assert found[3.0] == (8.0, 0.5, 3.5)  # time was up: it ends there, what follows still counts
    assert found[4.0] == (16.0, 0.5, 4.5)  # nothing newer is there yet


def test_the_ring_forgets_the_oldest_and_never_reads_across_its_newest() -> None:
    memory = _memory(capacity=4)
    for moment in range(6):
        _live(memory, moment, 1.0)
    found = _every(memory, steps=2)
    assert set(found) == {2.0, 3.0, 4.0, 5.0} and len(memory) == 4
    assert found[3.0] == (1.5, 0.25, 4.5)
    assert found[5.0] == (1.0, 0.5, 5.5)
    again = _memory(capacity=4)
    again.restore(memory.state())
    assert _every(again, steps=2) == found


def test_what_surprised_is_drawn_more_often_and_weighs_less() -> None:
    memory = _memory(capacity=2)
    _live(memory, 0, 0.0)
    _live(memory, 1, 0.0)
    memory.learned(np.array([[0, 1]]), np.array([[1.0, 8.0]]))
    drawn = memory.draw((1, 20_000), np.random.default_rng(1), steps=1, discount=0.9, evenness=1.0)
    rare, often = ((drawn.places[0] == place).sum() for place in (0, 1))
    assert often / rare == pytest.approx(8**0.6, rel=0.05)
    weights = {int(p): float(w) for p, w in zip(drawn.places[0], drawn.weights[0], strict=True)}
    assert weights[0] == 1.0 and weights[1] == pytest.approx(8**-0.6, rel=0.01)


def test_value_iteration_by_hand() -> None:
    rules = grids.grid("S.G/###/###").rules()
    best = grids.best_values(rules, 0.9)
    assert best[1].max() == pytest.approx(0.99)
    assert best[0, 1] == pytest.approx(-0.01 + 0.9 * 0.99)
    assert best[0, 0] == pytest.approx(-0.01 + 0.9 * best[0, 1])  # bumps into the edge
    where = grids.reached(rules)
    assert where.tolist() == [True, True, False] + [False] * 6
    assert grids.share_of_best(best, best, where) == 1.0
    assert grids.share_of_best(-best, best, where) == 0.0


def test_a_slippery_grid_knows_all_its_ways() -> None:
    rules = grids.grid(SURE, 0.2).rules()
    assert np.allclose(rules.chances.sum(axis=2), 1.0)
    assert rules.chances[0, 1, 1] == pytest.approx(0.8)
    assert rules.chances[0, 1, 0] == pytest.approx(0.1)  # slips up into the edge


@pytest.mark.parametrize(
    ("text", "code"),
    [("S..G/..", "grid_ragged"), ("...G/....", "grid_without"), ("S#G/.#./.#.", "grid_closed"),
     ("S.S/..G", "grid_without"), ("S../...", "grid_without"), ("S.0/..G", "grid_letter"),
     ("S/G", "grid_size"), ("/".join(["S.G"] + ["..."] * 16), "grid_size")],
)  # fmt: skip
def test_a_grid_that_cannot_be_played_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({**Params().values(), "data": "grid", "grid": text})
    assert (caught.value.problems[0].field, caught.value.problems[0].code) == ("grid", code)
    assert words("zh")(f"error.{code}", **caught.value.problems[0].values)


def test_the_result_is_that_of_the_greedy_judge() -> None:
    assert ALGORITHM.headline == ("val_return",)


def test_the_shelf_keeps_four_episodes() -> None:
    held = shelf.Shelf()
    for step, brought in enumerate((3.0, 1.0, 7.0, 5.0)):
        held.add(brought, step, [step, 1], step=step)
    assert [held.episodes[name].brought for name in shelf.PLACES] == [3.0, 1.0, 7.0, 5.0]
    again = shelf.Shelf()
    again.restore(held.state())
    assert again.episodes == held.episodes
    empty = shelf.Shelf()
    empty.restore(shelf.Shelf().state())
    assert empty.episodes == {}


def test_a_click_on_the_shelf_opens_its_episode_picture_by_picture() -> None:
    clips = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 9, 8, 12), np.uint8)
    facts = np.array([[number, 5, 50] for number in range(4)], np.float32)
    held = {"shelf_pictures": Snapshot(60, clips), "shelf_facts": Snapshot(60, facts)}
    data = RunData(Params(), arrays=held)
    view = next(one for one in ALGORITHM.views if one.name == "shelf")
    drawn = view.build(data, WORDS)
    assert view.detail is not None and len(drawn.data) == 4 * 6
    for row in range(4):
        opened = view.detail(data, WORDS, {"curve": 6 * row + 2})
        assert opened.layout.annotations[0].text == drawn.layout.annotations[row].text
        (slider,) = opened.layout.sliders
        assert len(slider.steps) == 9
        picture = slider.steps[8].args[0]["source"][0].split(",")[1]
        shown: Any = Image.open(io.BytesIO(base64.b64decode(picture)))
        assert np.array_equal(np.asarray(shown.convert("RGB")), film.unpacked(clips[row, 8]))
    for place in ({"curve": None}, {"curve": 999}, {"curve": "?"}):
        assert view.detail(data, WORDS, place) is not None
        assert view.detail(RunData(Params()), WORDS, place) is not None


def test_films_are_animated_pictures_that_run_once() -> None:
    colours = np.array([[[255, 255, 255], [0, 0, 0]], [[200, 30, 120], [16, 151, 107]]], np.uint8)
    packed = film.packed(colours)
    assert np.abs(film.unpacked(packed).astype(int) - colours).max() <= 43
    assert film.unpacked(packed)[0].tolist() == [[255, 255, 255], [0, 0, 0]]
    clip = np.stack([packed, packed[::-1], packed])
    address = film.moving(clip)
    picture: Any = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))
    assert picture.n_frames == 3 and picture.info["loop"] == 1
    picture.seek(1)
    assert np.array_equal(np.asarray(picture.convert("RGB")), film.unpacked(packed[::-1]))


@pytest.mark.parametrize("name", worlds.NAMES)
def test_an_episode_played_again_is_the_same(name: str) -> None:
    game, random = _games().Game(name), np.random.default_rng(3)
    assert game.begin(5).shape == (game.world.size,)
    actions = [int(one) for one in random.integers(game.world.actions, size=25)]
    first = []
    for action in actions:
        found = game.step(action)
        first.append(found[0].tolist())
        if found[2] or found[3]:
            break
    actions = actions[: len(first)]
    game.begin(6)
    assert game.replay(5, actions).tolist() == first[-1]
    other = _games().Game(name)
    assert other.replay(5, actions).tolist() == first[-1]


@pytest.mark.parametrize("name", worlds.NAMES)
def test_a_world_is_as_it_is_described(name: str) -> None:
    game = _games().Game(name, seen=True)
    game.begin(1)
    assert game.frame().shape == (*game.world.picture, 3)
    world = game.world
    assert len(world.mapped()) == np.prod(world.map_shape())
    assert world.probed().shape[1] == world.size
    if world.states:
        assert len(world.signs) == world.actions
        rules = game.rules()
        assert np.allclose(rules.chances.sum(axis=2), 1.0)
    else:
        assert len(world.numbers) == len(world.low) == len(world.high) == len(world.rest)


def test_a_changed_constant_changes_the_world() -> None:
    for name, world in worlds.WORLDS.items():
        for constant, one in world.constants.items():
            plain = _games().Game(name)
            changed = _games().Game(name, constants={constant: one.high})
            ways = []
            for game in (plain, changed):
                seen = [game.begin(2).tolist()]
                for number in range(30):
                    moment, _, over, _ = game.step(number % game.world.actions)
                    seen.append(moment.tolist())
                    if over:
                        break
                ways.append(seen)
            assert ways[0] != ways[1], (name, constant)


@pytest.mark.parametrize("name", worlds.NAMES)
def test_a_level_is_the_same_in_one_go_and_move_by_move(name: str) -> None:
    params = Params(data=name)
    inputs = ALGORITHM.inputs(params)()
    rules = ALGORITHM.duel(params, WORDS) if ALGORITHM.duel else None
    assert rules is not None and len(rules.moves) == worlds.world_of(params).actions
    assert len({move.key for move in rules.moves}) == len(rules.moves)
    moves = [number % len(rules.moves) for number in range(12)]
    stage = importlib.import_module("dlkit.algorithms.dqn.stage")
    whole = stage.Stage(params, inputs).scenes(moves, 0)
    slow, single = stage.Stage(params, inputs), []
    for count in range(len(whole)):
        single += slow.scenes(moves[:count], count)
    for one, other in zip(whole, single, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert (one.brought, one.over) == (other.brought, other.over)
    back = slow.scenes(moves[:2], 1)  # an earlier moment is played again
    assert [one.brought for one in back] == [one.brought for one in whole[1:3]]
    with pytest.raises(CodedError, match="move_unknown"):
        slow.scenes([len(rules.moves)], 0)


def test_what_is_kept_as_next_is_the_last_moment_and_not_the_new_start() -> None:
    games = _games()
    many = games.Worlds([games.Game("cartpole"), games.Game("cartpole")], 1)
    alone = games.Game("cartpole")
    seen = alone.begin(games.seed_of(1, 0, 0))
    for _ in range(60):
        assert np.array_equal(many.seen[0], seen)
        found = many.step(np.array([1, 0]))
        seen, _, over, _ = alone.step(1)
        assert np.array_equal(found.following[0], seen)
        if over:
            break
    assert found.over[0] and not found.late[0]
    assert abs(found.following[0, 2]) > 0.2  # the pole has fallen
    assert abs(many.seen[0, 2]) < 0.06  # and stands again
    (brought, seed, actions), *_ = found.ended
    assert brought == len(actions) and seed == games.seed_of(1, 0, 0)


def test_time_that_is_up_is_no_end() -> None:
    game = _games().Game("mountain_car")
    game.begin(1)
    ends = [game.step(1)[2:] for _ in range(200)]
    assert ends[-1] == (False, True) and not any(over or late for over, late in ends[:-1])


def test_worlds_come_back_to_where_they_were_or_say_that_they_cannot() -> None:
    games = _games()
    made = lambda: games.Worlds([games.Game("lunar_lander"), games.Game("grid")][:1], 3)  # noqa: E731
    first = made()
    for number in range(130):
        first.step(np.array([number % 4]))
    second = made()
    second.restore(first.state())
    assert second.episodes == first.episodes
    for number in range(5):
        one, two = (world.step(np.array([number % 4])) for world in (first, second))
        assert np.array_equal(one.following, two.following)
    wrong = first.state() | {"worlds/seen": first.seen + 1}
    with pytest.raises(CodedError, match="file_damaged"):
        made().restore(wrong)


@pytest.mark.keras
@pytest.mark.parametrize(
    "change",
    [{}, {"dueling": True, "normalisation": "none"}, {"exploration": "noisy", "dueling": True},
     {"data": "grid", "hidden_layers": ""}, {"data": "taxi"}, {"data": "lunar_lander"}],
)  # fmt: skip
def test_acting_asks_the_same_network_in_numpy(change: dict[str, Any]) -> None:
    params = Params.checked({**SMALL.values(), **change})
    model, world = _model().build(params), worlds.world_of(params)
    random = np.random.default_rng(1)
    if world.states:
        seen = random.integers(world.states, size=(9, 1)).astype(np.int32)
    else:
        seen = random.normal(size=(9, world.size)).astype(np.float32)
    ours = _model().Policy(model, params).values(seen)
    assert np.allclose(ours, np.asarray(model(seen, training=False)), atol=1e-5)
    boxes = ALGORITHM.layers(params, WORDS)
    weights = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert sum(box.weights for box in boxes) == weights


@pytest.mark.keras
def test_noise_shakes_only_who_learns() -> None:
    params = SMALL.model_copy(update={"exploration": "noisy"})
    model, seen = _model().build(params), np.ones((1, 4), np.float32)
    first, second = (np.asarray(model(seen, training=True)) for _ in range(2))
    assert not np.allclose(first, second)
    assert np.array_equal(np.asarray(model(seen)), np.asarray(model(seen)))
    policy = _model().Policy(model, params)
    noise = np.random.default_rng(1).standard_normal(policy.noises, np.float32)
    assert policy.noises == 4 + 8 + 8 + 2
    assert not np.allclose(policy.values(seen, noise), policy.values(seen))


def _learner(**change: Any) -> Any:
    params = Params.checked({**SMALL.values(), **change})
    return _model().Learner(_model().build(params), params)


def _drawn(blocks: int = 1, batch: int = 3) -> Any:
    memory = Memory(50, 1, 4, np.float32)
    random = np.random.default_rng(1)
    for number in range(30):
        memory.add(
            seen=random.normal(size=(1, 4)),
            following=random.normal(size=(1, 4)),
            actions=random.integers(2, size=1),
            rewards=random.normal(size=1),
            over=np.array([number % 5 == 0]),
            late=np.array([False]),
        )
    return memory.draw((blocks, batch), random, steps=1, discount=0.9)


@pytest.mark.keras
@pytest.mark.parametrize("double", [True, False])
def test_the_loss_by_hand(double: bool) -> None:
    learner, drawn = _learner(double=double), _drawn()
    for weight in learner.target.trainable_variables:  # so that the two networks differ
        weight.assign(-1.5 * np.asarray(weight.value) + 0.1)
    online, target = learner.policies()
    chosen = online.values(drawn.seen[0])[np.arange(3), drawn.actions[0]]
    ahead = target.values(drawn.following[0])
    judge = online.values(drawn.following[0]) if double else ahead
    best = ahead[np.arange(3), judge.argmax(axis=1)]
    errors = drawn.rewards[0] + drawn.discounts[0] * best - chosen
    size = np.abs(errors)
    wanted = np.where(size < 1, 0.5 * errors**2, size - 0.5).mean()
    assert learner.loss(drawn) == pytest.approx(float(wanted), abs=1e-5)
    assert np.allclose(learner.learn(drawn, 0).errors[0], errors, atol=1e-5)


@pytest.mark.keras
def test_a_column_against_a_row_is_refused() -> None:
    learner, drawn = _learner(), _drawn()
    batch = [drawn.seen[0], drawn.actions[0], drawn.rewards[0][:, None], drawn.following[0],
             drawn.discounts[0], drawn.weights[0]]  # fmt: skip
    with pytest.raises(ValueError, match=r"\(B,\) against \(B, 1\)"):
        learner._loss(*batch)


@pytest.mark.keras
def test_the_target_network_is_another_object_that_follows_when_it_should() -> None:
    learner = _learner(target_every=4)
    pairs = list(
        zip(learner.online.trainable_variables, learner.target.trainable_variables, strict=True)
    )
    assert learner.online is not learner.target
    assert all(one is not other for one, other in pairs)
    before = [np.array(other.numpy()) for _, other in pairs]
    learner.learn(_drawn(3), 0)
    assert all(
        np.array_equal(other.numpy(), old) for (_, other), old in zip(pairs, before, strict=True)
    )
    assert not any(np.array_equal(one.numpy(), other.numpy()) for one, other in pairs[:1])
    learner.learn(_drawn(3), 3)  # the fourth update is the first of this block
    after = [np.array(other.numpy()) for _, other in pairs]
    assert not any(np.array_equal(new, old) for new, old in zip(after[:1], before[:1], strict=True))
    assert not np.array_equal(pairs[0][0].numpy(), after[0])
    learner.learn(_drawn(2), 6)  # and the eighth the last of this one
    assert all(np.array_equal(one.numpy(), other.numpy()) for one, other in pairs)


@pytest.mark.keras
def test_what_is_judged_is_the_mean_of_the_networks_later_ones_counting_more() -> None:
    learner, plain = _learner(), _learner(average_weights=False)
    kept: list[Array] = []
    for number in range(4):
        learner.learn(_drawn(2), 2 * number)
        plain.learn(_drawn(2), 2 * number)
        kept.append(np.array(learner.online.trainable_variables[0].numpy()))
    shares = np.array([1.0, 3.0, 6.0, 10.0])  # n (n + 1) / 2
    wanted = np.tensordot(shares / shares.sum(), np.stack(kept), axes=1)
    first = learner.settle().trainable_variables[0].numpy()
    assert np.allclose(first, wanted, atol=1e-6) and not np.allclose(first, kept[-1], atol=1e-4)
    assert np.array_equal(plain.settle().trainable_variables[0].numpy(), kept[-1])
    again = _learner()
    with pytest.raises(CodedError, match="file_damaged"):
        again.restore({name: one for name, one in learner.state().items() if "average" not in name})
    again.restore(learner.state())
    seen = np.ones((1, 4), np.float32)
    assert np.array_equal(again.played().values(seen), learner.played().values(seen))


@pytest.mark.keras
def test_a_block_is_the_same_as_its_updates_one_by_one() -> None:
    block, single, drawn = _learner(), _learner(), _drawn(3)
    block.learn(drawn, 0)
    for number in range(3):
        one = type(drawn)(*(getattr(drawn, name)[[number]] for name in drawn.__annotations__))
        single.learn(one, number)
    for ours, theirs in zip(block.online.weights, single.online.weights, strict=True):
        assert np.allclose(ours.numpy(), theirs.numpy(), atol=1e-6)


@pytest.mark.keras
def test_chance_is_never_used_by_the_judge() -> None:
    params = ALGORITHM.tiny.model_copy(update={"epsilon": 1.0, "exploration_share": 1.0})
    assert isinstance(params, Params)
    run = RecordingRun(params)
    model, shown = (
        _model().train(params, run),
        importlib.import_module("dlkit.algorithms.dqn.shown"),
    )
    judge = shown.Judge([_model()._game(params) for _ in range(params.episodes)], params)
    found = judge(_model().Policy(model, params))
    assert judge(_model().Policy(model, params)) == found
    assert run.points["val_return"][run.total_steps] == found["val_return"]
    assert min(run.points["epsilon"].values()) == 1.0


@pytest.mark.keras
def test_chance_is_live() -> None:
    params = ALGORITHM.tiny.model_copy(update={"exploration_share": 0.0})
    run = RecordingRun(params)
    run.knobs["epsilon"] = 0.5
    _model().train(params, run)
    assert set(run.points["epsilon"].values()) == {0.5}


@pytest.mark.keras
def test_a_table_learns_the_best_way_through_a_grid_and_its_true_values() -> None:
    params = Params.checked({
        **Params().values(), "data": "grid", "grid": SURE, "hidden_layers": "", "steps": 6000,
        "discount": 0.9, "learning_rate": 0.05, "epsilon": 0.5, "exploration_share": 0.5,
        "train_every": 32, "gradient_steps": 32, "n_steps": 1, "schedule": "constant",
    })  # fmt: skip
    run = RecordingRun(params)
    _model().train(params, run)
    assert run.points["best_share"][run.total_steps] == 1.0
    assert run.points["value_error"][run.total_steps] < 0.05 < run.points["value_error"][0]


@pytest.mark.keras
@pytest.mark.parametrize(
    "change",
    [{"data": "cartpole", "exploration": "noisy", "dueling": True, "target_update": "soft"},
     {"data": "lunar_lander", "worlds": 3, "memory": 150, "weight_decay": 0.01}],
)  # fmt: skip
def test_killed_in_mid_episode_and_taken_up_again_ends_the_same(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    training = importlib.import_module("dlkit.training")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training, "CHECKPOINT_BYTES_A_SECOND", 1e18)
    params = Params.checked({**ALGORITHM.tiny.values(), **change})
    whole = RecordingRun(params)
    _model().train(params, whole)
    killed = RecordingRun(params, breaks_at=int(0.6 * whole.calls))
    with pytest.raises(Broken):
        _model().train(params, killed)
    assert killed.checkpoints[-1].state["worlds/lengths"].max() > 0
    heir = RecordingRun(params, start=killed.checkpoints[-1])
    _model().train(params, heir)
    for name in whole.points.keys() - {"throughput"}:
        assert {**killed.points.get(name, {}), **heir.points.get(name, {})} == whole.points[name]


@pytest.fixture(scope="module")
def learned() -> tuple[RecordingRun, Any, Params]:
    """The quick preset, trained as a person would."""
    params = ALGORITHM.presets["quick"]
    assert isinstance(params, Params)
    run = RecordingRun(params)
    return run, _model().train(params, run), params


@pytest.mark.keras
def test_the_pole_stands(learned: tuple[RecordingRun, Any, Params]) -> None:
    run, _, params = learned
    assert run.points["val_return"][run.total_steps] >= 475
    assert len(run.arrays["clip"]) >= 2
    assert run.arrays["shelf_pictures"][run.total_steps].shape[:2] == (4, 32)
    state = run.checkpoints[-1].state
    assert sum(value.nbytes for value in state.values()) < 2e6
    assert len(state["memory/seen"]) == min(params.memory, params.steps)


@pytest.mark.keras
def test_the_playground_changes_the_world(learned: tuple[RecordingRun, Any, Params]) -> None:
    _, model, params = learned
    inputs = ALGORITHM.inputs(params)
    same = _model().play(model, params, inputs())
    assert np.array_equal(same["home"], same["here"]) and same["home"].mean() > 400
    facts = same["clip_facts"]
    assert np.all(np.diff(facts[:, 0]) > 0) and facts[-1, 2] == facts[-1, 0]
    assert (facts[:-1, 3:].argmax(axis=1) == facts[:-1, 1]).all()
    stage = importlib.import_module("dlkit.algorithms.dqn.stage").Stage(params, inputs())
    last = stage.scenes(same["duel"].tolist(), len(same["duel"]))[-1]
    assert last.over and last.brought == same["duel_brought"] == facts[-1, 2]
    heavy = _model().play(model, params, inputs.checked({**inputs().values(), "push": 3.0}))
    assert np.array_equal(heavy["home"], same["home"])
    assert not np.array_equal(heavy["clip_facts"], facts)  # the same start, another course
    drunk = _model().play(model, params, inputs.checked({**inputs().values(), "random": 1.0}))
    assert drunk["here"].mean() < 100


def _seen(**curves: list[float]) -> list[str]:
    metrics = {
        name: Series(np.arange(1, len(values) + 1) * 1000, np.array(values))
        for name, values in curves.items()
    }
    data = RunData(Params(), state="running", step=8000, total_steps=20_000, metrics=metrics)
    return [finding.key for finding in health.checks(data)]


def test_health_checks_say_what_they_see() -> None:
    good = [20.0, 60.0, 200.0, 500.0, 500.0, 500.0]
    assert _seen(val_return=good) == ["learned"]
    assert _seen(val_return=[20.0, 500.0, 60.0, 50.0, 40.0, 30.0]) == ["forgetting"]
    assert _seen(val_return=[9.0] * 6, **{"return": [9.0] * 6}) == ["not_exploring"]
    kept = [20.0] * 6
    wild = _seen(val_return=[20.0] * 6, promised=[1.0, 9.0, 90.0, 900.0, 5000.0, 9e4], kept=kept)
    assert wild == ["exploding"]
    assert _seen(val_return=[20.0, 30.0]) == []


def _finite(found: dict[str, Array]) -> bool:
    return all(np.isfinite(value).all() for value in found.values())


@pytest.mark.keras
@pytest.mark.parametrize("name", worlds.NAMES)
def test_every_world_can_be_trained_and_played(name: str) -> None:
    params = Params.checked({
        **Params().values(), "data": name, "steps": 300, "learning_starts": 50, "episodes": 1,
        "hidden_layers": "8", "train_every": 50, "gradient_steps": 2,
    })  # fmt: skip
    run = RecordingRun(params)
    model = _model().train(params, run)
    found = _model().play(model, params, ALGORITHM.inputs(params)())
    assert _finite(found)
    for language in ("en", "zh"):
        shown = ALGORITHM.answer(found, params, words(language, "dqn"))
        assert all(len(figure.to_json()) < 60_000 for figure in shown), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_that_can_be_drawn_has_a_name(language: str) -> None:
    knob = next(one for one in Params.knobs() if one.letters)
    names = {
        one: words(language, "dqn").table.get(f"knob.grid.letter.{one}") for one in knob.letters
    }
    assert knob.name == "grid" and all(names[one] for one in "SGX#.")
    drawn = grids.grid("S.G/" + "".join(knob.letters[5:8]))
    assert sorted(drawn.letters[1]) == ["1", "2", "3"]
