"""`odibi doctor`."""

from __future__ import annotations

import click

from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session


@click.command("doctor", short_help="Look whether all that odibi needs is here.")
@click.pass_obj
def command(session: Session) -> ExitCode:
    """Look whether everything that odibi needs is here, and say how to mend what is not."""
    from odibi_core.cli.checkup import State, check_up

    terminal = session.terminal
    colors = {State.GOOD: "green", State.WARNING: "yellow", State.BAD: "red"}
    findings = check_up(session)
    for finding in findings:
        terminal.line(
            (f"{finding.state.value:<8}", colors[finding.state]), f"{finding.subject}: {finding.what}"
        )
        if finding.fix:
            terminal.line(f"        To mend it: {finding.fix}")
    bad = sum(finding.state is State.BAD for finding in findings)
    terminal.line()
    terminal.line("Everything is there." if not bad else "Something is missing: see above.")
    return ExitCode.FAILED if bad else ExitCode.OK
