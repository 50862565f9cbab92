"""`odibi metrics serve`: real scrapes of a real server."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.core.cli.conftest import Answer, environment
from tests.core.cli.test_run import rewrite
from tests.processes import started

Odibi = Callable[..., Answer]
Scrape = Callable[[], dict[str, float]]


@pytest.fixture
def scrape(shop: Path) -> Iterator[Scrape]:
    """Gives every sample that the server of the workspace serves now."""
    program = "import sys; from odibi_core.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "metrics", "serve", "--port", "0"]
    with started(command, env=environment(), stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None

        def get() -> dict[str, float]:
            with urllib.request.urlopen(found[0]) as answer:
                text = answer.read().decode()
            samples = [it for family in text_string_to_metric_families(text) for it in family.samples]
            return {f"{it.name} {' '.join(it.labels.values())}".strip(): it.value for it in samples}

        yield get
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=60)
        assert "Ended." in rest
        assert server.returncode == 0


def test_a_scrape_tells_of_every_run_and_of_the_latest_of_each_pipeline(
    odibi: Odibi, shop: Path, scrape: Scrape
) -> None:
    assert scrape() == {"odibi_runs_running": 0, "odibi_runs_queued": 0}
    odibi("run", "shop", "-q")
    first = scrape()
    assert first["odibi_runs shop success"] == 1
    assert first["odibi_pipeline_success shop"] == 1
    assert first["odibi_step_rows silver shop success large"] == 2
    assert first["odibi_pipeline_duration_seconds shop success"] > 0
    rewrite(shop, "amount > 10", "amount > 25")
    odibi("run", "shop", "-q")
    second = scrape()
    assert second["odibi_runs shop success"] == 2
    assert second["odibi_step_rows silver shop success large"] == 1
    started = "odibi_pipeline_start_timestamp_seconds shop"
    assert second[started] > first[started]


def test_a_port_that_is_taken_is_a_clear_error(odibi: Odibi) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = odibi("metrics", "serve", "--port", str(taken.getsockname()[1]))
    assert answer.code == 1
    assert "it can't listen at 127.0.0.1" in answer.err
    assert "--port 0" in answer.err
