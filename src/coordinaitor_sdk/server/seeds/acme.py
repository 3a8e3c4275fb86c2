"""What the second organization of the demo seed holds: data of its own, under ids of its own."""

from __future__ import annotations

from typing import Final

from coordinaitor_sdk.server.seeds.filling import Contents

ACME: Final = Contents(
    users=(("user-202", "mary.major@acme.example", "Mary Major"),),
    agents=(
        {
            "id": "agent-201",
            "name": "Firmware Bot",
            "type": "coding",
            "model": "gpt-4",
            "provider": "openai",
            "capabilities": ["c", "rust", "embedded"],
            "specializations": ["firmware"],
            "max_concurrent_tasks": 2,
            "completed_count": 1,
            "failed_count": 0,
        },
        {
            "id": "agent-202",
            "name": "Manual Writer",
            "type": "documentation",
            "model": "claude-3-opus",
            "provider": "anthropic",
            "capabilities": ["documentation", "translation"],
            "specializations": ["manuals"],
            "max_concurrent_tasks": 1,
            "completed_count": 0,
            "failed_count": 0,
        },
    ),
    projects=(
        {
            "id": "proj-201",
            "name": "Anvil Telemetry",
            "description": "Sensors, firmware and manual of the connected anvil",
            "priority": "medium",
            "days": (-45, 90),
            "members": (("user-201", "project-manager"), ("user-202", "developer")),
            "agents": ("agent-201", "agent-202"),
            "tags": ["embedded"],
        },
    ),
    tasks=(
        {
            "id": "task-201",
            "history": 410,
            "title": "Read the impact sensor",
            "description": "Driver for the impact sensor, with its calibration",
            "status": "completed",
            "priority": "high",
            "project_id": "proj-201",
            "agent_id": "agent-201",
            "tags": ["embedded", "rust"],
            "estimated_hours": 5.0,
            "actual_hours": 4.5,
            "progress": 1.0,
            "hours": (60.0, 12.0, 17.0),
            "due_in": 1,
        },
        {
            "id": "task-202",
            "history": 420,
            "title": "Write the installation manual",
            "description": "Unpacking, mounting and first start, in English and German",
            "status": "pending",
            "priority": "low",
            "project_id": "proj-201",
            "agent_id": "agent-202",
            "tags": ["documentation"],
            "estimated_hours": 10.0,
            "hours": (30.0, 30.0, None),
            "due_in": 21,
        },
    ),
    comments=(
        {
            "id": "comment-201",
            "task_id": "task-201",
            "content": "Calibrated against the reference hammer",
            "author": "agent-201",
            "hours_ago": 13.0,
        },
    ),
)
