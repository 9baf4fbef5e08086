"""What a person learns about tokens, and what nobody guesses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.errors import ToolFailed
from bot.tools.finding_tokens import SeveralTokens
from bot.tools.wording import in_words
from tests.tools.desk import Desk

PEPE = "0xfa4ee63ffac3f5e5cf4af7a2c2f5c95c90f20af4"


async def test_prices_of_several_tokens_at_once(desk: Desk) -> None:
    alice = await desk.person("alice")
    facts = (await alice.call("get_price", tokens=["pepe", "$CAKE", PEPE, "NOSUCHTHING"])).result

    assert [each["symbol"] for each in facts["prices"]] == ["PEPE", "CAKE"]
    assert facts["unknown"] == ["NOSUCHTHING"]
    assert facts["synthetic"] is True
    said = in_words("get_price", facts) or ""
    assert "synthetic" in said
    assert "NOSUCHTHING" in said
    assert "0.000000" not in said
    assert max(map(len, said.split("```")[1].splitlines())) <= 44


async def test_of_tokens_with_one_symbol_the_price_of_the_most_liquid_is_told_with_its_address(
    desk: Desk,
) -> None:
    alice = await desk.person("alice")
    facts = (await alice.call("get_price", tokens=["MOON"])).result
    assert facts["prices"][0]["others_with_this_symbol"] == 1
    assert facts["prices"][0]["address"] in (in_words("get_price", facts) or "")


async def test_no_token_at_all_is_a_failure(desk: Desk) -> None:
    alice = await desk.person("alice")
    with pytest.raises(ToolFailed, match="no token called NOSUCHTHING"):
        await alice.call("get_price", tokens=["NOSUCHTHING"])


async def test_a_symbol_that_stands_for_two_tokens_is_not_guessed(desk: Desk) -> None:
    alice = await desk.person("alice")
    with pytest.raises(SeveralTokens) as several:
        await alice.call("get_risk", **{"token": "MOON"})
    addresses = [token.address for token in several.value.tokens]
    assert len(addresses) == 2
    assert all(address in str(several.value) for address in addresses)
    assert "ask the person" in str(several.value)

    facts = (await alice.call("get_risk", token=addresses[1])).result
    assert facts["address"] == addresses[1]


async def test_a_name_is_as_good_as_a_symbol_where_it_is_clear(desk: Desk) -> None:
    alice = await desk.person("alice")
    assert (await alice.call("get_token", address="PancakeSwap")).result["token"]["symbol"] == "CAKE"


async def test_a_near_miss_names_what_there_is(desk: Desk) -> None:
    alice = await desk.person("alice")
    with pytest.raises(ToolFailed, match=r"Similar ones: .*MoonDoggo"):
        await alice.call("get_token", address="moond")


async def test_searching_shows_addresses_in_a_phones_width(desk: Desk) -> None:
    alice = await desk.person("alice")
    facts = (await alice.call("search_tokens", query="moon")).result
    said = in_words("search_tokens", facts) or ""
    assert len(facts["tokens"]) == 2
    assert all(token["address"] in said for token in facts["tokens"])
    assert max(map(len, said.split("```")[1].splitlines())) <= 44
    assert "Nothing was found" in (
        in_words("search_tokens", (await alice.call("search_tokens", query="zzz")).result) or ""
    )


async def test_trending_and_a_token_fit_a_phone(desk: Desk) -> None:
    alice = await desk.person("alice")
    for name, arguments in (("get_trending", {}), ("get_token", {"address": "PEPE"})):
        said = in_words(name, (await alice.call(name, **arguments)).result) or ""
        assert "synthetic" in said
        assert max(map(len, said.split("```")[1].splitlines())) <= 44


@pytest.mark.parametrize(("token", "verdict"), [("SQUID", "danger"), ("GLORP", "unknown")])
async def test_risk_is_told_as_it_is_known(desk: Desk, token: str, verdict: str) -> None:
    alice = await desk.person("alice")
    facts = (await alice.call("get_risk", token=token)).result
    assert facts["verdict"] == verdict
    said = in_words("get_risk", facts) or ""
    assert verdict in said
    assert "safe" not in said.lower()


async def test_unknown_taxes_are_called_unknown(desk: Desk) -> None:
    alice = await desk.person("alice")
    said = in_words("get_risk", (await alice.call("get_risk", **{"token": "GLORP"})).result) or ""
    assert "buy tax unknown, sell tax unknown" in said


async def test_arguments_that_no_tool_knows_are_errors(desk: Desk) -> None:
    alice = await desk.person("alice")
    with pytest.raises(ValidationError):
        await alice.call("get_price", symbols=["PEPE"])
    with pytest.raises(ValidationError):
        await alice.call("get_price", tokens=[])
