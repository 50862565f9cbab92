"""A binder for people who type, and processes that plan again: it binds only what a change has touched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder, BoundStep
from odibi_core.sql.compose import SqlStep

_Key = tuple[str, str, tuple[tuple[str, Schema | None], ...]]

_KEPT = 4_096
_ALONE = 2
_TOGETHER = 12


class RememberingBinder(Binder):
    """Remembers what binding told, by the text of the step and the columns of its inputs.

    Its database stays open between calls.

    Args:
        borrows: As of any `Binder`.
    """

    def __init__(self, *, borrows: bool = False) -> None:
        super().__init__(borrows=borrows)
        self._kept: OrderedDict[_Key, BoundStep] = OrderedDict()

    def bind_all(self, steps: Sequence[SqlStep], known: Mapping[str, Schema | None]) -> dict[str, BoundStep]:
        """What binding each step told, by the step's name: every failing step has its error."""
        schemas, bound = dict(known), dict[str, BoundStep]()
        position = misses = 0
        with self._lock:
            while position < len(steps):
                step = steps[position]
                key = _key(step, schemas)
                result = self._kept.get(key)
                if result is None:
                    misses += 1
                    some = steps[position : position + self._at_once(misses, len(steps))]
                    told = super().bind_all(some, schemas)
                else:
                    self._kept.move_to_end(key)
                    some, told = [step], {step.name: result}
                for each in some:
                    self._remember(_key(each, schemas), told[each.name])
                    bound[each.name] = told[each.name]
                    schemas[each.output] = told[each.name].schema
                position += len(some)
        return bound

    def _at_once(self, misses: int, steps: int) -> int:
        """How many steps are bound together from one on that is not known."""
        if not self._kept:
            return steps
        # After a small change most steps behind it are as they were; after a large one, none.
        return 1 if misses <= _ALONE else _TOGETHER

    def _remember(self, key: _Key, result: BoundStep) -> None:
        if result.error is not None:
            result.error.__traceback__ = None
        self._kept[key] = result
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


_AT_HAND: list[RememberingBinder] = []


@contextmanager
def binder_at_hand() -> Iterator[Binder]:
    """A binder for one plan. The process keeps one: opening a database takes longer than most plans.

    The first plan of a process borrows the database that its run will use.
    """
    try:
        binder = _AT_HAND.pop()
    except IndexError:
        binder = RememberingBinder(borrows=True)
    try:
        yield binder
    finally:
        if _AT_HAND:
            binder.close()
        else:
            _AT_HAND.append(binder)


def _key(step: SqlStep, schemas: Mapping[str, Schema | None]) -> _Key:
    return step.sql, step.dialect, tuple((alias, schemas.get(key)) for alias, key in step.inputs.items())
