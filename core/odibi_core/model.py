"""What settings are declared with: pydantic's names, for models that load it late (see `late_model`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from odibi_core.errors import did_you_mean
from odibi_core.late_model import LateMeta

if TYPE_CHECKING:
    from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, field_validator, model_validator
    from pydantic import BaseModel as LateModel
else:
    from odibi_core.late_model import Field, LateModel, field_validator, model_validator
    from odibi_core.late_values import Afterwards as AfterValidator
    from odibi_core.late_values import Instead as PlainValidator

    ConfigDict = dict


def field_names(model: type[LateModel]) -> set[str]:
    """Every name under which a field of the model may be given."""
    if isinstance(model, LateMeta):
        return set(model.known_names())
    return set(model.model_fields) | {field.alias for field in model.model_fields.values() if field.alias}


def mistakes_of(error: ValueError) -> list[Any]:
    """What pydantic found to be wrong; another error is raised anew."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        raise error
    return list(error.errors(include_input=False, include_url=False))


def nearest_choice(item: Any, given: Any) -> str:
    """A hint for a word that is none of those that a setting may be; "" for a mistake of another kind.

    Args:
        item: The mistake, as `mistakes_of` gives it.
        given: All that was given: a mapping, which may hold others and lists.
    """
    said = item.get("ctx", {})
    if item["type"] in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", str(said.get("expected", "")))
    else:
        words = re.fullmatch(r"\^\((\w+(?:\|\w+)+)\)\$", str(said.get("pattern", "")))
        choices = words[1].split("|") if words else []
    for part in item["loc"]:
        try:
            given = given[part]
        except (KeyError, IndexError, TypeError):
            return ""
    return did_you_mean(given, choices) if choices and isinstance(given, str) else ""


__all__ = [
    "AfterValidator",
    "ConfigDict",
    "Field",
    "LateModel",
    "PlainValidator",
    "field_names",
    "field_validator",
    "mistakes_of",
    "model_validator",
    "nearest_choice",
]
