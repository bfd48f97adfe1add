"""moto's time is the sandbox's: what launched two hours ago by the clock that tests move says so.

moto's modules ask `datetime` and `time` for the present under names of their own. Each module gets stand-ins for them
as it is imported; nothing outside moto notices (botocore signs with the machine's time, and nobody checks that here).
"""

from __future__ import annotations

import datetime as real_datetime
import sys
import time as real_time
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from tideform_sandbox.clock import Clock

_PACKAGE = "moto"


def follow(clock: Clock) -> None:
    """From now on moto reads this clock; to be called once, before its models are imported."""
    stand_ins = _stand_ins(clock)
    for name, module in list(sys.modules.items()):
        if _is_motos(name):
            _replace(module, stand_ins)
    sys.meta_path.insert(0, _Finder(stand_ins))


def _stand_ins(clock: Clock) -> dict[int, Any]:
    """By the identity of what is replaced."""
    moment = _moment_class(clock)
    day = _day_class(clock)
    originals: dict[Any, Any] = {
        real_datetime.datetime: moment,
        real_datetime.date: day,
        real_datetime: _Module(real_datetime, datetime=moment, date=day),
        real_time.time: clock.now,
        real_time: _Module(real_time, time=clock.now, time_ns=lambda: int(clock.now() * 1e9)),
    }
    return {id(original): stand_in for original, stand_in in originals.items()}


def _moment_class(clock: Clock) -> type:
    class Meta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_datetime.datetime)

    class Moment(real_datetime.datetime, metaclass=Meta):
        """`datetime` with another present; what it makes are plain ones."""

        def __new__(cls, *given: Any, **named: Any) -> Any:
            return real_datetime.datetime(*given, **named)

        @classmethod
        def now(cls, tz: real_datetime.tzinfo | None = None) -> Any:
            return real_datetime.datetime.fromtimestamp(clock.now(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(real_datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    return Moment


def _day_class(clock: Clock) -> type:
    class Meta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_datetime.date)

    class Day(real_datetime.date, metaclass=Meta):
        """`date` with another present."""

        def __new__(cls, *given: Any, **named: Any) -> Any:
            return real_datetime.date(*given, **named)

        @classmethod
        def today(cls) -> Any:
            return real_datetime.date.fromtimestamp(clock.now())

    return Day


class _Module(ModuleType):
    """A module with some of its names replaced."""

    def __init__(self, original: ModuleType, **replaced: Any) -> None:
        super().__init__(original.__name__)
        self.__dict__.update(replaced)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _Finder(MetaPathFinder):
    """Finds moto's modules as ever, and has them changed once they are executed."""

    def __init__(self, stand_ins: dict[int, Any]) -> None:
        self._stand_ins = stand_ins

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if _is_motos(fullname) else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Changing(spec.loader, self._stand_ins)
        return spec


class _Changing(Loader):
    def __init__(self, loader: Loader, stand_ins: dict[int, Any]) -> None:
        self._loader, self._stand_ins = loader, stand_ins

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _replace(module, self._stand_ins)

    def __getattr__(self, name: str) -> Any:  # resources and sources are the loader's own business
        return getattr(self._loader, name)


def _replace(module: ModuleType, stand_ins: dict[int, Any]) -> None:
    for name, value in list(vars(module).items()):
        if (stand_in := stand_ins.get(id(value))) is not None:
            setattr(module, name, stand_in)


def _is_motos(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE
