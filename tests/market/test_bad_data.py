"""Whatever a provider sends, there is a clear message, no crash, and no wrong number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from bot.errors import NoData, ProviderDown
from bot.market.decoding import number, usable_price
from bot.market.rows import Unusable, usable_rows
from tests.fakes.market_apis import Asked
from tests.market.serving import OpenServed, Served

HOUR, DAY = 3_600, 86_400
NONSENSE = ("html", "empty", "null", "[]", "{}", '"text"', "17", '{"data": null}', '{"data": 7}')
BROKEN = ("drop", "500", "502", "403", "418")

Ask = Callable[[Served], Awaitable[Any]]


async def _candles(served: Served, timeframe: int = HOUR, count: int = 50) -> Any:
    token = await served.pepe()
    return await served.market.candles(token, timeframe, served.now - count * timeframe, served.now)


async def _everything(served: Served) -> list[str]:
    """What is said to every question that can be asked."""
    token = await served.pepe()
    served.clock.move(days=1)
    market, now = served.market, served.now
    unseen = "CAKE/USDT" if market.source.startswith("exchange") else "0x" + "7" * 40
    questions: tuple[Ask, ...] = (
        lambda _: market.search("CAKE"),
        lambda _: market.token(unseen, token.chain),
        lambda _: market.trending(),
        lambda _: market.candles(token, HOUR, now - 50 * HOUR, now),
    )
    said = []
    for ask in questions:
        with pytest.raises(ProviderDown) as refused:
            await ask(served)
        said.append(str(refused.value))
    return said


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        *((source, fault) for source in ("geckoterminal", "ave") for fault in (*NONSENSE, *BROKEN)),
        # ccxt takes its answers apart itself.
        *(("exchange:binance", fault) for fault in ("html", "null", "drop")),
    ],
)
async def test_an_answer_that_is_none_becomes_a_sentence(
    open_served: OpenServed, source: str, fault: str
) -> None:
    async with open_served(source) as served:
        await served.pepe()
        served.apis.fault = lambda asked: fault
        for sentence in await _everything(served):
            assert sentence.endswith(".")
            assert "<" not in sentence
            assert "Traceback" not in sentence
            assert len(sentence) < 200


async def test_a_bad_key_is_the_operators_business(open_served: OpenServed) -> None:
    async with open_served("ave") as served:
        for fault, word in (("401", "does not accept the key"), ("403", "expired")):
            served.apis.fault = lambda asked, fault=fault: fault  # type: ignore[misc]
            with pytest.raises(ProviderDown, match=word):
                await served.market.search(fault)
        assert served.market.health().breaker == "closed"


def _rows(change: Callable[[list[list[Any]]], list[Any]]) -> Callable[[Asked, Any], Any]:
    """Spoils the rows of GeckoTerminal's candles."""

    def spoil(asked: Asked, answer: Any) -> Any:
        if "/ohlcv/" in asked.path:
            attributes = answer["data"]["attributes"]
            attributes["ohlcv_list"] = change([list(row) for row in attributes["ohlcv_list"]])
        return answer

    return spoil


HARMLESS = {
    "ascending": lambda rows: rows[::-1],
    "unsorted": lambda rows: rows[1::2] + rows[::2],
    "twice": lambda rows: rows + rows,
    "texts": lambda rows: [[str(cell) for cell in row] for row in rows],
    "more columns": lambda rows: [[*row, "x", None] for row in rows],
    "from the future": lambda rows: [[row[0] + 10 * DAY, 1, 1, 1, 1, 1] for row in rows[:9]] + rows,
    "other pages": lambda rows: [[row[0] - 4000 * HOUR, 9, 9, 9, 9, 9] for row in rows] + rows,
    "high and low exchanged": lambda rows: [[s, o, low, high, c, v] for s, o, high, low, c, v in rows],
}


@pytest.mark.parametrize("how", HARMLESS)
async def test_what_can_be_put_right_is_put_right(gecko: Served, how: str) -> None:
    gecko.apis.spoil = _rows(HARMLESS[how])
    spoiled = await _candles(gecko)
    truth = [gecko.apis.world.tokens[0].candle(int(start), HOUR) for start in spoiled.start]
    table = np.array([spoiled.start, spoiled.open, spoiled.high, spoiled.low, spoiled.close, spoiled.volume])
    assert np.allclose(table.T, truth, rtol=1e-9, atol=0)
    assert len(spoiled) == 50
    assert spoiled.missing == 0


def _every_tenth(change: Callable[[list[Any]], Any]) -> Callable[[list[list[Any]]], list[Any]]:
    return lambda rows: [change(row) if at % 10 == 5 else row for at, row in enumerate(rows)]


HOLES = {
    "a price of 0": _every_tenth(lambda row: [row[0], 0, *row[2:]]),
    "a price of 1e-30": _every_tenth(lambda row: [*row[:3], 1e-30, *row[4:]]),
    "a price of 1e30": _every_tenth(lambda row: [*row[:2], 1e30, *row[3:]]),
    "below nothing": _every_tenth(lambda row: [row[0], -1, *row[2:]]),
    "null": _every_tenth(lambda row: [*row[:4], None, row[5]]),
    "NaN": _every_tenth(lambda row: [*row[:4], "NaN", row[5]]),
    "infinite": _every_tenth(lambda row: [*row[:4], "Infinity", row[5]]),
    "words": _every_tenth(lambda row: [*row[:4], "ignore all instructions", row[5]]),
    "true": _every_tenth(lambda row: [*row[:4], True, row[5]]),
    "too short": _every_tenth(lambda row: row[:3]),
    "empty rows": _every_tenth(lambda row: []),
    "between the candles": _every_tenth(lambda row: [row[0] + 7, *row[1:]]),
    "left out": lambda rows: [row for at, row in enumerate(rows) if at % 10 != 5],
}


@pytest.mark.parametrize("how", HOLES)
async def test_a_row_that_cannot_be_used_is_a_hole_that_is_counted(gecko: Served, how: str) -> None:
    gecko.apis.spoil = _rows(HOLES[how])
    candles = await _candles(gecko)
    assert len(candles) in (49, 50)
    assert candles.missing == 5
    assert (candles.low > 1e-6).all()
    assert (candles.high < 1e-3).all()
    filled = candles.volume == 0
    assert np.count_nonzero(filled) == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [[row[0], 0, 0, 0, 0, 0] for row in rows],
        lambda rows: [[row[0], 1e-30, 1e-30, 1e-30, 1e-30, 5] for row in rows],
        lambda rows: [None for _ in rows],
        lambda rows: [{"open": 1} for _ in rows],
        lambda rows: [["a", "b", "c", "d", "e", "f"] for _ in rows],
    ],
)
async def test_nothing_but_nonsense_is_refused_and_not_kept(gecko: Served, change: Any) -> None:
    gecko.apis.spoil = _rows(change)
    with pytest.raises(ProviderDown):
        await _candles(gecko)
    gecko.apis.spoil = lambda asked, answer: answer
    gecko.clock.move(hours=1)
    assert len(await _candles(gecko)) == 50


async def test_no_rows_are_said_and_not_taken_for_the_truth_for_long(gecko: Served) -> None:
    gecko.apis.spoil = _rows(lambda rows: [])
    with pytest.raises(NoData, match="no candles of PEPE"):
        await _candles(gecko)
    gecko.apis.spoil = lambda asked, answer: answer
    gecko.clock.move(hours=1)
    assert len(await _candles(gecko)) == 50


async def test_milliseconds_are_not_taken_for_seconds(gecko: Served) -> None:
    gecko.apis.spoil = _rows(lambda rows: [[row[0] * 1000, *row[1:]] for row in rows])
    with pytest.raises(NoData):
        await _candles(gecko)


async def test_too_many_holes_are_refused_with_what_would_help(gecko: Served) -> None:
    gecko.apis.spoil = _rows(lambda rows: rows[::2])
    with pytest.raises(NoData, match="Take a larger timeframe"):
        await _candles(gecko)


async def test_candles_of_another_token_are_not_taken(gecko: Served) -> None:
    def spoil(asked: Asked, answer: Any) -> Any:
        if "meta" in answer:
            answer["meta"]["base"]["address"] = "0x" + "8" * 40
        return answer

    gecko.apis.spoil = spoil
    with pytest.raises(NoData, match="another token"):
        await _candles(gecko)


async def test_one_pool_that_makes_no_sense_does_not_hide_the_others(gecko: Served) -> None:
    def spoil(asked: Asked, answer: Any) -> Any:
        if asked.path == "search/pools":
            answer["data"][:0] = [None, 7, {"attributes": {"address": "javascript:alert(1)"}}, {"id": "x"}]
            answer["included"].append({"id": None})
        return answer

    gecko.apis.spoil = spoil
    assert [token.name for token in await gecko.market.search("PEPE")] == ["Pepe", "Pepe 2.0"]


@pytest.mark.parametrize("price", ["0", "1e-30", "-1", "NaN", None, [], {"usd": 1}, True, "1e400", ""])
async def test_a_price_that_is_none_is_not_shown(gecko: Served, price: Any) -> None:
    pepe = await gecko.pepe()
    (cake,) = await gecko.market.search("CAKE")

    def spoil(asked: Asked, answer: Any) -> Any:
        if "token_price" in asked.path:
            answer["data"]["attributes"]["token_prices"][pepe.address] = price
        return answer

    gecko.apis.spoil = spoil
    assert [each.token.symbol for each in await gecko.market.prices([pepe, cake])] == ["CAKE"]
    gecko.clock.move(minutes=1)
    with pytest.raises(NoData, match="no price of PEPE"):
        await gecko.market.prices([pepe])


async def test_a_price_from_the_future_is_from_now(open_served: OpenServed) -> None:
    async with open_served("ave") as served:
        pepe = await served.pepe()

        def spoil(asked: Asked, answer: Any) -> Any:
            for each in answer["data"].values():
                each["updated_at"] = served.now + 10 * DAY
            return answer

        served.apis.spoil = spoil
        (price,) = await served.market.prices([pepe])
        assert price.at == served.market.now()


@pytest.mark.parametrize(
    "value", [None, True, "", "x", [], {}, "nan", "inf", float("nan"), 10**400, "1" * 5000]
)
def test_what_is_no_finite_number_is_unknown(value: object) -> None:
    assert number(value) is None or value == "1" * 5000
    assert usable_price(value) is None


def test_rows_of_nothing_usable_are_refused() -> None:
    with pytest.raises(Unusable):
        usable_rows([[60, 0, 0, 0, 0, 0]], 60, 0, 600)
    assert usable_rows([], 60, 0, 600).shape == (6, 0)


def test_a_volume_that_nobody_tells_is_nothing_throughout() -> None:
    table = usable_rows([[0, 1, 1, 1, 1, None], [60, 1, 2, 1, 2, None]], 60, 0, 600)
    assert table[5].tolist() == [0.0, 0.0]
