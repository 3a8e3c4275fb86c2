"""What a running server is tuned by, and its parts."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from coordinaitor_sdk.server.domain.oauth import Client
from coordinaitor_sdk.server.domain.webhooks import DELAYS

API_PREFIXES = ("/api/v1", "/api")
"""The second is what the API document's shell examples use; under it `/auth/*` answers without the
envelope.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Bounds and times of a running server, in bytes, frames and seconds.

    Attributes:
        rate_limit: requests an hour for every caller; None for those of the tiers. `burst` likewise.
        simulate: whether simulated agents work at all where no world says otherwise.
        control: whether there is a control API.
    """

    access_token_ttl: float = 3600.0
    rotate_refresh: bool = False
    rate_limit: int | Literal["off"] | None = None
    burst: int | None = None
    simulate: bool = True
    largest_body: int = 1024 * 1024
    largest_upload: int = 100 * 1024 * 1024
    largest_avatar: int = 5 * 1024 * 1024
    log_length: int = 100_000
    heartbeat: float = 15.0
    auth_timeout: float = 10.0
    queue_frames: int = 1_000
    private_webhooks: bool = False
    webhook_delays: tuple[float, ...] = DELAYS
    idempotency_wait: float = 10.0
    control: bool = False
    oauth_clients: Mapping[str, Client] = field(default_factory=dict[str, Client])


@dataclass(slots=True)
class Meter:
    """What the server measures of its own answers: counts since its start, times of the newest 1,000."""

    started: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    total: int = 0
    failed: int = 0
    times: deque[float] = field(default_factory=lambda: deque[float](maxlen=1_000))
    failures: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=1_000))

    def note(self, seconds: float, status: int) -> None:
        """Count an answer."""
        failed = status >= 500
        self.total += 1
        self.failed += failed
        self.times.append(seconds)
        self.failures.append(failed)

    def average_milliseconds(self) -> float | None:
        """The mean time of an answer, None before the first."""
        return round(1_000 * sum(self.times) / len(self.times), 3) if self.times else None

    def p95_milliseconds(self) -> float | None:
        """The time within which 95 of 100 answers were given, None before the first."""
        if not self.times:
            return None
        return round(1_000 * sorted(self.times)[math.ceil(0.95 * len(self.times)) - 1], 3)

    def error_rate(self) -> float | None:
        """The share of answers with a status of 500 and above, None before the first."""
        return round(sum(self.failures) / len(self.failures), 4) if self.failures else None

    def summary(self) -> dict[str, float | None]:
        """All of it, by its wire names."""
        return {
            "total": self.total,
            "failed": self.failed,
            "averageResponseTime": self.average_milliseconds(),
            "p95ResponseTime": self.p95_milliseconds(),
            "errorRate": self.error_rate(),
        }

    def uptime(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started
