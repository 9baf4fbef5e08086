"""The command `randebu`; every command imports what it needs when it runs, so that each starts fast."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from adapters.backtest_command import backtest
from bot.errors import RandebuError, SettingsError

if TYPE_CHECKING:
    from bot.app import Randebu
    from bot.settings import Settings

NO_PLATFORM = (
    "No chat platform is set up: set TELEGRAM_TOKEN or DISCORD_TOKEN, "
    "or talk in the terminal with randebu chat."
)

app = typer.Typer(
    help="Make crypto trading bots by talking, and test them before a cent is at risk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def chat() -> None:
    """Chat in the terminal; with a pipe, every line is a message."""
    import asyncio

    from adapters.terminal.chat import chat
    from bot.logging_setup import configure_logging

    settings = _settings()
    # The screen belongs to the conversation; what went wrong can be read here afterwards.
    configure_logging(settings, settings.data_dir / "randebu.log")

    def build() -> Randebu:
        from bot.app import Randebu

        return Randebu(settings)

    with _with_database():
        asyncio.run(chat(settings.data_dir, build))


@app.command()
def run() -> None:
    """Serve the chat platforms that are set up, until told to end."""
    import asyncio

    from bot.logging_setup import configure_logging

    settings = _settings(serving=True)
    configure_logging(settings)
    if settings.telegram_token is None and settings.discord_token is None:
        raise SettingsError(NO_PLATFORM)

    from adapters.serving import serve

    with _with_database():
        asyncio.run(serve(settings))


app.command()(backtest)


@app.command()
def migrate() -> None:
    """Bring the database to the form that this version needs; `chat` and `run` do it too."""
    import asyncio

    from bot.logging_setup import configure_logging
    from bot.settings import without_passwords
    from storage.database import Database

    settings = _settings()
    configure_logging(settings)

    async def open_once() -> None:
        database = await Database.open(settings.database_url)
        await database.close()

    with _with_database():
        asyncio.run(open_once())
    typer.echo(f"The database {without_passwords(settings.database_url)} is up to date.")


@app.command()
def demo() -> None:
    """Fill an empty database with people who never were, so that there is something to look at."""
    import asyncio

    from bot.logging_setup import configure_logging

    settings = _settings()
    configure_logging(settings, settings.data_dir / "randebu.log")
    typer.echo("A month of made-up people passes; this takes a minute or two …")

    from adapters.demo import fill

    with _with_database():
        typer.echo(asyncio.run(fill(settings)))


@app.command()
def version() -> None:
    """Say which version this is."""
    from importlib.metadata import version

    typer.echo(f"randebu {version('randebu')}")


@app.command(hidden=True)
def prepare() -> None:
    """Compile the engine and find the fonts, once after installing, so that nobody waits for it later."""
    from bot.tools import backtest_job

    backtest_job.prepare()


@app.command(hidden=True)
def health() -> None:
    """Exit with 0 while a Randebu with this DATA_DIR is alive, else with 1; for container health checks."""
    from adapters.heartbeat import is_alive

    settings = _settings()
    if not is_alive(settings.data_dir):
        typer.echo(f"No sign of life in {settings.data_dir} within the last minute.", err=True)
        raise typer.Exit(1)


def main() -> None:
    """Run the command line: Randebu's own errors are one sentence on stderr and exit status 2."""
    try:
        app()
    except RandebuError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def _with_database() -> Iterator[None]:
    """Turn what stops the start at the database into the operator's sentence."""
    try:
        yield
    except _database_errors() as error:
        raise SettingsError(str(error)) from None


def _database_errors() -> tuple[type[Exception], ...]:
    # Only asked for when something went wrong, so that the prompt does not wait for this import.
    from storage.database import DatabaseUnusable

    return (DatabaseUnusable,)


def _settings(*, serving: bool = False) -> Settings:
    from bot.settings import Settings

    settings = Settings.load(serving=serving)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (
            f"DATA_DIR is {settings.data_dir}, which cannot be made ({error.strerror}): it must be writable."
        )
        raise SettingsError(reason) from None
    return settings


if __name__ == "__main__":
    main()
