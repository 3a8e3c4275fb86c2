"""What the control API takes to move agents by hand."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from coordinaitor_sdk.server.schemas.common import Id, Share, Strict
from coordinaitor_sdk.server.schemas.scenario import Fail


class AgentStep(Strict):
    """The body of `POST /_control/worlds/{world}/agents/step`.

    Attributes:
        task: which task moves; None for the one that is next.
        progress: where it is brought to; `complete` and `fail` end it. Without any it takes its own next
            step.
    """

    task: Id | None = None
    progress: Share | None = None
    complete: Literal[True] | None = None
    fail: Fail | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether the task takes its own next step."""
        return self.progress is None and self.complete is None and self.fail is None

    @model_validator(mode="after")
    def _is_one_at_most(self) -> Self:
        if sum(value is not None for value in (self.progress, self.complete, self.fail)) > 1:
            raise ValueError('must have one of progress, complete and fail, like {"progress": 0.3}')
        return self
