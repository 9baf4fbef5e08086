"""What guards a position, and what every fill costs."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from bot.trading.parts import Count, Duration, Fall, Number, Part, Rise, Share


class TakeProfit(Part):
    """One step of taking profits."""

    percent: Rise = Field(description="Percent above the average price.")
    sell_percent: Share = Field(description="Percent of what is left of the position.")


class TrailingStop(Part):
    """A stop that follows the highest price since the entry."""

    percent: Fall = Field(description="Percent below the peak.")
    arm_percent: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        0.0,
        description="It works only from this many percent above the average price on; 0: from the entry on.",
    )


def _ascending(levels: tuple[TakeProfit, ...]) -> tuple[TakeProfit, ...]:
    for lower, upper in pairwise(levels):
        if lower.percent >= upper.percent:
            raise ValueError(f"percent must ascend; {upper.percent:g} follows {lower.percent:g}")
        if lower.sell_percent == 100:
            raise ValueError(
                f"the step at {lower.percent:g} % sells everything, so the one after it is never reached"
            )
    return levels


class RiskManagement(Part):
    """Protective levels and limits, judged inside every candle; null everywhere means none."""

    stop_loss_percent: Fall | None = Field(
        None, description="Sell all this many percent below the average price."
    )
    take_profit_percent: Rise | None = Field(
        None,
        description="Sell all this many percent above the average price; not together with take_profits.",
    )
    take_profits: Annotated[tuple[TakeProfit, ...], AfterValidator(_ascending)] = Field(
        (), max_length=10, description="Steps in ascending order, instead of take_profit_percent."
    )
    trailing_stop: TrailingStop | None = Field(None, description="A stop that follows the peak.")
    break_even_at_percent: Rise | None = Field(
        None,
        description="Once this many percent above the average price, the stop rises to the average price.",
    )
    max_hold: Duration | None = Field(None, description='Sell all after this time in position, such as "3d".')
    max_entries: Count | None = Field(
        None, description="Most buys into one position, until it is flat again."
    )
    cooldown_after_stop: Duration | None = Field(None, description="No buys for this time after a stop.")
    max_drawdown_percent: Fall | None = Field(
        None, description="When equity is this many percent under its peak: sell all and buy no more."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_steps(cls, data: object) -> object:
        if isinstance(data, dict) and "take_profits" in data and data["take_profits"] is None:
            return {**data, "take_profits": ()}
        return data

    @model_validator(mode="after")
    def _one_kind_of_take_profit(self) -> Self:
        if self.take_profit_percent is not None and self.take_profits:
            raise ValueError("give either take_profit_percent or take_profits, not both")
        return self


_Rate = Annotated[Number, Field(ge=0, lt=100)]


class Costs(Part):
    """What every fill costs; percent of the traded money."""

    fee_percent: _Rate = Field(0.25, description="Fee; left out it is 0.25 on a dex and 0.1 on an exchange.")
    slippage_percent: _Rate = Field(0.5, description="How much worse than the seen price a fill is.")
    buy_tax_percent: _Rate = Field(0.0, description="The token's own tax on buying.")
    sell_tax_percent: _Rate = Field(0.0, description="The token's own tax on selling.")
    gas_usd: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        0.1, description="US dollars for each fill; left out it is 0.1 on a dex and 0 on an exchange."
    )


EXCHANGE_COSTS = {"fee_percent": 0.1, "gas_usd": 0.0}
"""The costs whose defaults are others on an exchange."""
