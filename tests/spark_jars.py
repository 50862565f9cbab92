"""Jars that Spark does without, and clusters often have."""

from __future__ import annotations

from pathlib import Path

from tests.maven import fetched_jars


def spark_jars() -> dict[str, Path]:
    """Delta, the reader of Avro and PostgreSQL's driver, with what they need: name of the file → file."""
    folder = fetched_jars(Path(__file__).with_name("jars"), "-DexcludeTransitive=true")
    return {jar.name: jar for jar in sorted(folder.glob("*.jar"))}
