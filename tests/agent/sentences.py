"""Sentences that make a trading bot, with the rules and the protection that they ask for."""

from __future__ import annotations

from typing import Any

from tests.agent.rules import band, buys, cross, drop, every, level, rise, rsi, sells, steps, tells, volume

TP10 = {"take_profit_percent": 10}
OUT = "sell at 10% profit"

SENTENCES: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    (
        "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 3},
    ),
    ("buy CAKE for $200 every day", [buys(every("1d"), {"amount_usd": 200}, only_if=None)], {}),
    (
        "buy DOGE when RSI is below 30 and sell when RSI is above 70, trailing stop 4%",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {"trailing_stop": {"percent": 4}},
    ),
    (f"buy PEPE when the 9 EMA crosses above the 21 EMA, {OUT}", [buys(cross("ema", 9, 21, "above"))], TP10),
    (
        f"a bot which buys 25% of cash of PEPE when volume spikes 200%, {OUT}",
        [buys(volume(200), {"amount_percent": 25})],
        TP10,
    ),
    (
        "buy PEPE when it drops 5%, sell half at 10% and the rest at 25%",
        [buys(drop(5))],
        {"take_profits": steps((10, 50), (25, 100))},
    ),
    (
        "tell me when PEPE falls below 0.00001",
        [tells(level("below", 0.00001), "PEPE falls below 0.00001")],
        {},
    ),
    (f"Buy PEPE if it falls 5 percent within an hour. {OUT}", [buys(drop(5, "1h"))], TP10),
    (f"buy PEPE on a five percent dip in 15 minutes, {OUT}", [buys(drop(5, "15m"))], TP10),
    (f"buy PEPE after a drop of 5 % over the last 4 hours; {OUT}", [buys(drop(5, "4h"))], TP10),
    (
        f"I want a bot for PEPE. It should buy when the price is down 5% in 1h. {OUT}",
        [buys(drop(5, "1h"))],
        TP10,
    ),
    (f"buy PEPE when it crashes by at least 12.5% in a day, {OUT}", [buys(drop(12.5, "1d"))], TP10),
    (f"buy PEPE when it drops 2,5% in 1h, {OUT}", [buys(drop(2.5, "1h"))], TP10),
    (f"when it drops 5% in 1h buy PEPE, {OUT}", [buys(drop(5, "1h"))], TP10),
    (f"if PEPE rises 3% in 30m then buy it, {OUT}", [buys(rise(3, "30m"))], TP10),
    (f"buy PEPE when it goes up 3% in half an hour, {OUT}", [buys(rise(3, "30m"))], TP10),
    (f"buy $50 of PEPE whenever it pumps 4% in 1h, {OUT}", [buys(rise(4, "1h"), {"amount_usd": 50})], TP10),
    (
        f"buy PEPE with 1,000 dollars when it dips 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"amount_usd": 1000})],
        TP10,
    ),
    (
        f"buy 50 usd worth of PEPE when it dips 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"amount_usd": 50})],
        TP10,
    ),
    (
        f"buy PEPE with half of my cash when it dips 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"amount_percent": 50})],
        TP10,
    ),
    (
        f"buy PEPE using 10% of my portfolio when it dips 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"equity_percent": 10})],
        TP10,
    ),
    (f"buy PEPE with 30% when it dips 5% in 1h, {OUT}", [buys(drop(5, "1h"), {"amount_percent": 30})], TP10),
    (f"buy PEPE when RSI < 30, {OUT}", [buys(rsi("below", 30))], TP10),
    (f"buy PEPE when RSI(7) is under 25, {OUT}", [buys(rsi("below", 25, period=7))], TP10),
    (f"buy PEPE when RSI drops to 30, {OUT}", [buys(rsi("below", 30))], TP10),
    (f"buy PEPE when RSI14 crosses above 50, {OUT}", [buys(rsi("above", 50))], TP10),
    (f"buy PEPE when it is oversold, {OUT}", [buys(rsi("below", 30))], TP10),
    (
        "buy PEPE when RSI is below 30, sell when above 70",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {},
    ),
    (
        "buy PEPE when RSI is oversold and sell when it is overbought",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {},
    ),
    (
        "if RSI is below 30 then buy DOGE, if RSI is above 70 then sell",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {},
    ),
    (
        "When RSI is below 30, buy DOGE. When RSI is above 70, sell.",
        [buys(rsi("below", 30)), sells(rsi("above", 70))],
        {},
    ),
    (
        f"buy PEPE when RSI is below 30 and it drops 5% in 1h, {OUT}",
        [buys({"all": [rsi("below", 30), drop(5, "1h")]})],
        TP10,
    ),
    (
        f"buy PEPE when RSI is below 30 or it drops 5% in 1h, {OUT}",
        [buys({"any": [rsi("below", 30), drop(5, "1h")]})],
        TP10,
    ),
    (
        f"buy PEPE when RSI is below 30 and volume doubles or it drops 9% in 1h, {OUT}",
        [buys({"any": [{"all": [rsi("below", 30), volume(100)]}, drop(9, "1h")]})],
        TP10,
    ),
    (
        f"buy PEPE when it drops 5% in 1h and RSI is not below 20, {OUT}",
        [buys({"all": [drop(5, "1h"), {"not": rsi("below", 20)}]})],
        TP10,
    ),
    (f"buy PEPE when EMA 9 crosses over EMA 21, {OUT}", [buys(cross("ema", 9, 21, "above"))], TP10),
    (f"buy PEPE on a 9/21 EMA crossover, {OUT}", [buys(cross("ema", 9, 21, "above"))], TP10),
    (
        f"buy PEPE when the 50 SMA crosses above the 200 SMA, {OUT}",
        [buys(cross("sma", 50, 200, "above"))],
        TP10,
    ),
    (f"buy PEPE when the 21 EMA crosses below the 9 EMA, {OUT}", [buys(cross("ema", 9, 21, "above"))], TP10),
    (f"buy PEPE on a golden cross, {OUT}", [buys(cross("sma", 50, 200, "above"))], TP10),
    (
        "buy PEPE on a golden cross and sell on a death cross",
        [buys(cross("sma", 50, 200, "above")), sells(cross("sma", 50, 200, "below"))],
        {},
    ),
    (f"buy PEPE when the price crosses above the 20 EMA, {OUT}", [buys(cross("ema", 1, 20, "above"))], TP10),
    (
        "buy PEPE when ema9 crosses above ema21 and sell when the 9 EMA falls below the 21 EMA",
        [buys(cross("ema", 9, 21, "above")), sells(cross("ema", 9, 21, "below"))],
        {},
    ),
    (
        f"buy PEPE when the price is below the lower bollinger band, {OUT}",
        [buys(band("lower", "below"))],
        TP10,
    ),
    (
        "buy PEPE when it touches the lower band and sell when it breaks above the upper Bollinger band",
        [buys(band("lower", "below")), sells(band("upper", "above"))],
        {},
    ),
    (
        f"buy PEPE below the lower bollinger(30, 2.5) band, {OUT}",
        [buys(band("lower", "below", period=30, std=2.5))],
        TP10,
    ),
    (f"buy PEPE on a 150% volume spike, {OUT}", [buys(volume(150))], TP10),
    (f"buy PEPE when volume is 3x the average, {OUT}", [buys(volume(200))], TP10),
    (
        f"buy PEPE when volume is 80% above average over the last 50 candles, {OUT}",
        [buys(volume(80, lookback=50))],
        TP10,
    ),
    (f"buy PEPE when it falls below $0.00001, {OUT}", [buys(level("below", 0.00001))], TP10),
    (f"buy PEPE when the price goes above 1.2e-5, {OUT}", [buys(level("above", 0.000012))], TP10),
    (
        f"buy PEPE when it drops 5% in 1h, at most once a day, {OUT}",
        [buys(drop(5, "1h"), cooldown="1d")],
        TP10,
    ),
    (
        f"buy PEPE when it drops 5% in 1h, no more than once every 4 hours, {OUT}",
        [buys(drop(5, "1h"), cooldown="4h")],
        TP10,
    ),
    (
        f"buy PEPE when it drops 5% in 1h with a cooldown of 2h, {OUT}",
        [buys(drop(5, "1h"), cooldown="2h")],
        TP10,
    ),
    (f"buy PEPE when it drops 5% in 1h but only once, {OUT}", [buys(drop(5, "1h"), max_fires=1)], TP10),
    (
        f"buy $20 of PEPE every time it drops 5% in 1h, {OUT}",
        [buys(drop(5, "1h"), {"amount_usd": 20}, only_if=None)],
        TP10,
    ),
    (
        f"buy $20 of PEPE every time it drops 5% in 1h, at most 3 buys, {OUT}",
        [buys(drop(5, "1h"), {"amount_usd": 20}, only_if=None)],
        {**TP10, "max_entries": 3},
    ),
    ("buy $10 of CAKE every 4 hours", [buys(every("4h"), {"amount_usd": 10}, only_if=None)], {}),
    ("buy 5% of my cash in CAKE daily", [buys(every("1d"), {"amount_percent": 5}, only_if=None)], {}),
    ("invest $25 in CAKE every week", [buys(every("1w"), {"amount_usd": 25}, only_if=None)], {}),
    ("buy $10 of CAKE every other day", [buys(every("2d"), {"amount_usd": 10}, only_if=None)], {}),
    (
        "buy $10 of CAKE every day if RSI is below 40",
        [buys({"all": [every("1d"), rsi("below", 40)]}, {"amount_usd": 10}, only_if=None)],
        {},
    ),
    (
        "buy PEPE when it drops 5% in 1h; take profit 8%; stop loss 2%",
        [buys(drop(5, "1h"))],
        {"take_profit_percent": 8, "stop_loss_percent": 2},
    ),
    (
        "buy PEPE when it drops 5% in 1h, TP 8%, SL 2%",
        [buys(drop(5, "1h"))],
        {"take_profit_percent": 8, "stop_loss_percent": 2},
    ),
    (
        "buy PEPE when it drops 5% in 1h, with a 10% take-profit and a 3% stop-loss",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 3},
    ),
    (
        "buy PEPE when it drops 5% in 1h, exit at 10% profit or at a 4% loss",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 4},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell at 10%, max loss 6%",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 6},
    ),
    (
        "buy PEPE when it drops 5% in 1h, hold until 10% profit",
        [buys(drop(5, "1h"))],
        TP10,
    ),
    (
        "buy CAKE when the 10 SMA crosses above the 30 SMA and sell when it crosses back below",
        [buys(cross("sma", 10, 30, "above")), sells(cross("sma", 10, 30, "below"))],
        {},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell at +10%, cut losses at 6%",
        [buys(drop(5, "1h"))],
        {**TP10, "stop_loss_percent": 6},
    ),
    (
        "buy PEPE when it drops 5% in 1h, 4% trailing stop once up 6%",
        [buys(drop(5, "1h"))],
        {"trailing_stop": {"percent": 4, "arm_percent": 6}},
    ),
    ("buy PEPE when it drops 5% in 1h, sell after 3 days", [buys(drop(5, "1h"))], {"max_hold": "3d"}),
    ("buy PEPE when it drops 5% in 1h, hold at most 12 hours", [buys(drop(5, "1h"))], {"max_hold": "12h"}),
    (
        f"buy PEPE when it drops 5% in 1h, {OUT}, break even at 4%",
        [buys(drop(5, "1h"))],
        {**TP10, "break_even_at_percent": 4},
    ),
    (
        f"buy PEPE when it drops 5% in 1h, {OUT}, max drawdown 30%",
        [buys(drop(5, "1h"))],
        {**TP10, "max_drawdown_percent": 30},
    ),
    (
        f"buy PEPE when it drops 5% in 1h, {OUT}, wait 4h after a stop loss",
        [buys(drop(5, "1h"))],
        {**TP10, "cooldown_after_stop": "4h"},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell 50% at 10% profit and 50% at 20% profit",
        [buys(drop(5, "1h"))],
        {"take_profits": steps((10, 50), (20, 100))},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell a quarter at 5%, a quarter at 10% and the rest at 20%",
        [buys(drop(5, "1h"))],
        {"take_profits": steps((5, 25), (10, 33.33), (20, 100))},
    ),
    (
        "buy PEPE when it drops 5% in 1h and sell at 10% profit or when RSI is above 70",
        [buys(drop(5, "1h")), sells(rsi("above", 70))],
        TP10,
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell half when RSI is above 70 and sell everything when RSI is above 85",
        [buys(drop(5, "1h")), sells(rsi("above", 70), 50), sells(rsi("above", 85), 100, 2)],
        {},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell when profit is above 10% and RSI is above 70",
        [
            buys(drop(5, "1h")),
            sells(
                {"all": [{"type": "position_profit", "direction": "above", "value": 10}, rsi("above", 70)]}
            ),
        ],
        {},
    ),
    (
        "buy PEPE when it drops 5% in 1h, sell when it rises 8% in 1h",
        [buys(drop(5, "1h")), sells(rise(8, "1h"))],
        {},
    ),
    ("buy PEPE when it drops 5% in 1h and never sell", [buys(drop(5, "1h"))], {}),
    (f"buy PEPE when it drops 5% in 1h with no stop loss, {OUT}", [buys(drop(5, "1h"))], TP10),
    (
        "please make me a simple little bot that buys pepe when it drops 5% in 1h and sells at 10%",
        [buys(drop(5, "1h"))],
        TP10,
    ),
    ("BUY PEPE WHEN IT DROPS 5% IN 1H AND SELL AT 10% PROFIT", [buys(drop(5, "1h"))], TP10),
    ("buy $PEPE when it drops 5% in 1h and sell at 10% profit", [buys(drop(5, "1h"))], TP10),
]
