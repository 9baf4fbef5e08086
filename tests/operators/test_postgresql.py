"""Some of the operators' stories once more, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import House
from tests.databases import ready_database
from tests.operators import test_deciding, test_watching
from tests.operators.conftest import OpenRun


@pytest.fixture
async def house(open_run: OpenRun, tmp_path: Path) -> AsyncIterator[House]:
    async with open_run(url=await ready_database("postgresql", tmp_path)) as opened:
        yield opened


test_stats_tell_what_happened_with_a_picture = test_watching.test_stats_tell_what_happened_with_a_picture
test_users_can_be_searched_and_paged = test_watching.test_users_can_be_searched_and_paged
test_a_replay_tells_every_step_in_order = test_watching.test_a_replay_tells_every_step_in_order
test_a_piece_that_was_given_up_can_be_sent_again = (
    test_watching.test_a_piece_that_was_given_up_can_be_sent_again
)
test_an_announcement_is_shown_counted_confirmed_and_reported = (
    test_deciding.test_an_announcement_is_shown_counted_confirmed_and_reported
)
