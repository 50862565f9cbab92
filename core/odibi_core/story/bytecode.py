"""Compiled templates, kept where Python keeps compiled modules: compiling them takes longer than a story."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.text_file import write_file

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket


def open_bytecode_cache(environment: Environment) -> BytecodeCache:
    """A cache for the templates of `environment`, in the folder of Python's bytecode of this module.

    It obeys what Python obeys (`PYTHONPYCACHEPREFIX`, `PYTHONDONTWRITEBYTECODE`), and where the folder can't
    be written, as in a shared installation, templates are compiled each time.
    """
    import jinja2

    folder = Path(cache_from_source(__file__)).parent
    tag = sys.implementation.cache_tag
    # What the code of a template depends on beside its text.
    syntax = (environment.autoescape, environment.trim_blocks, environment.lstrip_blocks)
    made_by = f"{jinja2.__version__} {syntax}"

    class Cache(jinja2.BytecodeCache):
        def get_source_checksum(self, source: str) -> str:
            return super().get_source_checksum(f"{made_by}\n{source}")

        def load_bytecode(self, bucket: Bucket) -> None:
            try:
                bucket.load_bytecode(BytesIO(place(bucket).read_bytes()))
            except Exception:  # noqa: BLE001 - what can't be loaded, for whatever reason, is compiled again
                bucket.reset()

        def dump_bytecode(self, bucket: Bucket) -> None:
            if not sys.dont_write_bytecode:
                with suppress(TargetError):
                    write_file(place(bucket), bucket.bytecode_to_string())

    def place(bucket: Bucket) -> Path:
        return folder / f"template-{bucket.key}.{tag}.jinja"

    return Cache()
