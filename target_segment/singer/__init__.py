"""The room that knows the SDK: settings, messages and signals in, a run out."""
