"""Some of the stories once more, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import House, OpenHouse
from tests.databases import ready_database
from tests.stories import test_conversations, test_first_bot, test_limits, test_questions


@pytest.fixture
async def house(open_house: OpenHouse, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(url=await ready_database("postgresql", tmp_path)) as opened:
        yield opened


test_a_bot_is_made_by_talking_and_backtested = test_first_bot.test_a_bot_is_made_by_talking_and_backtested
test_a_question_expires_and_can_be_asked_again = test_questions.test_a_question_expires_and_can_be_asked_again
test_one_bot_even_after_deleting_it = test_limits.test_one_bot_even_after_deleting_it
test_deleting_asks_first = test_conversations.test_deleting_asks_first
