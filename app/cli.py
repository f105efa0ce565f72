"""The command `acm`: its groups are modules of app/commands, imported when they are asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from app.errors import AcmError

# Name of the command: module of app.commands and attribute in it.
COMMANDS = {
    "books": ("books", "books"),
    "calendar": ("calendars", "calendar"),
    "cap": ("caps", "cap"),
    "db": ("db", "db"),
    "demo": ("demo", "demo"),
    "explain": ("explain", "explain"),
    "import": ("import_file", "import_file"),
    "numbering": ("numbering", "numbering"),
    "scheduler": ("scheduler", "scheduler"),
    "service": ("services", "service"),
    "simulator": ("simulator", "simulator"),
    "sql": ("sql", "sql"),
    "user": ("user", "user"),
    "web": ("web", "web"),
    "worker": ("worker", "worker"),
}


class LazyGroup(click.Group):
    """A group that imports a command only when it runs, so that `acm --help` needs no optional package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        command: Any = getattr(importlib.import_module(f"app.commands.{module}"), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a programming error, found by tests/unit/test_cli.py
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acm")
def cli() -> None:
    """ACM, the outbound campaign manager for a Cisco contact centre."""


def main(arguments: list[str] | None = None) -> None:
    """Run `acm`. A refusal is one line on standard error and exit code 1; a wrong option is click's exit code 2."""
    try:
        cli.main(args=arguments, prog_name="acm", standalone_mode=False)
    except AcmError as error:
        click.echo(f"error: {error.message}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


if __name__ == "__main__":
    main()
