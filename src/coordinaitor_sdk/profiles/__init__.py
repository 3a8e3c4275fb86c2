"""Settings and credentials: where they come from, where they are kept (DESIGN 3.12).

Explicit argument, then environment, then the active profile. A profile's settings stand in `config.toml`, its
credentials in `credentials/<profile>.json` (mode 0600), both in the user's config directory
(`COORDINAITOR_CONFIG_DIR` names another). An API key or refresh token may be in the operating system's
keyring instead, which that file then names. A stored credential goes to the origin that it was stored for,
and nowhere else.
"""

from __future__ import annotations

from .addresses import DEFAULT_API_PREFIX, DEFAULT_BASE_URL, is_loopback, normalized_url, origin
from .credentials import Credentials
from .directory import active_profile, config_dir
from .profile import DEFAULT_PROFILE, Profile
from .settings import Explicit, Settings, check_secure, named_profile, resolve
from .stores.file import FileTokenStore
from .stores.keyring import KeyringTokenStore
from .stores.memory import MemoryTokenStore
from .stores.protocol import TokenStore
from .stores.shared import SharedTokens

__all__ = [
    "DEFAULT_API_PREFIX",
    "DEFAULT_BASE_URL",
    "DEFAULT_PROFILE",
    "Credentials",
    "Explicit",
    "FileTokenStore",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "Profile",
    "Settings",
    "SharedTokens",
    "TokenStore",
    "active_profile",
    "check_secure",
    "config_dir",
    "is_loopback",
    "named_profile",
    "normalized_url",
    "origin",
    "resolve",
]
