"""Functions of texts of DuckDB in Spark's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_casts import warn_of_text
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Expr", Types, Warn], None]

# DuckDB makes one letter of each, whatever is beside it; Spark makes several of some.
_CAPITALS = (
    "CASE WHEN $1 RLIKE '[ŉǰΐΰև\u1e96-\u1e9aὐ-ὖᾀ-ῼﬀ-ﬗ]' "
    "THEN ARRAY_JOIN(TRANSFORM(SPLIT($1, ''), c -> CASE WHEN c = 'ß' THEN 'ẞ' "
    "WHEN LENGTH(UPPER(c)) = 1 THEN UPPER(c) WHEN LENGTH(INITCAP(c)) = 1 THEN INITCAP(c) ELSE c END), '') "
    "ELSE UPPER(REPLACE($1, 'ß', 'ẞ')) END"
)
_SMALL_FIRST = "TRANSLATE({}, '\u03a3\u0130', '\u03c3i')"
_BLANKS = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
"""What DuckDB takes off the ends of a text."""
SHOWN = "odibi_shown"
"""Marks what is written otherwise where it runs (`spark_letters`)."""
_CODE = "CASE WHEN $1 = '' THEN -1 ELSE ASCII($1) END"
_PART = {
    "Left": "CASE WHEN $2 < 0 THEN SUBSTRING($1, 1, GREATEST(LENGTH($1) + $2, 0)) ELSE LEFT($1, $2) END",
    "Right": "CASE WHEN $2 < 0 THEN SUBSTRING($1, 1 - $2) ELSE RIGHT($1, $2) END",
}


def _upper(node: exp.Expr, _: Types, warn: Warn) -> None:
    shown = fill(_CAPITALS, [node.this], warn, dialect="databricks")
    shown.meta[SHOWN] = True
    node.replace(shown)


def _lower(node: exp.Expr, _: Types, warn: Warn) -> None:
    shown = fill(f"LOWER({_SMALL_FIRST.format('$1')})", [node.this], warn, dialect="databricks")
    shown.meta[SHOWN] = True
    node.replace(shown)


def _to(template: str) -> Rewrite:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        node.replace(fill(template, [node.this], warn, dialect="databricks"))

    return rewrite


def _ilike(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Spark compares in small letters, of which those at the end of a word are others."""
    for part in ("this", "expression"):
        node.set(part, fill(_SMALL_FIRST.format("$1"), [node.args[part]], warn, dialect="databricks"))


def _trim(node: exp.Expr, _: Types, __: Warn) -> None:
    from sqlglot import exp

    if not node.args.get("expression"):
        node.set("expression", exp.Literal.string(_BLANKS))
        node.meta[SHOWN] = True


def _part(node: exp.Expr, _: Types, warn: Warn) -> None:
    """A negative length leaves out so many; Spark gives nothing then."""
    from sqlglot import exp

    length = node.expression
    if isinstance(length, exp.Literal):
        return
    template = _PART[type(node).__name__]
    node.replace(fill(template, [node.this, length], warn, dialect="databricks"))


def _split(node: exp.Expr, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    if isinstance(node.expression, exp.Literal) and not node.expression.name:
        template = "CASE WHEN $1 = '' THEN ARRAY() ELSE verbatim_split($1, '') END"
        node.replace(fill(template, [node.this], warn, dialect="databricks"))


def _format(node: exp.Expr, types: Types, warn: Warn) -> None:
    """FORMAT('{}-{}', a, b), as far as the marks say nothing more."""
    from sqlglot import exp

    pattern = node.this
    pieces = pattern.name.split("{}") if isinstance(pattern, exp.Literal) else []
    if len(pieces) != len(node.expressions) + 1 or any(set("{}") & set(piece) for piece in pieces):
        refuse("FORMAT with such marks", "use {} alone, or printf()")
    parts: list[exp.Expr] = [exp.Literal.string(pieces[0])]
    for value, piece in zip(node.expressions, pieces[1:], strict=True):
        warn_of_text(node, value, types, warn)
        parts += [exp.cast(value.copy(), "TEXT"), exp.Literal.string(piece)]
    node.replace(exp.Anonymous(this="CONCAT", expressions=parts))


def _concat(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Null is an empty text here, whatever the type."""
    from sqlglot import exp

    kinds = [types.of(part) for part in node.expressions]
    if "LIST" in kinds:
        return
    for part, kind in zip(list(node.expressions), kinds, strict=True):
        warn_of_text(node, part, types, warn)
        if kind != "VARCHAR":
            part.replace(exp.cast(part.copy(), "TEXT"))


def _joined(node: exp.Expr, types: Types, warn: Warn) -> None:
    for part in (node.this, node.expression):
        if types.of(part) == "DOUBLE":
            warn_of_text(node, part, types, warn)


def _regexp_like(node: exp.Expr, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    flag, pattern = node.args.get("flag"), node.expression
    if flag is None:
        return
    letters = set(flag.name) - {"c"}
    if not isinstance(pattern, exp.Literal) or letters - {"i", "s"}:
        warn(f"{node.sql('duckdb')}: Spark takes no options of regular expressions")
        return
    if letters:
        node.set("expression", exp.Literal.string(f"(?{''.join(sorted(letters))}){pattern.name}"))
    node.set("flag", None)


def _glob(node: exp.Expr, _: Types, warn: Warn) -> None:
    """A GLOB as a regular expression."""
    from sqlglot import exp

    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        refuse("GLOB with a pattern of the rows", "write LIKE or regexp_full_match()")
    text = exp.Literal.string(f"^(?s:{glob_pattern(pattern.name)})\\z")
    node.replace(fill("($1 RLIKE $2)", [node.this, text], warn, dialect="databricks"))


def glob_pattern(glob: str) -> str:
    """Java's regular expression of a GLOB."""
    return _GLOB_PIECE.sub(_glob_piece, glob)


_GLOB_PIECE = re.compile(r"\[(!?)((?:\]|[^\]])[^\]]*)\]|\\(.)|(.)", re.DOTALL)


def _glob_piece(found: re.Match[str]) -> str:
    if found[2] is not None:
        # Within brackets Java knows marks that a GLOB has not.
        held = re.sub(r"[&^\[\]|]", r"\\\g<0>", found[2])
        return f"[{'^' if found[1] else ''}{held}]"
    if found[4] in ("*", "?"):
        return ".*" if found[4] == "*" else "."
    return re.sub(r"[^\w\s]", r"\\\g<0>", found[3] or found[4], flags=re.ASCII)


def _whole_match(node: exp.Expr, _: Types, warn: Warn) -> None:
    """SIMILAR TO and ~ ask for the whole text."""
    text = "($1 RLIKE CONCAT('^(?:', $2, ')\\\\z'))"
    node.replace(fill(text, [node.this, node.expression], warn, dialect="databricks"))


def _regexp_replace(node: exp.Expr, _: Types, __: Warn) -> None:
    """DuckDB replaces the first match unless "g" is said, and takes options."""
    from sqlglot import exp

    modifiers, pattern, replacement = (
        node.args.get(name) for name in ("modifiers", "expression", "replacement")
    )
    letters = set(modifiers.name if modifiers is not None else "")
    literal = isinstance(pattern, exp.Literal) and isinstance(replacement, exp.Literal)
    if letters - set("gics") or (letters - {"g"} and not literal):
        refuse("regexp_replace() with these options", "write them into the pattern: (?i)")
    is_first = "g" not in letters
    if is_first and not literal:
        refuse("regexp_replace() of the first match by a column", "add 'g' to replace every one")
    if isinstance(replacement, exp.Literal):
        shift = 1 if is_first else 0
        text = re.sub(
            r"\\(\d)|\\(.)|(\$)",
            lambda found: (
                f"${int(found[1]) + shift}"
                if found[1] and (found[1] != "0" or not is_first)
                else "$2"
                if found[1]
                else "\\" + (found[2] or found[3])
            ),
            replacement.name,
        )
        if is_first and r"\0" in replacement.name:
            refuse(r"\0 in the replacement of the first match", "add 'g' to replace every match")
        node.set("replacement", exp.Literal.string(("$1" if is_first else "") + text))
    if isinstance(pattern, exp.Literal):
        flags = "".join(sorted(letters & {"i", "s"}))
        inner = f"(?{flags}:{pattern.name})" if flags else pattern.name
        node.set("expression", exp.Literal.string(f"^((?s:.*?))(?:{inner})" if is_first else inner))
    node.set("modifiers", None)
    node.set("single_replace", None)


def _regexp_extract(node: exp.Expr, _: Types, __: Warn) -> None:
    from sqlglot import exp

    if isinstance(node.args.get("group"), exp.Array):
        refuse(
            "regexp_extract() with names of groups",
            "write {'a': regexp_extract(s, p, 1)}",
        )
    options = node.args.get("parameters")
    if (
        options is not None
        and isinstance(node.expression, exp.Literal)
        and not set(options.name) - set("cis")
    ):
        letters = "".join(sorted(set(options.name) - {"c"}))
        if letters:
            node.set("expression", exp.Literal.string(f"(?{letters}:{node.expression.name})"))
        node.set("parameters", None)
    elif options is not None:
        refuse("regexp_extract() with these options", "write them into the pattern: (?i)")


def _split_part(node: exp.Expr, _: Types, __: Warn) -> None:
    from sqlglot import exp

    part = node.args.get("part_index")
    if part is not None and part.name == "0":
        refuse("part 0 of split_part()", "count from 1")
    if isinstance(node.args.get("delimiter"), exp.Literal) and not node.args["delimiter"].name:
        refuse("split_part() by an empty text", "write substring(s, i, 1)")


def rewrite_printf(call: exp.Anonymous, warn: Warn) -> None:
    """PRINTF is null where a value is, which Spark writes out."""
    from sqlglot import exp

    values = [value for value in call.expressions[1:] if not isinstance(value, exp.Literal)]
    if re.search(r"%[-+ 0#]*\d*(?:\.\d+)?[eEfgGaA]", call.expressions[0].name):
        warn(f"{call.sql('duckdb')}: DuckDB rounds a float by its binary value, Spark by its decimal text")
    if values:
        known = " AND ".join(f"${place} IS NOT NULL" for place in range(1, len(values) + 1))
        made = call.copy()
        guarded = fill(f"CASE WHEN {known} THEN ${len(values) + 1} END", [*values, made], warn)
        call.replace(guarded)


NODES: Mapping[str, Rewrite] = {
    "Glob": _glob,
    "SimilarTo": _whole_match,
    "RegexpFullMatch": _whole_match,
    "RegexpReplace": _regexp_replace,
    "RegexpExtract": _regexp_extract,
    "RegexpExtractAll": _regexp_extract,
    "SplitPart": _split_part,
    "Unicode": _to(_CODE),
    "Upper": _upper,
    "Lower": _lower,
    "ILike": _ilike,
    "Trim": _trim,
    "Left": _part,
    "Right": _part,
    "Split": _split,
    "Format": _format,
    "Concat": _concat,
    "DPipe": _joined,
    "RegexpLike": _regexp_like,
}
CALLS = {
    "STRLEN": "OCTET_LENGTH($1)",
    "PREFIX": "STARTSWITH($1, $2)",
    "SUFFIX": "ENDSWITH($1, $2)",
    "ORD": _CODE,
    "URL_ENCODE": "REPLACE(REPLACE(REPLACE(verbatim_url_encode($1), '+', '%20'), '*', '%2A'), '%7E', '~')",
}
