"""What a snapshot proves: pure, one file a stream, and the table that names every transition."""
