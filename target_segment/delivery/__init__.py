"""Handing batches over: the only room that knows HTTP; Segment, a dry run's file and a count are outlets alike."""
