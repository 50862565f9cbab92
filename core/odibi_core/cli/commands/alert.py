"""`odibi alert`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from odibi_core.cli.arguments import log_option, name_argument_of
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError

if TYPE_CHECKING:
    from odibi_core.workspace import Workspace


def _names(workspace: Workspace) -> Iterable[str]:
    from odibi_core.alerts.rule import alert_files

    return alert_files(workspace)


name_argument = name_argument_of("alert", _names)


@click.group("alert", short_help="Tell people how runs end.")
def command() -> None:
    """Tell people or programs how runs end.

    An alert is a file, alerts/NAME.yaml. `odibi alert run`, or `odibi up`, is what sends them.
    """


@command.command("list")
@click.pass_obj
def list_all(session: Session) -> None:
    """List the alerts: how each tells, and of what."""
    from odibi_core.alerts.rule import alert_files, find_alert

    workspace = session.workspace()
    rows, wrong = [], []
    for name in alert_files(workspace):
        try:
            alert = find_alert(workspace, name)
        except OdibiError as error:
            wrong.append(error)
            rows.append((name, "its file is wrong", "", ""))
            continue
        ends = ", ".join(outcome.value for outcome in alert.on)
        rows.append((name, alert.channel.value, ends, ", ".join(alert.pipelines)))
    if not rows:
        session.terminal.note("There is no alert yet. docs/alerts.md says how to write alerts/NAME.yaml")
        return
    session.terminal.table(("alert", "channel", "on", "pipelines"), rows)
    for mistake in wrong:
        session.terminal.error(mistake)


@command.command("test")
@name_argument
@click.pass_obj
def test(session: Session, name: str) -> None:
    """Send a message of an alert that tells of no run."""
    from odibi_core.alerts.manager import AlertManager

    manager = AlertManager(session.workspace())
    try:
        manager.test(name)
    finally:
        manager.close()
    session.terminal.line("The message was sent.")


@command.command("outbox")
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many."
)
@click.pass_obj
def outbox(session: Session, count: int) -> None:
    """Show the latest messages, and what became of each."""
    from odibi_core.alerts.outbox import OUTBOX_FILE, Outbox

    box = Outbox(session.workspace().state / OUTBOX_FILE)
    messages = box.latest(count)
    box.close()
    rows = [
        (one.alert, one.state, str(one.attempts), str(one.facts.get("pipeline", "")), one.run_id, one.error)
        for one in messages
    ]
    if not rows:
        session.terminal.note("Nothing was to be told yet.")
        return
    session.terminal.table(("alert", "state", "tries", "pipeline", "run", "why"), rows)


@command.command("retry")
@name_argument
@click.pass_obj
def retry(session: Session, name: str) -> None:
    """Try messages of an alert again that could not be sent, and those that wait for their next try."""
    from odibi_core.alerts.outbox import OUTBOX_FILE, Outbox
    from odibi_core.alerts.rule import find_alert

    workspace = session.workspace()
    find_alert(workspace, name)
    box = Outbox(workspace.state / OUTBOX_FILE)
    count = box.retry([message.id for message in box.unsent(name)])
    box.close()
    session.terminal.line(f"{count} {'message is' if count == 1 else 'messages are'} tried again.")


@command.command("run")
@log_option
@click.pass_obj
def run(session: Session, log: str) -> None:
    """Tell how runs end until Ctrl-C or SIGTERM. Of several that run, one tells."""
    from odibi_core.alerts.manager import AlertManager
    from odibi_core.logs import configure_logging

    configure_logging("INFO", log)
    manager = AlertManager(session.workspace())
    session.terminal.note("Alerts are sent. Ctrl-C ends it.")
    manager.start()
    manager.close()
    session.terminal.note("Alerts are sent no more.")
