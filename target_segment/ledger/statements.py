"""SQL by name: files of statements, each under a name with a line of what it does. Read once, when the program starts.

A statement is asked for by its name, and its parameters are named as well, so that another store's file can say the same in its
own words; a test holds names and parameters on both sides together.
"""

from importlib.resources import files


def text_of(file: str) -> str:
    """Return what a file of SQL beside this one says."""
    return files(__package__).joinpath(file).read_text("utf-8")


def named(text: str) -> dict[str, str]:
    r"""Return the statements of a text by name.

    >>> named("-- name: one\n-- The number one.\nSELECT 1;\n\n-- name: two\n-- Another.\nSELECT 2;\n")
    {'one': 'SELECT 1', 'two': 'SELECT 2'}
    """
    found = {}
    for part in text.split("-- name: ")[1:]:
        name, _, rest = part.partition("\n")
        _, _, statement = rest.partition("\n")
        found[name] = statement.partition(";\n")[0]
    return found
