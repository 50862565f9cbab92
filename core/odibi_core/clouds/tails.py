"""The last bytes of objects, where formats keep their metadata: plans and runs read them again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from odibi_core.clouds.address import Address

_KEPT = 256


class Tails:
    """What was read last, each of one state of its object."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Address, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, address: Address, state: str) -> bytes | None:
        """The last bytes of an object in a state, where they are known."""
        with self._lock:
            return self._known.get((address, state))

    def keep(self, address: Address, state: str, tail: bytes) -> None:
        """Remember them."""
        with self._lock:
            self._known[address, state] = tail
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
