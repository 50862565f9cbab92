"""A whole run with secrets in a process of its own: whatever it leaves or shows holds no value of one."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from tests.core.cli.conftest import ODIBI, environment
from tests.core.local_service import local_service
from tests.processes import started
from tests.waiting import wait_until

SECRET = "c0rrect-hörse/battery+staple"

PIPELINE = """\
name: leaky
settings: {enable_cache: true, enable_checkpoints: true, fail_fast: false}
steps:
  - name: made
    layer: bronze
    type: sql
    value: SELECT '${secret:TOKEN}' AS token, 7 AS n
    outputs: {data: made}
  - name: held
    layer: silver
    type: function
    value: transforms.hold
    params: {key: "${secret:TOKEN}"}
    inputs: {data: made}
    outputs: {data: held}
  - name: sent
    layer: publish
    type: config_op
    value: URL
    params: {headers: {Authorization: "Bearer ${secret:TOKEN_ASCII}"}}
    inputs: {data: held}
  - name: fails
    layer: gold
    type: sql
    value: SELECT CAST(concat('${secret:TOKEN}', n) AS INTEGER) AS n FROM held
    inputs: {held: held}
    outputs: {data: fails}
  - name: raises
    layer: gold
    type: function
    value: transforms.fail
    params: {key: "${secret:TOKEN}"}
    inputs: {data: held}
    outputs: {data: raises}
"""

FUNCTIONS = """\
import logging
import time
from pathlib import Path


def hold(data, key):
    logging.getLogger("shop").warning("the key is %s", key)
    here = Path(__file__).parent
    (here / "began").touch()
    for _ in range(3000):
        if (here / "go").exists():
            break
        time.sleep(0.02)
    return data.assign(token=len(key))


def fail(data, key):
    raise ValueError(f"no login with {key}")
"""


def forms(value: str) -> list[bytes]:
    return [
        value.encode(),
        quote(value).encode(),
        quote(value, safe="").encode(),
        base64.b64encode(value.encode()),
        value.encode("unicode_escape"),
        value.encode("utf-16-le"),
    ]


def found_in(text: bytes) -> list[bytes]:
    return [form for value in (SECRET, SECRET.replace("ö", "o")) for form in forms(value) if form in text]


def test_no_file_no_output_and_no_process_shows_a_secret(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").write_text("[http]\nallow_private = true\n")
    (tmp_path / "transforms.py").write_text(FUNCTIONS)
    (tmp_path / "pipelines").mkdir()
    outside = tmp_path / "secrets"
    outside.mkdir()
    (outside / "TOKEN").write_text(SECRET)
    (outside / "TOKEN_ASCII").write_text(SECRET.replace("ö", "o"))
    (tmp_path / "odibi.toml").write_text(
        f'[http]\nallow_private = true\n[[secrets.providers]]\nkind = "files"\npath = "{outside}"\n'
    )
    with local_service() as service:
        (tmp_path / "pipelines" / "leaky.yaml").write_text(PIPELINE.replace("URL", service.url))
        command = [ODIBI, "run", "leaky", "--log", "json", "--workers", "2", "--json"]
        with started(
            command,
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            wait_until(lambda: (tmp_path / "began").exists() or process.poll() is not None)
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            shown = "\n".join(" ".join(part.cmdline()) for part in tree).encode()
            shown += subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout
            (tmp_path / "go").touch()
            out, err = process.communicate(timeout=120)
        assert service.requests[0].headers["Authorization"] == f"Bearer {SECRET.replace('ö', 'o')}"
    assert b"odibi" in shown
    assert not found_in(shown)
    assert "the key is ***" in err, err
    assert not found_in((out + err).encode("utf-8", "surrogateescape"))
    told = {}
    for arguments in (
        ["runs"],
        ["story", "-o", str(tmp_path / "story.html")],
        ["plan", "leaky"],
        ["plan", "leaky", "--json"],
        ["export", "leaky", "--to", "python"],
        ["preview", "leaky", "held"],
        ["metrics"],
    ):
        answer = subprocess.run(
            [ODIBI, *arguments],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        told[" ".join(arguments)] = answer.stdout + answer.stderr
    for what, text in told.items():
        assert not found_in(text), what
    assert "***" in err
    read = 0
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            path = Path(folder, name)
            if path.parent == outside:
                continue
            read += 1
            if "cache" in path.parts or "checkpoints" in path.parts:
                # The rows of a dataset that holds a secret on purpose are data, and kept as they are.
                continue
            assert not found_in(path.read_bytes()), path
    assert read > 10


@pytest.mark.parametrize("form", forms(SECRET))
def test_the_forms_that_are_looked_for_are_found(form: bytes) -> None:
    assert found_in(b"before " + form + b" after")
