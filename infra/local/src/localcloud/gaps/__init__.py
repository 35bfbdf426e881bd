"""What MiniStack does differently from AWS and wotr depends on: one module per gap.

A gap module says in its docstring what AWS does, what MiniStack does and how that is bridged;
``TOUCHES`` names the private parts of MiniStack that it relies on and ``apply`` bridges it.
Each has a contract test against a running server. Delete the module when MiniStack closes the gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GAPS = (
    "interpreter",
    "log_wait",
    "import_errors",
    "handler_errors",
    "embedded_metrics",
    "property_types",
    "condition_functions",
    "resource_types",
    "secure_transport",
    "role_boundary",
    "table_settings",
    "parsed_expressions",
    "reserved_concurrency",
    "secret_references",
    "secret_rotation",
    "managed_passwords",
    "parameter_paths",
    "gateway_responses",
    "resource_policies",
    "method_limits",
    "api_updates",
    "output_changes",
    "exports_in_use",
    "stack_roles",
    "unknown_parameters",
    "transform_parameters",
    "worker_pool",
    "unpacked_code",
    "table_streams",
    "queue_batches",
    "container_tasks",
    "task_jobs",
    "schedule_context",
    "workflow_tasks",
    "workflow_logs",
    "principal_arn",
    "encryption_conditions",
    "key_conditions",
    "encrypted_messages",
    "topic_deliveries",
    "stream_failures",
    "http_api_cors",
    "http_api_logs",
    "log_subscriptions",
    "firehose_logs",
    "athena_json",
    "replays",
    "pool_triggers",
    "log_group_names",
    "object_lock",
    "alarm_clock",
    "queue_metrics",
    "metric_filters",
    "trail",
    "hosted_ui_pages",
    "pipelines",
    "connections",
    # Weighted aliases draw the version that the metrics tell of.
    "invocation_metrics",
    "metric_retention",
    "weighted_aliases",
    "api_metrics",
    "alias_actions",
    "interrupted_stacks",
    "stream_state",
    "code_deploy",
    "alias_update_policy",
    "builds",
)


@dataclass(frozen=True)
class Settings:
    """What the launcher was told."""

    functions_python: Path
    minute: float = 60.0
    """Seconds that a minute takes where AWS lets time pass: periods of alarms, shifts of traffic."""
    workspace: Path = Path()
    """Where builds and repositories lie; with a kept state it outlives the server."""
    build_variables: Mapping[str, str] = field(default_factory=dict)
    """What of the host's environment a build gets: where programs and packages are found."""
