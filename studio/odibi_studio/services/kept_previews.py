"""Answers of previews, kept while all that they were made of stays as it was."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_core.workspace_settings import WorkspaceSettings
from odibi_studio.messages import PreviewAheadAnswer, PreviewRequest
from odibi_studio.services.previews import Previewer
from odibi_studio.services.sampled_run import SourceSeen

KEPT_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class _Kept:
    text: bytes
    settings: WorkspaceSettings
    sources: tuple[SourceSeen, ...]


class KeptPreviews:
    """Answers previews, the same one again from memory.

    An answer is given again only where the question, the settings of the workspace and every source are those
    that it was made of; what chance, the time or a function had a part in is computed each time.

    Args:
        workspace: Whose settings count.
        previewer: Computes rows.
    """

    def __init__(self, workspace: Workspace, previewer: Previewer) -> None:
        self._workspace, self._previewer = workspace, previewer
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._going: dict[str, threading.Lock] = {}

    def answer(self, request: PreviewRequest) -> bytes:
        """The answer, a `PreviewAnswer`, as JSON.

        Raises:
            UnknownNameError: There is no such step.
        """
        key = _key(request)
        with self._one_at_a_time(key):
            return self._found(key) or self._compute(key, request)

    def look_ahead(self, request: PreviewRequest) -> PreviewAheadAnswer:
        """Have the answer ready, where that takes no source that was not read yet and no function.

        Raises:
            UnknownNameError: There is no such step.
        """
        key = _key(request)
        with self._one_at_a_time(key):
            if self._found(key) is None:
                self._compute(key, request, at_hand=True)
            return PreviewAheadAnswer(is_ready=key in self._kept)

    def _compute(self, key: str, request: PreviewRequest, *, at_hand: bool = False) -> bytes:
        computed = self._previewer.computed(request, at_hand=at_hand)
        text = computed.answer.model_dump_json().encode()
        sources = computed.run.basis() if computed.run is not None else None
        if computed.run is not None and sources is not None:
            self._keep(key, _Kept(text, computed.run.look.settings, sources))
        return text

    def _found(self, key: str) -> bytes | None:
        """What is kept; None where it may not be what would be computed now."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.settings != self._settings() or not all(source.is_as_it_was() for source in kept.sources):
            with self._lock:
                self._kept.pop(key, None)
            return None
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = kept
        return kept.text

    def _settings(self) -> WorkspaceSettings | None:
        try:
            return self._workspace.load()
        except OdibiError:
            return None

    def _keep(self, key: str, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            while sum(len(each.text) for each in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)

    @contextmanager
    def _one_at_a_time(self, key: str) -> Iterator[None]:
        """Has who asks for what is being computed wait for it."""
        with self._lock:
            going = self._going.setdefault(key, threading.Lock())
        with going:
            try:
                yield
            finally:
                with self._lock:
                    self._going.pop(key, None)


def _key(request: PreviewRequest) -> str:
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()
