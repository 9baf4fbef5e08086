"""Some of the stories once more, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import House, OpenHouse
from tests.databases import ready_database
from tests.stories import test_conversations, test_first_bot, test_limits, test_linking, test_questions


@pytest.fixture
async def house(open_house: OpenHouse, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(url=await ready_database("postgresql", tmp_path)) as opened:
        yield opened


test_a_bot_is_made_by_talking_and_backtested = test_first_bot.test_a_bot_is_made_by_talking_and_backtested
test_a_question_expires_and_can_be_asked_again = test_questions.test_a_question_expires_and_can_be_asked_again
test_one_bot_even_after_deleting_it = test_limits.test_one_bot_even_after_deleting_it
test_deleting_asks_first = test_conversations.test_deleting_asks_first
test_the_other_platform_brings_its_things_along = test_linking.test_the_other_platform_brings_its_things_along
test_two_people_with_one_code_at_the_same_instant = (
    test_linking.test_two_people_with_one_code_at_the_same_instant
)
test_five_wrong_codes_lock_for_an_hour = test_linking.test_five_wrong_codes_lock_for_an_hour
test_two_accounts_become_one_after_a_question = test_linking.test_two_accounts_become_one_after_a_question
