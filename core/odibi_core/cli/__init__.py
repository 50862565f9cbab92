"""The command `odibi`. Each command loads what it needs when it is called."""

from __future__ import annotations


def main() -> int:
    """The exit code of the command line that the process was started with."""
    from odibi_core.cli.app import run_command

    return run_command(is_own_process=True)
