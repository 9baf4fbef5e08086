"""The HTTP connections to the Bot API."""

from __future__ import annotations

from aiogram.client.session.aiohttp import AiohttpSession
from typing_extensions import override


class Session(AiohttpSession):
    """aiogram's session, which is closed without a pause where there is no TLS to say goodbye to."""

    @override
    async def close(self) -> None:
        """Hang up."""
        if self.api.base.startswith("https:"):
            await super().close()
        elif self._session is not None:
            await self._session.close()
