"""One outside service: asked at its pace, patiently, and left alone when it fails; every error becomes a sentence.

What an `ask` raises says what happened: `Away` (may heal), `Nonsense` (will not), `TooFast` (asked too often), or
`NoData`, which is a good answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2
import stamina
import structlog
from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.errors import NoData, ProviderDown
from bot.market.breaker import Breaker, Open
from bot.market.budget import Budget, Crowded, Pace
from bot.market.provider import MarketHealth
from bot.market.waiting import current_listener
from bot.numbers import roughly

_log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Params = Mapping[str, str | int]

PAUSE_SECONDS = 20.0
"""How long a source that said 429 without saying for how long is left alone."""

LONGEST_PAUSE_SECONDS = 3600.0
LONGEST_ANSWER = 16 * 2**20
_TOLD_FROM_SECONDS = 1.0
_TELL_EVERY_SECONDS = 5.0
_PATIENT_SECONDS = 60.0


class Away(Exception):
    """The service cannot be reached or has broken off; asking again may help."""


class Nonsense(Exception):
    """The service answered with something that cannot be what was asked for."""


class TooFast(Exception):
    """The service asks to be left alone for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked too often, for {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one call is tried, and how long the first and the longest wait between two tries are, in seconds."""

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 4.0


class Service:
    """An outside service under its `name`, as people know it."""

    def __init__(self, name: str, pace: Pace, clock: Clock, patience: Patience | None = None) -> None:
        self.name = name
        self.budget = Budget(pace)
        self.breaker = Breaker(pace.monotonic)
        self._clock = clock
        self._patience = patience or Patience()
        self._last_success: datetime | None = None

    async def call(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask, at most some times, each at the service's pace. Raises `NoData` as `ask` does, and `ProviderDown`."""
        patience = self._patience
        attempts = stamina.retry_context(
            on=_may_heal,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.first_wait,
        )
        with self._in_sentences():
            async for attempt in attempts:
                with attempt:
                    return await self._once(ask)
        raise AssertionError("The last attempt returns or raises.")

    def health(self) -> MarketHealth:
        """How it is doing; asks nobody."""
        pause = self.budget.closed_for()
        return MarketHealth(
            source=self.name,
            last_success=self._last_success,
            breaker=self.breaker.state,
            paused_until=self._clock() + timedelta(seconds=pause) if pause else None,
            calls=self.budget.pace.calls,
            period_seconds=self.budget.pace.seconds,
            calls_used=self.budget.used(),
            waiting=self.budget.waiting,
        )

    async def _once(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        self.breaker.check()
        await self._turn()
        with self.breaker.attempt():
            try:
                answer = await ask()
            except TooFast as error:
                self.budget.close_for(error.seconds)
                raise
            except (Away, Nonsense) as error:
                self.breaker.failed()
                _log.warning("source failed", source=self.name, reason=str(error), breaker=self.breaker.state)
                raise
            except NoData:
                self._answered()
                raise
            self._answered()
            return answer

    def _answered(self) -> None:
        self.breaker.succeeded()
        self._last_success = self._clock()

    async def _turn(self) -> None:
        """Wait for a turn, and tell whoever listens for as long as that takes."""
        if self.budget.closed_for() > _PATIENT_SECONDS:
            raise TooFast(self.budget.closed_for())
        tell, wait = current_listener(), self.budget.wait()
        if tell is None or wait < _TOLD_FROM_SECONDS:
            return await self.budget.take()
        taking = asyncio.ensure_future(self.budget.take())
        try:
            while not taking.done():
                tell(self.name, wait)
                await asyncio.wait({taking}, timeout=_TELL_EVERY_SECONDS)
                wait = max(1.0, wait - _TELL_EVERY_SECONDS)
            await taking
        finally:
            taking.cancel()
            with suppress(asyncio.CancelledError, Crowded):
                await taking

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        try:
            yield
        except Open as error:
            raise ProviderDown(
                f"{self.name} has failed three times in a row and is left alone for now. Try again in "
                f"{roughly(error.seconds)}."
            ) from error
        except Crowded as error:
            raise ProviderDown(
                f"So many people ask {self.name} now that this would take {roughly(error.seconds)}. "
                "Please try again later."
            ) from error
        except TooFast as error:
            raise ProviderDown(
                f"{self.name} asks not to be asked for now. Try again in {roughly(error.seconds)}."
            ) from error
        except Away as error:
            raise ProviderDown(
                f"{self.name} does not answer now ({error}). Try again in a minute."
            ) from error
        except Nonsense as error:
            raise ProviderDown(f"{self.name} {error}. Try again in some minutes.") from error


class HttpService(Service):
    """A service that speaks JSON over HTTP at `base_url`; `headers` go with every request.

    `refusals` are sentences about statuses that only an operator can do something about, such as a bad key.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        client: httpx2.AsyncClient,
        pace: Pace,
        clock: Clock,
        *,
        headers: Mapping[str, str] | None = None,
        refusals: Mapping[int, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(name, pace, clock, patience)
        self._base_url = base_url.rstrip("/")
        self._client = client
        self._headers = {"accept": "application/json", **(headers or {})}
        self._refusals = refusals or {}

    async def get(self, path: str, shape: TypeAdapter[Answer], params: Params | None = None) -> Answer:
        """GET a path. Raises `NoData` for what the service does not know, `ProviderDown`."""
        return await self.call(lambda: self._asked("GET", path, shape, params, None))

    async def post(self, path: str, shape: TypeAdapter[Answer], body: Mapping[str, Any]) -> Answer:
        """POST JSON to a path. Raises like `get`."""
        return await self.call(lambda: self._asked("POST", path, shape, None, body))

    async def _asked(
        self,
        method: str,
        path: str,
        shape: TypeAdapter[Answer],
        params: Params | None,
        body: Mapping[str, Any] | None,
    ) -> Answer:
        url = f"{self._base_url}/{path.lstrip('/')}"
        try:
            async with self._client.stream(
                method, url, params=params, json=body, headers=self._headers
            ) as response:
                self._judge(response)
                content = bytearray()
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > LONGEST_ANSWER:
                        raise Nonsense("answered with far too much")
        except httpx2.TimeoutException as error:
            raise Away("it took too long") from error
        except httpx2.DecodingError as error:
            raise Nonsense("answered with something that cannot be read") from error
        except httpx2.HTTPError as error:
            raise Away("it cannot be reached") from error
        return _shaped(bytes(content), shape)

    def _judge(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status in self._refusals:
            raise ProviderDown(self._refusals[status])
        if status == 429:
            raise TooFast(self._asked_pause(response.headers.get("retry-after", "")))
        if status in (400, 404, 422):
            raise NoData(f"{self.name} knows nothing about that.")
        if status in (408, 425) or status >= 500:
            raise Away(f"status {status}")
        raise Nonsense(f"refuses to answer (status {status})")

    def _asked_pause(self, text: str) -> float:
        """Seconds from a Retry-After: a number or a date; 20 when it is neither."""
        if text.strip().isascii() and text.strip().isdigit():
            seconds = float(text.strip()[:9])
        else:
            try:
                seconds = (parsedate_to_datetime(text) - self._clock()).total_seconds()
            except (TypeError, ValueError):
                seconds = PAUSE_SECONDS
        return min(max(1.0, seconds), LONGEST_PAUSE_SECONDS)


def _shaped(content: bytes, shape: TypeAdapter[Answer]) -> Answer:
    try:
        return shape.validate_json(content)
    except ValidationError as error:
        if error.errors(include_input=False, include_url=False)[0]["type"] != "json_invalid":
            raise Nonsense("answered in a form that is not known here") from error
        page = content.lstrip()[:1] == b"<"
        what = "a web page instead of data" if page else "something that is no data"
        raise Nonsense(f"answered with {what}") from error


def _may_heal(error: Exception) -> bool | float:
    """Whether to ask again: at once where the pause is kept by the budget, a little later where it was away."""
    return (
        0.0 if isinstance(error, TooFast) and error.seconds <= _PATIENT_SECONDS else isinstance(error, Away)
    )
