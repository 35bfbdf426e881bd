"""A replay reaches the rules that it names, in its window, and tells how far it is.

AWS: Destination.FilterArns limits a replay to some rules; an event at EventEndTime itself is left
out; EventLastReplayedTime follows the replay.
MiniStack: replays to every rule of the bus, the end included, and never says how far it is.
Bridge: look at the replay whenever one of its events is dispatched.
"""

from __future__ import annotations

from typing import Any

from ministack.services import eventbridge

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.eventbridge:_dispatch_event",
    "ministack.services.eventbridge:_invoke_target",
    "ministack.services.eventbridge:_matches_pattern_view",
    "ministack.services.eventbridge:_pattern_event_view",
    "ministack.services.eventbridge:_replays",
    "ministack.services.eventbridge:_rules",
    "ministack.services.eventbridge:_start_replay",
    "ministack.services.eventbridge:_targets",
)


def apply(_settings: Settings) -> None:
    """Dispatch replayed events by the rules of their replay."""
    dispatch, start = eventbridge._dispatch_event, eventbridge._start_replay

    def dispatch_replayed(event: dict[str, Any], view: Any = None) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName"))
        if replay is None:
            dispatch(event, view)
            return
        if event["Time"] >= replay["EventEndTime"]:
            return
        _to_rules(event, set(replay["Destination"].get("FilterArns") or []))
        replay["EventLastReplayedTime"] = event["Time"]

    def start_unless_unknown(request: dict[str, Any]) -> Any:
        named = set((request.get("Destination") or {}).get("FilterArns") or [])
        unknown = named - {rule["Arn"] for rule in eventbridge._rules.values()}
        if unknown:
            return eventbridge.error_response_json(
                "ValidationException", f"Rule {min(unknown)} does not exist.", 400
            )
        return start(request)

    eventbridge._dispatch_event = dispatch_replayed
    eventbridge._start_replay = start_unless_unknown


def _to_rules(event: dict[str, Any], wanted: set[str]) -> None:
    """Invoke the targets of each matching rule among the wanted, of every rule where none is named."""
    view = eventbridge._pattern_event_view(event)
    for key, rule in list(eventbridge._rules.items()):
        listens = rule.get("EventBusName", "default") == event["EventBusName"] and rule["State"] == "ENABLED"
        if not listens or not rule.get("EventPattern") or (wanted and rule["Arn"] not in wanted):
            continue
        if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, event, rule, view)
