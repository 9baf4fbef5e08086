"""What the assistant remembers of a conversation: whole turns in their order, as the model was given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.journal import Turn

MAX_MESSAGES = 400
"""How many stored messages a request may look back over; what is older stays stored and is not sent."""


async def recall(unit: Unit, turn: Turn) -> list[dict[str, Any]]:
    """The model messages of a turn's conversation, oldest first, the turn's own ones last.

    Turns that wait for somebody are left out until they go on: their tool calls have no results yet. Messages are
    grouped by turn, since in a group the steps of two turns may lie between each other.
    """
    turns = await unit.journal.turns(turn.conversation_id)
    resting = {each.id for each in turns if each.state in ("waiting", "running") and each.id != turn.id}
    grouped: dict[str | None, list[dict[str, Any]]] = {}
    newest = await unit.conversations.history(turn.conversation_id, MAX_MESSAGES)
    for message in newest:
        if message.turn_id not in resting and message.turn_id != turn.id and message.body is not None:
            grouped.setdefault(message.turn_id, []).append(message.body)
    if len(newest) == MAX_MESSAGES and grouped:
        del grouped[next(iter(grouped))]
    earlier = [body for bodies in grouped.values() for body in bodies]
    return earlier + list(await unit.conversations.bodies_of_turn(turn.id))
