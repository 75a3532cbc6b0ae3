"""The real handlers: each function's app.py, and what lives as long as one of its processes."""

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from rapport import wiring, wiring_otp
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

    Replaces every cached builder of `rapport.wiring` and `wiring_otp` by one whose cache belongs to
    the function that runs. `fixed` are ports that are the same for all (time, ids); `builders` take
    the place of ours, and `altered` change what was built.
    """

    def __init__(
        self,
        fixed: dict[str, Callable[..., Any]],
        altered: Mapping[str, Callable[[Any], Any]] | None = None,
        builders: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._fixed = fixed
        self._altered = dict(altered or {})
        self._builders = dict(builders or {})
        self._original: dict[tuple[Any, str], Any] = {}
        self._built: dict[str, dict[Any, Any]] = {}
        self.running = ""

    def install(self) -> None:
        """Take the wiring over."""
        for module in (wiring, wiring_otp):
            for name, built in list(vars(module).items()):
                is_own = getattr(built, "__module__", "") == module.__name__
                if name in self._fixed:
                    self._replace(module, name, self._fixed[name])
                elif hasattr(built, "cache_clear") and is_own:
                    build = self._builders.get(name, built.__wrapped__)
                    self._replace(module, name, self._per_process(name, build))

    def uninstall(self) -> None:
        """Give the wiring back as it was."""
        for (module, name), built in self._original.items():
            setattr(module, name, built)
        self._original = {}

    def kill(self, function: str) -> None:
        """What a function's process had built is gone."""
        self._built.pop(function, None)

    def forget(self) -> None:
        """Every process is gone."""
        self._built = {}

    def _replace(self, module: ModuleType, name: str, by: Callable[..., Any]) -> None:
        self._original[module, name] = getattr(module, name)
        setattr(module, name, by)

    def _per_process(self, name: str, build: Callable[..., Any]) -> Callable[..., Any]:
        def built(*arguments: Any) -> Any:
            own = self._built.setdefault(self.running, {})
            key = (name, arguments)
            if key not in own:
                made = build(*arguments)
                own[key] = self._altered[name](made) if name in self._altered else made
            return own[key]

        return built
