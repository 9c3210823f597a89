"""What was told: one DuckDB file, a file here for each table."""
