"""How healthy the data between steps are: joins, nulls, rows that are lost."""
