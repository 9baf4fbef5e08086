"""What is said about simulations, in Markdown: their state, their results, their day, and why nothing happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.messages import Action, LastingReply, Notice, Picture
from bot.numbers import money, readable, signed_percent
from bot.tools.finding_bots import SHORT_ID
from bot.tools.plain import plain
from bot.tools.quiet import hours_in_words
from bot.tools.simulation_job import Proven
from bot.trading.paraphrase import literal
from bot.trading.report import report_text
from bot.trading.why import RuleSeen

if TYPE_CHECKING:
    from storage.simulations import Simulation

Facts = Mapping[str, Any]

SYNTHETIC = "Prices are synthetic: made up, for trying things out."

WHY_ENDED = {
    "person": "you stopped it.",
    "restart": "it was started anew.",
    "deleted": "its bot was deleted.",
    "drawdown": "equity fell as far as its rules allow, and everything is sold.",
    "chat": "this chat could not be reached.",
    "failures": "it failed ten times in a row. The operator has been told.",
    "source": "the source of prices has changed, and another one's would not continue these.",
    "no_data": "there are not enough prices to begin with.",
}

RESULTS_SAY = (
    "A simulation trades on paper with what the rules were given, candle by candle. It says how they did, not how "
    "they will do."
)

NOTIFY_IN_WORDS = {
    "all": "everything, and a daily summary",
    "trades": "trades only",
    "summary": "the daily summary only",
    "off": "nothing but when it pauses",
}


def started(facts: Facts) -> str:
    """That a simulation was started."""
    if facts["alert"]:
        lines = [
            f"**{facts['bot']}** watches {facts['symbol']} now, on candles of {facts['timeframe']}. I tell you here "
            "when it happens. `/simulate stop` ends it."
        ]
    else:
        lines = [
            f"The simulation of **{facts['bot']}** runs: version {facts['version']}, candles of "
            f"{facts['timeframe']}, {money(facts['initial_balance'])} on paper. I tell you here about every trade.",
            "“Why is nothing happening?” shows what it waits for; `/simulate stop` ends it.",
        ]
    return "\n".join([*lines, SYNTHETIC] if facts["synthetic"] else lines)


def stopped(facts: Facts) -> str:
    """That a simulation was stopped, and how it stood."""
    if facts["alert"]:
        return f"**{facts['bot']}** no longer watches {facts['symbol']}."
    return (
        f"Stopped the simulation of **{facts['bot']}** with {money(facts['equity'])} "
        f"({signed_percent(facts['return_percent'])}). `/simulate results` shows all of it."
    )


def status(facts: Facts) -> str:
    """How one simulation stands."""
    if facts["alert"]:
        what = f"**{facts['bot']}** watches {facts['symbol']} on candles of {facts['timeframe']}"
        lines = [f"{what}: {_state(facts)}"]
    else:
        lines = [
            f"**{facts['bot']}**, version {facts['version']}, {facts['symbol']} on candles of "
            f"{facts['timeframe']}: {_state(facts)}",
            f"Equity {money(facts['equity'])} ({signed_percent(facts['return_percent'])} since "
            f"{_time(facts['start'])})",
            _position(facts),
            f"{facts['trades']} closed trades, {facts['wins']} won",
        ]
    if facts["newer_version"]:
        lines.append(
            f"The bot has changed since: it is at version {facts['newer_version']}. The simulation goes on with "
            f"version {facts['version']} until it is started again."
        )
    if facts["waiting_for_prices_since"]:
        lines.append(f"It has been waiting for prices since {_time(facts['waiting_for_prices_since'])}.")
    lines.append(f"I tell you {NOTIFY_IN_WORDS[facts['notify']]}{_quiet(facts)}.")
    if facts["synthetic"]:
        lines.append(SYNTHETIC)
    return "\n".join(line for line in lines if line)


def status_actions(facts: Facts) -> tuple[Action, ...]:
    """The buttons under a simulation's state."""
    short = facts["simulation"]
    if facts["state"] != "running":
        return (
            Action("Results", f"/simulate results {short}"),
            Action("Start again", f"/simulate start {short}"),
        )
    actions = [Action("Why", f"/why {short}")]
    if not facts["alert"]:
        actions.append(Action("Results", f"/simulate results {short}"))
    if facts["newer_version"]:
        actions.append(Action("Restart", f"/simulate start {short}"))
    return (*actions, Action("Stop", f"/simulate stop {short}"))


def listing(facts: Facts) -> str:
    """Somebody's simulations, a line each."""
    if not facts["simulations"]:
        return "You have no simulation yet. Start one with /simulate start, or say “simulate it”."
    lines = []
    for number, each in enumerate(facts["simulations"], 1):
        how = (
            "alert"
            if each["alert"]
            else f"{money(each['equity'])} ({signed_percent(each['return_percent'])})"
        )
        lines.append(
            f"{number}. **{each['bot']}** v{each['version']} · {each['symbol']} {each['timeframe']} · {how} · "
            f"{each['state']} · `{each['simulation']}`"
        )
    return "\n".join([*lines, SYNTHETIC] if facts["synthetic"] else lines)


def notified(facts: Facts) -> str:
    """What a person is told from now on."""
    return f"**{facts['bot']}**: I tell you {NOTIFY_IN_WORDS[facts['notify']]}{_quiet(facts)}."


def results(
    simulation: Simulation, proven: Proven, *, synthetic: bool, source: str
) -> tuple[LastingReply, ...]:
    """The whole result with its picture, and whether it is the backtest's."""
    same = "yes" if proven.same else "no — this is a fault, please tell the operator"
    state = "runs" if simulation.state == "running" else f"is {simulation.state}"
    last = f"Same as the backtest of these candles: **{same}**.\n\n{RESULTS_SAY}"
    head = f"The simulation of **{literal(simulation.name)}**, version {simulation.version}, {state}."
    text = report_text(proven.result, synthetic=synthetic, source=source, last=last)
    return (Notice(f"{head}\n\n{text}"), picture(simulation, proven, synthetic=synthetic))


def picture(simulation: Simulation, proven: Proven, *, synthetic: bool) -> Picture:
    """The picture of a simulation with its figures in two lines."""
    short = simulation.id[:SHORT_ID]
    made_up = "\nThe prices are synthetic: made up." if synthetic else ""
    change = signed_percent((proven.equity / simulation.initial_balance - 1.0) * 100.0)
    caption = f"{literal(simulation.name)}: {money(proven.equity)} ({change}) since {_time(simulation.start)}.{made_up}"
    actions = (Action("Status", f"/simulate status {short}"), Action("Why", f"/why {short}"))
    return Picture(f"simulation-{short}.png", proven.chart, caption, actions)


def day_summary(simulation: Simulation, proven: Proven, synthetic: bool) -> tuple[LastingReply, ...]:
    """How a simulation's day was, as a picture."""
    drawn = picture(simulation, proven, synthetic=synthetic)
    fills = "nothing was traded" if not proven.day_trades else f"{proven.day_trades} fills"
    text = (
        f"**The day of {literal(simulation.name)}**: {signed_percent(proven.day)}, {fills}.\n{drawn.caption}"
    )
    return (Picture(f"day-{drawn.name}", drawn.content, text, drawn.actions),)


def explanation(facts: Facts, rules: tuple[RuleSeen, ...], close: float, protection: str) -> str:
    """Why nothing happens: every rule with its conditions and whatever holds it back."""
    lines = [
        f"**{facts['bot']}** at the close of {_time(facts['last_close'])}: {facts['symbol']} at ${readable(close)}."
    ]
    if not facts["alert"]:
        lines.append(_position(facts) + (f"; {protection}" if protection else ""))
    for rule in rules:
        lines += ["", *_rule(rule)]
    lines.append("\nConditions are judged when a candle closes, orders fill when the next one opens.")
    if facts["synthetic"]:
        lines.append(SYNTHETIC)
    return "\n".join(lines)


def _rule(rule: RuleSeen) -> list[str]:
    needs = {"all": " (all of these)", "any": " (one of these)"}.get(rule.joined, "")
    lines = [f"**Rule {literal(rule.id)}**{needs}"]
    for each in rule.conditions:
        mark = {True: "✓", False: "✗", None: "…"}[each.holds]
        lines.append(f"{mark} {each.asks}: {each.now}")
    if rule.blocked:
        lines += [f"- {reason}" for reason in rule.blocked]
    elif rule.holds:
        lines.append("- it fires")
    else:
        lines.append("- nothing else holds it back: it waits for this to become true")
    return lines


def _position(facts: Facts) -> str:
    if not facts["quantity"]:
        return "Nothing is held"
    value = facts["equity"] - facts["cash"]
    return (
        f"Holds {readable(facts['quantity'])} {facts['symbol']} worth {money(value)}, bought at "
        f"${readable(facts['average_price'])}"
    )


def _state(facts: Facts) -> str:
    if facts["state"] == "running":
        return "running" if facts["begun"] else "warming up"
    return f"{facts['state']}, {WHY_ENDED.get(facts['reason'] or '', 'it ended.')}"


def _quiet(facts: Facts) -> str:
    if facts["quiet_from"] is None:
        return ""
    hours = hours_in_words(facts["quiet_from"], facts["quiet_to"], plain(facts["zone"]))
    return f", and keep quiet from {hours}"


def _time(moment: str | int) -> str:
    at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else datetime.fromisoformat(moment)
    return f"{at:%d %b %H:%M} UTC".removeprefix("0")
