"""Records of any Singer tap, as the setting `streams` maps them: the same memory, the same promises as for a shop's."""
