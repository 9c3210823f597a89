"""The built package, not the checkout: build it, install it into an empty environment, start both commands.

What is missing from a wheel is noticed by users only; so every file that is data in the source tree must be in it.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tap_commerce", "target_segment")
DATA = (".graphql", ".jsonata", ".sql", ".typed", ".py")


def main() -> int:
    """Check the wheel and say how many of the checks passed."""
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _build(Path(scratch))
        checks = {
            "every file is in the wheel": _is_whole(wheel),
            "nothing else is in the wheel": _is_only(wheel),
        }
        commands = _install(wheel, Path(scratch) / "venv")
        for command in ("tap-commerce", "target-segment"):
            checks[f"{command} --about"] = _starts(commands / command, "--about")
            checks[f"{command} --version"] = _starts(commands / command, "--version")
        checks["target-segment's commands are there"] = _starts(commands / "target-segment", "--help")
    for name, passed in checks.items():
        print(f"{'ok' if passed else 'FAILED'}: {name}")
    passed = sum(checks.values())
    print(f"wheel: {passed} passed, {len(checks) - passed} failed")
    return 0 if passed == len(checks) else 1


def _build(scratch: Path) -> Path:
    """Build from a copy of what git knows, so that nothing left over in the checkout gets in."""
    source = scratch / "source"
    listed = _run("git", "-C", str(ROOT), "ls-files", "-z").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(scratch / "dist"), str(source))
    (wheel,) = (scratch / "dist").glob("*.whl")
    return wheel


def _is_whole(wheel: Path) -> bool:
    inside = set(zipfile.ZipFile(wheel).namelist())
    listed = _run("git", "-C", str(ROOT), "ls-files", *PACKAGES).split()
    missing = [name for name in listed if name.endswith(DATA) and name not in inside]
    for name in missing:
        print(f"missing from the wheel: {name}")
    return not missing


def _is_only(wheel: Path) -> bool:
    foreign = [
        name
        for name in zipfile.ZipFile(wheel).namelist()
        if not name.startswith(tuple(f"{package}/" for package in PACKAGES)) and ".dist-info/" not in name
    ]
    for name in foreign:
        print(f"does not belong into the wheel: {name}")
    return not foreign


def _install(wheel: Path, where: Path) -> Path:
    venv.create(where, with_pip=True)
    commands = where / "bin"
    _run(
        str(commands / "python"), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), str(wheel)
    )  # fmt: skip
    return commands


def _starts(command: Path, *arguments: str) -> bool:
    done = subprocess.run(
        [command, *arguments], capture_output=True, text=True, check=False, cwd=command.parent
    )
    if done.returncode:
        print(done.stderr)
    return done.returncode == 0 and bool(done.stdout.strip())


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
