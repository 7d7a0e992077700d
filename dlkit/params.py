"""Knobs as data: one frozen class per algorithm, its limits written in the fields.

A form, a command line and a check are all made from the same fields::

    class Params(BaseParams):
        units: int = integer(64, low=8, high=256, step=8)
        rate: float = real(0.001, low=1e-6, high=1.0, scale="log", live=True)
        activation: str = choice("relu", "relu", "tanh")
        normalise: bool = switch(False, group="network")

Unknown names, wrong types, NaN and values outside the limits are refused. Every refusal is a
`Problem`: a code with its values, which `texts/*/errors.toml` turns into words.
"""

import copy
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import pydantic
from pydantic_core import PydanticCustomError

Kind = Literal["integer", "real", "choice", "switch", "text", "drawing"]
Value = int | float | str | bool | list[list[int]] | list[list[list[int]]]

BASIC = "basic"


@dataclass(frozen=True)
class Knob:
    """How one field is shown and limited. `group` "basic" is always in sight."""

    name: str
    kind: Kind
    default: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str | None = None
    options: tuple[str, ...] = ()
    group: str = BASIC
    scale: Literal["linear", "log"] = "linear"
    live: bool = False
    pattern: str | None = None
    shape: tuple[int, ...] | None = None
    long: bool = False
    letters: str = ""


@dataclass(frozen=True)
class Problem:
    """One refused value: the field, an error code of `errors.toml`, and what the text needs."""

    field: str
    code: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)


class ParamsError(ValueError):
    """Raised when values are refused; `problems` names each field."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.field}: {p.code} {p.values}" for p in problems))


def integer(
    default: int,
    *,
    low: int,
    high: int,
    step: int = 1,
    unit: str | None = None,
    group: str = BASIC,
    live: bool = False,
) -> Any:
    """A whole number from `low` to `high`."""
    look = {"kind": "integer", "step": step, "unit": unit, "group": group, "live": live}
    return _field(default, look, ge=low, le=high)


def real(
    default: float,
    *,
    low: float,
    high: float,
    step: float | None = None,
    unit: str | None = None,
    group: str = BASIC,
    scale: Literal["linear", "log"] = "linear",
    live: bool = False,
) -> Any:
    """A number from `low` to `high`; `scale="log"` for values that span decades."""
    look = {
        "kind": "real",
        "step": step,
        "unit": unit,
        "group": group,
        "scale": scale,
        "live": live,
    }
    return _field(float(default), look, ge=low, le=high, allow_inf_nan=False)


def choice(default: str, *options: str, group: str = BASIC, live: bool = False) -> Any:
    """One of the codes in `options`; the words for them stand in the texts."""
    look = {"kind": "choice", "options": options, "group": group, "live": live}
    return _field(default, look)


def switch(default: bool, *, group: str = BASIC, live: bool = False) -> Any:
    """On or off."""
    return _field(default, {"kind": "switch", "group": group, "live": live})


def text(
    default: str, *, pattern: str, group: str = BASIC, long: bool = False, letters: str = ""
) -> Any:
    """A text that matches `pattern`, such as the layer list "64, 32"; a `long` one has lines.

    With `letters` it is a map that can be drawn: rows of them, parted by "/".
    """
    look = {"kind": "text", "pattern": pattern, "group": group, "long": long, "letters": letters}
    return _field(default, look, pattern=pattern)


def drawing(height: int, width: int, channels: int = 1) -> Any:
    """A picture drawn or uploaded: `[height][width]` grey values, whole numbers 0 to 255.

    With three `channels` every pixel is `[red, green, blue]`; the knob's shape says which.
    """
    pixel = 0 if channels == 1 else [0] * channels
    blank = [[copy.copy(pixel) for _ in range(width)] for _ in range(height)]
    shape = (height, width) if channels == 1 else (height, width, channels)
    return _field(blank, {"kind": "drawing", "shape": shape})


class BaseParams(pydantic.BaseModel):
    """Frozen values; unknown names and wrong types are refused (no silent conversion)."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def knobs(cls) -> tuple[Knob, ...]:
        """The fields in the order they are written."""
        return tuple(_knob(name, info) for name, info in cls.model_fields.items())

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Values made by a program or read from JSON. Raises `ParamsError`."""
        try:
            return cls.model_validate(dict(values))
        except pydantic.ValidationError as error:
            raise ParamsError([_problem(cls, row) for row in error.errors()]) from None

    @classmethod
    def parsed(cls, words: Mapping[str, str], base: Mapping[str, Any] | None = None) -> Self:
        """Values a person typed (`--set units=64`), over those of `base`. Raises `ParamsError`."""
        kinds = {knob.name: knob.kind for knob in cls.knobs()}
        typed = {name: _read(kinds.get(name, "text"), word) for name, word in words.items()}
        return cls.checked({**(base or {}), **typed})

    def values(self) -> dict[str, Any]:
        """The values as plain JSON types."""
        return self.model_dump(mode="json")

    @pydantic.model_validator(mode="after")
    def _drawn_and_chosen(self) -> Self:
        for knob in self.knobs():
            value = getattr(self, knob.name)
            if knob.kind == "choice" and value not in knob.options:
                refuse(knob.name, "not_an_option", given=value, allowed=", ".join(knob.options))
            if knob.kind == "drawing" and not _fits(value, knob.shape):
                refuse(knob.name, "not_a_drawing", allowed=knob.shape)
        return self


def refuse(field_name: str, code: str, **values: Any) -> None:
    """Refuse a value from inside a validator of `BaseParams` (cross-field rules use it)."""
    raise PydanticCustomError("refused", "refused", {"field": field_name, "code": code, **values})


def _field(default: Any, look: dict[str, Any], **limits: Any) -> Any:
    return pydantic.Field(default, json_schema_extra={"look": look}, **limits)


def _knob(name: str, info: Any) -> Knob:
    look = dict(info.json_schema_extra["look"])
    limits = {
        key: getattr(m, key) for m in info.metadata for key in ("ge", "le") if hasattr(m, key)
    }
    return Knob(
        name=name, default=info.default, low=limits.get("ge"), high=limits.get("le"), **look
    )


def _fits(value: Any, shape: tuple[int, ...] | None) -> bool:
    """Whether nested lists have this shape and hold numbers from 0 to 255."""
    if not shape:
        return isinstance(value, int) and 0 <= value <= 255
    if not isinstance(value, list) or len(value) != shape[0]:
        return False
    return all(_fits(part, shape[1:]) for part in value)


_TYPE_CODES = {
    "int_type": "not_an_integer",
    "int_from_float": "not_an_integer",
    "float_type": "not_a_number",
    "finite_number": "not_a_number",
    "bool_type": "not_a_switch",
    "string_type": "not_a_text",
    "list_type": "not_a_drawing",
    "string_pattern_mismatch": "wrong_form",
}


def _problem(cls: type[BaseParams], row: Any) -> Problem:
    context = row.get("ctx", {})
    if row["type"] == "refused":
        rest = {key: value for key, value in context.items() if key not in ("field", "code")}
        return Problem(context["field"], context["code"], rest)
    name = str(row["loc"][0]) if row["loc"] else ""
    knobs = {knob.name: knob for knob in cls.knobs()}
    given = row.get("input")
    if name not in knobs:
        return Problem(name, "unknown_knob", {"given": name, "allowed": ", ".join(knobs)})
    knob = knobs[name]
    if row["type"] in ("greater_than_equal", "less_than_equal"):
        return Problem(name, "out_of_range", {"given": given, "low": knob.low, "high": knob.high})
    code = _TYPE_CODES.get(row["type"], "wrong_type")
    return Problem(name, code, {"given": given, "default": knob.default})


def _read(kind: str, word: str) -> Any:
    """A typed word as the value it means; a word that means none is kept and refused later."""
    if kind in ("choice", "text"):
        return word
    lowered = word.strip().lower()
    if kind == "switch":
        return {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False,
                "no": False, "0": False}.get(lowered, word)  # fmt: skip
    try:
        value = json.loads(lowered)
    except json.JSONDecodeError:
        return word
    return float(value) if kind == "real" and type(value) is int else value
