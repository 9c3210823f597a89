"""A Singer target that tells Segment what a shop's records prove, each thing effectively once."""
