"""Spark's functions in DuckDB's words, where the parser's own translation is wrong, silent or missing.

A template stands for a call with as many arguments as it names: `$1` is the first argument as it is,
`$2:date_pattern` a literal that is converted, `$*` all of them. `verbatim_f(…)` is a call of `f` that the
parser must not read in a way of its own. Every template is proved by running it.
"""

from __future__ import annotations

from collections.abc import Mapping

_AS_DATE = "CAST($1 AS DATE)"
_AS_TIME = "CAST($1 AS TIMESTAMP)"
_EPOCH = "CAST(FLOOR(epoch({})) AS BIGINT)"
_PARSED = "strptime(CAST($1 AS VARCHAR), $2:date_pattern)"
_MONTHS = (
    "(date_diff('month', CAST($2 AS TIMESTAMP), CAST($1 AS TIMESTAMP)) + CASE"
    " WHEN day(CAST($1 AS TIMESTAMP)) = day(CAST($2 AS TIMESTAMP))"
    " OR (CAST($1 AS DATE) = last_day(CAST($1 AS DATE)) AND CAST($2 AS DATE) = last_day(CAST($2 AS DATE)))"
    " THEN 0"
    " ELSE (epoch(CAST($1 AS TIMESTAMP)) - epoch(date_trunc('month', CAST($1 AS TIMESTAMP)))"
    " - epoch(CAST($2 AS TIMESTAMP)) + epoch(date_trunc('month', CAST($2 AS TIMESTAMP)))) / 2678400.0 END)"
)
_NEXT_DAY = (
    "(CAST($1 AS DATE) + CAST(((list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'], lower(left($2, 2)))"
    " - isodow(CAST($1 AS DATE)) + 6) % 7) + 1 AS INTEGER))"
)
_SUBSTRING_INDEX = (
    "CASE WHEN $3 >= 0 THEN array_to_string(list_slice(str_split($1, $2), 1, $3), $2)"
    " ELSE array_to_string(list_slice(str_split($1, $2), $3, -1), $2) END"
)

CAPITALS = "upper(replace($1, 'ß', 'SS'))"
_CASED, _BESIDE = r"\p{Lu}\p{Ll}\p{Lt}", "\\p{M}''\u2019.:\u00b7"
SMALL = (
    "CASE WHEN contains($1, 'Σ') OR contains($1, 'İ') "
    "THEN lower(regexp_replace(replace($1, 'İ', 'i\u0307'), "
    f"'([{_CASED}][{_BESIDE}]*)Σ([{_BESIDE}]*(?:[^{_CASED}{_BESIDE}]|$))', '\\1ς\\2', 'g')) "
    "ELSE lower($1) END"
)
"""DuckDB looks at each letter by itself; Spark ends a word with another Σ, and makes two letters of İ."""

TEMPLATES: Mapping[str, tuple[str, ...]] = {
    # Now
    "CURRENT_TIMESTAMP": ("CURRENT_TIMESTAMP",),
    "NOW": ("CURRENT_TIMESTAMP",),
    "LOCALTIMESTAMP": ("LOCALTIMESTAMP",),
    "CURRENT_DATE": ("CURRENT_DATE",),
    "CURDATE": ("CURRENT_DATE",),
    # Dates
    "DATE": (_AS_DATE,),
    "TIMESTAMP": (_AS_TIME,),
    "TO_DATE": (_AS_DATE, f"CAST({_PARSED} AS DATE)"),
    "TRY_TO_DATE": (
        "TRY_CAST($1 AS DATE)",
        "CAST(try_strptime(CAST($1 AS VARCHAR), $2:date_pattern) AS DATE)",
    ),
    "TO_TIMESTAMP": (_AS_TIME, _PARSED),
    "TRY_TO_TIMESTAMP": ("TRY_CAST($1 AS TIMESTAMP)", "try_strptime(CAST($1 AS VARCHAR), $2:date_pattern)"),
    "DATE_FORMAT": (f"strftime({_AS_TIME}, $2:date_pattern)",),
    "DATE_ADD": (f"({_AS_DATE} + CAST($2 AS INTEGER))",),
    "DATE_SUB": (f"({_AS_DATE} - CAST($2 AS INTEGER))",),
    "ADD_MONTHS": (f"CAST({_AS_DATE} + to_months(CAST($2 AS INTEGER)) AS DATE)",),
    "MONTHS_BETWEEN": (f"round({_MONTHS}, 8)", f"CASE WHEN $3 THEN round({_MONTHS}, 8) ELSE {_MONTHS} END"),
    "DATEDIFF": (
        f"date_diff('day', CAST($2 AS DATE), {_AS_DATE})",
        "date_sub($1:unit, CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP))",
    ),
    "TRUNC": (f"CAST(verbatim_date_trunc($2:truncation, {_AS_DATE}) AS DATE)",),
    "DATE_TRUNC": ("verbatim_date_trunc($1:truncation, CAST($2 AS TIMESTAMP))",),
    "LAST_DAY": (f"last_day({_AS_DATE})",),
    "NEXT_DAY": (_NEXT_DAY,),
    "DAYOFWEEK": (f"(dayofweek({_AS_DATE}) + 1)",),
    "WEEKDAY": (f"(isodow({_AS_DATE}) - 1)",),
    "WEEKOFYEAR": (f"weekofyear({_AS_DATE})",),
    "DAYOFYEAR": (f"dayofyear({_AS_DATE})",),
    "YEAR": (f"year({_AS_DATE})",),
    "QUARTER": (f"quarter({_AS_DATE})",),
    "MONTH": (f"month({_AS_DATE})",),
    "DAY": (f"day({_AS_DATE})",),
    "DAYOFMONTH": (f"day({_AS_DATE})",),
    "HOUR": (f"hour({_AS_TIME})",),
    "MINUTE": (f"minute({_AS_TIME})",),
    "SECOND": (f"second({_AS_TIME})",),
    "MONTHNAME": (f"strftime({_AS_DATE}, '%b')",),
    "DAYNAME": (f"strftime({_AS_DATE}, '%a')",),
    "UNIX_TIMESTAMP": (
        _EPOCH.format("now()"),
        _EPOCH.format(_AS_TIME),
        _EPOCH.format(_PARSED),
    ),
    "FROM_UNIXTIME": (
        "strftime(make_timestamp(CAST($1 AS BIGINT) * 1000000), '%Y-%m-%d %H:%M:%S')",
        "strftime(make_timestamp(CAST($1 AS BIGINT) * 1000000), $2:date_pattern)",
    ),
    "TIMESTAMP_SECONDS": ("make_timestamp(CAST($1 * CAST(1000000 AS BIGINT) AS BIGINT))",),
    "TIMESTAMP_MILLIS": ("make_timestamp(CAST($1 AS BIGINT) * 1000)",),
    "TIMESTAMP_MICROS": ("make_timestamp(CAST($1 AS BIGINT))",),
    "DATE_FROM_UNIX_DATE": ("(DATE '1970-01-01' + CAST($1 AS INTEGER))",),
    "UNIX_DATE": (f"date_diff('day', DATE '1970-01-01', {_AS_DATE})",),
    "FROM_UTC_TIMESTAMP": (f"(({_AS_TIME} AT TIME ZONE 'UTC') AT TIME ZONE $2)",),
    "TO_UTC_TIMESTAMP": (f"(({_AS_TIME} AT TIME ZONE $2) AT TIME ZONE 'UTC')",),
    # Lists and maps
    "SPLIT": ("str_split_regex($1, $2:regex)",),
    "SLICE": ("list_slice($1, $2, $2 + $3 - 1)",),
    "SEQUENCE": (
        "generate_series($1, $2, CASE WHEN $1 <= $2 THEN 1 ELSE -1 END)",
        "generate_series($1, $2, $3)",
    ),
    "ARRAY_CONTAINS": ("list_contains($1, $2)",),
    "ARRAY_DISTINCT": ("list_filter($1, lambda x, i: list_position($1, x) = i)",),
    "ARRAY_POSITION": ("COALESCE(list_position($1, $2), 0)",),
    "ARRAY_REMOVE": ("list_filter($1, lambda x: x <> $2)",),
    "ARRAY_MAX": ("list_max($1)",),
    "ARRAY_MIN": ("list_min($1)",),
    "ARRAY_REPEAT": ("list_transform(range(CAST($2 AS BIGINT)), lambda x: $1)",),
    "ARRAY_JOIN": (
        "array_to_string($1, $2)",
        "array_to_string(list_transform($1, lambda x: COALESCE(CAST(x AS VARCHAR), $3)), $2)",
    ),
    "ARRAY_COMPACT": ("list_filter($1, lambda x: x IS NOT NULL)",),
    "ARRAY_APPEND": ("list_append($1, $2)",),
    "ARRAY_PREPEND": ("list_prepend($2, $1)",),
    "ARRAYS_OVERLAP": ("list_has_any($1, $2)",),
    "MAP_CONTAINS_KEY": ("map_contains($1, $2)",),
    # Text
    "LPAD": ("lpad($1, $2, ' ')", "lpad($1, $2, $3)"),
    "RPAD": ("rpad($1, $2, ' ')", "rpad($1, $2, $3)"),
    "REPLACE": ("replace($1, $2, '')", "replace($1, $2, $3)"),
    "SPACE": ("repeat(' ', $1)",),
    "UCASE": (CAPITALS,),
    "LCASE": (SMALL,),
    "BTRIM": ("trim($1)", "trim($1, $2)"),
    "STARTSWITH": ("starts_with($1, $2)",),
    "ENDSWITH": ("ends_with($1, $2)",),
    "CONTAINS": ("contains($1, $2)",),
    "SUBSTRING_INDEX": (_SUBSTRING_INDEX,),
    "REGEXP_EXTRACT": (
        "regexp_extract($1, $2:regex, 1)",
        "regexp_extract($1, $2:regex, $3)",
    ),
    "REGEXP_EXTRACT_ALL": (
        "regexp_extract_all($1, $2:regex, 1)",
        "regexp_extract_all($1, $2:regex, $3)",
    ),
    "REGEXP_REPLACE": ("regexp_replace($1, $2:regex, $3:replacement, 'g')",),
    "REGEXP_COUNT": ("len(regexp_extract_all($1, $2:regex))",),
    "RLIKE": ("regexp_matches($1, $2:regex)",),
    "REGEXP": ("regexp_matches($1, $2:regex)",),
    "REGEXP_LIKE": ("regexp_matches($1, $2:regex)",),
    "FORMAT_NUMBER": ("format('{:,.' || $2 || 'f}', CAST($1 AS DOUBLE))",),
    "FORMAT_STRING": ("printf($*)",),
    "BASE64": ("to_base64(encode(CAST($1 AS VARCHAR)))",),
    "SHA": ("sha1($1)",),
    # Numbers
    "LOG": ("ln($1)", "(ln($2) / ln($1))"),
    "LOG10": ("log10($1)",),
    "LOG2": ("log2($1)",),
    "LOG1P": ("ln(1 + $1)",),
    "EXPM1": ("(exp($1) - 1)",),
    "PMOD": ("((($1 % $2) + $2) % $2)",),
    "MOD": ("($1 % $2)",),
    "BROUND": ("round_even($1, 0)", "round_even($1, $2)"),
    "RINT": ("round_even($1, 0)",),
    "NANVL": ("CASE WHEN isnan($1) THEN $2 ELSE $1 END",),
    "ISNULL": ("($1 IS NULL)",),
    "ISNOTNULL": ("($1 IS NOT NULL)",),
    "RAND": ("random()",),
    "RANDOM": ("random()",),
    "SHIFTRIGHT": ("($1 >> $2)",),
    "TRY_ADD": ("TRY($1 + $2)",),
    "TRY_SUBTRACT": ("TRY($1 - $2)",),
    "TRY_MULTIPLY": ("TRY($1 * $2)",),
    "TRY_DIVIDE": ("($1 / NULLIF($2, 0))",),
    # JSON
    "GET_JSON_OBJECT": ("json_extract_string($1, $2)",),
    "FROM_JSON": ("CASE WHEN json_valid($1) THEN from_json($1, $2:json_schema) END",),
    "TO_JSON": ("CAST(to_json($1) AS VARCHAR)",),
    # Aggregates
    "PERCENTILE": ("quantile_cont($1, $2)",),
    "PERCENTILE_APPROX": ("quantile_disc($1, $2)",),
    "APPROX_PERCENTILE": ("quantile_disc($1, $2)",),
    "KURTOSIS": ("kurtosis_pop($1)",),
    "EVERY": ("bool_and($1)",),
    "SOME": ("bool_or($1)",),
    "STD": ("stddev($1)",),
}

# Arguments beyond those of the template that change nothing: an accuracy, a seed.
IGNORED_ARGUMENTS = frozenset({"PERCENTILE_APPROX", "APPROX_PERCENTILE", "RAND", "RANDOM", "FROM_JSON"})

UNFAITHFUL: Mapping[str, str] = {
    "HASH": "DuckDB hashes by another algorithm",
    "XXHASH64": "DuckDB hashes by another algorithm",
    "CRC32": "DuckDB has no such function",
    "MONOTONICALLY_INCREASING_ID": "its values depend on Spark's partitions; use ROW_NUMBER() OVER (…)",
    "SPARK_PARTITION_ID": "DuckDB has no partitions",
    "INPUT_FILE_NAME": "a SQL step does not know the files of its inputs",
    "SKEWNESS": "Spark gives the skewness of the population, DuckDB of a sample",
    "STACK": "DuckDB has no such function; use UNION ALL or UNPIVOT",
    "STR_TO_MAP": "DuckDB has no such function",
    "ZIP_WITH": "DuckDB has no such function; use list_zip and list_transform",
    "MAP_FILTER": "DuckDB has no such function",
    "TRANSFORM_KEYS": "DuckDB has no such function",
    "TRANSFORM_VALUES": "DuckDB has no such function",
    "SOUNDEX": "DuckDB has no such function",
    "CONV": "DuckDB has no such function",
    "WINDOW": "DuckDB has no such function; use time_bucket",
    "ARRAY_INTERSECT": "DuckDB gives the items in another order",
    "ARRAY_UNION": "DuckDB gives the items in another order",
    "ARRAY_EXCEPT": "DuckDB gives the items in another order",
    "TO_JSON": "Spark leaves null fields out, DuckDB writes them",
    "FROM_UNIXTIME": "DuckDB reckons in UTC, Spark in the time zone of the session",
    "UNIX_TIMESTAMP": "DuckDB reckons in UTC, Spark in the time zone of the session",
    "APPROX_COUNT_DISTINCT": "both are estimates, by different algorithms",
}
# These are told only when the call has a seed.
UNSEEDED = frozenset({"RAND", "RANDOM"})
