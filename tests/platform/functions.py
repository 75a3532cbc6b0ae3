"""The real handlers: each function's app.py, and what lives as long as one of its processes."""

import functools
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from rapport import wiring
from tests.tables import ROOT, resources

Handler = Callable[[Any, Any], Any]


@functools.cache
def load_handler(logical_id: str) -> Handler:
    """The handler of a function, imported by path: every file is called app.py."""
    own = resources().template["Resources"][logical_id]["Properties"]
    path = ROOT / str(own["CodeUri"]) / "app.py"
    name = f"function_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


class Processes:
    """Gives each function its own wiring, as processes do: built on first use, lost by a death.

    Replaces every cached builder of `rapport.wiring` by one whose cache belongs to the function
    that runs. `fixed` are ports that are the same for all (time, ids).
    """

    def __init__(self, fixed: dict[str, Callable[..., Any]], module: ModuleType = wiring) -> None:
        self._module = module
        self._fixed = fixed
        self._original: dict[str, Any] = {}
        self._built: dict[str, dict[Any, Any]] = {}
        self.running = ""

    def install(self) -> None:
        """Take the wiring over."""
        for name, built in list(vars(self._module).items()):
            if name in self._fixed:
                self._replace(name, self._fixed[name])
            elif hasattr(built, "cache_clear") and getattr(built, "__module__", "") == (
                self._module.__name__
            ):
                self._replace(name, self._per_process(name, built.__wrapped__))

    def uninstall(self) -> None:
        """Give the wiring back as it was."""
        for name, built in self._original.items():
            setattr(self._module, name, built)
        self._original = {}

    def kill(self, function: str) -> None:
        """What a function's process had built is gone."""
        self._built.pop(function, None)

    def forget(self) -> None:
        """Every process is gone."""
        self._built = {}

    def _replace(self, name: str, by: Callable[..., Any]) -> None:
        self._original[name] = getattr(self._module, name)
        setattr(self._module, name, by)

    def _per_process(self, name: str, build: Callable[..., Any]) -> Callable[..., Any]:
        def built(*arguments: Any) -> Any:
            own = self._built.setdefault(self.running, {})
            key = (name, arguments)
            if key not in own:
                own[key] = build(*arguments)
            return own[key]

        return built
