"""The engine `spark`: Spark computes; DuckDB reads and writes what Spark has no sure way for.

Rows cross between the two as Parquet files in the run's scratch folder. So every format, write mode and
promise of the other engine holds here too, and a step of either engine may follow one of the other. On a
cluster the scratch folder, which lies in the workspace, must be on a file system that all its machines share;
there the files that Spark wrote become what steps write to Parquet and Delta.
"""
