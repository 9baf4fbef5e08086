"""Which candles a backtest asks for: from when to when, how long each, and whether that can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bot.errors import ToolFailed
from bot.trading.candles import Seconds
from bot.trading.checks import StrategyInvalid, check_timeframes
from bot.trading.document import Strategy
from bot.trading.timeframe import DAY, HOUR, MINUTE, WEEK, format_timeframe, parse_timeframe

MOST_CANDLES = 3_000_000
"""The longest backtest, its warm-up included: nearly six years of minutes."""

FEWEST_CANDLES = 2
DEFAULT_DAYS = 90.0
_USUAL = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY, WEEK)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of whole candles: the length of one in seconds, the first start and the end in epoch seconds."""

    timeframe: Seconds
    start: int
    end: int

    @property
    def candles(self) -> int:
        """How many candles it is long."""
        return max(0, (self.end - self.start) // self.timeframe)


def period_of(
    strategy: Strategy,
    now: datetime,
    *,
    timeframe: str | None = None,
    days: float | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Period:
    """The period that was asked for: 90 days up to now and the strategy's own timeframe unless told.

    A day as `end` is included. Raises `ToolFailed` with what would work.
    """
    length = run_timeframe(strategy, timeframe)
    first, last = _bounds(now, days, start, end)
    if first >= now:
        raise ToolFailed(f"{first:%d %b %Y} is not over yet; a backtest needs prices of the past.")
    if last > now + timedelta(days=1):
        raise ToolFailed(
            f"{last:%d %b %Y} lies in the future; the latest possible end is today, {now:%Y-%m-%d}."
        )
    if first >= last:
        raise ToolFailed(
            f"The start, {first:%d %b %Y %H:%M}, must lie before the end, {last:%d %b %Y %H:%M}."
        )
    start_at, end_at = (int(moment.timestamp()) // length * length for moment in (first, min(last, now)))
    period = Period(length, start_at, end_at)
    if period.candles < FEWEST_CANDLES:
        raise ToolFailed(
            f"That is shorter than {FEWEST_CANDLES} candles of {format_timeframe(length)}. "
            "Take a longer period, or a shorter timeframe."
        )
    return period


def require_possible(strategy: Strategy, period: Period, warm_up: int) -> None:
    """Raise `ToolFailed` when a backtest with its warm-up has too many candles, with what would work."""
    if period.candles + warm_up <= MOST_CANDLES:
        return
    days = int((MOST_CANDLES - warm_up) * period.timeframe / DAY)
    seconds = period.end - period.start
    longer = next(
        (each for each in _USUAL if seconds // each + warm_up < MOST_CANDLES and _fits(strategy, each)), None
    )
    ways = [f"at most {days:,} days"] if days >= 1 else []
    ways += [f"candles of {format_timeframe(longer)}"] if longer is not None else []
    raise ToolFailed(
        f"That would be {period.candles + warm_up:,} candles, and {MOST_CANDLES:,} is the most. "
        f"What would work: {', or '.join(ways) or 'a shorter period'}."
    )


def run_timeframe(strategy: Strategy, asked: str | None) -> Seconds:
    """The timeframe that is asked for, or the strategy's own. Raises `ToolFailed` for one that cannot be run."""
    if asked is None:
        return parse_timeframe(strategy.timeframe)
    try:
        seconds = parse_timeframe(asked)
    except ValueError as error:
        raise ToolFailed(f"timeframe: {error}.") from error
    if seconds > WEEK:
        raise ToolFailed("timeframe: a candle is at most 1w long.")
    check_timeframes(strategy, seconds)
    return seconds


def _fits(strategy: Strategy, seconds: Seconds) -> bool:
    try:
        check_timeframes(strategy, seconds)
    except StrategyInvalid:
        return False
    return True


def _bounds(
    now: datetime, days: float | None, start: str | None, end: str | None
) -> tuple[datetime, datetime]:
    if days is not None and start is not None and end is not None:
        raise ToolFailed("Give days, or a start and an end, but not all three.")
    first = None if start is None else _moment("start", start, end_of_day=False)
    last = None if end is None else _moment("end", end, end_of_day=True)
    length = timedelta(days=DEFAULT_DAYS if days is None else days)
    if first is not None:
        if last is None:
            last = min(now, first + length) if days is not None else now
        return first, last
    last = now if last is None else min(last, now)
    return last - length, last


def _moment(name: str, text: str, *, end_of_day: bool) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ToolFailed(f"{name}: {text[:40]!r} is no date; write it like 2026-03-01.") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    whole_day = len(text.strip()) <= len("2026-03-01") and moment.timetz() == time(tzinfo=UTC)
    return moment + timedelta(days=1) if end_of_day and whole_day else moment
