"""Tools that make, change, list, choose, describe and delete trading bots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bot.errors import ToolFailed
from bot.tools.finding_bots import (
    SHORT_ID,
    choose,
    clean_name,
    current_bot_id,
    find_bot,
    require_free_name,
)
from bot.tools.kinds import Arguments, Reading, Writing
from bot.tools.plain import plain
from bot.tools.registry import Outcome, ToolContext
from bot.tools.running_simulations import goes_on_with, stop_simulation
from bot.tools.strategies import Prepared, StrategyDocument, prepare
from bot.trading.paraphrase import literal, paraphrase
from bot.trading.strategy import parse_strategy
from storage.trading import NameTaken

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.trading import TradingBot

_Named = Annotated[str, Field(min_length=1, max_length=100)]
_WhichBot = Annotated[
    _Named | None,
    Field(None, description="Its name or the beginning of its id; null: the conversation's bot."),
]
_LATEST_BACKTESTS = 3
MOST_LEFT_OUT = 5
"""How many pieces of a wish a proposal may name as left out."""

_LeftOut = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(
        default_factory=list,
        max_length=MOST_LEFT_OUT,
        description="What the person asked for and this strategy does not do, in their words; it is shown to them.",
    ),
]


class CreateBotArguments(Arguments):
    """A new bot."""

    name: _Named | None = Field(None, description="A short name; null takes the strategy's own.")
    strategy: StrategyDocument = Field(description="The whole strategy.")
    left_out: _LeftOut


class UpdateStrategyArguments(Arguments):
    """A change of a bot."""

    bot: _WhichBot
    strategy: StrategyDocument = Field(description="The whole new strategy, also what stays as it is.")
    left_out: _LeftOut


class ListBotsArguments(Arguments):
    """Nothing to say."""


class SetBotArguments(Arguments):
    """Which bot the conversation is about from now on."""

    bot: _Named = Field(description="Its name or the beginning of its id.")


class WhichBotArguments(Arguments):
    """Which bot."""

    bot: _WhichBot


class CreateBot(Writing):
    """Makes a trading bot from a strategy."""

    name = "create_bot"
    description = (
        "Create a trading bot from a strategy document. The person is shown the strategy in plain words and "
        "asked first, so do not ask for consent yourself. Leave market.address null unless the person gave "
        "the address or chose it. If the result has warnings, pass them on and ask what they leave open."
    )
    arguments = CreateBotArguments

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Creating the bot"

    async def describe(self, context: ToolContext, arguments: Any) -> str:
        """The rules of the new bot in words. Raises what `run` raises."""
        name, prepared = await self._prepared(context, arguments)
        return f"Create this bot:\n\n{prepared.in_words(name)}{_not_used(arguments)}\n\nCreate it?"

    async def once_more(self, context: ToolContext, arguments: Any) -> str | None:
        """What speaks against its token, if anything does. Raises what `run` raises."""
        name, prepared = await self._prepared(context, arguments)
        return None if prepared.caution is None else f"{prepared.caution}\n\nCreate {name} all the same?"

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Create it once and make it the conversation's.

        Raises `ToolFailed` for a strategy that is not valid or a name that is taken, `Refused` at the limit,
        `ProviderDown`.
        """
        name, prepared = await self._prepared(context, arguments)
        caller, services = context.caller, context.services

        async def write(unit: Unit) -> Outcome:
            trading_bot = await unit.trading.bot_by_key(context.key)
            if trading_bot is None:
                await require_free_name(unit, caller.owner, name)
                await services.limits.take_bot(unit, caller.owner)
                try:
                    trading_bot = await unit.trading.add_bot(
                        caller.owner, name, prepared.document(name), context.key, services.clock()
                    )
                except NameTaken as taken:
                    raise ToolFailed(f"There already is a bot called {name}. Take another name.") from taken
            await choose(unit, caller, trading_bot)
            return Outcome({**_facts(trading_bot), "created": True, "warnings": list(prepared.warnings)})

        return Outcome(write=write)

    async def _prepared(self, context: ToolContext, arguments: Any) -> tuple[str, Prepared]:
        services, owner = context.services, context.caller.owner
        async with services.database.view() as view:
            made = await view.trading.bot_by_key(context.key)
            if made is None:
                await services.limits.check_bot(view, owner)
        prepared = await prepare(services.market, arguments.strategy)
        name = clean_name(arguments.name or prepared.strategy.name)
        if made is None:
            async with services.database.view() as view:
                await require_free_name(view, owner, name)
        return name, prepared


class UpdateStrategy(Writing):
    """Gives a trading bot a new version of its strategy."""

    name = "update_strategy"
    description = (
        "Replace the strategy of a trading bot with a new version; earlier versions are kept. Call "
        "get_bot_info first and send the whole document with the change made. The person is shown the new "
        "version in plain words and asked first."
    )
    arguments = UpdateStrategyArguments

    async def describe(self, context: ToolContext, arguments: Any) -> str:
        """The new rules in words. Raises what `run` raises."""
        trading_bot, prepared = await self._prepared(context, arguments)
        return (
            f"Change the bot **{trading_bot.name}**; its version {trading_bot.version + 1} will be:\n\n"
            f"{prepared.in_words(trading_bot.name)}{_not_used(arguments)}\n\nChange it?"
        )

    async def once_more(self, context: ToolContext, arguments: Any) -> str | None:
        """What speaks against a token that this bot did not trade before. Raises what `run` raises."""
        trading_bot, prepared = await self._prepared(context, arguments)
        async with context.services.database.view() as view:
            before = await view.trading.strategy(trading_bot.id, trading_bot.version)
        same = before is not None and before.document["market"] == prepared.document("")["market"]
        if prepared.caution is None or same:
            return None
        return f"{prepared.caution}\n\nChange {trading_bot.name} all the same?"

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Save the next version once.

        Raises `ToolFailed` for an unknown bot, a strategy that is not valid or one that changes nothing, and
        `ProviderDown`.
        """
        trading_bot, prepared = await self._prepared(context, arguments)
        caller, services = context.caller, context.services

        async def write(unit: Unit) -> Outcome:
            row = await unit.trading.bot(trading_bot.id, caller.owner)
            if row is None:
                raise ToolFailed(
                    f"The bot {trading_bot.name} has been deleted meanwhile, so nothing was changed."
                )
            await unit.trading.add_version(row, prepared.document(row.name), context.key, services.clock())
            await choose(unit, caller, row)
            warnings = [*prepared.warnings, *await goes_on_with(unit, row)]
            return Outcome({**_facts(row), "updated": True, "warnings": warnings})

        return Outcome(write=write)

    async def _prepared(self, context: ToolContext, arguments: Any) -> tuple[TradingBot, Prepared]:
        services = context.services
        async with services.database.view() as view:
            trading_bot = await find_bot(view, context.caller, arguments.bot)
            before = await view.trading.strategy(trading_bot.id, trading_bot.version)
        prepared = await prepare(services.market, arguments.strategy)
        same = before is not None and before.document == prepared.document(trading_bot.name)
        if same and before is not None and before.key != context.key:
            raise ToolFailed(
                f"{trading_bot.name} has exactly this strategy already, so nothing would change."
            )
        return trading_bot, prepared


class DeleteBot(Writing):
    """Deletes a trading bot."""

    name = "delete_bot"
    description = "Delete a trading bot. The person is asked first, so do not ask for consent yourself."
    arguments = WhichBotArguments

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Deleting the bot"

    async def describe(self, context: ToolContext, arguments: Any) -> str:
        """Which bot goes, and what follows from it. Raises what `run` raises."""
        async with context.services.database.view() as view:
            trading_bot = await find_bot(view, context.caller, arguments.bot)
            simulation = await view.simulations.running_of(trading_bot.id)
        counted = (
            " Without an account it still counts as your bot: deleting it does not let you create another."
            if context.caller.owner.anonymous and context.services.settings.anonymous_bots is not None
            else ""
        )
        running = "" if simulation is None else " Its running simulation is stopped."
        return (
            f"Delete the bot **{trading_bot.name}** (`{trading_bot.id[:SHORT_ID]}`) with its strategy?{running} "
            f"This cannot be undone.{counted}"
        )

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Delete it. Raises `ToolFailed` for an unknown bot."""
        caller, services = context.caller, context.services
        async with services.database.view() as view:
            trading_bot = await find_bot(view, caller, arguments.bot)

        async def write(unit: Unit) -> Outcome:
            row = await unit.trading.bot(trading_bot.id, caller.owner)
            if row is not None:
                await stop_simulation(unit, row.id, "deleted", services.clock())
                await unit.trading.delete_bot(row, services.clock())
            return Outcome({"deleted": trading_bot.name})

        return Outcome(write=write)


class ListBots(Reading):
    """Lists the person's trading bots."""

    name = "list_bots"
    description = "List the person's trading bots, and which one this conversation is about."
    arguments = ListBotsArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:  # noqa: ARG002
        """All of them, the oldest first."""
        caller = context.caller
        async with context.services.database.view() as view:
            current = await current_bot_id(view, caller)
            listed = []
            for trading_bot in await view.trading.bots(caller.owner):
                version = await view.trading.strategy(trading_bot.id, trading_bot.version)
                document = {} if version is None else version.document
                listed.append(
                    {
                        **_facts(trading_bot),
                        "symbol": document.get("market", {}).get("symbol"),
                        "timeframe": document.get("timeframe"),
                        "current": trading_bot.id == current,
                    }
                )
        return Outcome({"bots": listed})


class SetBot(Reading):
    """Chooses the trading bot that the conversation is about."""

    name = "set_bot"
    description = "Choose the trading bot that this conversation is about from now on."
    arguments = SetBotArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Choose it. Raises `ToolFailed` for an unknown bot."""
        caller = context.caller
        async with context.services.database.view() as view:
            trading_bot = await find_bot(view, caller, arguments.bot)

        async def write(unit: Unit) -> Outcome:
            await choose(unit, caller, trading_bot)
            return Outcome({**_facts(trading_bot), "chosen": True})

        return Outcome(write=write)


class GetBotInfo(Reading):
    """Describes a trading bot."""

    name = "get_bot_info"
    description = (
        "Everything about a trading bot: its rules in words, its strategy document, its latest backtests."
    )
    arguments = WhichBotArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """What is saved. Raises `ToolFailed` for an unknown bot."""
        caller = context.caller
        async with context.services.database.view() as view:
            trading_bot = await find_bot(view, caller, arguments.bot)
            version = await view.trading.strategy(trading_bot.id, trading_bot.version)
            if version is None:
                raise LookupError(f"The strategy of bot {trading_bot.id} is gone.")
            current = await current_bot_id(view, caller)
            backtests = await view.trading.backtests(caller.owner, trading_bot.id, _LATEST_BACKTESTS)
        strategy, _ = parse_strategy(version.document)
        return Outcome(
            {
                **_facts(trading_bot),
                "current": trading_bot.id == current,
                "created": trading_bot.created_at.date().isoformat(),
                "rules": paraphrase(strategy),
                "strategy": version.document,
                "backtests": [
                    {
                        "id": each.id[:SHORT_ID],
                        "state": each.state,
                        "version": each.version,
                        "at": each.created_at.isoformat(timespec="seconds"),
                    }
                    for each in backtests
                ],
            }
        )


def _not_used(arguments: Any) -> str:
    """Which words of the person a proposal has not used, as a paragraph."""
    said = [f"“{literal(plain(words, 60))}”" for words in arguments.left_out]
    return f"\n\nI did not use: {', '.join(said)}." if said else ""


def _facts(trading_bot: TradingBot) -> dict[str, Any]:
    return {
        "bot": plain(trading_bot.name, 60),
        "id": trading_bot.id[:SHORT_ID],
        "version": trading_bot.version,
    }
