"""Starting a simulation: what would run, whether it can, and writing it down; the clock does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.errors import NoData, ProviderDown, ToolFailed
from bot.messages import Progress
from bot.numbers import money
from bot.tools.backtest_job import INITIAL_BALANCE
from bot.tools.finding_bots import find_bot
from bot.tools.finding_simulations import facts_of
from bot.tools.finding_tokens import pinned_token
from bot.tools.periods import run_timeframe
from bot.tools.plain import plain
from bot.tools.quiet import next_summary
from bot.tools.registry import ToolContext
from bot.tools.running_simulations import stop_simulation
from bot.trading.program import compile_program, warm_up_candles
from bot.trading.strategy import Buy, Strategy, parse_strategy
from bot.trading.timeframe import format_timeframe, in_words
from storage.base import new_id
from storage.feeds import Place
from storage.simulations import PAUSED, RUNNING, AlreadyRunning, Simulation

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.trading import TradingBot

LONGEST_LOOK_BACK = 20_000
"""Candles that a live rule may look back at: as many are read for each new one."""

_GOES_ON_AFTER = ("chat", "failures", "source")
"""Reasons of a pause after which starting goes on with the same simulation."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What starting would do; `running` is stopped by it, `paused` goes on instead of a new one."""

    trading_bot: TradingBot
    strategy: Strategy
    timeframe: int
    initial_balance: float
    latest: Simulation | None
    running: Simulation | None
    paused: Simulation | None

    @property
    def alert(self) -> bool:
        """Whether it only tells, and never buys."""
        return is_alert(self.strategy)


def is_alert(strategy: Strategy) -> bool:
    """Whether a strategy never buys: then it needs no money."""
    return not any(isinstance(action, Buy) for rule in strategy.rules for action in rule.then)


async def plan_of(
    context: ToolContext, named: str | None, timeframe: str | None, balance: float | None
) -> Plan:
    """What starting would do, checked. Raises `ToolFailed` with what would work, `Refused` at the limit."""
    services, caller = context.services, context.caller
    async with services.database.view() as view:
        trading_bot = await _bot(view, context, named)
        latest = await view.simulations.latest_of(trading_bot.id, caller.owner)
        saved = await view.trading.strategy(trading_bot.id, trading_bot.version)
        if saved is None:
            raise LookupError(f"The strategy of bot {trading_bot.id} is gone.")
        feed = None if latest is None else await view.feeds.get(latest.feed_id)
        running = latest if latest is not None and latest.state == RUNNING else None
        others = await view.simulations.count_running(caller.owner) - (running is not None)
        await services.limits.check_simulation(view, caller.owner, others)
    strategy, _ = parse_strategy(saved.document)
    length = run_timeframe(strategy, timeframe)
    unchanged = (
        latest is not None
        and feed is not None
        and latest.version == trading_bot.version
        and (timeframe is None or feed.timeframe == length)
        and balance in (None, latest.initial_balance)
    )
    if running is not None and unchanged:
        raise ToolFailed(
            f"The simulation of {trading_bot.name} is running already. `/simulate status` shows how it does; change "
            "the bot, the timeframe or the balance to start another one."
        )
    goes_on = unchanged and latest is not None and latest.state == PAUSED and latest.reason in _GOES_ON_AFTER
    plan = Plan(
        trading_bot,
        strategy,
        length,
        balance or INITIAL_BALANCE,
        latest,
        running,
        latest if goes_on else None,
    )
    _require_short_look_back(plan)
    await _require_prices(context, plan)
    return plan


def in_plain_words(plan: Plan) -> str:
    """What starting does, for the person who is asked."""
    bot, length = plan.trading_bot, in_words(plan.timeframe)
    if plan.paused is not None:
        return f"Let the paused simulation of **{bot.name}** go on? The candles since then are made up for."
    before = ""
    if plan.running is not None:
        # Without its equity: that changes while the person thinks, and they agree to this very text.
        before = f"The running simulation of version {plan.running.version} is stopped.\n\n"
    symbol = plain(plan.strategy.market.symbol)
    if plan.alert:
        return f"{before}Watch {symbol} with **{bot.name}** on candles of {length}, and tell you here?"
    return (
        f"{before}Start a simulation of **{bot.name}** (version {bot.version}) with "
        f"{money(plan.initial_balance)} on paper, on candles of {length}? It goes on until it is stopped, and tells "
        "you here about every trade. No real money is used."
    )


async def written_down(unit: Unit, context: ToolContext, plan: Plan) -> dict[str, Any]:
    """Start it in the caller's unit, once for each call; gives its facts.

    Raises `ToolFailed` when the bot is gone or was started meanwhile, `Refused` at the limit.
    """
    services, owner = context.services, await unit.people.hold(context.caller.owner)
    earlier = await unit.simulations.by_key(context.key)
    if earlier is not None:
        return await facts_of(services, unit, earlier)
    bot = await unit.trading.bot(plan.trading_bot.id, owner)
    if bot is None:
        raise ToolFailed(f"{plan.trading_bot.name} has been deleted meanwhile, so nothing was started.")
    await unit.lock(f"simulations of {owner.user_id or owner.anonymous_token}")
    running = await unit.simulations.running_of(bot.id)
    others = await unit.simulations.count_running(owner) - (running is not None)
    await services.limits.check_simulation(unit, owner, others)
    if running is not None:
        if plan.running is None or plan.running.id != running.id:
            raise ToolFailed(f"The simulation of {bot.name} is running already.")
        await stop_simulation(unit, bot.id, "restart", services.clock())
    address = context.caller.address
    where = {"platform": address.platform, "chat": address.chat, "thread": address.thread}
    if plan.paused is not None:
        values = {"state": RUNNING, "reason": None, "ended_at": None, "failures": 0, "error": None, **where}
        await unit.simulations.set(plan.paused.id, **values)
        begun = await unit.simulations.get(plan.paused.id)
    else:
        begun = await _begun(unit, context, plan, where)
    if begun is None:
        raise LookupError(f"The simulation of bot {bot.id} is gone.")
    return await facts_of(services, unit, begun)


async def _begun(unit: Unit, context: ToolContext, plan: Plan, where: dict[str, str]) -> Simulation:
    services, owner, market = context.services, context.caller.owner, context.services.market
    token = pinned_token(plan.strategy.market)
    feed = await unit.feeds.of(
        Place(
            source=market.source,
            chain=token.chain,
            address=token.address,
            pool=token.pool or "",
            symbol=token.symbol,
            timeframe=plan.timeframe,
        )
    )
    now, latest = market.now(), plan.latest
    zone = services.settings.simulation_zone if latest is None else latest.zone
    simulation = Simulation(
        id=new_id(),
        key=context.key,
        bot_id=plan.trading_bot.id,
        version=plan.trading_bot.version,
        user_id=owner.user_id,
        anonymous_token=owner.anonymous_token,
        feed_id=feed.id,
        name=plan.trading_bot.name,
        alert=plan.alert,
        initial_balance=plan.initial_balance,
        state=RUNNING,
        created_at=services.clock(),
        start=int(now.timestamp()) // plan.timeframe * plan.timeframe,
        volume_known=True,
        look_back=0,
        quantity=0.0,
        equity=plan.initial_balance,
        failures=0,
        notify="all" if latest is None else latest.notify,
        quiet_from=None if latest is None else latest.quiet_from,
        quiet_to=None if latest is None else latest.quiet_to,
        zone=zone,
        summary_at=None if plan.alert else next_summary(zone, now),
        untold=False,
        **where,
    )
    try:
        return await unit.simulations.begin(simulation)
    except AlreadyRunning as taken:
        raise ToolFailed(f"The simulation of {plan.trading_bot.name} is running already.") from taken


async def _bot(view: Unit, context: ToolContext, named: str | None) -> TradingBot:
    """The bot that is named, also by the id of one of its simulations."""
    caller = context.caller
    if named is not None:
        simulation = await view.simulations.owned(named.strip(), caller.owner)
        if simulation is not None:
            bot = await view.trading.bot(simulation.bot_id, caller.owner)
            if bot is None:
                raise ToolFailed(
                    "The bot of this simulation has been deleted, so it cannot be started again."
                )
            return bot
    return await find_bot(view, caller, named)


def _require_short_look_back(plan: Plan) -> None:
    program = compile_program(plan.strategy, plan.timeframe, "next_open")
    if int(program[0]["look_back"]) > LONGEST_LOOK_BACK:
        raise ToolFailed(
            f"Its rules look back at {int(program[0]['look_back']):,} candles of {format_timeframe(plan.timeframe)}, "
            f"and {LONGEST_LOOK_BACK:,} is the most for a simulation. Take longer candles."
        )


async def _require_prices(context: ToolContext, plan: Plan) -> None:
    """Raise `ToolFailed` when the market has no prices to warm it up with; one that is away only makes it wait."""
    market, place = context.services.market, plan.strategy.market
    context.show(Progress(f"Looking at the prices of {plain(place.symbol)}"))
    token = pinned_token(place)
    end = int(market.now().timestamp()) // plan.timeframe * plan.timeframe
    begin = end - max(1, warm_up_candles(plan.strategy, plan.timeframe)) * plan.timeframe
    try:
        await market.candles(token, plan.timeframe, begin, end)
    except NoData as missing:
        raise ToolFailed(str(missing)) from missing
    except ProviderDown:
        return
