"""Numbers and times as people read them."""

import math
import time

from dlkit.contract import Words


def short(value: float) -> str:
    """Four significant digits, no needless zeros: 0.9312, 12.5, 1,024, 3.1e-05."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:.4g}"


def measured(value: float, unit: str) -> str:
    """A metric's value as people read it: a share of one in percent, all else by itself."""
    if unit == "share" and math.isfinite(value):
        return f"{value:.1%}"
    return short(value)


def duration(seconds: float, words: Words) -> str:
    """A length of time in its two largest units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return words("time.seconds", seconds=whole)
    if whole < 3600:
        return words("time.minutes", minutes=whole // 60, seconds=whole % 60)
    return words("time.hours", hours=whole // 3600, minutes=whole % 3600 // 60)


def ago(moment: float, words: Words, *, now: float | None = None) -> str:
    """How long a moment lies back."""
    past = (time.time() if now is None else now) - moment
    if past < 45:
        return words("time.just_now")
    for size, key in ((86400, "time.days_ago"), (3600, "time.hours_ago"), (60, "time.minutes_ago")):
        if past >= size:
            return words(key, count=int(past // size))
    return words("time.minutes_ago", count=1)
