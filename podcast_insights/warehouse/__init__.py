"""Everything about DuckDB and nothing about podcasts.

`database.py` is the only door to the file; `contracts.py` says what a table is; `publish.py`
makes the analysts' copy; `io_manager.py` and `resource.py` are the Dagster side.
"""
