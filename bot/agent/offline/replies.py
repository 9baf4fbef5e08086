"""Everything that the offline assistant says by itself, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

EXAMPLES = (
    "“create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss”",
    "“backtest it on 15m candles for the last 90 days”",
    "“set the stop loss to 5%”",
)

HELP = f"""\
I work without a language model here: none is configured, so I understand plain, usual sentences only. For example:

- {EXAMPLES[0]}
- “buy CAKE for $200 every day”, “buy DOGE when RSI is below 30, sell when RSI is above 70, trailing stop 4%”
- {EXAMPLES[1]}, or “from 2026-01-01 to 2026-03-01”
- {EXAMPLES[2]}, “also sell when RSI is above 70”, “make it 1h instead”
- “simulate it”, “how is my simulation doing”, “why is nothing happening”, “stop the simulation”
- “list my bots”, “describe PEPE dip”, “use PEPE dip”, “delete PEPE dip”
- “price of PEPE”, “search dog”, “what is trending?”, “what is the risk of PEPE?”

Before anything is created, changed or deleted I show what will happen and ask."""

FOREIGN = """\
I did not understand that: without a language model I only understand English. For example:

""" + "\n".join(f"- {example}" for example in EXAMPLES)

QUESTIONS = {
    "token": "Which token should it trade?",
    "buy": "When exactly should it buy?",
    "sell": "When should it sell?",
    "amount": "How much should it buy each time?",
    "tell": "When exactly should I tell you?",
    "fall": "By how many percent must the price fall, and within what time?",
    "rise": "By how many percent must the price rise, and within what time?",
    "volume": "How far above its average must the volume be, in percent?",
    "rsi": "Below or above which RSI?",
    "average": "Which two averages, and which crosses which way?",
    "stop": "At how many percent of loss should it stop?",
    "target": "At how many percent of profit should it sell?",
    "trailing": "How many percent below the highest price should the trailing stop be?",
    "steps": "How much should be sold at each profit?",
    "candles": "How long should a candle be?",
    "change": "What exactly should be different?",
    "period": "Over which stretch of time should it be tested?",
}
"""The questions that a person answers in their own words, by what they are about."""

_HINTS = {
    "token": "For example “PEPE” or “CAKE”; an address works too.",
    "buy": "For example “when it drops 5% in 1h”, “when RSI is below 30” or “$50 every day”.",
    "sell": "For example “at 10% profit with a 3% stop loss”, “when RSI is above 70” or “never”.",
    "amount": "For example “$50” or “10% of the cash”.",
    "tell": "For example “when it falls below 0.00001”.",
    "fall": "For example “5% in 1h”.",
    "rise": "For example “5% in 1h”.",
    "volume": "For example “200%”, which is three times the average.",
    "rsi": "For example “below 30”.",
    "average": "For example “the 9 EMA crosses above the 21 EMA”.",
    "stop": "For example “3%”.",
    "target": "For example “10%”.",
    "trailing": "For example “4%”.",
    "steps": "For example “half at 5% and the rest at 12%”.",
    "candles": "For example “15m” or “1h”.",
    "change": "For example “set the stop loss to 5%” or “also sell when RSI is above 70”.",
    "period": "For example “the last 90 days”, “since 1 June” or “from 2026-01-01 to 2026-03-01”.",
}

TALK = {
    "hello": "Hello! Tell me in plain words what a trading bot should do, or say “help”.",
    "thanks": "You're welcome! Say “help” to see what else I understand.",
    "bye": "Goodbye! Your bots stay as they are.",
    "help": HELP,
    "cancelled": "All right, I leave it at that.",
    "who": "I am Randebu. I turn plain words into trading bots and test them on past prices. No language model is "
    "configured here, so I go by rules; say “help” for examples.",
    "live": "I cannot trade with real money. I can test a bot on past prices, “backtest it for the last 90 days”, and "
    "let it trade on paper from now on, “simulate it”.",
    "advice": "I cannot know that, and nobody can: I give no advice on what to buy or when. I can test an idea on past "
    "prices, for example “backtest it for the last 90 days”.",
    "safe": "I cannot call any strategy or token safe. A stop loss limits the usual loss, not the worst one: a price "
    "can jump past it. A backtest shows how a strategy would have done, “backtest it for the last 90 days”.",
    "why": "I go by rules here and cannot think a result through, so I do not know. The report of a backtest lists "
    "what was traded and why; “describe it” shows the rules, and with a language model configured I could say more.",
    "what if": "I cannot foresee that. I can try it on past prices: change the bot, for example “set the stop loss to "
    "5%”, then say “backtest it for the last 90 days” and compare.",
    "performance": "I can say how it would have done on past prices: “backtest it for the last 90 days”.",
    "which price": "Of which token? Say for example “price of PEPE”.",
    "rename": "I cannot rename a trading bot. Its name is chosen when it is created: “create a bot called …”.",
    "delete all": "I delete one trading bot at a time. Say which, for example “delete PEPE dip”.",
    "account": "`/signup` creates an account, `/usage` shows what you have used, and `/help` lists all commands. "
    "Without an account you can go on as you are, within the limits that `/usage` shows.",
    "not running": "I cannot start, stop or pause a bot by words here. `/stop` ends a running answer, and “delete it” "
    "removes a bot.",
    "unsure": "No hurry: nothing happens without your yes. Tell me what a trading bot should do when you know, or say "
    "“help” for examples.",
    "nothing asked": "There is no question open right now. Tell me what a trading bot should do, or say “help”.",
    "short": "I only buy first and sell later, with the money that is there: no short selling, no leverage. A bot that "
    "buys low and sells higher is what I can make, for example “buy PEPE when it drops 5% in 1h, sell at 10% profit”.",
    "foreign": FOREIGN,
    "too long": "That is longer than I can read without a language model. Say it in shorter sentences, one thing at a "
    "time.",
    "months": "A month has no fixed length for a strategy. Say “every 30 days” or “every 4 weeks”.",
    "relative": "I do not calculate from the present value. Tell me the new one, for example “set the stop loss to "
    "5%”.",
    "take profit": "A take profit sells when the price is so many percent above what was paid, at exactly that level.",
    "stop loss": "A stop loss sells everything when the price falls so many percent below what was paid. If the price "
    "jumps past it, the sale is at the price that is there.",
    "trailing stop": "A trailing stop follows the highest price since the purchase at a fixed distance and sells when "
    "the price falls back to it.",
    "backtest": "A backtest runs a strategy over past candles, with fees and slippage, and shows every trade. It says "
    "what would have happened, not what will. Try “backtest it for the last 90 days”.",
    "rsi": "The RSI is a number from 0 to 100 for how one-sided recent moves were. Under 30 is called oversold, over "
    "70 overbought; neither promises a turn.",
    "ema": "A moving average is the mean of the last closes; an EMA weighs recent ones more. “When the 9 EMA crosses "
    "above the 21 EMA” is a condition I understand.",
    "bollinger": "Bollinger bands lie two standard deviations above and below the average of 20 candles. “When the "
    "price is below the lower Bollinger band” is a condition I understand.",
    "synthetic": "Synthetic prices are made up: they move like prices do, but belong to no market. They are for trying "
    "things out; results on them say nothing about real tokens.",
    "drawdown": "The drawdown is how far the equity lay below its highest value before; the largest one is in every "
    "backtest's report.",
}
"""What is said to things that need no tool, by topic."""

UNCHANGED = "All right, nothing was changed."
NOT_CREATED = "All right, nothing was created."
NOT_DELETED = "All right, it stays."
DONE = "Done."
ALREADY = "That is how it is already, so nothing was changed."
TESTED_AS_IT_IS = (
    "A backtest runs a bot as it is, so nothing was tested. Change the bot first, for example “set the stop loss "
    "to 5%”, then say “backtest it for the last 90 days”."
)
NOTHING_LEFT = "One of these take profits comes after everything is sold already."
NO_BOT = "There is no trading bot yet. Describe one, for example: " + EXAMPLES[0] + "."


def question(about: str, before: str = "") -> str:
    """A question in the person's own words, after what had to be said before it; `asked_about` knows it again."""
    lead = f"{before}\n\n" if before else ""
    return f"{lead}{QUESTIONS[about]}\n{_HINTS[about]}"


def asked_about(text: str) -> str | None:
    """What the question in an answer is about, if there is one."""
    lines = text.splitlines()
    return next((about for about, asked in QUESTIONS.items() if asked in lines), None)


def not_understood(text: str) -> str:
    """That a message was not understood, with examples."""
    said = f"“{_short(text)}”" if text.strip() else "an empty message"
    lines = "\n".join(f"- {example}" for example in EXAMPLES)
    return (
        f"I did not understand {said}. No language model is configured, so I know plain sentences such as:\n\n{lines}"
        "\n\nSay “help” for more."
    )


def unknown_words(phrases: Sequence[str]) -> str:
    """Which words of a strategy were not understood; nothing is guessed."""
    if all(phrase.replace(".", "").isdigit() for phrase in phrases):
        return f"I do not know whether {_short(phrases[0])} is dollars, percent or something else. Please say it."
    quoted = " and ".join(f"“{_short(phrase)}”" for phrase in phrases[:3])
    means, it = ("means", "it") if len(phrases) == 1 else ("mean", "them")
    return f"I do not know what {quoted} {means} in numbers, so I have not used {it}."


def unknown_stretch(phrases: Sequence[str]) -> str:
    """That words about the time of a backtest were not understood, and that nothing was spent."""
    said = [phrase for phrase in phrases if phrase]
    if not said:
        return "Nothing was tested yet."
    quoted = " and ".join(f"“{_short(phrase)}”" for phrase in said[:3])
    it = "it means" if len(said) == 1 else "they mean"
    return f"I read {quoted} and do not know what {it} for a backtest, so nothing was tested and nothing is used up."


def candles_do_not_fit(candles: str, time: str, fitting: str) -> str:
    """That a rule looks at a time that the candles do not add up to."""
    return (
        f"The rules look at {time}, which is not a whole multiple of candles of {candles}; candles of {fitting} would "
        "fit."
    )


def only_moments(phrases: Sequence[str]) -> str:
    """That a price or an average can be watched for crossing, but not joined with something else while it lasts."""
    quoted = " and ".join(f"“{_short(phrase)}”" for phrase in phrases[:3])
    return (
        f"I cannot use {quoted} like that: a rule knows the moment when a price or an average is crossed, not the time "
        "after it, so it cannot be joined with another condition or turned round. The closest is the crossing alone, "
        "such as “when the price crosses above the 200 EMA”, or the other condition alone."
    )


def not_that_token(own: str, named: str, wanted: str) -> str:
    """That the bot trades another token than the one to be replaced."""
    return (
        f"The current bot trades {_short(own)}, not {_short(named)}, so nothing was changed. To move it to another "
        f"token, say “change {_short(own)} to {_short(wanted)}”; “list my bots” shows the others."
    )


def failed(reason: object) -> str:
    """That a tool could not do it, and why."""
    return f"That did not work. {_sentence(reason)}"


def declined(tool: str) -> str:
    """That nothing happened because the person said no, or went on without an answer."""
    said = {"create_bot": NOT_CREATED, "delete_bot": NOT_DELETED, "ask_user": TALK["cancelled"]}
    return said.get(tool, UNCHANGED)


def no_bot_for(symbol: str) -> str:
    """That no trading bot trades a token."""
    return (
        f"None of your bots trades {_short(symbol)}. Say “list my bots” to see them, or describe a new one, for "
        f"example: {EXAMPLES[0]}."
    )


def other_token(own: str, named: str) -> str:
    """That a rule was told for a token that the bot does not trade."""
    return (
        f"The current bot trades {_short(own)}, and a bot trades one token. Say “trade {_short(named)} instead”, "
        "“use …” with the name of another bot, or “create a bot that …”."
    )


def no_token(symbol: str, near: Sequence[str]) -> str:
    """That a token was not found."""
    hint = (
        f" Similar ones: {', '.join(near)}." if near else " Say “what is trending?” to see some that I know."
    )
    return f"I found no token called {_short(symbol)}.{hint}"


def one_token_only(symbols: Sequence[str]) -> str:
    """That a bot trades one token."""
    return f"A bot trades one token, and I read {' and '.join(symbols[:4])}."


def tested(name: str | None, *, synthetic: bool) -> str:
    """What is said after a backtest, whose figures are on the screen."""
    made_up = " The prices were made up, so take it as a rehearsal." if synthetic else ""
    which = f"of **{name}** " if name else ""
    return (
        f"That was the backtest {which}on past prices; it says little about the next ones.{made_up} "
        "To try a variation, say for example “set the stop loss to 5%” and test again."
    )


def _sentence(reason: object) -> str:
    text = str(reason).strip() or "No reason was given."
    return text if text[-1] in ".!?`" else f"{text}."


def _short(text: str) -> str:
    line = " ".join(text.split()).replace("“", "").replace("”", "").replace("`", "")
    return line if len(line) <= _LONGEST_ECHO else f"{line[:_LONGEST_ECHO]}…"


_LONGEST_ECHO = 60
