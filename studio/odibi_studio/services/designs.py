"""Designs: listed, made, opened, kept while one works, renamed, tagged, put away and brought back."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from contextlib import suppress

from sqlmodel import Session, col, select

from odibi_core.design.templates import find_template
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.pipeline import Pipeline
from odibi_core.timestamps import now
from odibi_studio.messages import AutosaveAnswer, AutosaveRequest, Design, DesignCard, Document
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.design_rows import (
    card_message,
    content_of,
    draft,
    live_design,
    live_designs,
    new_design,
    newest_version,
    purge,
    set_content,
    set_tags,
    tags,
    unchanged_designs,
)
from odibi_studio.services.design_sync import Files, file_problem
from odibi_studio.services.documents import Content, first_content, renamed, rewritten, with_setting
from odibi_studio.services.forms import SETTING
from odibi_studio.services.layouts import placed
from odibi_studio.services.merging import merge
from odibi_studio.store.tables import DesignRow

MAX_NAME_LENGTH = 100
MAX_TAG_LENGTH = 40


class Designs:
    """The designs of a workspace.

    Args:
        desk: Where they lie.
    """

    def __init__(self, desk: DesignDesk) -> None:
        self._desk = desk

    def close(self) -> None:
        """Let go of the database."""
        self._desk.database.close()

    def cards(self, search: str = "") -> list[DesignCard]:
        """A card for every design, by name, then one for every file that can't be read as a pipeline.

        Args:
            search: Words that must all be in a design's name, description, owner, tags or file, or in its
                steps' names, SQL, paths and datasets.
        """
        words = search.casefold().split()
        with self._desk.viewing() as (session, files):
            rows = live_designs(session)
            cards = [
                card
                for row, card in zip(rows, _cards(session, rows, files), strict=True)
                if _has_all(words, _searched(card) + row.search_text)
            ]
            known = {row.path for row in rows}
        broken = [
            _broken_card(file.path, file.problem)
            for path, file in files.items()
            if file.problem and path not in known
        ]
        return cards + [card for card in broken if _has_all(words, _searched(card))]

    def open(self, design_id: str) -> Design:
        """A design with its document as it is now.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
        """
        with self._desk.viewing() as (session, files):
            return self._desk.message(session, live_design(session, design_id), files)

    def content(self, design_id: str) -> Content:
        """The YAML and the layout of a design as they are now.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
        """
        with self._desk.database.reading() as session:
            return content_of(live_design(session, design_id))

    def create(self, name: str = "", template: str = "") -> Design:
        """A new design: blank, or what a template holds. Its file comes with its first version.

        Args:
            name: Its name; where it is empty, a free one like the template's.
            template: A name among `odibi_core.design.templates`; "" for none.

        Raises:
            UnknownNameError: There is no such template.
            OdibiError: The name is taken, or can't be one.
        """
        content = Content(find_template(template).text) if template else first_content(Pipeline("pipeline"))
        with self._desk.editing() as (session, files):
            taken = _names(session)
            if name:
                chosen = free_or_refuse(clean_name(name), taken)
            else:
                chosen = free_name(content.pipeline.name, taken)
            row = new_design(session, placed(renamed(content, chosen)), self._desk.author)
            return self._desk.message(session, row, files)

    def add(self, content: Content, message: str = "") -> Design:
        """A new design that holds exactly this, its name included.

        Args:
            content: Its document; steps that lie nowhere get places.
            message: That of its first version; without one it has none yet. A design whose name is taken by
                another pipeline's file has none either.
        """
        with self._desk.editing() as (session, files):
            row = new_design(session, placed(content), self._desk.author)
            if message:
                with suppress(ConflictError):
                    self._desk.publish(session, row, content_of(row), message, files)
            return self._desk.message(session, row, files)

    def autosave(self, design_id: str, request: AutosaveRequest) -> AutosaveAnswer:
        """The new revision, or what another browser kept meanwhile.

        The same document sent twice is kept once: a browser that got no answer may send it again.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
            PipelineInvalidError: The document holds what YAML can't; it names each such thing.
        """
        with self._desk.database.writing() as session:
            row = live_design(session, design_id)
            current = content_of(row)
            content, warnings = rewritten(current, request.document)
            if content.digest == row.digest:
                return AutosaveAnswer(revision=row.revision, is_kept=True)
            if request.base_revision == row.revision:
                set_content(session, row, content, self._desk.author)
                return AutosaveAnswer(revision=row.revision, is_kept=True, warnings=warnings)
            theirs = current.document
            base = draft(session, row, request.base_revision)
            return AutosaveAnswer(
                revision=row.revision,
                is_kept=False,
                theirs=theirs,
                merged=merge(base.document, request.document, theirs) if base is not None else None,
                author=row.edited_by,
            )

    def free_name(self, wanted: str) -> str:
        """The name itself, or the first of name_2, name_3, … that no design has."""
        with self._desk.viewing() as (session, _):
            return free_name(wanted, _names(session))

    def duplicate(self, design_id: str, document: Document | None = None) -> Design:
        """A copy under a free name, with the tags.

        Args:
            design_id: What is copied.
            document: What the copy holds instead of the design's own document: what somebody made of it.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
            PipelineInvalidError: The document holds what YAML can't; it names each such thing.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            content = content_of(row) if document is None else rewritten(content_of(row), document)[0]
            name = free_name(f"{content.pipeline.name or 'pipeline'}_copy", _names(session))
            copy = new_design(session, renamed(content, name), self._desk.author)
            set_tags(session, copy, tags(session, [row.id])[row.id])
            return self._desk.message(session, copy, files)

    def rename(self, design_id: str, name: str) -> Design:
        """The design under another name. Its file is renamed at once, as a version; unsaved changes stay so.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
            OdibiError: The name is taken, or can't be one.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            chosen = clean_name(name)
            if chosen == row.name:
                return self._desk.message(session, row, files)
            free_or_refuse(chosen, _names(session, without=row))
            newest = newest_version(session, row)
            if newest is not None:
                content = renamed(content_of(newest), chosen)
                self._desk.publish(session, row, content, f"Renamed from {newest.name}", files)
            set_content(session, row, renamed(content_of(row), chosen), self._desk.author)
            return self._desk.message(session, row, files)

    def publish_form(self, design_id: str, *, is_form: bool) -> Design:
        """The design, published as a form or withdrawn; at once, as a version, and unsaved changes stay so.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
            ConflictError: Its file was changed outside.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            published = newest_version(session, row) or row
            message = "Published as a form" if is_form else "No form any more"
            content = with_setting(content_of(published), SETTING, is_form or None)
            self._desk.publish(session, row, content, message, files)
            set_content(
                session, row, with_setting(content_of(row), SETTING, is_form or None), self._desk.author
            )
            return self._desk.message(session, row, files)

    def tag(self, design_id: str, names: Iterable[str]) -> list[str]:
        """The design's tags, which are these from now on.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash.
            OdibiError: A tag is too long.
        """
        cleaned = [name for name in (" ".join(name.split()) for name in names) if name]
        for name in cleaned:
            if len(name) > MAX_TAG_LENGTH:
                raise OdibiError(
                    f"a tag has at most {MAX_TAG_LENGTH} characters", where=f"tag {name!r}", fix="shorten it"
                )
        with self._desk.database.writing() as session:
            row = live_design(session, design_id)
            set_tags(session, row, cleaned)
        return sorted(set(cleaned))

    def delete(self, design_id: str) -> None:
        """Put a design into the trash, and remove its file; `bring_back` undoes both.

        A file that can't be read is moved to `.odibi/set_aside`, as no version holds what it says.

        Raises:
            UnknownNameError: There is none of that id, or it is in the trash already.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            row.trashed, row.trashed_by, row.file_digest = now(), self._desk.author, ""
            session.add(row)
            session.flush()
            file = files.get(row.path or "")
            if file is not None and file.problem:
                self._desk.folder.set_aside(file.path)
            elif file is not None:
                self._desk.folder.remove(file.path)

    def trash(self) -> list[DesignCard]:
        """A card for every design in the trash, the last one first."""
        with self._desk.viewing() as (session, _):
            rows = session.exec(select(DesignRow).where(col(DesignRow.trashed).is_not(None))).all()
            rows = sorted(rows, key=lambda row: row.trashed or "", reverse=True)
            return _cards(session, rows, {})

    def purge(self, design_id: str) -> None:
        """Remove a design that is in the trash for ever, with all its versions.

        Raises:
            UnknownNameError: There is none of that id in the trash.
        """
        with self._desk.database.writing() as session:
            row = session.get(DesignRow, design_id)
            if row is None or row.trashed is None:
                raise UnknownNameError(
                    "there is no such pipeline in the trash", where=f"design {design_id!r}"
                )
            purge(session, [row.id])

    def empty_trash(self, older_than_days: int = 0) -> int:
        """How many designs were removed from the trash for ever.

        Args:
            older_than_days: Only those that lay there for that long; 0 for all.
        """
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=older_than_days)
        limit = before.isoformat(timespec="microseconds")
        with self._desk.database.writing() as session:
            found = select(DesignRow.id).where(
                col(DesignRow.trashed).is_not(None), col(DesignRow.trashed) <= limit
            )
            ids = list(session.exec(found))
            if ids:
                purge(session, ids)
        return len(ids)

    def bring_back(self, design_id: str) -> Design:
        """A design out of the trash, with the file of its newest version, where its place is still free.

        Raises:
            UnknownNameError: There is none of that id.
        """
        with self._desk.editing() as (session, files):
            row = session.get(DesignRow, design_id)
            if row is None or row.trashed is None:
                return self._desk.message(session, live_design(session, design_id), files)
            newest = newest_version(session, row)
            if newest is None or row.path in {*files, *(it.path for it in live_designs(session))}:
                row.path = None
            row.trashed, row.trashed_by = None, ""
            session.add(row)
            session.flush()
            if row.path is not None and newest is not None:
                row.file_digest = self._desk.folder.write(row.path, newest.text)
                session.add(row)
                session.flush()
            return self._desk.message(session, row, self._desk.folder.scan())


def clean_name(name: str) -> str:
    """The name as it is kept: without blanks around it.

    Raises:
        OdibiError: It can't name a pipeline.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned:
        raise OdibiError("a pipeline needs a name", fix="type one, such as daily_orders")
    if len(cleaned) > MAX_NAME_LENGTH:
        raise OdibiError(f"a name has at most {MAX_NAME_LENGTH} characters", fix="shorten it")
    if not cleaned.isprintable():
        raise OdibiError("the name holds characters that can't be seen", fix="type it anew")
    return cleaned


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The name itself, or the first of name_2, name_3, … that is free."""
    names = {name.casefold() for name in taken}
    chosen, number = wanted, 1
    while chosen.casefold() in names:
        number += 1
        chosen = f"{wanted}_{number}"
    return chosen


def free_or_refuse(name: str, taken: Iterable[str]) -> str:
    """The name, where it is free.

    Raises:
        ConflictError: It is not; the error says a free one.
    """
    free = free_name(name, taken)
    if free != name:
        raise ConflictError(f"there is a pipeline of the name {name!r} already", fix=f"{free!r} is free")
    return name


def _names(session: Session, without: DesignRow | None = None) -> list[str]:
    """The names of all designs, and those that their files have on the command line."""
    rows = [row for row in live_designs(session) if without is None or row.id != without.id]
    stems = [row.path.rpartition("/")[2].rpartition(".")[0] for row in rows if row.path]
    return [row.name for row in rows] + stems


def _cards(session: Session, rows: Iterable[DesignRow], files: Files) -> list[DesignCard]:
    rows = list(rows)
    tagged = tags(session, [row.id for row in rows])
    unchanged = unchanged_designs(session)
    return [
        card_message(row, tagged[row.id], file_problem(row, files), changed=row.id not in unchanged)
        for row in rows
    ]


def _searched(card: DesignCard) -> str:
    return "\n".join([card.name, card.description, card.owner, card.path, *card.tags, ""])


def _has_all(words: Iterable[str], text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _broken_card(path: str, problem: str) -> DesignCard:
    name = path.rpartition("/")[2]
    return DesignCard(
        id="", name=name, description="", owner="", tags=[], step_count=0, version=0, updated="",
        path=path, problem=problem,
    )  # fmt: skip
