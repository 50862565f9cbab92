"""Where DuckDB's SQL and Spark's part, as queries that a test runs on both engines.

`scripts/make_reference.py` makes the table of docs/spark.md of them.
"""

from __future__ import annotations

from dataclasses import dataclass

ROWS = """
    SELECT * FROM (VALUES
        (1, 7, 2.5::DOUBLE, 2.50::DECIMAL(9, 2), 'Straße', DATE '2024-01-31',
         TIMESTAMP '2024-01-31 23:59:59.5', [1, 2, 3], true),
        (2, -7, -2.5, -2.50, 'a.b,c', DATE '2024-02-29', TIMESTAMP '2024-02-29 00:00:00', [], false),
        (3, 3, 3.5, 0.35, NULL, DATE '2023-12-31', TIMESTAMP '2023-12-31 12:30:00', [4, NULL], NULL),
        (4, NULL, NULL, NULL, '  12 ', NULL, NULL, NULL, true),
        (5, 2, 1.005, 1234567.89, '', DATE '2000-01-01', TIMESTAMP '2000-01-01 00:00:01', [5], false)
    ) AS t(i, n, d, m, s, day, moment, l, b)
"""
"""The input `t` of every query."""


@dataclass(frozen=True, slots=True)
class Case:
    """One difference.

    Attributes:
        what: What parts the dialects.
        duckdb: What DuckDB does.
        spark: What Spark does.
        queries: Queries over `t`, in DuckDB's words; those of Spark begin with "spark:".
        warning: What stands in the warning where it can't be translated; "" where it is.
    """

    what: str
    duckdb: str
    spark: str
    queries: tuple[str, ...]
    warning: str = ""


CASES = (
    Case(
        "A fraction as a whole number",
        "rounds: a DOUBLE to the even one of two that are as near, a DECIMAL away from zero",
        "cuts it off",
        (
            "SELECT i, CAST(d AS INTEGER) AS r FROM t",
            "SELECT i, CAST(m AS BIGINT) AS r FROM t",
            "SELECT i, d::INT AS r, CAST(0.5 AS INT) AS h, CAST(1.5e0 AS INT) AS e FROM t",
            "spark: SELECT i, CAST(d AS INT) AS r, CAST(m AS INT) AS q FROM t",
        ),
    ),
    Case(
        "A fraction of unknown type as a whole number",
        "rounds",
        "cuts it off",
        ("SELECT i, CAST(l[1] * 0.5 AS INTEGER) AS r FROM t WHERE i = 1",),
        "cuts a fraction off where DuckDB rounds",
    ),
    Case(
        "Division",
        "/ gives a DOUBLE, // a whole number",
        "/ of DECIMALs gives a DECIMAL; DIV gives a whole number",
        (
            "SELECT i, n / 2 AS a, m / 3 AS b, d / 3 AS c, n // 2 AS q FROM t",
            "SELECT i, 1 / 3 AS a, 1.0 / 3 AS b, sum(m) OVER () / 7 AS c FROM t",
            "spark: SELECT i, n / 2 AS a, n DIV 2 AS q FROM t",
        ),
    ),
    Case(
        "Modulo of negative numbers",
        "has the sign of the dividend",
        "the same; PMOD is never negative",
        (
            "SELECT i, n % 3 AS a, n % -3 AS b, mod(n, 3) AS c FROM t",
            "spark: SELECT i, n % 3 AS a, PMOD(n, 3) AS p FROM t",
        ),
    ),
    Case(
        "Division by zero",
        "/ gives infinity or NaN",
        "is an error",
        (
            "SELECT i, n / (n - n) AS a FROM t",
            "SELECT i, d / 0 AS a, 1 / (m - m) AS b FROM t",
        ),
    ),
    Case(
        "Rounding",
        "away from zero; a DOUBLE by its binary value",
        "away from zero; a DOUBLE by its decimal text, so that 1.005 becomes 1.01",
        (
            "SELECT i, round(d) AS a, round(m) AS b, round(m, 1) AS c FROM t",
            "SELECT i, round(d, 2) AS a, round(n, -1) AS b FROM t",
            "SELECT i, floor(d) AS a, ceil(d) AS b, trunc(d) AS c, floor(m) AS e FROM t",
            "spark: SELECT i, ROUND(d) AS a, ROUND(m, 1) AS b, BROUND(d) AS c FROM t",
        ),
    ),
    Case(
        "Order of nulls",
        "last, whatever the direction",
        "first when ascending, last when descending",
        (
            "SELECT i, row_number() OVER (ORDER BY n) AS a, row_number() OVER (ORDER BY n DESC) AS b FROM t",
            "SELECT i FROM t ORDER BY s LIMIT 2",
            "SELECT i, first_value(i) OVER (ORDER BY n, i) AS f FROM t",
            "spark: SELECT row_number() OVER (ORDER BY n) AS a, rank() OVER (ORDER BY n DESC) AS b FROM t",
        ),
    ),
    Case(
        "Types of counts and ranks",
        "BIGINT",
        "BIGINT for COUNT, INTEGER for ROW_NUMBER, RANK, LENGTH, YEAR and others",
        (
            "SELECT i, row_number() OVER (ORDER BY i) AS a, rank() OVER (ORDER BY b NULLS LAST) AS r, "
            "ntile(2) OVER (ORDER BY i) AS t FROM t",
            "SELECT count(*) AS a, count(DISTINCT b) AS b, sum(n) AS s, max(length(s)) AS l FROM t",
            "SELECT year(day) AS a, length(s) AS b, len(l) AS c, ascii(s) AS e FROM t",
        ),
    ),
    Case(
        "Sums and means of DECIMALs",
        "sum: DECIMAL(38, s); avg: DOUBLE",
        "sum: ten digits more; avg: a DECIMAL with four digits more",
        (
            "SELECT sum(m) AS a, avg(m) AS b, min(m) AS c FROM t",
            "SELECT b, avg(m) AS a, sum(m * 2) AS s FROM t GROUP BY b",
            "SELECT i, avg(m) OVER (PARTITION BY b) AS a FROM t",
        ),
    ),
    Case(
        "DECIMAL arithmetic",
        "keeps all digits, or fails beyond 38",
        "keeps all digits up to 38, then fewer behind the point",
        (
            "SELECT i, m * m AS a, m + 1 AS b, m * 1.5 AS c, m * d AS e, -m AS g FROM t",
            "SELECT i, CAST(m AS DECIMAL(5, 1)) AS a FROM t WHERE i < 4",
        ),
    ),
    Case(
        "Whole numbers in a sum",
        "HUGEINT",
        "BIGINT, and an error beyond it",
        ("SELECT sum(i) AS a, sum(n) FILTER (WHERE b) AS c, sum(i)::BIGINT AS e FROM t",),
    ),
    Case(
        "Joining texts with null",
        "|| gives null, CONCAT leaves it out",
        "both give null",
        (
            "SELECT i, s || '!' AS a, concat(s, '!', i) AS b, concat_ws('-', s, b) AS c FROM t",
            "spark: SELECT i, s || '!' AS a, CONCAT(s, '!') AS b, CONCAT_WS('-', s, 'x') AS c FROM t",
        ),
    ),
    Case(
        "Comparing texts",
        "by bytes, blanks count",
        "the same",
        (
            "SELECT s < 'a' AS a, s = '' AS b, lower(s) AS u, s LIKE 'a.%' AS k, s ILIKE 'STRA%' AS j FROM t",
            "SELECT min(s) AS a, max(s) AS b FROM t",
        ),
    ),
    Case(
        "Backslashes in texts and patterns of LIKE",
        "are characters like others",
        "escape the next character",
        (
            r"SELECT i, 'a\nb' AS a, length('\t') AS b, 'it''s' AS c FROM t",
            r"SELECT i, 'a_b' LIKE 'a\_b' AS a, 'a_b' LIKE 'a!_b' ESCAPE '!' AS b FROM t",
        ),
    ),
    Case(
        "Parts of texts",
        "position 0 is before the first character",
        "position 0 is the first character",
        (
            "SELECT substring(s, 1, 2) AS a, substring(s, 0, 2) AS z, substring(s, -3, 2) AS e FROM t",
            "SELECT s[2] AS f FROM t",
            "SELECT left(s, 2) AS a, right(s, 2) AS b, split_part(s, '.', 2) AS c FROM t",
            "SELECT trim(s) AS a, lpad(s, 8, '*') AS b, replace(s, 'b', '') AS c, reverse(s) AS r FROM t",
            "spark: SELECT i, SUBSTRING(s, 0, 2) AS a, SUBSTRING(s, 2) AS b FROM t",
        ),
    ),
    Case(
        "Slices of texts and lists",
        "s[2:3], s[-2:], l[:2]",
        "SUBSTRING and SLICE",
        (
            "SELECT s[1:3] AS a, s[2:] AS b, s[:2] AS c, s[-3:-2] AS e, s[-2:] AS f, s[:-2] AS g FROM t",
            "SELECT s[3:2] AS h, s[0:2] AS j, s[4:100] AS k FROM t",
            "SELECT i, l[1:2] AS a, l[2:] AS b, l[:1] AS c, l[-2:] AS e, l[:-2] AS f, l[3:2] AS g FROM t",
            "SELECT i, s[1:i] AS a, s[i:] AS b, s[-i:i - 4] AS c, l[i:i + 1] AS e FROM t",
            "SELECT i, s[n:] AS a, s[2:n] AS b, s[n:n] AS c, s[n:2] AS e FROM t",
        ),
    ),
    Case(
        "Capital ß",
        "ẞ",
        "SS",
        (
            "SELECT i, upper(s) AS a, upper(lower(s)) AS b FROM t",
            "SELECT i FROM t WHERE upper(s) = 'STRASSE'",
            "spark: SELECT i, UPPER(s) AS a, UCASE(s) AS b FROM t",
        ),
    ),
    Case(
        "Blanks about texts",
        "all that Unicode calls blanks are trimmed; a negative length of LEFT leaves out so many",
        "the blank alone; nothing is left",
        (
            "SELECT i, trim(s) AS a, ltrim(chr(160) || 'x') AS b, trim('xax', 'x') AS c, left(s, -2) AS e, "
            "right(s, -2) AS f, left(s, i - 3) AS g FROM t",
        ),
    ),
    Case(
        "Texts of a pattern",
        "FORMAT('{}'); null where a value is null",
        "FORMAT_STRING('%s'), with the word null",
        (
            "SELECT i, format('{}-{}', i, s) AS a, printf('%d|%s', i, s) AS b FROM t",
            "SELECT i, concat(i, m, b, day, s) AS a, url_encode(s) AS c FROM t",
            "SELECT i, regexp_matches(s, '^A', 'i') AS a, string_split(s, '') AS b FROM t",
        ),
    ),
    Case(
        "Letters of two kinds, or several",
        "each letter by itself: lower('ΟΔΟΣ') is οδοσ, upper('ﬁ') stays",
        "looks around: οδος, FI",
        (
            "SELECT i, lower(w) AS a, upper(w) AS b, lower(upper(w)) AS c FROM t, "
            "(VALUES ('ΟΔΟΣ ΣΑΣ Σ'), ('İstanbul'), ('ﬁn ŉ ΐ ᾳ ǆ ß'), ('и 😀 ﬁß')) AS v(w)",
            "SELECT i FROM t WHERE lower(s || 'ΑΣ') LIKE '%ας'",
            "SELECT i, s || 'ΔΣ' ILIKE '%δς' AS a, s || 'ΔΣ' ILIKE '%\u03b4\u03c3' AS b FROM t",
            "spark: SELECT LOWER(w) AS a, LCASE(w) AS b, LOWER(UPPER(w)) AS c "
            "FROM (VALUES ('ΟΔΟΣ ΣΑΣ Σ ΑΣ.Δ ΑΣ. ΣΣ'), ('İstanbul'), ('и 😀')) AS v(w)",
        ),
    ),
    Case(
        "Regular expressions",
        "RE2; the whole match if no group is named",
        "Java's; the first group if none is named",
        (
            "SELECT i, regexp_matches(s, '[a-c]') AS a, regexp_extract(s, '([a-z])\\.([a-z])') AS b, "
            "regexp_extract(s, '([a-z])\\.([a-z])', 2) AS c FROM t",
            "SELECT regexp_replace(s, '[a-z]', '<\\0>', 'g') AS a, regexp_full_match(s, '.*ß.') AS b FROM t",
            "SELECT i, string_split(s, '.') AS a, regexp_split_to_array(s, '[.,]') AS b FROM t",
            "spark: SELECT s RLIKE '[a-c]' AS a, REGEXP_EXTRACT(s, '([a-z])[.]([a-z])', 2) AS c FROM t",
        ),
    ),
    Case(
        "The first match alone",
        "REGEXP_REPLACE replaces it without 'g'",
        "REGEXP_REPLACE replaces every match",
        (
            "SELECT i, regexp_replace(s, '[a-z]', '*') AS a, regexp_replace(s, '(.)\\.(.)', '\\2-\\1') AS b "
            "FROM t",
            "SELECT i, regexp_replace(s, 'A', 'x', 'i') AS a, regexp_replace(s, 'A', '$1', 'gi') AS b FROM t",
            "SELECT i, regexp_replace(s, '^', 'x') AS b, regexp_replace(s, '$', 'x') AS c FROM t",
            "SELECT i, regexp_extract(s, 'A', 0, 'i') AS a FROM t",
        ),
    ),
    Case(
        "Formats of dates and times",
        "strftime's: %Y-%m-%d",
        "Java's: yyyy-MM-dd",
        (
            "SELECT i, strftime(day, '%Y-%m-%d') AS a, strftime(moment, '%d.%m.%y %H:%M:%S') AS b FROM t",
            "SELECT strptime('31/1/2024', '%d/%m/%Y') AS a, strptime('1-2-24 10', '%d-%m-%y %H') AS b",
            "SELECT CAST(moment AS VARCHAR) AS a, CAST(day AS VARCHAR) AS b, DATE '2024-01-31' AS c FROM t",
            "spark: SELECT DATE_FORMAT(moment, 'dd.MM.yy HH') AS a, TO_DATE('1/1/24', 'd/M/yy') AS b FROM t",
        ),
    ),
    Case(
        "Dates and intervals",
        "a DATE and an INTERVAL give a TIMESTAMP",
        "a DATE and whole days give a DATE",
        (
            "SELECT i, day + INTERVAL 1 MONTH AS a, day + 1 AS b, moment - INTERVAL 2 HOUR AS c FROM t",
            "SELECT date_trunc('month', day) a, date_trunc('hour', moment) AS b, last_day(day) AS l FROM t",
            "SELECT day - DATE '2024-01-01' AS a, date_diff('day', day, DATE '2024-03-01') AS b FROM t",
        ),
    ),
    Case(
        "Days and weeks",
        "DAYOFWEEK: Sunday is 0",
        "DAYOFWEEK: Sunday is 1",
        (
            "SELECT i, dayofweek(day) AS a, isodow(day) AS b, week(day) AS c, quarter(day) AS e, "
            "dayofyear(day) AS f, extract(dow FROM moment) AS g, extract(hour FROM moment) AS h FROM t",
            "spark: SELECT i, DAYOFWEEK(day) AS a, WEEKDAY(day) AS b, WEEKOFYEAR(day) AS c FROM t",
        ),
    ),
    Case(
        "Differences in months and hours",
        "counts the boundaries between",
        "counts the whole units that have passed",
        (
            "SELECT i, date_diff('month', day, DATE '2024-03-30') AS a, datediff('year', day, moment) AS b, "
            "date_diff('quarter', day, DATE '2024-03-30') AS c, "
            "date_diff('week', day, DATE '2024-03-01') AS e, "
            "date_diff('day', moment, TIMESTAMP '2024-03-01 00:00:00') AS f FROM t",
            "SELECT i, date_diff('hour', moment, TIMESTAMP '2024-03-01 12:00:00') AS a, "
            "date_diff('minute', TIMESTAMP '2024-03-01 12:00:00', moment) AS b FROM t",
        ),
    ),
    Case(
        "Parts and names of dates",
        "whole seconds; January, Wednesday",
        "59.5 seconds; Jan, Wed",
        (
            "SELECT i, date_part('dow', day) AS a, date_part('year', day) AS b, monthname(day) AS c, "
            "dayname(day) AS e, extract(second FROM moment) * 2 AS f FROM t",
        ),
    ),
    Case(
        "Moments with a zone",
        "AT TIME ZONE gives a zone to a moment without one, and takes it from one that has one",
        "FROM_UTC_TIMESTAMP and TO_UTC_TIMESTAMP",
        (
            "SELECT i, moment AT TIME ZONE 'Europe/Berlin' AS a, moment::TIMESTAMPTZ AS b, "
            "moment::TIMESTAMPTZ AT TIME ZONE 'Asia/Tokyo' AS c, moment::TIMESTAMPTZ::VARCHAR AS e FROM t",
            "SELECT CAST('2024-01-05 10:00:00+02' AS TIMESTAMPTZ) AS a, to_timestamp(0) AS b",
        ),
    ),
    Case(
        "Positions in lists",
        "begin with 1; null where there is none",
        "begin with 0 in brackets; an error where there is none",
        (
            "SELECT i, l[1] AS a, l[3] AS b, l[-1] AS c, l[-3] AS e, l[0] AS f FROM t",
            "SELECT i, list_extract(l, 1) AS a, list_extract(l, 9) AS b FROM t",
            "SELECT i, l[1] AS a, l[-1] AS b, list_contains(l, 2) AS c, len(l) AS n FROM t WHERE len(l) > 0",
            "SELECT i, list_sort(l) AS a, array_length(l) AS b FROM t WHERE i IN (1, 5)",
        ),
    ),
    Case(
        "The first value that is not null",
        "ANY_VALUE, and FIRST takes null too",
        "ANY_VALUE takes null too",
        ("SELECT b, any_value(n) AS a FROM t WHERE b AND i <> 1 GROUP BY b",),
    ),
    Case(
        "Lists that are collected",
        "keep nulls, and an order that is said; null where there are no rows",
        "COLLECT_LIST leaves nulls out, and has no order",
        (
            "SELECT list(n ORDER BY i) AS a, list(i ORDER BY n DESC, i) AS b FROM t",
            "SELECT b, array_agg(n ORDER BY n NULLS FIRST) AS a FROM t GROUP BY b",
            "SELECT list(DISTINCT b ORDER BY b) AS a, len(list(n)) AS c FROM t",
            "SELECT list(n) AS a FROM t WHERE i > 100",
        ),
    ),
    Case(
        "Nulls in lists that are collected under a condition",
        "are kept",
        "are left out",
        ("SELECT list(n) FILTER (WHERE i > 2) AS a FROM t",),
        "leaves nulls out",
    ),
    Case(
        "Null among lists",
        "is an empty list beside another",
        "makes null of all",
        (
            "SELECT i, list_concat(l, [1]) AS a, flatten([l, [2]]) AS b, len(list_distinct(l)) AS c FROM t",
            "SELECT i, x FROM t LEFT JOIN unnest(l) AS q(x) ON true",
            "SELECT i, element_at(MAP {'k': i}, 'k') AS a, element_at(MAP {'k': i}, 'z') AS b FROM t",
        ),
    ),
    Case(
        "The greatest by another",
        "leaves rows out whose value is null",
        "takes them",
        ("SELECT arg_max(n, i) AS a, min_by(s, i) AS b, max_by(n, d) AS c FROM t WHERE i IN (3, 4)",),
    ),
    Case(
        "Lists, structs and maps as text",
        "{'a': 1}",
        "{1}",
        ("SELECT i, CAST(l AS VARCHAR) AS a FROM t",),
        "differ as text",
    ),
    Case(
        "Texts as numbers, dates and booleans",
        "1.5 is the whole number 2; 2024/01/05 a date, 2024 none; 1d no number",
        "the other way round",
        (
            "SELECT TRY_CAST(w AS INT) AS a, TRY_CAST(w AS BIGINT) AS b, TRY_CAST(w AS DOUBLE) AS c, "
            "TRY_CAST(w AS DATE) AS e, TRY_CAST(w AS TIMESTAMP) AS f, TRY_CAST(w AS BOOLEAN) AS g "
            "FROM (VALUES ('1.5'), ('-2.5'), ('1e3'), (' 12 '), ('1d'), ('2024'), ('2024-01'), "
            "('2024/01/05'), ('2024-01-05 10'), ('10:00'), ('2024-01-05 10:00'), (' true '), ('yes'), "
            "('x'), ('')) AS v(w), t WHERE i = 1",
        ),
    ),
    Case(
        "DOUBLEs as DECIMALs",
        "by their binary value",
        "by their decimal text",
        ("SELECT i, CAST(d AS DECIMAL(9, 2)) AS a, d::DECIMAL(9, 1) AS b FROM t",),
    ),
    Case(
        "Numbers that have no logarithm, and no whole number beside them",
        "infinity and NaN",
        "null, and an error",
        (
            "SELECT i, ln(n - 3) AS a, log10(n) AS b, log2(n) AS c, log(n) AS e FROM t",
            "SELECT ceil(x) AS a, floor(x) AS b, trunc(x) AS c, isnan(x) AS e, isinf(x) AS f, "
            "isfinite(x) AS g FROM (SELECT CAST(w AS DOUBLE) AS x "
            "FROM (VALUES ('nan'), ('inf'), (NULL), ('1e300'), ('-2.5')) AS v(w))",
            "SELECT i, m // 2 AS a, d // 2 AS b FROM t",
        ),
    ),
    Case(
        "Statistics of samples",
        "SKEWNESS and KURTOSIS are of a sample",
        "of the population",
        ("SELECT skewness(d) AS a FROM t",),
        "Spark of the population",
    ),
    Case(
        "Kinds of what a query within names",
        "are known",
        "are known",
        (
            "WITH q AS (SELECT i, day AS begun, m / 3 AS third FROM t) "
            "SELECT i, begun - DATE '2024-01-01' AS a, third::INT AS b, round(third, 2) AS c FROM q",
        ),
    ),
    Case(
        "Names of what has none",
        "count_star(), sum(n)",
        "count(1), sum(n)",
        ("SELECT count(*), sum(n), max(i) + 1 FROM t",),
    ),
    Case(
        "Great and small DOUBLEs as text",
        "1e+20",
        "1.0E20",
        ("SELECT i, CAST(d * 1e20 AS VARCHAR) AS a FROM t",),
        "differ as text",
    ),
    Case(
        "NaN",
        "equals itself, and is greater than all others",
        "the same",
        ("SELECT CAST('nan' AS DOUBLE) = CAST('nan' AS DOUBLE) AS a, CAST('nan' AS DOUBLE) > d AS b FROM t",),
    ),
    Case(
        "Statistics",
        "MEDIAN and QUANTILE_CONT between two values",
        "PERCENTILE does",
        (
            "SELECT median(n) AS a, quantile_cont(d, 0.25) AS b, stddev(n) AS c, var_pop(d) AS e FROM t",
            "SELECT b, mode(b) AS a, bool_and(b) AS c, max_by(i, n) AS m FROM t GROUP BY b",
        ),
    ),
    Case(
        "Functions over lists",
        "[x + 1 FOR x IN l IF x > 1]; lambdas count from 1",
        "TRANSFORM and FILTER; lambdas count from 0",
        (
            "SELECT i, [x * 2 FOR x IN l IF x > 1] AS a, list_apply(l, lambda x: coalesce(x, 0)) AS b FROM t",
            "SELECT i, list_transform(l, lambda x, k: x + k) AS a, list_filter(l, lambda x, k: k > 1) AS b "
            "FROM t",
            "SELECT i, list_reduce(l, lambda a, b: a + b, 10) AS a FROM t WHERE i <> 3",
            "SELECT i, list_sum(l) AS a, list_avg(l) AS b, list_count(l) AS c, list_unique(l) AS e FROM t",
            "SELECT i, list_first(l) AS a, list_last(l) AS b, list_slice(l, -2, -1) AS c FROM t",
            "SELECT i, array_push_back(l, 9) AS a, array_pop_back(l) AS b, list_select(l, [1, 3]) AS c "
            "FROM t",
            "SELECT i, list_position(l, 2) AS a, array_position(l, 9) AS b, i IN l AS c, i NOT IN l AS e "
            "FROM t",
            "SELECT i, list_has_any(l, [2, 9]) AS a, l @> [1] AS b, [1] <@ l AS c, l && [9] AS e FROM t",
            "SELECT i, list_concat(l, l) AS a, list_aggregate(l, 'max') AS b FROM t",
        ),
    ),
    Case(
        "Ranges",
        "range(0, 10, 3), generate_series(1, 0) is empty; in FROM too",
        "SEQUENCE, which counts down, and never is empty",
        (
            "SELECT range(3) AS a, range(0, 10, 3) AS b, generate_series(3, 1, -1) AS c, range(5, 5) AS e",
            "SELECT i, range(n) AS a, generate_series(n, 3) AS b FROM t WHERE i < 5",
            "SELECT i, x FROM t, range(i) AS r(x)",
            "SELECT range + 1 AS q FROM range(3)",
            "SELECT d::DATE AS d FROM generate_series(DATE '2024-01-01', DATE '2024-03-01', INTERVAL 1 MONTH)"
            " AS g(d)",
        ),
    ),
    Case(
        "Maps",
        "of a key in both the last counts; no map is an empty one",
        "an error; null",
        (
            "SELECT i, map_concat(MAP {'k': i}, MAP {'k': 7, 'z': n}) AS a FROM t",
            "SELECT i, map_contains(MAP {'k': i}, 'k') AS a, map_extract(MAP {'k': i}, 'z') AS b FROM t",
        ),
    ),
    Case(
        "Patterns of texts",
        "GLOB, SIMILAR TO, ~",
        "has none of them",
        (
            "SELECT i, s GLOB 'a*' AS a, s GLOB '?.b*' AS b, s GLOB '[a-c].*' AS c, s GLOB '[!a]*' AS e "
            "FROM t",
            "SELECT i, s SIMILAR TO 'a.*|S.*' AS a, s ~ 'b' AS b, s !~ '.*b.*' AS c FROM t",
        ),
    ),
    Case(
        "Texts beside numbers",
        "a number beside a text is a text",
        "the text is read as a number",
        (
            "SELECT s FROM t UNION ALL SELECT i FROM t",
            "SELECT coalesce(n, '5') AS a, CASE WHEN b THEN n ELSE '5' END AS c, b = 1 AS e FROM t",
        ),
    ),
    Case(
        "PIVOT and UNPIVOT",
        "statements; counts of nothing are 0",
        "behind FROM alone; counts of nothing are null",
        (
            "PIVOT (SELECT i, b FROM t) ON b IN (true, false) USING count(*), max(i) AS m",
            "PIVOT t ON b IN (true, false) USING sum(n) GROUP BY s",
            "SELECT * FROM (SELECT i % 2 AS o, n, b FROM t) PIVOT (count(*) FOR b IN (true, false))",
            "SELECT * FROM t PIVOT (max(i) FOR b IN (true AS yes, false AS no) GROUP BY n) AS p",
            "WITH p AS (UNPIVOT (SELECT i, n, i * 2 AS m FROM t) ON n, m INTO NAME k VALUE v) "
            "SELECT k, sum(v) AS v FROM p GROUP BY k",
            "UNPIVOT (SELECT i, n, i * 2 AS m FROM t) ON COLUMNS(* EXCLUDE (i))",
        ),
    ),
    Case(
        "Names of SELECT in other clauses",
        "in WHERE, GROUP BY, HAVING, QUALIFY, where no column has them",
        "not in WHERE",
        (
            "SELECT i + 1 AS j, j * 2 AS k FROM t WHERE k > 6 AND j < 6",
            "SELECT i % 2 AS odd, count(*) AS c FROM t GROUP BY odd HAVING c > 2",
            "SELECT i + 1 AS n FROM t WHERE n > 2",
            "SELECT i, row_number() OVER (ORDER BY i) AS r FROM t QUALIFY r <= 2",
            "SELECT b, i % 2 AS o, grouping(b, o) AS g FROM t GROUP BY CUBE (b, o)",
        ),
    ),
    Case(
        "Chosen columns",
        "COLUMNS(…), * LIKE, * REPLACE, * RENAME",
        "has none of them",
        (
            "SELECT max(COLUMNS(['i', 'n'])) FROM t",
            "SELECT COLUMNS('^[in]$'), greatest(*COLUMNS(['i', 'n'])) AS g FROM t",
            "SELECT COLUMNS(lambda c: c LIKE 'm%') FROM t",
            "SELECT COLUMNS('(.)') AS 'c_\\1' FROM (SELECT i, n FROM t)",
            "SELECT * LIKE 'm%', * SIMILAR TO 'i|n' FROM t",
            "SELECT i FROM t WHERE COLUMNS(['i', 'n']) > 1",
            'WITH q AS (FROM t) SELECT * EXCLUDE (l) REPLACE (n + 1 AS n) RENAME (s AS "the s") FROM q',
            "SELECT * REPLACE (i + 1 AS i) FROM (SELECT i, n FROM t) JOIN (SELECT i, d FROM t) USING (i)",
        ),
    ),
    Case(
        "Windows with names",
        "OVER (w ROWS 1 PRECEDING); count(DISTINCT x) OVER ()",
        "OVER w alone; none",
        (
            "SELECT i, sum(i) OVER (w ROWS 1 PRECEDING) AS a, row_number() OVER w AS c FROM t "
            "WINDOW w AS (PARTITION BY b ORDER BY i)",
            "SELECT i, count(DISTINCT b) OVER (PARTITION BY i % 2) AS a FROM t",
        ),
    ),
    Case(
        "Joins with the nearest, and with what is beside",
        "ASOF JOIN; a query behind FROM sees what stands before it",
        "LATERAL",
        (
            "SELECT a.i, b.i AS j FROM t AS a ASOF LEFT JOIN t AS b ON a.i > b.n",
            "SELECT t.i, q.x FROM t, (SELECT t.i * 2 AS x) AS q",
        ),
    ),
    Case(
        "Aggregates in an order",
        "first(x ORDER BY y), percentile_cont(…) WITHIN GROUP",
        "MIN_BY, PERCENTILE",
        (
            "SELECT first(n ORDER BY i) AS a, last(n ORDER BY i) AS b, first(s ORDER BY i DESC) AS c FROM t",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS a, product(i) AS c, sum(b) AS e FROM t",
            "SELECT count() AS c FROM t GROUP BY ()",
        ),
    ),
    Case(
        "Parts of dates that Spark counts otherwise or lacks",
        "MILLISECOND within the minute, EPOCH with a fraction, DECADE, CENTURY, ISOYEAR",
        "another or none",
        (
            "SELECT i, extract(decade FROM day) AS a, century(day) AS b, isoyear(day) AS c, "
            "yearweek(day) AS e FROM t",
            "SELECT i, extract(epoch FROM moment) AS a, epoch_us(moment) AS b, "
            "extract(millisecond FROM moment) AS c FROM t",
            "SELECT i, epoch_ms(moment) AS a, epoch_ms(i) AS b, date_sub('month', day, "
            "DATE '2024-03-30') AS c FROM t",
            "SELECT i, moment + INTERVAL (i) MONTH AS a, day + to_days(i) AS b, "
            "date_add(day, INTERVAL 1 MONTH) AS c FROM t",
            "SELECT i, strftime(moment, '%d h %H:%M') AS a, strftime('%j', day) AS b, strftime(moment, "
            "'%c') AS c FROM t",
            "SELECT strptime('20240105T10', '%Y%m%dT%H') AS a, strptime('5.1.24', ['%Y-%m-%d', "
            "'%d.%m.%y']) AS b",
        ),
    ),
    Case(
        "Floats in PRINTF",
        "%.2f by the binary value",
        "by the decimal text",
        ("SELECT i, printf('%.2f', d) AS a FROM t",),
        "rounds a float",
    ),
    Case(
        "Nulls within lists and structs that are compared",
        "are the greatest",
        "are the least",
        ("SELECT max(l) AS a FROM t WHERE i = 5",),
        "is the greatest in DuckDB",
    ),
    Case(
        "Unsigned numbers",
        "negative ones are an error",
        "has none, and takes them",
        ("SELECT i, i::UINTEGER AS a FROM t",),
        "no unsigned numbers",
    ),
    Case(
        "Clauses",
        "QUALIFY, GROUP BY ALL, EXCLUDE, FILTER, LIMIT with OFFSET",
        "some under other names",
        (
            "SELECT i, b FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY i) = 1",
            "SELECT b, count(*) AS n FROM t GROUP BY ALL",
            "SELECT * EXCLUDE (l, moment) FROM t",
            "SELECT count(*) FILTER (WHERE b) AS a FROM t",
            "SELECT i FROM t ORDER BY i LIMIT 2 OFFSET 1",
            "SELECT a.i, c.n FROM t AS a JOIN t AS c USING (i)",
            "SELECT coalesce(n, 0) AS a, ifnull(s, 'x') AS b, nullif(i, 1) AS c, greatest(n, i) AS g FROM t",
            "SELECT DISTINCT ON (b) b, i FROM t ORDER BY b, i",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Refused:
    """What Spark has no counterpart of: it is refused before anything runs.

    Attributes:
        what: As the error names it.
        instead: What the error says to write.
        queries: Queries over `t`, in DuckDB's words, that run on DuckDB.
    """

    what: str
    instead: str
    queries: tuple[str, ...]


REFUSED = (
    Refused(
        "PIVOT over values that only the rows tell",
        "name the values: ON column IN ('a', 'b')",
        ("PIVOT t ON b USING count(*)", "FROM (PIVOT t ON b USING sum(n) GROUP BY i)"),
    ),
    Refused(
        "GROUPS frame",
        "number the groups with dense_rank() in a step before, and use RANGE over it",
        ("SELECT sum(i) OVER (ORDER BY b GROUPS 1 PRECEDING) FROM t",),
    ),
    Refused(
        "EXCLUDE in a frame",
        "subtract what is to be left out",
        (
            "SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING "
            "EXCLUDE CURRENT ROW) FROM t",
        ),
    ),
    Refused(
        "order within a window function",
        "put the ORDER BY into OVER (…)",
        ("SELECT first(n ORDER BY i) OVER () FROM t", "SELECT rank(ORDER BY n) OVER (ORDER BY i) FROM t"),
    ),
    Refused(
        "POSITIONAL JOIN",
        "number the rows of both with row_number() and join on it",
        ("SELECT a.i FROM t a POSITIONAL JOIN t b",),
    ),
    Refused(
        "ASOF JOIN of this kind",
        "say ON, with one comparison (>=, >, <=, <) of t.a and u.b",
        ("SELECT i FROM t ASOF JOIN (SELECT i, n AS m FROM t) AS u USING (i)",),
    ),
    Refused(
        "recursive UNION",
        "use UNION ALL with a limit to the depth",
        ("WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT x % 3 + 1 FROM r) SELECT x FROM r",),
    ),
    Refused(
        "comparison with ANY of a query",
        "compare with min() or max() of the query",
        ("SELECT i FROM t WHERE i > ANY (SELECT n FROM t)",),
    ),
    Refused("comparison with ANY of a list", "write list_contains(l, x)", ("SELECT i = ANY (l) FROM t",)),
    Refused(
        "ARRAY(SELECT …)", "use list() in a query of its own and join it", ("SELECT ARRAY(SELECT i FROM t)",)
    ),
    Refused("column by its position (#1)", "name the column", ("SELECT #1 FROM t",)),
    Refused("LIMIT in percent", "use QUALIFY percent_rank() OVER (…) < 0.4", ("SELECT i FROM t LIMIT 40%",)),
    Refused(
        "LIMIT by a query", "use QUALIFY row_number() OVER (…) <= n", ("SELECT i FROM t LIMIT (SELECT 2)",)
    ),
    Refused("ORDER BY *", "write ORDER BY ALL", ("SELECT i, n FROM t ORDER BY *",)),
    Refused("COLLATE of DuckDB's", "compare lower(x)", ("SELECT s COLLATE NOCASE = 'a' FROM t",)),
    Refused(
        "function behind a dot (.upper())", "write upper(…) around the value", ("SELECT s.upper() FROM t",)
    ),
    Refused("row as a value (t)", "write the struct out: {'a': t.a, 'b': t.b}", ("SELECT t FROM t",)),
    Refused(
        "unnest() within an expression",
        "unnest in a step before, or in FROM",
        ("SELECT unnest(l) + 1 FROM t",),
    ),
    Refused(
        "unnest() of two lists side by side",
        "unnest one in a step of its own",
        ("SELECT unnest(l), unnest([7, 8]) FROM t",),
    ),
    Refused("unnest() of a struct", "write s.*", ("SELECT unnest({'a': 1})",)),
    Refused(
        "unnest() with options",
        "unnest once more in a step behind",
        ("SELECT unnest([[1], [2]], recursive := true)",),
    ),
    Refused(
        "WITH ORDINALITY",
        "unnest positions: unnest(range(1, len(l) + 1)) AS q(o), and read l[o]",
        ("SELECT x, o FROM t, unnest(l) WITH ORDINALITY AS q(x, o)",),
    ),
    Refused(
        "slice with a step",
        "choose by the position: list_filter(l, lambda x, i: i % 2 = 1)",
        ("SELECT l[1:3:2] FROM t",),
    ),
    Refused(
        "max() of several values",
        "sort and slice a list: list(x ORDER BY y)[:2]",
        ("SELECT max(i, 2) FROM t",),
    ),
    Refused(
        "interval INTERVAL '1 month 2 days'",
        "add one interval a unit: INTERVAL 1 MONTH + INTERVAL 2 DAY",
        ("SELECT day + INTERVAL '1 month 2 days' FROM t",),
    ),
    Refused(
        "series of months from any day",
        "begin on the first day of a month",
        ("SELECT generate_series(day, DATE '2024-12-31', INTERVAL 1 MONTH) FROM t",),
    ),
    Refused("type TIME", "keep the time as a text: strftime(x, '%H:%M:%S')", ("SELECT moment::TIME FROM t",)),
    Refused(
        "date_trunc() to the decade",
        "write make_date(year(x) // 10 * 10, 1, 1)",
        ("SELECT date_trunc('decade', day) FROM t",),
    ),
    Refused(
        "date_diff() in units of decade",
        "count years",
        ("SELECT date_diff('decade', day, DATE '2050-01-01') FROM t",),
    ),
    Refused(
        "counterpart of %W in strftime()",
        "leave it out, or make it of other parts",
        ("SELECT strftime(day, '%W') FROM t",),
    ),
    Refused(
        "strptime() without a year", "put a year before the text", ("SELECT strptime('10:05', '%H:%M')",)
    ),
    Refused(
        "avg() of moments",
        "take the mean of epoch(x), and to_timestamp() of it",
        ("SELECT avg(moment) FROM t",),
    ),
    Refused("FORMAT with such marks", "use {} alone, or printf()", ("SELECT format('{:05d}', i) FROM t",)),
    Refused(
        "regexp_replace() of the first match by a column",
        "add 'g' to replace every one",
        ("SELECT regexp_replace(s, s, 'x') FROM t",),
    ),
    Refused(
        "regexp_extract() with names of groups",
        "write {'a': regexp_extract(s, p, 1)}",
        ("SELECT regexp_extract(s, '(.)(.)', ['x', 'y']) FROM t",),
    ),
    Refused(
        "negative length of a substring",
        "count from the end: s[-3:-2]",
        ("SELECT substring(s, 2, -1) FROM t",),
    ),
    Refused(
        "JSON as a value (->, json_extract())",
        "read texts: x ->> 'a', or json_extract_string()",
        ("SELECT json_extract('{}', '$.a')",),
    ),
    Refused(
        "from_json() as in DuckDB",
        "read single values: x ->> 'a'",
        ("""SELECT from_json('{"a": 1}', '{"a": "INTEGER"}')""",),
    ),
    Refused(
        "type's name as in DuckDB", "the plan tells the types of all columns", ("SELECT typeof(i) FROM t",)
    ),
    Refused("SUMMARIZE as a step", "write a SELECT", ("SUMMARIZE t",)),
    Refused("function row()", "name the fields: {'a': x, 'b': y}", ("SELECT row(i, n) FROM t",)),
    Refused("function list_zip()", "unnest both lists in steps before", ("SELECT list_zip(l, l) FROM t",)),
    Refused("function list_distance()", "", ("SELECT list_distance([1.0], [2.0])",)),
    Refused("function time_bucket()", "use date_trunc", ("SELECT time_bucket(INTERVAL 1 WEEK, day) FROM t",)),
    Refused("function gcd()", "", ("SELECT gcd(i, 6) FROM t",)),
    Refused("function histogram()", "count in a GROUP BY", ("SELECT histogram(i) FROM t",)),
)
