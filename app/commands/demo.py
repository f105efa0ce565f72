"""`acm demo`: the whole product on made-up clients and a simulated contact centre."""

from __future__ import annotations

import os

import click


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), help="Dial for so long, then stop and print a summary.")
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(0.001, 100), help="Share of 30,000 clients."
)
@click.option(
    "--speed", default=60.0, show_default=True, type=click.FloatRange(1, 600), help="How fast the clock runs."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the web interface; the next free one when taken.")
def demo(seconds: float | None, scale: float, speed: float, port: int | None) -> None:
    """Load made-up clients from files, dial them in a simulated contact centre, and show it live.

    Everything is kept in ACM_HOME (var/demo by default), and the next run goes on from there. The last line is JSON;
    the exit code is 0 only when the books balance.
    """
    from app.demo.run import Options, run_demo
    from app.log import setup_logging

    os.environ.setdefault("ACM_LOG_LEVEL", "WARNING")
    setup_logging("acm demo")
    raise SystemExit(run_demo(Options(seconds=seconds, scale=scale, speed=speed, web_port=port)))
