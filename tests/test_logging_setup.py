"""What an operator can rely on in the log: one form, quiet libraries, and never a secret."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logging_setup import OUR_LOGGERS, Redactor, configure_logging
from bot.settings import Settings

KEY = 'sk-"quoted"\\and/slashed ü'


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Puts logging back as pytest had it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, warnings.showwarning
    configured = structlog.get_config()
    yield
    for handler in set(root.handlers) - set(before[0]):
        handler.close()
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, warnings.showwarning = before[0], before[2], before[3]
    root.setLevel(before[1])
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.configure(**configured)


def settings(**values: object) -> Settings:
    return Settings(anthropic_api_key=KEY, database_url="postgresql://ann:hunter22@host/db", **values)  # type: ignore[arg-type]


def ours() -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger("bot.somewhere")
    return log


def test_json_lines_carry_time_level_name_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings(log_format="json"))
    ours().info("backtest done", candles=105_120)
    logging.getLogger("bot.elsewhere").warning("plain %s", "logging")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {"event": "backtest done", "candles": 105_120, "level": "info", "logger": "bot.somewhere"}
    assert (second["event"], second["level"]) == ("plain logging", "warning")


def test_console_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings())
    ours().info("backtest done", candles=3)
    line = capsys.readouterr().err
    assert "backtest done" in line
    assert "candles=3" in line


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("DEBUG", ["ours debug", "ours info", "lib info", "ours warning", "lib warning"]),
        ("INFO", ["ours info", "ours warning", "lib warning"]),
        ("WARNING", ["ours warning", "lib warning"]),
        ("ERROR", []),
    ],
)
def test_libraries_are_one_step_quieter(
    capsys: pytest.CaptureFixture[str], level: str, seen: list[str]
) -> None:
    configure_logging(settings(log_level=level, log_format="json"))
    library = logging.getLogger("some.library")
    ours().debug("ours debug")
    library.debug("lib debug")
    ours().info("ours info")
    library.info("lib info")
    ours().warning("ours warning")
    library.warning("lib warning")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == seen


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_are_masked_in_words_values_addresses_and_tracebacks(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure_logging(settings(log_format=form))
    ours().warning(f"the key {KEY}", value=KEY, many={"inside": [KEY]})
    logging.getLogger("library").warning("refused %r at postgresql://ann:hunter22@host/db", KEY)
    try:
        raise ValueError(f"cannot use {KEY}") from RuntimeError("hunter22")
    except ValueError:
        ours().exception("it failed")
    shown = capsys.readouterr().err
    assert "it failed" in shown
    assert "ValueError: cannot use ***" in shown
    assert "slashed" not in shown
    assert "hunter22" not in shown


def test_an_uncaught_error_and_a_warning_are_logged_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(settings(log_format="json"))
    try:
        raise ValueError(KEY)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"old {KEY}", stacklevel=1)
    critical, warning = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert critical["level"] == "critical"
    assert "ValueError: ***" in critical["exception"]
    assert "old ***" in warning["event"]


def test_a_traceback_does_not_show_what_variables_held(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings())
    said_by_a_person = "my private words"
    try:
        raise ValueError(len(said_by_a_person))
    except ValueError:
        ours().exception("it failed")
    assert "my private words\n" not in capsys.readouterr().err.replace('"my private words"', "")


def test_a_chat_logs_to_a_file_and_leaves_the_screen_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    configure_logging(settings(), tmp_path / "logs" / "randebu.log")
    ours().warning("for later")
    assert capsys.readouterr().err == ""
    assert "for later" in (tmp_path / "logs" / "randebu.log").read_text()
    sys.excepthook(ValueError, ValueError(KEY), None)
    log = tmp_path / "logs" / "randebu.log"
    assert capsys.readouterr().err == f"A fault of ours ended Randebu; it is described in {log}.\n"
    assert "ValueError: ***" in log.read_text()


@given(st.text(min_size=4, max_size=40))
def test_no_form_of_a_secret_survives(secret: str) -> None:
    redact = Redactor([secret])
    for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], json.dumps(repr(secret)[1:-1])[1:-1]):
        assert redact(f"before {form} after") == "before *** after"
