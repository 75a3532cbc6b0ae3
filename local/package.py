"""Turn built functions into what the emulator runs: code, and a `bootstrap` that starts it."""

import contextlib
import hashlib
import io
import os
import shlex
import shutil
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from local.paths import BUILD, LAYERS, PYTHON
from local.template import FUNCTION, LAYER, Template, resources_of

# The oldest moment a zip can hold: the same code makes the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def _folder_of(build: Path, resource: dict[str, Any], attribute: str) -> Path:
    return (build / str(resource["Properties"][attribute])).resolve()


def freeze_layers(template: Template, build: Path = BUILD) -> dict[str, Path]:
    """Copy built layers to where the next build does not touch them; their python folders by id."""
    frozen = {}
    for name, resource in resources_of(template, LAYER).items():
        built = _folder_of(build, resource, "ContentUri")
        copy = LAYERS / f"{name}-{_fingerprint(built)}"
        if not copy.exists():
            LAYERS.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=LAYERS, prefix=".draft-")) / "layer"
            shutil.copytree(built, draft, copy_function=_link_or_copy)
            # Another process may have been faster with the same.
            with contextlib.suppress(OSError):
                draft.rename(copy)
            shutil.rmtree(draft.parent, ignore_errors=True)
        frozen[name] = copy / "python"
    return frozen


def drop_other_layers(kept: dict[str, Path]) -> None:
    """Remove frozen layers that no deployed function uses any more."""
    used = {folder.parent for folder in kept.values()}
    for folder in LAYERS.iterdir():
        if folder not in used:
            shutil.rmtree(folder, ignore_errors=True)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _fingerprint(folder: Path) -> str:
    """Tells two builds of a layer apart by names, sizes and the hashes inside byte code."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            digest.update(f"{path.relative_to(folder)} {status.st_size}".encode())
            # Byte code carries the hash of its source, so its first bytes stand for the module.
            if path.suffix == ".pyc":
                with path.open("rb") as file:
                    digest.update(file.read(16))
    return digest.hexdigest()[:16]


def function_layers(template: Template, name: str, layers: dict[str, Path]) -> list[Path]:
    """The layer folders of a function, in the order its `import` looks into them."""
    everywhere = template.get("Globals", {}).get("Function", {}).get("Layers", [])
    own = template["Resources"][name]["Properties"].get("Layers", [])
    wanted = [layer["Ref"] for layer in [*everywhere, *own] if isinstance(layer, dict)]
    return [layers[layer] for layer in wanted if layer in layers]


def function_variables(template: Template, name: str) -> list[str]:
    """The names of the environment variables that the template gives a function."""
    everywhere = template.get("Globals", {}).get("Function", {})
    sources = [everywhere, template["Resources"][name]["Properties"]]
    found = {key for s in sources for key in s.get("Environment", {}).get("Variables", {})}
    return sorted(found)


def process_command(layers: list[Path], variables: list[str]) -> list[str]:
    """The command that starts a function's execution environment."""
    script = Path(__file__).with_name("function_process.py")
    packages = sysconfig.get_path("platlib")
    folders = ":".join(str(folder) for folder in layers)
    return [str(PYTHON), "-I", "-S", str(script), packages, folders, ",".join(variables)]


def function_folder(template: Template, name: str, build: Path = BUILD) -> Path:
    """Where a function was built."""
    return _folder_of(build, template["Resources"][name], "CodeUri")


def package_function(template: Template, name: str, layers: dict[str, Path]) -> bytes:
    """The deployment package of a function, as `provided.al2023` takes it."""
    folder = function_folder(template, name)
    command = process_command(
        function_layers(template, name, layers), function_variables(template, name)
    )
    bootstrap = f"#!/bin/sh\nexec {shlex.join([*command, 'announce'])}\n"
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "bootstrap", bootstrap.encode(), 0o755)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                _add(archive, str(path.relative_to(folder)), path.read_bytes(), 0o644)
    return package.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def package_functions(template: Template) -> dict[str, bytes]:
    """The packages of all functions, by logical id."""
    layers = freeze_layers(template)
    packages = {
        name: package_function(template, name, layers) for name in resources_of(template, FUNCTION)
    }
    drop_other_layers(layers)
    return packages
