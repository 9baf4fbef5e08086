"""Where log lines go: structlog on top of the standard library, one handler, every secret masked."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import structlog
from structlog.typing import Processor

from bot.settings import Settings, without_passwords

OUR_LOGGERS = ("bot", "adapters", "storage")
"""The packages that log at `LOG_LEVEL`; everything else is a library and stays quieter."""

MASK = "***"
_SHORTEST = 4
_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: quote(text, safe="", errors="replace"),
)
_FILE_BYTES = 2_000_000


class Redactor:
    """Masks known secrets in a text, also escaped as in JSON, a Python literal or an address."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # A shorter one would mask half of every line; inside addresses it is masked all the same.
        forms = {secret for secret in secrets if len(secret) >= _SHORTEST}
        # Escapes are nested: the repr of an error inside a JSON line.
        for _ in range(3):
            forms |= {escape(form) for form in forms for escape in _ESCAPES}
        # The longest first, or a secret that begins like another would leave its end behind.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without any secret."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return without_passwords(text)


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, traceback included, and masks the finished line."""

    def __init__(self, redact: Redactor, processors: list[Processor], foreign: list[Processor]) -> None:
        super().__init__(processors=processors, foreign_pre_chain=foreign)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One finished line, without secrets."""
        return self._redact(super().format(record))


def configure_logging(settings: Settings, file: Path | None = None) -> None:
    """Send every log line to stderr, or to `file` when a person has the screen; may be called again."""
    in_json = settings.log_format == "json"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    render: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if in_json:
        render += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    else:
        colors = file is None and sys.stderr.isatty()
        # Not the rich traceback: it prints local variables, and with them what people wrote.
        plain = structlog.dev.plain_traceback
        render += [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    handler = _handler(file)
    handler.setFormatter(_RedactingFormatter(Redactor(settings.secrets()), render, shared))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old.formatter, _RedactingFormatter):
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO if settings.log_level == "DEBUG" else max(logging.WARNING, _level(settings)))
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(_level(settings))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    sys.excepthook = _log_uncaught if file is None else _log_uncaught_and_tell(file)
    threading.excepthook = _log_uncaught_in_thread


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level]


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8", delay=True)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("Uncaught error", exc_info=(kind, error, trace))


def _log_uncaught_and_tell(file: Path) -> Callable[..., None]:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log_uncaught(kind, error, trace)
        sys.stderr.write(f"A fault of ours ended Randebu; it is described in {file}.\n")

    return hook


def _log_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value or SystemExit()
    _log_uncaught(arguments.exc_type, error, arguments.exc_traceback)
