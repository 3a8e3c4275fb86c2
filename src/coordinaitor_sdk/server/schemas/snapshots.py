"""What the control API takes for snapshots, forks and imports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from coordinaitor_sdk.server.schemas.common import Line, Strict

SnapshotName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Fit for a path of the control API."""


class SnapshotCreate(Strict):
    """The body of `POST /_control/worlds/{world}/snapshots`; without a name it gets the next number."""

    name: SnapshotName | None = None


class Restore(Strict):
    """The body of `POST /_control/worlds/{world}/restore`."""

    snapshot: SnapshotName


class Fork(Strict):
    """The body of `POST /_control/worlds/{world}/fork`.

    Attributes:
        snapshot: what is copied; None for the world as it is now.
        name: of the new organization; None for that of the source.
    """

    snapshot: SnapshotName | None = None
    name: Line | None = None


class Import(Strict):
    """The body of `POST /_control/worlds/import`.

    Attributes:
        export: the text of an export.
        name: of the new organization; None for that of the export.
    """

    export: Annotated[str, Field(min_length=1)]
    name: Line | None = None
