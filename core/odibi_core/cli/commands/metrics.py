"""`odibi metrics`."""

from __future__ import annotations

import time

import click

from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError


@click.group("metrics", short_help="Serve the runs' numbers to Prometheus.")
def command() -> None:
    """Give the numbers of the workspace's runs to programs."""


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address that it listens at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9464,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.pass_obj
def serve(session: Session, host: str, port: int) -> None:
    """Serve the runs of the workspace at /metrics, for Prometheus to scrape. Ctrl-C ends it.

    Each scrape looks at the journals anew: runs show up whoever started them.
    """
    from prometheus_client import CollectorRegistry, start_http_server

    from odibi_core.run_collector import RunCollector

    registry = CollectorRegistry()
    registry.register(RunCollector(session.workspace().runs))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OdibiError(
            f"it can't listen at {host}:{port}: {(error.strerror or str(error)).lower()}",
            fix="give another --port, or --port 0 for a free one",
        ) from error
    session.terminal.line(
        "Prometheus finds the runs at ", (f"http://{host}:{server.server_port}/metrics", "green")
    )
    session.terminal.line("Ctrl-C ends it.")
    try:
        # In pieces: a signal that comes as a wait begins is heard only when it ends.
        while True:
            time.sleep(0.25)
    except KeyboardInterrupt:
        session.terminal.line("Ended.")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
