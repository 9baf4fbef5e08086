"""Seeded trouble on the way to Telegram: one call in twenty fails, in each of the ways in which calls fail."""

from __future__ import annotations

import random
from collections import Counter

from tests.fakes.bot_api_methods import Parameters

KINDS = ("drop_before", "drop_after", "500", "502", "429")


class Trouble:
    """Chooses the calls that fail.

    Never the same message more than twice in a row: what fails three times is given up, which is by design and
    tested elsewhere.
    """

    def __init__(self, seed: int, share: float = 0.05) -> None:
        self._random = random.Random(seed)
        self._share = share
        self._in_a_row: Counter[tuple[str, str, str]] = Counter()
        self.counts: Counter[str] = Counter()

    def __call__(self, method: str, parameters: Parameters) -> str | None:
        """What happens to a call."""
        said = (
            str(parameters.get("text") or parameters.get("caption") or "").removeprefix("(repeated)").strip()
        )
        piece = (method, str(parameters.get("chat_id")), said)
        self.counts["calls"] += 1
        if self._random.random() >= self._share or self._in_a_row[piece] >= 2:
            self._in_a_row[piece] = 0
            return None
        kind = self._random.choice(KINDS)
        self._in_a_row[piece] += 1
        self.counts[kind] += 1
        return kind
