"""Silent hours and the daily summary go by the wall clock of a zone, also when that is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.tools.quiet import hours_in, is_quiet, next_summary, zone_named
from storage.simulations import Simulation


def quiet(begin: int, end: int, zone: str, at: datetime) -> bool:
    return is_quiet(Simulation(quiet_from=begin, quiet_to=end, zone=zone), at)


def test_silent_hours_may_go_over_midnight() -> None:
    night = (22 * 60, 7 * 60, "UTC")
    day = datetime(2026, 6, 1, tzinfo=UTC)
    assert all(quiet(*night, day + timedelta(hours=hour)) for hour in (22, 23, 24, 3, 6))
    assert not quiet(*night, day + timedelta(hours=21))
    assert not quiet(*night, day + timedelta(hours=7))
    assert quiet(9 * 60, 10 * 60, "UTC", day + timedelta(hours=9))
    assert not is_quiet(Simulation(zone="UTC"), day)


def test_they_follow_the_clocks_of_their_zone() -> None:
    # In Berlin the clocks go from 2:00 to 3:00 on 29 March 2026: 7 o'clock is 6:00 UTC before and 5:00 UTC after.
    night = (22 * 60, 7 * 60, "Europe/Berlin")
    assert quiet(*night, datetime(2026, 3, 28, 5, 59, tzinfo=UTC))
    assert not quiet(*night, datetime(2026, 3, 28, 6, 0, tzinfo=UTC))
    assert quiet(*night, datetime(2026, 3, 29, 4, 59, tzinfo=UTC))
    assert not quiet(*night, datetime(2026, 3, 29, 5, 0, tzinfo=UTC))


def test_a_day_is_a_day_of_the_calendar() -> None:
    before = datetime(2026, 3, 28, 8, 0, tzinfo=UTC)
    first = next_summary("Europe/Berlin", before)
    second = next_summary("Europe/Berlin", first)
    assert (first, second) == (datetime(2026, 3, 29, 7, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC))
    assert next_summary("Europe/Berlin", datetime(2026, 3, 27, 9, tzinfo=UTC)) == before
    autumn = next_summary("Europe/Berlin", datetime(2026, 10, 24, 7, 0, tzinfo=UTC))
    assert autumn == datetime(2026, 10, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22-7", (1320, 420)),
        ("22:30-07:15", (1350, 435)),
        ("0-24", None),
        ("7-7", None),
        ("25-3", None),
        ("late", None),
        ("9-17", (540, 1020)),
    ],
)
def test_hours_as_people_write_them(text: str, hours: tuple[int, int] | None) -> None:
    assert hours_in(text) == hours


def test_zones_by_name() -> None:
    assert zone_named("europe/berlin") == "Europe/Berlin"
    assert zone_named("utc") == "UTC"
    assert zone_named("Atlantis") is None
    assert zone_named("../etc/passwd") is None
