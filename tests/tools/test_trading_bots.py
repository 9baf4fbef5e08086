"""Trading bots: made once, changed in versions, found by name, nobody else's business."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.accounts.limits import LIMIT_REACHED
from bot.errors import Refused, ToolFailed
from bot.tools.ask import AskUser
from bot.tools.registry import Effect
from bot.tools.wording import in_words
from bot.workers import Workers
from tests.tools.desk import Desk, Person, open_desk
from tests.tools.documents import OLD_MIXED, dip


async def create(person: Person, name: str = "PEPE dip", **changes: Any) -> dict[str, Any]:
    """A new bot, after the yes."""
    return (await person.call("create_bot", strategy=dip(name=name, **changes))).result


async def failure(person: Person, tool: str, **arguments: Any) -> str:
    """Why a tool does not do what it was asked."""
    with pytest.raises(ToolFailed) as failed:
        await person.call(tool, **arguments)
    return str(failed.value)


async def names(person: Person) -> list[str]:
    return [each["bot"] for each in (await person.call("list_bots")).result["bots"]]


async def test_the_question_says_in_words_what_will_be_made(desk: Desk) -> None:
    alice = await desk.person("alice")
    asked = await alice.description("create_bot", strategy=dip())

    for words in ("PEPE dip", "PEPE on bsc", "0xfa4ee63f", "5 %", "1 hour", "10 %", "3 %", "Create it?"):
        assert words in asked
    assert await names(alice) == []


async def test_the_question_names_what_was_left_out_as_plain_words(desk: Desk) -> None:
    alice = await desk.person("alice")
    left_out = ["only on **Mondays**", "`x`"]
    asked = await alice.description("create_bot", strategy=dip(), left_out=left_out)
    assert asked.endswith("I did not use: “only on Mondays”, “x”.\n\nCreate it?")

    await create(alice)
    changed = {**dip(), "risk_management": {"stop_loss_percent": 7}}
    asked = await alice.description("update_strategy", strategy=changed, left_out=["soon"])
    assert asked.endswith("I did not use: “soon”.\n\nChange it?")


async def test_a_bot_is_made_with_its_token_pinned_and_becomes_the_current_one(desk: Desk) -> None:
    alice = await desk.person("alice")
    made = await create(alice)
    info = (await alice.call("get_bot_info")).result

    assert info["bot"] == made["bot"] == "PEPE dip"
    assert info["current"] is True
    assert info["strategy"]["market"]["address"] == "0xfa4ee63ffac3f5e5cf4af7a2c2f5c95c90f20af4"
    assert info["strategy"]["market"]["pool"] is not None
    assert "Created **PEPE dip**" in (in_words("create_bot", made) or "")
    assert json.loads(json.dumps(info)) == info


async def test_known_taxes_become_costs_unless_the_document_says_otherwise(desk: Desk) -> None:
    alice = await desk.person("alice")
    await create(alice, "floki", market={"symbol": "FLOKI"})
    assert (await alice.call("get_bot_info")).result["strategy"]["costs"]["sell_tax_percent"] == 0.3
    await create(alice, "floki 0", market={"symbol": "FLOKI"}, costs={"sell_tax_percent": 0})
    assert (await alice.call("get_bot_info")).result["strategy"]["costs"]["sell_tax_percent"] == 0


async def test_what_is_known_against_a_token_is_said_before_the_yes(desk: Desk) -> None:
    alice = await desk.person("alice")
    danger = await alice.description("create_bot", strategy=dip("SQUID"))
    unknown = await alice.description("create_bot", strategy=dip("GLORP"))
    assert "Danger:" in danger
    assert "honeypot" in danger
    assert "unknown" in unknown
    assert "Danger" not in await alice.description("create_bot", strategy=dip())


async def test_a_call_that_is_repeated_makes_no_second_bot(tmp_path: Path, workers: Workers) -> None:
    async with open_desk(tmp_path, workers) as desk:
        alice = await desk.person("alice")
        first = await alice.call("create_bot", key="turn:call", strategy=dip())
        again = await alice.call("create_bot", key="turn:call", strategy=dip())
        assert first.result == again.result
        assert await names(alice) == ["PEPE dip"]


async def test_one_bot_without_an_account_and_deleting_wins_no_other(
    tmp_path: Path, workers: Workers
) -> None:
    async with open_desk(tmp_path, workers) as desk:
        alice = await desk.person("alice")
        await create(alice)
        for attempt in (alice.description, alice.call):
            with pytest.raises(Refused) as refused:
                await attempt("create_bot", strategy=dip(name="another"))
            assert str(refused.value) == LIMIT_REACHED

        assert "does not let you create another" in await alice.description("delete_bot")
        await alice.call("delete_bot")
        with pytest.raises(Refused):
            await create(alice, "another")


async def test_two_at_once_make_one_bot(tmp_path: Path, workers: Workers) -> None:
    async with open_desk(tmp_path, workers) as desk:
        alice = await desk.person("alice")
        await alice.conversation_id()
        made = await asyncio.gather(
            *(create(alice, name) for name in ("one", "two", "three")), return_exceptions=True
        )
        assert sum(isinstance(each, Refused) for each in made) == 2
        assert len(await names(alice)) == 1


async def test_a_name_taken_twice_comes_with_a_free_one(desk: Desk) -> None:
    alice, bob = await desk.person("alice"), await desk.person("bob")
    await create(alice)
    assert "pepe DIP 2 is free" in await failure(alice, "create_bot", strategy=dip(name="pepe DIP"))
    await create(alice, "PEPE dip 2")
    assert "PEPE dip 3 is free" in await failure(alice, "create_bot", strategy=dip())
    await create(bob)
    await alice.call("delete_bot", bot="PEPE dip")
    await create(alice)


async def test_names_are_plain_words(desk: Desk) -> None:
    alice = await desk.person("alice")
    made = await alice.call("create_bot", name="**My** [bot](x)", strategy=dip())
    assert made.result["bot"] == "My bot(x)"
    assert "another name" in await failure(alice, "create_bot", name="***", strategy=dip())


async def test_errors_in_a_strategy_name_their_paths(desk: Desk) -> None:
    alice = await desk.person("alice")
    broken = dip()
    del broken["rules"][0]["when"]["threshold"]
    broken["surprise"] = 1
    said = await failure(alice, "create_bot", strategy=broken)
    assert "rules[0].when.threshold: is missing" in said
    assert "surprise" in said


async def test_a_strategy_that_cannot_trade_is_told_why(desk: Desk) -> None:
    alice = await desk.person("alice")
    useless = dip()
    useless["rules"][0]["then"] = [{"type": "hold"}]
    assert "cannot trade" in await failure(alice, "create_bot", strategy=useless)


async def test_warnings_of_an_old_document_reach_the_assistant(desk: Desk) -> None:
    alice = await desk.person("alice")
    asked = await alice.description("create_bot", strategy=OLD_MIXED)
    made = (await alice.call("create_bot", strategy=OLD_MIXED)).result
    assert made["warnings"]
    assert all(warning in asked for warning in made["warnings"])


async def test_a_token_that_is_not_clear_is_not_guessed(desk: Desk) -> None:
    alice = await desk.person("alice")
    said = await failure(alice, "create_bot", strategy=dip("MOON"))
    assert said.count("0xfa4e") == 2
    assert "ask the person" in said
    assert "no token called NOSUCH" in await failure(alice, "create_bot", strategy=dip("NOSUCH"))

    address = "0xfa4ead09ee69cc813705d33f4946974a78f27240"
    await create(alice, market={"symbol": "MOON", "address": address})
    assert address in await failure(
        alice, "create_bot", strategy=dip(name="x", market={"symbol": "PEPE", "address": address})
    )
    assert "market.address" in await failure(
        alice, "create_bot", strategy=dip(name="x", market={"symbol": "PEPE", "address": "0x0"})
    )


async def test_an_exchange_is_said_to_be_out_of_reach(desk: Desk) -> None:
    alice = await desk.person("alice")
    elsewhere = {"source": "exchange", "exchange": "binance", "symbol": "BTC"}
    assert "market.source" in await failure(alice, "create_bot", strategy=dip(market=elsewhere))


async def test_a_change_is_a_new_version_and_the_old_one_stays(desk: Desk) -> None:
    alice = await desk.person("alice")
    made = await create(alice)
    stricter = dip(risk_management={"stop_loss_percent": 2})
    asked = await alice.description("update_strategy", strategy=stricter)
    assert "version 2" in asked
    assert "2 %" in asked
    updated = (await alice.call("update_strategy", key="turn:change", strategy=stricter)).result
    assert updated["version"] == 2
    assert (await alice.call("update_strategy", key="turn:change", strategy=stricter)).result["version"] == 2

    async with desk.services.database.view() as view:
        trading_bot = (await view.trading.bots(alice.owner))[0]
        assert trading_bot.id.startswith(made["id"])
        versions = [await view.trading.strategy(trading_bot.id, number) for number in (1, 2, 3)]
    assert versions[2] is None
    stops = [each.document["risk_management"]["stop_loss_percent"] for each in versions[:2] if each]
    assert stops == [3, 2]


async def test_a_change_that_changes_nothing_is_not_asked_about(desk: Desk) -> None:
    alice = await desk.person("alice")
    await create(alice)
    assert "nothing would change" in await failure(alice, "update_strategy", strategy=dip())


async def test_which_bot_is_meant(desk: Desk) -> None:
    alice = await desk.person("alice")
    assert "no trading bot yet" in await failure(alice, "get_bot_info")
    first, second = (
        await create(alice, "PEPE dip"),
        await create(alice, "CAKE dip", market={"symbol": "CAKE"}),
    )

    for named in ("PEPE dip", "pepe DIP", first["id"], "1", "pepe"):
        assert (await alice.call("get_bot_info", bot=named)).result["bot"] == "PEPE dip"
    assert (await alice.call("get_bot_info")).result["bot"] == second["bot"]
    assert "fits several" in await failure(alice, "get_bot_info", bot="dip")
    assert "no bot called moon" in await failure(alice, "set_bot", bot="moon")
    await alice.call("set_bot", bot="PEPE dip")
    assert (await alice.call("get_bot_info")).result["bot"] == "PEPE dip"


async def test_a_bot_deleted_while_its_conversation_is_open(desk: Desk) -> None:
    alice = await desk.person("alice")
    await create(alice, "one")
    await create(alice, "two")
    deleted = (await alice.call("delete_bot", key="turn:delete")).result
    assert deleted == {"deleted": "two"}
    said = await failure(alice, "get_bot_info")
    assert "has been deleted" in said
    assert "There is: one." in said
    assert await names(alice) == ["one"]


async def test_a_foreign_bot_is_as_unknown_as_none(desk: Desk) -> None:
    alice, mallory = await desk.person("alice"), await desk.person("mallory")
    made = await create(alice)
    for tool in ("get_bot_info", "set_bot", "delete_bot"):
        foreign = await failure(mallory, tool, bot=made["id"])
        assert foreign.replace(made["id"], "X") == (await failure(mallory, tool, bot="00000000")).replace(
            "00000000", "X"
        )
    assert await names(mallory) == []


async def test_in_a_group_everybody_has_their_own_bots(desk: Desk) -> None:
    alice, bob = await desk.person("alice", group="g"), await desk.person("bob", group="g")
    await create(alice)
    assert "no trading bot yet" in await failure(bob, "get_bot_info")
    await create(bob, "mine")
    assert (await bob.call("get_bot_info")).result["bot"] == "mine"


async def test_what_asks_first_is_what_changes_something(desk: Desk) -> None:
    effects = {tool.name: tool.effect(None) for tool in desk.tools if tool.name != "manage_simulation"}
    manage = desk.tools.get("manage_simulation")
    assert manage is not None
    asks = [
        manage.effect(manage.arguments.model_validate({"action": action}))
        for action in ("start", "stop", "status", "results")
    ]
    assert asks == [Effect.WRITE, Effect.WRITE, Effect.READ, Effect.READ]
    assert {name for name, effect in effects.items() if effect is Effect.WRITE} == {
        "create_bot",
        "update_strategy",
        "delete_bot",
    }
    assert set(effects) == {
        *("create_bot", "update_strategy", "list_bots", "set_bot", "get_bot_info", "delete_bot"),
        *("run_backtest", "list_simulations", "set_notifications", "explain_simulation"),
        *("search_tokens", "get_token", "get_price", "get_risk", "get_trending", "ask_user"),
    }


async def test_the_model_is_shown_the_schema_of_a_strategy(desk: Desk) -> None:
    tool = desk.tools.get("create_bot")
    assert tool is not None
    schema = tool.arguments.model_json_schema()
    shown = json.dumps(schema)
    assert "price_drop" in shown
    assert "take_profits" in shown
    references = {part.split('"')[0] for part in shown.split("#/$defs/")[1:]}
    assert references <= set(schema["$defs"])
    assert tool.arguments.model_validate({"strategy": json.dumps(dip())}).strategy == dip()  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        tool.arguments.model_validate({"strategy": "buy low"})


async def test_a_question_has_at_most_six_answers(desk: Desk) -> None:
    tool = desk.tools.get("ask_user")
    assert isinstance(tool, AskUser)
    asked = tool.arguments(question="Which?", options=("a", "b", "a"))
    text, options = tool.question(asked)
    assert text == "Which?"
    assert [option.label for option in options] == ["a", "b"]
    with pytest.raises(ValidationError):
        tool.arguments(question="Which?", options=tuple("abcdefg"))
