"""How a fault is written down for operators: short enough to keep, and without any secret."""

from __future__ import annotations

import re
import secrets
import traceback
from datetime import datetime

from bot.logging_setup import Redactor
from bot.messages import ChatAddress
from bot.settings import Settings
from storage.faults import Fault
from storage.people import Owner

MOST_TRACEBACK = 12_000
"""Characters of a traceback that are kept: its beginning and, above all, its end."""

DELIVERY = "DeliveryGivenUp"
"""The kind under which pieces appear that no platform has taken."""

_MOST_TEXT = 500
# What a failed statement was run with is what people have written.
_PARAMETERS = re.compile(r"\[parameters: .*?\]$", re.MULTILINE | re.DOTALL)


def new_reference() -> str:
    """A short random reference that a person can be shown."""
    return secrets.token_hex(4)


class FaultRecorder:
    """Describes errors; every secret of the settings is masked."""

    def __init__(self, settings: Settings) -> None:
        self._redact = Redactor(settings.secrets())

    def describe(
        self, error: BaseException, reference: str, place: str, at: datetime, owner: Owner | None = None
    ) -> Fault:
        """The row of an error; `place` says what was being done, `owner` for whom."""
        trace = self._clean("".join(traceback.format_exception(error)))
        if len(trace) > MOST_TRACEBACK:
            kept = MOST_TRACEBACK // 4
            trace = f"{trace[:kept]}\n…\n{trace[kept - MOST_TRACEBACK :]}"
        return Fault(
            reference=reference,
            kind=type(error).__name__,
            place=place[:_MOST_TEXT],
            text=self._clean(str(error))[:_MOST_TEXT],
            traceback=trace,
            user_id=None if owner is None else owner.user_id,
            anonymous_token=None if owner is None else owner.anonymous_token,
            at=at,
            told_at=None,
        )

    def _clean(self, text: str) -> str:
        return _PARAMETERS.sub("[parameters left out]", self._redact(text))


def noticed(kind: str, text: str, at: datetime) -> Fault:
    """The row of something that operators should look at, though nothing has failed that has a traceback."""
    return Fault(
        reference=new_reference(),
        kind=kind,
        place="the running house",
        text=text[:_MOST_TEXT],
        traceback="",
        user_id=None,
        anonymous_token=None,
        at=at,
        told_at=None,
    )


def given_up(address: ChatAddress, delivery: int, error: str, at: datetime) -> Fault:
    """The row of a piece that was given up; `place` is its chat."""
    return Fault(
        reference=new_reference(),
        kind=DELIVERY,
        place=str(address),
        text=f"Delivery {delivery}: {error}"[:_MOST_TEXT],
        traceback="",
        user_id=None,
        anonymous_token=None,
        at=at,
        told_at=None,
    )
