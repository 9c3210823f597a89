"""What the target and the tap cost, measured beside what people would otherwise use."""
