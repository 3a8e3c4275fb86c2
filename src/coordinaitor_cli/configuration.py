"""The settings that hold and those of a profile, by the names of their options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from coordinaitor_sdk.profiles import Explicit, Profile, normalized_url, resolve

from .errors import CommandError, Exit, UsageError

if TYPE_CHECKING:
    from .context import Cli

_KEYS: Final = ("base_url", "api_prefix", "project")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that holds, and where its value comes from."""

    name: str
    value: str
    origin: str

    def to_dict(self, *, show_origin: bool) -> dict[str, Any]:
        """As data."""
        data = {"name": self.name, "value": self.value}
        return {**data, "origin": self.origin} if show_origin else data


def effective(cli: Cli) -> list[Setting]:
    """The settings that hold."""
    found = resolve(Explicit(base_url=cli.base_url, api_prefix=cli.api_prefix, profile=cli.profile))
    values = {
        "profile": found.profile,
        "base_url": found.base_url,
        "api_prefix": found.api_prefix,
        "ws_url": found.ws_url,
    }
    settings = [Setting(_typed(name), value, found.sources[name]) for name, value in values.items()]
    project = Profile(found.profile).settings().get("project")
    if project is not None:
        settings.append(Setting("project", project, f"profile {found.profile}"))
    if found.credentials is not None:
        settings.append(Setting("credential", "***", found.credentials.source))
    return settings


def held(cli: Cli, key: str) -> str:
    """The value of a setting.

    Raises:
        UsageError: there is no such setting.
        CommandError: it has no value.
    """
    name = _typed(known(key))
    for setting in effective(cli):
        if setting.name == name:
            return setting.value
    raise CommandError(f"{name} is not set", f"coordinaitor config set {name} VALUE", code=Exit.NOT_FOUND)


def known(key: str) -> str:
    """A setting's name as the profile has it.

    Raises:
        UsageError: there is none of this name.
    """
    name = key.replace("-", "_")
    if name not in _KEYS:
        raise UsageError(f"there is no setting {key}; there are {', '.join(map(_typed, _KEYS))}")
    return name


def changed(key: str, value: str) -> dict[str, str]:
    """The setting as it is kept.

    Raises:
        UsageError: there is no such setting.
        ConfigurationError: the value can't be used.
    """
    name = known(key)
    return {name: normalized_url(value, source="argument") if name == "base_url" else value}


def profile_of(cli: Cli) -> Profile:
    """The profile that holds."""
    return Profile(resolve(Explicit(profile=cli.profile)).profile)


def _typed(name: str) -> str:
    return name.replace("_", "-")
