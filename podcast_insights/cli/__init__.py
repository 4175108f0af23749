"""The command line: the same jobs as in the Dagster UI, recorded in the same instance."""
