"""What the tests run in worker processes. A `signal` is a named pipe that tells the test who is at work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pandas as pd
import pyarrow as pa

from odibi_core.errors import TransientError


def keep(df: pa.Table) -> pa.Table:
    return df


def keep_pandas(df: pd.DataFrame) -> pd.DataFrame:
    return df


def double(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(n=df["n"] * 2, pid=os.getpid())


def pid(folder: str = "") -> pd.DataFrame:
    if folder:
        os.chdir(folder)
    return pd.DataFrame({"pid": [os.getpid()], "folder": [os.getcwd()]})  # noqa: PTH109


def split(orders: pd.DataFrame, rates: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"good": orders, "bad": rates}


def typed(**params: Any) -> pd.DataFrame:
    return pd.DataFrame({"name": list(params), "value": [repr(value) for value in params.values()]})


def prints() -> pd.DataFrame:
    print("a word from the function")
    os.write(1, b'{"error": "not a message"}\n')
    return pd.DataFrame({"a": [1]})


def fails(df: pd.DataFrame) -> Any:
    return df["no_such_column"]


def breaks() -> None:
    raise ConnectionResetError("the other side hung up")


def waits() -> None:
    error = TransientError("too many requests")
    error.retry_after_s = 7
    raise error


def mixed() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, "x"]}, dtype=object)


def exits(code: int) -> None:
    os._exit(code)


def announce(signal: str, text: str = "") -> None:
    with open(signal, "w", encoding="utf-8") as pipe:  # noqa: PTH123
        pipe.write(text or str(os.getpid()))


def never_ends(signal: str = "") -> None:
    """Hold the interpreter's lock for ever, as a native library may."""
    if signal:
        announce(signal)
    re.match(r"(a+)+$", "a" * 60 + "b")


def never_ends_with_a_child(signal: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        announce(signal, str(child.pid))


class Cleaner:
    @staticmethod
    def clean(df: pd.DataFrame) -> pd.DataFrame:
        return df
