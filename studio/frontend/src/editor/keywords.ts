// Made by scripts/make_messages.py from DuckDB's own list and odibi_studio/recipes/names.py.

/** Words that SQL takes for its own where a name could stand, in small letters. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "all alter analyse analyze and anti any array as asc asof asymmetric at authorization between " +
    "bigint binary bit boolean both by case cast char character check coalesce collate collation column " +
    "columns concurrently constraint create cross current_catalog current_date current_time " +
    "current_timestamp current_user dec decimal default deferrable desc describe distinct do drop else " +
    "end except exists extract false fetch float for force foreign freeze from full generated glob " +
    "grant group grouping grouping_id having if ilike in initially inner inout insert install int " +
    "integer intersect interval into is isnull join lambda lateral leading left like limit localtime " +
    "localtimestamp map minus national natural nchar none not notnull null nullif numeric offset on " +
    "only or order out outer overlaps overlay partitioned_by pivot pivot_longer pivot_wider placing " +
    "position positional precision primary qualify real recursive references regexp returning revoke " +
    "right rlike rollback row select semi serdeproperties session_user setof show similar smallint some " +
    "struct substring summarize symmetric table tablesample then time timestamp to trailing treat trim " +
    "true try_cast tuple uncache union unique unpack unpivot using values varchar variadic verbose when " +
    "where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse " +
    "xmlpi xmlroot xmlserialize xmltable xor"
  ).split(" "),
);
