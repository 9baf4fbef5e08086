"""What Randebu can do: one registry of tools with effect READ or WRITE."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.tools.registry import Registry


def build_tools() -> Registry:
    """All tools there are."""
    # Imported when they are built: whoever only needs the contract must not load every tool.
    from bot.tools.ask import AskUser
    from bot.tools.backtests import RunBacktest
    from bot.tools.registry import Registry
    from bot.tools.simulations import (
        ExplainSimulation,
        ListSimulations,
        ManageSimulation,
        SetNotifications,
    )
    from bot.tools.tokens import GetPrice, GetRisk, GetToken, GetTrending, SearchTokens
    from bot.tools.trading_bots import CreateBot, DeleteBot, GetBotInfo, ListBots, SetBot, UpdateStrategy

    return Registry(
        [
            CreateBot(),
            UpdateStrategy(),
            ListBots(),
            SetBot(),
            GetBotInfo(),
            DeleteBot(),
            RunBacktest(),
            ManageSimulation(),
            ListSimulations(),
            SetNotifications(),
            ExplainSimulation(),
            SearchTokens(),
            GetToken(),
            GetPrice(),
            GetRisk(),
            GetTrending(),
            AskUser(),
        ]
    )
