"""Users and what they are told (API document, "User Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from .common import ABSENT, Model, Moment

if TYPE_CHECKING:
    UserRole: TypeAlias = Literal["admin", "developer", "viewer"] | str
    NotificationType: TypeAlias = (
        Literal["mention", "task_assigned", "task_completed", "task_failed", "project_member_added"] | str
    )
else:
    UserRole = str
    NotificationType = str


class NotificationSettingsParam(TypedDict, total=False):
    """By which ways a user wants to be told, as sent."""

    email: bool
    push: bool
    desktop: bool


class PreferencesParam(TypedDict, total=False):
    """A user's preferences as sent; a server may take others too."""

    theme: str
    language: str
    timezone: str
    notifications: NotificationSettingsParam


class NotificationSettings(Model):
    """By which ways a user wants to be told."""

    email: bool | None = None
    push: bool | None = None
    desktop: bool | None = None


class Preferences(Model):
    """A user's preferences; what else there is stays readable by name."""

    theme: str | None = None
    language: str | None = None
    timezone: str | None = None
    notifications: NotificationSettings | None = None


class UserStats(Model):
    """What a user has to do with."""

    tasks_created: int | None = None
    tasks_completed: int | None = None
    projects_active: int | None = None


class User(Model):
    """A user; `avatar` is an address."""

    id: str = ABSENT
    email: str | None = None
    name: str | None = None
    role: UserRole | None = None
    tier: str | None = None
    organization_id: str | None = None
    avatar: str | None = None
    preferences: Preferences | None = None
    stats: UserStats | None = None
    created_at: Moment | None = None
    last_login_at: Moment | None = None


class Notification(Model):
    """Something that a user is told: a mention, an assignment, the end of a task."""

    id: str = ABSENT
    type: NotificationType | None = None
    message: str | None = None
    task_id: str | None = None
    project_id: str | None = None
    read: bool | None = None
    read_at: Moment | None = None
    created_at: Moment | None = None
    data: Any = None
