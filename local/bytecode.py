"""Compile what a build holds to byte code that is never checked again, and prove it was done.

A function whose `.pyc` is missing or stale compiles at every cold start, which doubles it. Byte
code belongs to one interpreter, so this file runs under the one the functions will run on and
imports nothing but the standard library:

    python3.13 local/bytecode.py compile .aws-sam/build
    python3.13 local/bytecode.py verify .aws-sam/build
"""

import importlib.util
import py_compile
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

_HASHED_AND_UNCHECKED = (0b01).to_bytes(4, "little")


def sources(build: Path) -> list[Path]:
    """Every module in the functions and layers of a build."""
    return sorted(path for path in build.rglob("*.py") if path.is_file())


def is_current(source: Path) -> bool:
    """Whether the byte code beside a module is this interpreter's, unchecked, and of this text."""
    compiled = Path(importlib.util.cache_from_source(str(source)))
    try:
        header = compiled.read_bytes()[:16]
    except FileNotFoundError:
        return False
    expected = importlib.util.source_hash(source.read_bytes())
    return header == importlib.util.MAGIC_NUMBER + _HASHED_AND_UNCHECKED + expected


def _kept(build: Path, source: Path) -> Path:
    """Where the byte code of a module outlives a build: `sam build` clears the folder each time."""
    folder = build.with_name(f"{build.name}-bytecode") / str(sys.implementation.cache_tag)
    return folder / source.relative_to(build).with_suffix(".pyc")


def compile_one(build: Path, source: Path) -> None:
    """Compile a module; the name inside is relative, so that two machines build the same bytes."""
    if is_current(source):
        return
    compiled = Path(importlib.util.cache_from_source(str(source)))
    kept = _kept(build, source)
    if kept.exists():
        compiled.parent.mkdir(exist_ok=True)
        shutil.copyfile(kept, compiled)
        if is_current(source):
            return
    py_compile.compile(
        str(source),
        dfile=str(source.relative_to(build)),
        doraise=True,
        quiet=2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(compiled, kept)


def _compile_chunk(work: tuple[Path, list[Path]]) -> list[str]:
    build, chunk = work
    broken = []
    for source in chunk:
        try:
            compile_one(build, source)
        except py_compile.PyCompileError as error:
            broken.append(f"{source.relative_to(build)}: {error.msg.strip()}")
    return broken


def compile_build(build: Path) -> list[str]:
    """Compile all modules of a build on all cores; returns what could not be compiled."""
    found = sources(build)
    chunks = [(build, found[start : start + 100]) for start in range(0, len(found), 100)]
    with ProcessPoolExecutor() as pool:
        return [line for broken in pool.map(_compile_chunk, chunks) for line in broken]


def missing(build: Path) -> list[str]:
    """The modules of a build that would be compiled at a cold start."""
    return [str(path.relative_to(build)) for path in sources(build) if not is_current(path)]


def main() -> int:
    """Run as a program: `compile` or `verify`, and the build's folder."""
    action, build = sys.argv[1], Path(sys.argv[2]).resolve()
    problems = compile_build(build) if action == "compile" else missing(build)
    for line in problems[:20]:
        print(f"  {line}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} modules in {build.name} have no valid byte code", file=sys.stderr)
        return 1
    if not sources(build):
        print(f"{build.name} holds no modules: build first", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
