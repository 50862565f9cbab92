from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import odibi_studio

FRONTEND = Path(__file__).parents[2] / "studio" / "frontend"
STATIC = Path(odibi_studio.__file__).parent / "designer" / "static"


def is_source(path: Path) -> bool:
    is_test = re.search(r"\.test\.tsx?$", path.name) or "testing" in path.parts
    return path.suffix in {".ts", ".tsx", ".css"} and not is_test


def digest_of_the_sources() -> str:
    sources = [path for path in (FRONTEND / "src").rglob("*") if path.is_file() and is_source(path)]
    names = ["package.json", "package-lock.json", "vite.config.ts"]
    names += [path.relative_to(FRONTEND).as_posix() for path in sources]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n{hashlib.sha256((FRONTEND / name).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def test_the_committed_bundle_was_built_from_the_sources_beside_it() -> None:
    built = json.loads((STATIC / "sources.json").read_text())
    assert built["sha256"] == digest_of_the_sources(), "run npm run build in studio/frontend"


def test_streamlit_finds_one_bundle() -> None:
    assert len(list(STATIC.glob("designer-*.js"))) == 1


def test_the_bundle_names_no_site_that_it_could_call() -> None:
    names_of_formats_and_pages_in_messages = {"www.w3.org", "react.dev", "reactflow.dev"}
    for path in STATIC.glob("*.js"):
        found = re.findall(r"https?://([\w-]+\.[\w.-]+)", path.read_text())
        assert set(found) <= names_of_formats_and_pages_in_messages


def test_the_lock_file_names_no_host() -> None:
    assert "resolved" not in (FRONTEND / "package-lock.json").read_text()
