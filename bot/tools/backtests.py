"""The tool that tests a trading bot on past prices."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from bot.errors import RandebuError, ToolFailed
from bot.market.provider import MarketHealth
from bot.messages import Action, Figure, LastingReply, Notice, Picture, Progress
from bot.tools.backtest_job import INITIAL_BALANCE, Job, run, write_candles
from bot.tools.finding_bots import SHORT_ID, find_bot
from bot.tools.finding_tokens import pinned_token
from bot.tools.kinds import Arguments, Reading
from bot.tools.periods import FEWEST_CANDLES, Period, period_of, require_possible
from bot.tools.plain import plain
from bot.tools.registry import Outcome, Services, ToolContext
from bot.trading.candles import Candles
from bot.trading.program import warm_up_candles
from bot.trading.report import FEWEST_TRADES, caption, is_gain, key_figures, report_text
from bot.trading.strategy import Strategy, parse_strategy
from bot.trading.timeframe import DAY, format_timeframe
from storage.people import Owner

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.trading import Backtest

LEAST_COVERED = 0.5
"""The share of a period that there must be candles for; with less a result would be about another period."""

_Text = Annotated[str, Field(min_length=1, max_length=100)]
_KEY_FIGURES = (
    *("initial_balance", "final_equity", "total_return_percent", "buy_and_hold_return_percent", "trades"),
    *("win_rate_percent", "max_drawdown_percent", "sharpe", "profit_factor", "exposure_percent", "fees_paid"),
)


class RunBacktestArguments(Arguments):
    """What to test, and on which candles."""

    bot: _Text | None = Field(
        None, description="Its name or the beginning of its id; null: the conversation's."
    )
    timeframe: _Text | None = Field(
        None, description='Length of a candle, such as "15m"; null: the strategy\'s own.'
    )
    days: float | None = Field(
        None,
        gt=0,
        le=20_000,
        allow_inf_nan=False,
        description="How many days up to now or to `end`; null: 90.",
    )
    start: _Text | None = Field(None, description='First day, such as "2026-01-01", in UTC.')
    end: _Text | None = Field(None, description='Last day, such as "2026-03-01", in UTC; null: today.')
    initial_balance: float | None = Field(
        None, ge=10, le=1e12, allow_inf_nan=False, description="US dollars to begin with; null: 10,000."
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    """A backtest that is written down and reserved."""

    id: str
    name: str
    version: int
    strategy: Strategy
    period: Period
    initial_balance: float


class RunBacktest(Reading):
    """Tests a trading bot on past candles."""

    name = "run_backtest"
    description = (
        "Test a trading bot on past prices. The person is shown the report, a chart and buttons, so do not repeat "
        "their figures: say in a sentence or two what stands out and what the result cannot tell."
    )
    arguments = RunBacktestArguments

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Running the backtest"

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Run it and show what came of it; a call that is repeated after a restart goes on with its own row.

        Raises `ToolFailed` with what would work, `Refused` at the limit, `ProviderDown`. Whatever ends it early
        gives the reserved backtest back.
        """
        begun = await _begin(context, arguments)
        if isinstance(begun, Outcome):
            return begun
        ended, why = "failed", "It broke off."
        try:
            outcome = await _computed(context, begun)
            ended = "done"
            return outcome
        except asyncio.CancelledError:
            ended, why = "stopped", "It was stopped."
            raise
        except RandebuError as error:
            why = str(error)
            raise
        finally:
            if ended != "done":
                # Shielded: whoever cancels the test must not cancel the giving back as well.
                await asyncio.shield(_give_back(context, begun, ended, why))


async def _begin(context: ToolContext, arguments: Any) -> _Begun | Outcome:
    """Write the backtest down and reserve it, once for each call; the outcome itself if it is done already."""
    services, caller = context.services, context.caller
    async with services.database.unit() as unit:
        row = await unit.trading.backtest_by_key(context.key)
        if row is not None and row.state == "done" and row.result is not None:
            return shown(row.id, row.version, row.result, await row.awaitable_attrs.chart)
        if row is None:
            row = await _written_down(context, unit, arguments)
        elif row.state != "running":
            await services.limits.reserve_backtest(unit, caller.owner)
            row.state, row.finished_at, row.error = "running", None, None
        trading_bot = await unit.trading.bot_even_deleted(row.bot_id, caller.owner)
        saved = await unit.trading.strategy(row.bot_id, row.version)
        if trading_bot is None or saved is None:
            raise LookupError(f"The strategy of backtest {row.id} is gone.")
        strategy, _ = parse_strategy(saved.document)
        request = row.request
        period = Period(request["timeframe"], request["start"], request["end"])
        return _Begun(row.id, trading_bot.name, row.version, strategy, period, request["initial_balance"])


async def _written_down(context: ToolContext, unit: Unit, arguments: Any) -> Backtest:
    services, caller = context.services, context.caller
    trading_bot = await find_bot(unit, caller, arguments.bot)
    saved = await unit.trading.strategy(trading_bot.id, trading_bot.version)
    if saved is None:
        raise LookupError(f"The strategy of bot {trading_bot.id} is gone.")
    strategy, _ = parse_strategy(saved.document)
    period = period_of(
        strategy,
        services.market.now(),
        timeframe=arguments.timeframe,
        days=arguments.days,
        start=arguments.start,
        end=arguments.end,
    )
    require_possible(strategy, period, warm_up_candles(strategy, period.timeframe))
    await services.limits.reserve_backtest(unit, caller.owner)
    request = {
        "timeframe": period.timeframe,
        "start": period.start,
        "end": period.end,
        "initial_balance": arguments.initial_balance or INITIAL_BALANCE,
        "asked": arguments.model_dump(mode="json", exclude={"bot"}, exclude_none=True),
    }
    return await unit.trading.begin_backtest(
        caller.owner, trading_bot, trading_bot.version, request, context.key, services.clock()
    )


async def _computed(context: ToolContext, begun: _Begun) -> Outcome:
    services = context.services
    candles = await _candles(context, begun)
    context.show(Progress(f"Testing {plain(begun.name)} on {len(candles):,} candles"))
    with TemporaryDirectory(prefix="randebu-") as folder:
        await asyncio.to_thread(write_candles, candles, Path(folder))
        job = Job(
            document=begun.strategy.model_dump(mode="json"),
            candles=Path(folder),
            timeframe=candles.timeframe,
            missing=candles.missing,
            start=begun.period.start,
            initial_balance=begun.initial_balance,
            source=services.market.source,
            synthetic=services.market.synthetic,
        )
        result, chart = await services.workers.run(run, job)
    result |= {"source": services.market.source, "synthetic": services.market.synthetic}
    result["data"] |= {
        "asked_first": _iso(begun.period.start),
        "asked_last": _iso(begun.period.end - begun.period.timeframe),
        "warm_up_wanted": warm_up_candles(begun.strategy, begun.period.timeframe),
    }

    async def write(unit: Unit) -> Outcome:
        await unit.trading.finish_backtest(begun.id, "done", services.clock(), result=result, chart=chart)
        return shown(begun.id, begun.version, result, chart)

    return Outcome(write=write)


async def _candles(context: ToolContext, begun: _Begun) -> Candles:
    """The candles of the period and of its warm-up. Raises `ToolFailed` with what there is when it is too little."""
    market, period, place = context.services.market, begun.period, begun.strategy.market
    text = f"Loading candles of {plain(place.symbol)}"

    def on_progress(done: float) -> None:
        context.show(Progress(text, done))

    context.show(Progress(text, 0.0))
    token = pinned_token(place)
    warm_up = warm_up_candles(begun.strategy, period.timeframe)
    begin = period.start - warm_up * period.timeframe
    candles = await market.candles(token, period.timeframe, begin, period.end, on_progress)
    tested = len(candles) - int(np.searchsorted(candles.start, period.start))
    if tested < max(FEWEST_CANDLES, period.candles * LEAST_COVERED):
        raise ToolFailed(_too_little(candles, tested, begun, market.health()))
    return candles


def _too_little(candles: Candles, tested: int, begun: _Begun, health: MarketHealth) -> str:
    period, symbol = begun.period, plain(begun.strategy.market.symbol)
    count = f"{tested:,} of {period.candles:,} candles of {format_timeframe(period.timeframe)} for {symbol}"
    there_is = "There are none before it either"
    if len(candles):
        first, last = (datetime.fromtimestamp(int(candles.start[at]), UTC) for at in (0, -1))
        there_is = f"What there is runs from {first:%d %b %Y %H:%M} to {last:%d %b %Y %H:%M} UTC"
    days = int(tested * period.timeframe / DAY)
    way = f"Test it on {days} days instead" if days else "Take another period, or a shorter timeframe"
    away = (
        "" if health.breaker == "closed" else f" {health.source} does not answer now, so try again later too."
    )
    return f"There are only {count} in this period. {there_is}. {way}.{away}"


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


async def _give_back(context: ToolContext, begun: _Begun, state: str, why: str) -> None:
    services = context.services
    async with services.database.unit() as unit:
        if await unit.trading.finish_backtest(begun.id, state, services.clock(), error=why):
            await services.limits.give_back_backtest(unit, context.caller.owner)


async def break_off(unit: Unit, services: Services, key_prefix: str) -> None:
    """End what calls with such keys left running after a fault, and give the reserved backtests back."""
    for row in await unit.trading.running_backtests(key_prefix):
        if await unit.trading.finish_backtest(row.id, "failed", services.clock(), error="It broke off."):
            owner = Owner(user_id=row.user_id, anonymous_token=row.anonymous_token)
            await services.limits.give_back_backtest(unit, owner)


def shown(backtest_id: str, version: int, result: dict[str, Any], chart: bytes | None) -> Outcome:
    """A finished backtest: key figures for the model; report, picture and buttons for the person."""
    short = backtest_id[:SHORT_ID]
    prices = {"synthetic": result["synthetic"], "source": result["source"]}
    in_short = caption(result, **prices)
    actions = (
        Action("Details", f"/backtest details {short}"),
        Action("Trades", f"/backtest trades {short}"),
        Action("Again", f"/backtest again {short}"),
    )
    replies: list[LastingReply] = [Notice(report_text(result, **prices))]
    if chart is not None:
        figures = tuple(Figure(name, value) for name, value in key_figures(result))
        name = f"backtest-{short}.png"
        replies.append(Picture(name, chart, in_short, actions, figures, is_gain(result)))
    metrics = result["metrics"]
    facts = {
        "bot": plain(result["name"], 60),
        "version": version,
        "backtest": short,
        **prices,
        "timeframe": result["timeframe"],
        "data": result["data"],
        **{name: _rounded(metrics[name]) for name in _KEY_FIGURES},
        "return_at_double_costs_percent": _rounded(result["metrics_at_double_costs"]["total_return_percent"]),
        "too_few_trades_to_judge": metrics["trades"] < FEWEST_TRADES,
        "in_short": in_short,
    }
    return Outcome(facts, tuple(replies))


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)
