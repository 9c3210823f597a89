"""What an operator asks or changes by hand: a file is a command, its options and its function; `given.py` is what they all take."""
