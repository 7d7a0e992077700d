"""What each command does: read the arguments, call the engine, say the answer."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import dlkit
from dlkit import api, engine
from dlkit.algorithms import catalogue, find
from dlkit.cli.answers import check_ending, read_drawings, save_answer
from dlkit.cli.terminal import Terminal, error_text
from dlkit.contract import Algorithm, Array, CodedError, State, Words
from dlkit.engine import supervisor
from dlkit.params import Knob
from dlkit.store import Store, metrics, open_store
from dlkit.store import runs as rows
from dlkit.store.runs import RunRow
from dlkit.texts import words

DONE, WRONG, FAILED, STOPPED = 0, 2, 3, 130
EXITS = {"finished": DONE, "failed": FAILED, "stopped": STOPPED}
VERBS = ("pause", "resume", "step", "stop", "continue", "delete")
STOP_SECONDS = 15.0

Arguments = argparse.Namespace


def list_(args: Arguments, terminal: Terminal) -> int:
    """The algorithms, by chapter."""
    table = []
    for name, spec in catalogue().items():
        say = words(terminal.words.language, name)
        table.append([name, str(spec.chapter), say("name"), say("tagline")])
    terminal.table(["algorithm", "chapter", "name", "about"], table)
    terminal.object([{"algorithm": s.name, "chapter": s.chapter} for s in catalogue().values()])
    return DONE


def describe(args: Arguments, terminal: Terminal) -> int:
    """One algorithm's knobs, limits, presets and metrics."""
    spec = find(args.algorithm)
    say = words(terminal.words.language, spec.name)
    paper = spec.paper
    terminal.say(f"{say('name')} ({spec.name}): {say('tagline')}")
    terminal.say(f"{say('cli.field.paper')}: {paper.authors} ({paper.year}), {paper.title}")
    terminal.say(f"{' ' * 2}{paper.link}\n")
    table = [_knob_row(knob, say) for knob in spec.params.knobs()]
    terminal.table(["knob", "default", "allowed", "unit", "group", "meaning"], table)
    terminal.say(f"\n{say('cli.field.presets')}: {', '.join(spec.presets)}")
    units = [f"{name} [{unit}]" if unit else name for name, unit in spec.metrics.items()]
    terminal.say(f"{say('cli.field.metric_names')}: {', '.join(units)}")
    terminal.object(_described(spec))
    return DONE


def train(args: Arguments, terminal: Terminal) -> int:
    """Start a run and follow it to its end, or leave it with `--detach`."""
    spec = find(args.algorithm)
    say = words(terminal.words.language, spec.name)
    base = api.preset_of(spec, args.preset).values()
    params = spec.params.parsed(_pairs(args.set), base)
    store = open_store()
    run_id = engine.start(store, spec.name, params=params)
    if args.detach:
        terminal.note(say("cli.detached", run=run_id, name=say("name")))
        return _report(store, spec, terminal, row=rows.get(store, run_id))
    terminal.note(say("cli.started", run=run_id, name=say("name")))
    try:
        row = api.follow(store, run_id, say)
    except KeyboardInterrupt:
        return _interrupted(store, spec, terminal, run_id=run_id)
    seconds = f"{row.seconds:.1f}"
    state = say(f"state.{row.state}")
    terminal.note(say("cli.ended", run=row.id, state=state, seconds=seconds, step=row.step))
    return _report(store, spec, terminal, row=row)


def runs(args: Arguments, terminal: Terminal) -> int:
    """The runs, the newest first."""
    if args.state is not None and args.state not in get_args(State):
        raise CodedError("state_unknown", given=args.state, allowed=", ".join(get_args(State)))
    if args.algorithm is not None:
        find(args.algorithm)
    store = open_store()
    found = rows.page(store, algorithm=args.algorithm, state=args.state, limit=args.limit)
    last = metrics.last(store, [row.id for row in found])
    if not found:
        terminal.say(terminal.words("cli.nothing"))
    else:
        table = [_run_row(row, last.get(row.id, {}), terminal) for row in found]
        terminal.table(["run", "algorithm", "state", "progress", "result"], table)
    terminal.object([_row_object(row, last.get(row.id, {})) for row in found])
    return DONE


def show(args: Arguments, terminal: Terminal) -> int:
    """One run: its state, knobs, last values and what went wrong."""
    store = open_store()
    row = rows.get(store, args.run)
    spec = find(row.algorithm)
    last = metrics.last(store, [row.id]).get(row.id, {})
    for name, value in _fields(row, last, words(terminal.words.language, spec.name)).items():
        terminal.say(f"{terminal.words(f'cli.field.{name}')}: {value}")
    return _report(store, spec, terminal, row=row, ended=False)


def control(args: Arguments, terminal: Terminal) -> int:
    """Ask a run to pause, go on, step, stop or vanish."""
    if args.verb not in VERBS:
        raise CodedError("verb_unknown", given=args.verb, allowed=", ".join(VERBS))
    store = open_store()
    row = rows.get(store, args.run)
    step = "step_epoch" if args.epoch else "step_batch"
    engine.control(store, row.id, step if args.verb == "step" else args.verb)
    if args.verb == "delete":
        terminal.say(terminal.words("cli.gone", run=row.id))
        terminal.object({"run": row.id, "verb": args.verb})
        return DONE
    row = rows.get(store, row.id)
    state = terminal.words(f"state.{row.state}")
    terminal.say(terminal.words("cli.asked", run=row.id, verb=args.verb, state=state))
    terminal.object({"run": row.id, "verb": args.verb, "state": row.state, "wanted": row.wanted})
    return DONE


def play(args: Arguments, terminal: Terminal) -> int:
    """Put a question to a run's model."""
    if args.output is not None:
        check_ending(args.output)
    store = open_store()
    row = rows.get(store, args.run)
    spec = find(row.algorithm)
    args.algorithm = spec.name  # whose labels a refusal shows
    form = spec.inputs(spec.params.checked(row.params))
    typed = read_drawings(_pairs(args.set), form.knobs())
    answer = engine.play(store, row.id, form.parsed(typed).values())
    for name, value in answer.items():
        terminal.say(f"{name} {list(value.shape)}: {_short(value)}")
    if args.output is not None:
        save_answer(answer, args.output)
        terminal.note(terminal.words("cli.written", path=args.output))
    answered = {name: value.tolist() for name, value in answer.items()}
    terminal.object({"run": row.id, "answer": answered})
    return DONE


def worker(args: Arguments, terminal: Terminal) -> int:
    """Be the supervisor, until told to end."""
    open_store().database.dispose()
    return supervisor.main()


def app(args: Arguments, terminal: Terminal) -> int:
    """Become the studio's web server."""
    open_store().database.dispose()
    script = Path(dlkit.__file__).parent.parent / "app.py"
    terminal.note(terminal.words("cli.opening", host=args.host, port=args.port))
    served = [sys.executable, "-m", "streamlit", "run", str(script)]
    where = [f"--server.port={args.port}", f"--server.address={args.host}"]
    os.chdir(script.parent)
    os.execv(sys.executable, [*served, *where])


def _interrupted(store: Store, spec: Algorithm, terminal: Terminal, *, run_id: str) -> int:
    """Ctrl-C: stop at the end of the step, keep what was learned, say how to go on."""
    terminal.note(terminal.words("cli.stopping", run=run_id))
    if rows.get(store, run_id).state not in EXITS:
        engine.control(store, run_id, "stop")
    row = api.wait_end(store, run_id, seconds=STOP_SECONDS)
    key = "cli.stopped" if row.state in EXITS else "cli.still"
    terminal.note(terminal.words(key, run=run_id, step=row.step))
    _report(store, spec, terminal, row=row)
    return STOPPED


def _report(
    store: Store, spec: Algorithm, terminal: Terminal, *, row: RunRow, ended: bool = True
) -> int:
    """The run as one object, and its exit code if the command waited for its end."""
    last = metrics.last(store, [row.id]).get(row.id, {})
    headline = spec.headline_of(last)
    found = metrics.best(store, row.id, headline, spec.goal) if headline else None
    best = {"metric": headline, "step": found[0], "value": found[1]} if found else None
    terminal.object({**_row_object(row, last), "best": best})
    if row.state == "failed" and ended:
        error = api.failure(row)
        say = words(terminal.words.language, spec.name)
        terminal.note(say("cli.problem", text=error_text(error.code, error.values, say)))
    return EXITS.get(row.state, DONE) if ended else DONE


def _row_object(row: RunRow, last: Mapping[str, float]) -> dict[str, Any]:
    return {
        "run": row.id,
        "algorithm": row.algorithm,
        "state": row.state,
        "seconds": round(row.seconds, 3),
        "device": row.device,
        "step": row.step,
        "total_steps": row.total_steps,
        "params": row.params,
        "metrics": dict(last),
        "error": {"code": row.error["code"], **row.error["values"]} if row.error else None,
    }


def _run_row(row: RunRow, last: Mapping[str, float], terminal: Terminal) -> list[str]:
    headline = find(row.algorithm).headline_of(last)
    result = f"{headline} {last[headline]:.4g}" if headline else ""
    done = f"{row.step / row.total_steps:.0%}" if row.total_steps else ""
    state = terminal.words(f"state.{row.state}")
    return [row.id[:8], row.algorithm, state, done, result]


def _fields(row: RunRow, last: Mapping[str, float], say: Words) -> dict[str, str]:
    fields = {
        "algorithm": f"{say('name')} ({row.algorithm})",
        "state": say(f"state.{row.state}"),
        "progress": f"{row.step} / {row.total_steps}",
        "seconds": f"{row.seconds:.1f} s",
        "device": row.device or say("cli.none"),
        "attempt": str(row.attempt),
        "params": ", ".join(f"{name}={value}" for name, value in row.params.items()),
        "metrics": ", ".join(f"{name} {value:.4g}" for name, value in last.items()),
    }
    if row.error:
        error = api.failure(row)
        fields["error"] = error_text(error.code, error.values, say)
    return fields


def _knob_row(knob: Knob, say: Words) -> list[str]:
    allowed = _allowed(knob, say)
    if knob.live:
        allowed += f" ({say('cli.limits.on_the_fly')})"
    default = "" if knob.kind == "drawing" else str(knob.default)
    label = say.table.get(f"knob.{knob.name}.label", knob.name)
    unit = say.table.get(f"unit.{knob.unit}", knob.unit or "")
    group = say.table.get(f"group.{knob.group}", knob.group)
    return [knob.name, default, allowed, unit, group, label]


def _allowed(knob: Knob, say: Words) -> str:
    if knob.kind == "choice":
        return ", ".join(knob.options)
    if knob.kind == "switch":
        return say("cli.limits.switch")
    if knob.kind == "text":
        return say("cli.limits.text", default=knob.default)
    if knob.shape is not None:
        return say("cli.limits.drawing", height=knob.shape[0], width=knob.shape[1])
    return say("cli.limits.between", low=knob.low, high=knob.high)


def _described(spec: Algorithm) -> dict[str, Any]:
    keys = ("name", "kind", "default", "low", "high", "options", "unit", "group", "live")
    return {
        "algorithm": spec.name,
        "chapter": spec.chapter,
        "family": spec.family,
        "headline": list(spec.headline),
        "metrics": dict(spec.metrics),
        "presets": {name: preset.values() for name, preset in spec.presets.items()},
        "knobs": [{key: getattr(knob, key) for key in keys} for knob in spec.params.knobs()],
    }


def _pairs(given: Sequence[str]) -> dict[str, str]:
    """`["units=64"]` as `{"units": "64"}`."""
    for pair in given:
        if not pair.partition("=")[0].strip() or "=" not in pair:
            raise CodedError("set_form", given=pair)
    split = [pair.partition("=") for pair in given]
    return {name.strip(): value for name, _, value in split}


def _short(value: Array) -> str:
    flat = value.ravel()
    shown = " ".join(f"{item:.4g}" if item.dtype.kind == "f" else str(item) for item in flat[:10])
    return shown + (" …" if flat.size > 10 else "")
