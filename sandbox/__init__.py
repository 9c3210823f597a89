"""A simulated shop and a simulated Segment, on loopback: for the demo, the tests and the benchmarks alike."""
