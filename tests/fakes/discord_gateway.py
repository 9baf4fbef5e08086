"""Discord's gateway on a local port: sessions that begin, break, and are resumed or not."""

from __future__ import annotations

import asyncio
import importlib
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.discord_world import DiscordWorld

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
MESSAGE_CONTENT = 1 << 15
GUILD_REACTIONS, DIRECT_REACTIONS = 1 << 10, 1 << 13
_KEPT = 5000


@dataclass(eq=False)
class Session:
    """What one IDENTIFY began: everything that it was sent, for a RESUME, and the socket it is on now."""

    id: str
    intents: int
    sent: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    out: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    valid: bool = True


class DiscordGateway:
    """The web socket; `refuses` closes every IDENTIFY with that code."""

    def __init__(self, world: DiscordWorld, token: str) -> None:
        self.world = world
        self.token = token
        self.sessions: list[Session] = []
        self.received: list[dict[str, Any]] = []
        self.refuses: int | None = None
        self.heartbeat_ms = 41_250
        self.acknowledges = True
        self.deaf = False
        self.url = ""
        world.listeners.append(self._tell)

    @property
    def connected(self) -> list[Session]:
        """The sessions that hear what happens now."""
        return [each for each in self.sessions if each.socket is not None and not each.socket.closed]

    def count(self, op: int) -> int:
        """How often the bot has sent something of a kind."""
        return sum(each["op"] == op for each in self.received)

    async def ask_to_reconnect(self) -> None:
        """Op 7: come again and resume."""
        for each in self.connected:
            self._put(each, {"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9: this session is over, or is to be resumed."""
        for each in self.connected:
            each.valid = resumable
            self._put(each, {"op": INVALID, "d": resumable})

    async def drop(self, *, forget: bool = False) -> None:
        """Break every connection; `forget` the sessions too, so that none can be resumed."""
        for each in self.connected:
            each.valid = each.valid and not forget
            if each.socket is not None:
                await each.socket.close(code=WSCloseCode.SERVICE_RESTART)
        self.world.tell()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection."""
        socket = web.WebSocketResponse(max_msg_size=0, autoping=False)
        await socket.prepare(request)
        pack = _packer(request.query.get("compress"))
        await socket.send_bytes(
            pack(
                json.dumps(
                    {"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}, "s": None, "t": None}
                )
            )
        )
        session: Session | None = None
        sending: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                told = json.loads(message.data)
                self.received.append(told)
                self.world.tell()
                if told["op"] == HEARTBEAT and self.acknowledges:
                    await socket.send_bytes(pack(json.dumps({"op": ACK, "d": None, "s": None, "t": None})))
                elif told["op"] in (IDENTIFY, RESUME):
                    session = await self._begin(socket, pack, told)
                    if session is not None:
                        sending = asyncio.ensure_future(self._send(session, socket, pack))
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            if session is not None and session.socket is socket:
                session.socket = None
        return socket

    async def _begin(
        self, socket: web.WebSocketResponse, pack: Callable[[str], bytes], told: dict[str, Any]
    ) -> Session | None:
        given = told["d"]
        if given["token"] != self.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        if self.refuses is not None:
            await socket.close(code=self.refuses, message=b"Disallowed intent(s).")
            return None
        if told["op"] == RESUME:
            return await self._resume(socket, pack, given)
        session = Session(secrets.token_hex(8), int(given["intents"]), socket=socket)
        self.sessions.append(session)
        self._dispatch(
            session,
            "READY",
            {
                "v": 10,
                "user": self.world.bot.as_user(),
                "guilds": [{"id": str(self.world.guild.id), "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "application": {"id": str(self.world.application), "flags": 0},
                "private_channels": [],
            },
        )
        self._dispatch(session, "GUILD_CREATE", self.world.as_guild())
        self.world.tell()
        return session

    async def _resume(
        self, socket: web.WebSocketResponse, pack: Callable[[str], bytes], given: dict[str, Any]
    ) -> Session | None:
        session = next((each for each in self.sessions if each.id == given["session_id"]), None)
        if session is None or not session.valid:
            await socket.send_bytes(pack(json.dumps({"op": INVALID, "d": False, "s": None, "t": None})))
            return None
        session.socket, session.out = socket, asyncio.Queue()
        for event in session.sent:
            if event["s"] > int(given["seq"] or 0):
                session.out.put_nowait(json.dumps(event))
        self._dispatch(session, "RESUMED", {})
        self.world.tell()
        return session

    def _tell(self, name: str, payload: dict[str, Any]) -> None:
        if self.deaf:
            return
        for session in self.sessions:
            if session.valid and _is_wanted(session, name, payload):
                self._dispatch(session, name, payload)

    def _dispatch(self, session: Session, name: str, payload: dict[str, Any]) -> None:
        event = {"op": DISPATCH, "t": name, "s": len(session.sent) + 1, "d": payload}
        if len(session.sent) < _KEPT:
            session.sent.append(event)
        if session.socket is not None:
            session.out.put_nowait(json.dumps(event))

    def _put(self, session: Session, told: dict[str, Any]) -> None:
        session.out.put_nowait(json.dumps({**told, "s": None, "t": None}))

    async def _send(
        self, session: Session, socket: web.WebSocketResponse, pack: Callable[[str], bytes]
    ) -> None:
        out = session.out
        while not socket.closed and session.socket is socket:
            await socket.send_bytes(pack(await out.get()))


def _is_wanted(session: Session, name: str, payload: dict[str, Any]) -> bool:
    """False for events of an intent that the session has not declared."""
    if name != "MESSAGE_REACTION_ADD":
        return True
    return bool(session.intents & (GUILD_REACTIONS if "guild_id" in payload else DIRECT_REACTIONS))


def _packer(compress: str | None) -> Callable[[str], bytes]:
    if compress == "zlib-stream":
        context = zlib.compressobj()
        return lambda text: context.compress(text.encode()) + context.flush(zlib.Z_SYNC_FLUSH)
    if compress == "zstd-stream":
        return _zstd_packer()
    return lambda text: text.encode()


def _zstd_packer() -> Callable[[str], bytes]:
    """Whatever module discord.py has found is there for us too."""
    try:
        zstandard: Any = importlib.import_module("zstandard")
    except ImportError:
        zstd: Any = importlib.import_module("compression.zstd")
        own = zstd.ZstdCompressor()
        return lambda text: bytes(own.compress(text.encode(), mode=own.FLUSH_BLOCK))
    context = zstandard.ZstdCompressor().compressobj()
    block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return lambda text: bytes(context.compress(text.encode()) + context.flush(block))
