"""From news to the bytes of one Segment call: pure, made once from the settings; a file a subject."""
