"""The package as users get it: built from the tracked files, installed into an environment of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable
from importlib import metadata
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.servers import free_port

# The environment is made once, not once for each of the processes that share the tests.
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[1]
BUILD = "import sys; from hatchling.build import build_sdist, build_wheel; "


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What the command wrote to its standard output; its failure shows everything that it wrote."""
    words = list(map(str, command))
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def plain_environment(home: Path) -> dict[str, str]:
    """Environment variables in which no path leads back to this source tree."""
    return {"PATH": os.defpath, "HOME": str(home)}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout: the files that git tracks as they are now, and nothing else."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in run("git", "ls-files", "-z", cwd=ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from that sdist."""
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-c", f"{BUILD} build_sdist(sys.argv[1])", dist, cwd=checkout)
    unpacked = tmp_path_factory.mktemp("unpacked")
    # Python 3.11.2, which Debian 12 has, knows no filters of tarfile, and 3.14 asks for one.
    run("tar", "-xzf", next(dist.glob("*.tar.gz")), "-C", unpacked, cwd=dist)
    run(sys.executable, "-c", f"{BUILD} build_wheel(sys.argv[1])", dist, cwd=next(unpacked.iterdir()))
    return dist


@pytest.fixture(scope="module")
def environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a fresh environment with the wheel and what it says that it needs, no more."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv)
    wheel = next(built.glob("*.whl"))
    pip = (sys.executable, "-m", "pip", "--python", venv / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-compile", "--no-deps", "--no-index", wheel, cwd=venv)
    (packages,) = venv.glob("lib/python*/site-packages")
    (described,) = packages.glob("odibi_studio-*.dist-info")
    # To fetch and unpack all of it once more would take longer than all of these tests.
    for distribution in needed(PathDistribution(described).requires or ()).values():
        link(distribution, packages)
    run(*pip, "check", cwd=venv)
    return venv / "bin"


def needed(requirements: Iterable[str]) -> dict[str, Distribution]:
    """What is required, and what that requires in turn: name → distribution of this environment."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        distribution = found.setdefault(requirement.name.lower(), metadata.distribution(requirement.name))
        for wanted in {"", *requirement.extras}:
            if (requirement.name.lower(), wanted) not in seen:
                seen.add((requirement.name.lower(), wanted))
                waiting += [(Requirement(text), wanted) for text in distribution.requires or ()]
    return found


def link(distribution: Distribution, packages: Path) -> None:
    """Put a distribution's modules into the packages of another environment, as the same files."""
    for file in distribution.files or ():
        source, target = Path(str(distribution.locate_file(file))), packages / file
        if ".." not in file.parts and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(source)
            except FileExistsError:
                continue
            except OSError:
                # It is on another disk.
                shutil.copy2(source, target)


def test_the_wheel_holds_the_package_whole(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    tracked = set(run("git", "ls-files", "core/odibi_core", "studio/odibi_studio", cwd=ROOT).split())
    kept = {name.removeprefix("core/").removeprefix("studio/") for name in tracked if (ROOT / name).is_file()}
    assert kept <= names
    assert "odibi_studio/page_files/gallery.py" in names
    assert not any(name.startswith("odibi_studio/pages/") for name in names)
    assert "odibi_core/py.typed" in names
    assert {
        "odibi_core/sample_workspace/odibi.toml",
        "odibi_core/sample_workspace/data/orders.csv",
        "odibi_core/sample_workspace/pipelines/first_csv.yaml",
    } <= names
    assert any(name.startswith("odibi_core/") and ".j2" in name for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"odibi_core", "odibi_studio"}


def test_the_wheel_runs_the_demo_from_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    env = plain_environment(tmp_path)
    run(environment / "odibi", "init", "demo", cwd=tmp_path, env=env)
    workspace = tmp_path / "demo"
    assert (workspace / "data" / "sales.csv").is_file()
    run(environment / "odibi", "run", "first_csv", cwd=workspace, env=env)
    assert (workspace / "output" / "sales_processed.parquet").is_file()
    run(environment / "odibi", "run", "medallion", cwd=workspace, env=env)
    assert (workspace / "output" / "gold" / "customer_summary" / "_delta_log").is_dir()
    stories = list(workspace.glob(".odibi/runs/*/story.html"))
    assert len(stories) == 2
    assert all("first_csv" in text or "medallion" in text for text in map(Path.read_text, stories))


def test_the_wheel_serves_the_studio_and_its_designer(environment: Path, tmp_path: Path) -> None:
    env = plain_environment(tmp_path)
    run(environment / "odibi", "init", "demo", cwd=tmp_path, env=env)
    port = free_port()
    command = (environment / "odibi", "studio", "--no-browser", "--port", str(port))
    with (tmp_path / "studio.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path / "demo", env=env, stdout=log, stderr=log)
    try:
        bundle = next((ROOT / "studio/odibi_studio/designer/static").glob("designer-*.js"))
        address = f"http://127.0.0.1:{port}/_stcore/bidi-components/odibi-studio.designer/{bundle.name}"
        served = fetch_when_ready(address, server)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
    assert served == bundle.read_bytes()


def fetch_when_ready(address: str, server: subprocess.Popen[bytes]) -> bytes:
    """What the server answers once it is there."""
    ends = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < ends:
        with (
            contextlib.suppress(urllib.error.URLError),
            urllib.request.urlopen(address, timeout=10) as answer,
        ):
            content: bytes = answer.read()
            return content
        time.sleep(0.2)
    raise AssertionError(f"the Studio did not serve {address}")


def test_the_installed_package_is_typed_and_knows_its_version(environment: Path, tmp_path: Path) -> None:
    program = (
        "import odibi_core, pathlib; folder = pathlib.Path(odibi_core.__file__).parent;"
        "assert (folder / 'py.typed').is_file();"
        "import importlib.metadata as m; assert m.version('odibi-studio') == odibi_core.__version__;"
        "print(folder)"
    )
    folder = run(environment / "python", "-c", program, cwd=tmp_path, env=plain_environment(tmp_path))
    assert Path(folder.strip()).is_relative_to(environment.parent)
