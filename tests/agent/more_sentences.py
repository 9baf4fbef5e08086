"""How people really write: slang, short forms, shares, several conditions, with what they ask for."""

from __future__ import annotations

from typing import Any

from tests.agent.rules import band, buys, cross, drop, every, level, rise, rsi, sells, steps, tells, volume

TP10 = {"take_profit_percent": 10}
OUT = "sell at 10% profit"
DIP = [buys(drop(5, "1h"))]
ON_DIP = "buy PEPE when it drops 5% in 1h"

MORE_SENTENCES: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    (
        f"{ON_DIP}, take profit 5% for half and 12% for the rest",
        DIP,
        {"take_profits": steps((5, 50), (12, 100))},
    ),
    (f"{ON_DIP}, tp 5% half, 12% rest", DIP, {"take_profits": steps((5, 50), (12, 100))}),
    (
        f"{ON_DIP}, take profit half at 5% and the other half at 12%",
        DIP,
        {"take_profits": steps((5, 50), (12, 100))},
    ),
    (
        f"{ON_DIP}, take profit: sell 25% at 5%, the rest at 12%",
        DIP,
        {"take_profits": steps((5, 25), (12, 100))},
    ),
    (f"{ON_DIP}, take profit 10%, 20% stop loss", DIP, {**TP10, "stop_loss_percent": 20}),
    (f"{ON_DIP}, take profit 10% and a 4% trailing stop", DIP, {**TP10, "trailing_stop": {"percent": 4}}),
    (f"{ON_DIP}, take profit 5% for half", DIP, {"take_profits": steps((5, 50))}),
    (
        f"{ON_DIP}, sell 1/3 at 10%, 1/3 at 20%, 1/3 at 30%",
        DIP,
        {"take_profits": steps((10, 33.33), (20, 50), (30, 100))},
    ),
    (f"{ON_DIP}, sell half at 10%", DIP, {"take_profits": steps((10, 50))}),
    (
        f"{ON_DIP}, sell half at 20% profit and half when RSI above 70",
        [*DIP, sells(rsi("above", 70), 50)],
        {"take_profits": steps((20, 50))},
    ),
    (
        f"{ON_DIP}, sell half when RSI above 70 and the rest when RSI above 80",
        [*DIP, sells(rsi("above", 70), 50), sells(rsi("above", 80), 100, 2)],
        {},
    ),
    (
        f"{ON_DIP}, sell 50% when RSI above 70 and 50% at 20% profit",
        [*DIP, sells(rsi("above", 70), 50)],
        {"take_profits": steps((20, 50))},
    ),
    (
        f"buy PEPE with 20% of cash when it drops 5% in 1h and with 30% of cash when it drops 10% in 1h, {OUT}",
        [
            buys(drop(5, "1h"), {"amount_percent": 20}),
            {**buys(drop(10, "1h"), {"amount_percent": 30}, only_if=None), "id": "buy-2"},
        ],
        {**TP10, "max_entries": 2},
    ),
    (
        "ape in to PEPE when it dips 10%, tp 20 sl 5",
        [buys(drop(10))],
        {"take_profit_percent": 20, "stop_loss_percent": 5},
    ),
    (
        "buy pepe tp 20 sl 5 when rsi below 30",
        [buys(rsi("below", 30))],
        {"take_profit_percent": 20, "stop_loss_percent": 5},
    ),
    (
        "long DOGE when RSI < 30, tp 5%, sl 2%",
        [buys(rsi("below", 30))],
        {"take_profit_percent": 5, "stop_loss_percent": 2},
    ),
    (
        "ape $100 into pepe if it drops 8% in an hour, sell at 2x",
        [buys(drop(8, "1h"), {"amount_usd": 100})],
        {"take_profit_percent": 100},
    ),
    ("DCA $50 every day into CAKE", [buys(every("1d"), {"amount_usd": 50}, only_if=None)], {}),
    ("dca 50$ into cake daily", [buys(every("1d"), {"amount_usd": 50}, only_if=None)], {}),
    ("dca $50 a day into CAKE", [buys(every("1d"), {"amount_usd": 50}, only_if=None)], {}),
    (
        "DCA 5% of my balance weekly into BNB, never sell",
        [buys(every("1w"), {"amount_percent": 5}, only_if=None)],
        {},
    ),
    (
        "buy DOGE every 6h with $15 and sell all when profit hits 25%",
        [buys(every("6h"), {"amount_usd": 15}, only_if=None)],
        {"take_profit_percent": 25},
    ),
    (
        "put $100 in CAKE whenever rsi dips under 35, cash out at +20%",
        [buys(rsi("below", 35), {"amount_usd": 100})],
        {"take_profit_percent": 20},
    ),
    (
        "buy the dip 10% on PEPE, sell at 15% profit, trailing stop 5%",
        [buys(drop(10))],
        {"take_profit_percent": 15, "trailing_stop": {"percent": 5}},
    ),
    (f"buy $1k of PEPE when it drops 5% in 1h, {OUT}", [buys(drop(5, "1h"), {"amount_usd": 1000})], TP10),
    (
        f"buy 1.5k usd of PEPE when it drops 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"amount_usd": 1500})],
        TP10,
    ),
    (
        "scalp PEPE on 1m candles: buy when RSI < 25, sell when RSI > 60, sl 2%",
        [buys(rsi("below", 25)), sells(rsi("above", 60))],
        {"stop_loss_percent": 2},
    ),
    (
        "could you make a bot for doge that buys on rsi 30 and sells on rsi 70",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {},
    ),
    (
        "make a doge bot that buys when the rsi(14) < 28 and sells when rsi > 65 with 2% stoploss",
        [buys(rsi("below", 28)), sells(rsi("above", 65))],
        {"stop_loss_percent": 2},
    ),
    (
        "buy PEPE under 0.00001, sell above 0.00002",
        [buys(level("below", 0.00001)), sells(level("above", 0.00002))],
        {},
    ),
    (
        "create bot: token=CAKE, buy drop 5% 1h, sell profit 10%, stop 3%",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 3},
    ),
    ("buy PEPE when it drops 0.5%/5m, sell +1%", [buys(drop(0.5, "5m"))], {"take_profit_percent": 1}),
    (
        "buy PEPE if it dumps 12% in a day, tp 30%, sl 10%, max hold 1 week",
        [buys(drop(12, "1d"))],
        {"take_profit_percent": 30, "stop_loss_percent": 10, "max_hold": "1w"},
    ),
    (
        "if cake falls 4% in 30 min buy $200, if I make 6% sell, if I lose 2% sell",
        [buys(drop(4, "30m"), {"amount_usd": 200})],
        {"take_profit_percent": 6, "stop_loss_percent": 2},
    ),
    ("if PEPE drops 5% buy, if it rises 10% from my entry sell", [buys(drop(5))], TP10),
    (f"{ON_DIP}, {OUT} or 3% loss or after 2 days", DIP, {**TP10, "stop_loss_percent": 3, "max_hold": "2d"}),
    (f"{ON_DIP}, exit after 24h", DIP, {"max_hold": "1d"}),
    (f"{ON_DIP} and don't ever sell", DIP, {}),
    (f"{ON_DIP}, {OUT}, move stop to break even after 5%", DIP, {**TP10, "break_even_at_percent": 5}),
    (
        f"{ON_DIP} unless RSI is above 70, {OUT}",
        [buys({"all": [drop(5, "1h"), {"not": rsi("above", 70)}]})],
        TP10,
    ),
    (
        f"buy PEPE only if RSI is below 40, when it drops 5% in 1h, {OUT}",
        [buys({"all": [rsi("below", 40), drop(5, "1h")]})],
        TP10,
    ),
    (
        "when PEPE is oversold and volume doubles buy $300, get out at 12% profit or 4% loss",
        [buys({"all": [rsi("below", 30), volume(100)]}, {"amount_usd": 300})],
        {"take_profit_percent": 12, "stop_loss_percent": 4},
    ),
    (
        "buy PEPE when ema 12 > ema 26, sell when ema 12 < ema 26",
        [buys(cross("ema", 12, 26, "above")), sells(cross("ema", 12, 26, "below"))],
        {},
    ),
    (
        "buy PEPE when sma 20 crosses up sma 50 on 4h candles; exit on cross down",
        [buys(cross("sma", 20, 50, "above")), sells(cross("sma", 20, 50, "below"))],
        {},
    ),
    (
        "buy PEPE golden cross sell death cross",
        [buys(cross("sma", 50, 200, "above")), sells(cross("sma", 50, 200, "below"))],
        {},
    ),
    (f"buy PEPE when the price is above the EMA 200, {OUT}", [buys(cross("ema", 1, 200, "above"))], TP10),
    (
        "buy PEPE when price closes above the upper bollinger band with a trailing stop of 5%",
        [buys(band("upper", "above"))],
        {"trailing_stop": {"percent": 5}},
    ),
    ("alert me when DOGE pumps 10% in 1h", [tells(rise(10, "1h"), "DOGE pumps 10% in 1h")], {}),
    ("ping me if cake goes under $2", [tells(level("below", 2), "CAKE: under $2")], {}),
    (
        "send me an alert if DOGE drops 10% in a day or rises 10% in a day",
        [tells({"any": [drop(10, "1d"), rise(10, "1d")]}, "DOGE drops 10% in a day or rises 10% in a day")],
        {},
    ),
    (
        "tell me when PEPE drops 5% in 1h and also when it rises 5% in 1h",
        [
            tells(
                {"any": [drop(5, "1h"), rise(5, "1h")]}, "PEPE drops 5% in 1h and also when it rises 5% in 1h"
            )
        ],
        {},
    ),
    (
        f"{ON_DIP} with 20% of my money each time, {OUT}",
        [buys(drop(5, "1h"), {"amount_percent": 20}, only_if=None)],
        TP10,
    ),
]
