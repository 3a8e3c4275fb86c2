"""An example of each event, from the objects that the API document shows."""

from __future__ import annotations

from typing import Any, Final

ORGANIZATION: Final[dict[str, Any]] = {"id": "org-123", "name": "Acme Corp"}

# "Webhook Payload"
_COMPLETED: Final[dict[str, Any]] = {
    "id": "task-123",
    "title": "Implement user authentication",
    "status": "completed",
    "completedAt": "2024-01-16T15:30:00Z",
    "agent": {"id": "agent-456", "name": "Senior Developer Bot"},
    "project": {"id": "proj-789", "name": "E-commerce Platform"},
}

# "POST /api/v1/tasks"
_CREATED: Final[dict[str, Any]] = {
    "id": "task-456",
    "title": "Build user dashboard",
    "description": "Create a comprehensive user dashboard with analytics and controls",
    "status": "pending",
    "priority": "medium",
    "projectId": "proj-123",
    "agentId": "agent-456",
    "tags": ["frontend", "dashboard", "analytics"],
    "estimatedHours": 12,
    "actualHours": 0,
    "progress": 0,
    "dueDate": "2024-02-20T00:00:00Z",
    "createdAt": "2024-01-15T10:30:00Z",
    "updatedAt": "2024-01-15T10:30:00Z",
    "createdBy": "user-123",
    "requirements": ["Responsive design", "Real-time data updates", "Export functionality"],
    "acceptanceCriteria": [
        "Dashboard loads within 2 seconds",
        "All data is real-time",
        "Export works for all data formats",
    ],
}

# "GET /api/v1/tasks"
_ACTIVE: Final[dict[str, Any]] = {
    "id": "task-123",
    "title": "Implement user authentication",
    "description": "Add JWT-based authentication to the application",
    "status": "active",
    "priority": "high",
    "projectId": "proj-456",
    "agentId": "agent-789",
    "tags": ["authentication", "security"],
    "estimatedHours": 8,
    "actualHours": 3.5,
    "progress": 0.4,
    "dueDate": "2024-02-15T00:00:00Z",
    "createdAt": "2024-01-15T10:30:00Z",
    "updatedAt": "2024-01-16T14:20:00Z",
    "createdBy": "user-123",
    "assignedAgent": {"id": "agent-789", "name": "Senior Developer Bot", "type": "coding"},
    "project": {"id": "proj-456", "name": "E-commerce Platform"},
}

# "GET /api/v1/agents"
_AGENT: Final[dict[str, Any]] = {
    "id": "agent-123",
    "name": "Senior React Developer",
    "type": "coding",
    "status": "available",
    "model": "gpt-4",
    "provider": "openai",
    "capabilities": ["react", "typescript", "nodejs", "testing"],
    "specializations": ["frontend", "performance-optimization"],
    "maxConcurrentTasks": 3,
    "currentTasks": 1,
    "averageResponseTime": 45.2,
    "successRate": 0.94,
    "totalTasksCompleted": 127,
    "createdAt": "2024-01-01T00:00:00Z",
    "lastActiveAt": "2024-01-16T14:30:00Z",
    "workingHours": {"timezone": "UTC", "start": "09:00", "end": "17:00"},
}

# "GET /api/v1/projects"
_PROJECT: Final[dict[str, Any]] = {
    "id": "proj-123",
    "name": "E-commerce Platform",
    "description": "Full-featured e-commerce platform with admin panel",
    "status": "active",
    "priority": "high",
    "startDate": "2024-01-01T00:00:00Z",
    "endDate": "2024-03-31T23:59:59Z",
    "progress": 0.65,
    "taskCount": {"total": 45, "completed": 29, "active": 8, "pending": 8},
    "teamSize": 6,
    "assignedAgents": 4,
    "createdAt": "2024-01-01T00:00:00Z",
    "updatedAt": "2024-01-16T10:00:00Z",
}

# "GET /api/v1/users/me"
_USER: Final[dict[str, Any]] = {
    "id": "user-123",
    "email": "john.doe@example.com",
    "name": "John Doe",
    "role": "developer",
    "organizationId": "org-456",
    "avatar": "https://example.com/avatars/user-123.jpg",
    "preferences": {
        "theme": "dark",
        "language": "en",
        "timezone": "America/New_York",
        "notifications": {"email": True, "push": True, "desktop": False},
    },
    "stats": {"tasksCreated": 45, "tasksCompleted": 38, "projectsActive": 3},
    "createdAt": "2024-01-01T00:00:00Z",
    "lastLoginAt": "2024-01-16T08:30:00Z",
}

_ERROR: Final[dict[str, Any]] = {"code": "AGENT_ERROR", "message": "The tests don't pass"}

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "task.created": _CREATED,
    "task.updated": _ACTIVE,
    "task.completed": _COMPLETED,
    "task.failed": _ACTIVE | {"status": "failed", "error": _ERROR},
    "task.assigned": _ACTIVE,
    "agent.created": _AGENT,
    "agent.status_changed": _AGENT | {"status": "busy"},
    "project.created": _PROJECT,
    "project.completed": _PROJECT | {"status": "completed", "progress": 1},
    "user.registered": _USER,
}
"""Event -> the object that it is about."""
