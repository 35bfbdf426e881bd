"""Each athlete's newest sessions in the table `Views`: markers, and the view that follows from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from wotr_analytics.recent_sessions import (
    Change,
    Seen,
    SessionRef,
    View,
    fingerprint_after,
    sessions_after,
    sessions_among,
    view_of,
)
from wotr_analytics.store.table import Item, Table
from wotr_common import keys

_WHOLE = ("version", "sets")  # numbers of a session that are whole


class RecentSessions:
    """Markers of sessions, and the view of the newest of them, of all users."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def markers(self, refs: Collection[SessionRef]) -> dict[SessionRef, Seen | None]:
        """The marker of each session, None where it was never seen; what could not be read is missing."""
        wanted = {(key["pk"], key["sk"]): ref for ref in refs for key in [keys.seen_session_key(*ref)]}
        found = self.table.batch(keys.seen_session_key(*ref) for ref in refs)
        return {wanted[place]: _seen(item) if item else None for place, item in found.items()}

    def all_markers(self, user_id: str) -> dict[str, Seen]:
        """Every marker of the user by session id."""
        return dict(self._newest_first(user_id))

    def apply(self, change: Change) -> None:
        """Write a change's markers and the view together, or nothing of it.

        Raises NotApplied where a marker or the view is no longer what the change was made from or DynamoDB
        was too busy, Refused where it will never do.
        """
        read, view = self._view(change.user_id)
        self.table.write(
            [
                self.table.put(_view_item(change.user_id, self._after(view, change)), read),
                *(
                    self.table.put(
                        _marker(change.user_id, step.session_id, step.after),
                        _marker(change.user_id, step.session_id, step.before) if step.before else None,
                    )
                    for step in change.steps
                ),
            ]
        )

    def correct_view(self, user_id: str) -> bool:
        """Make the view what the markers say; whether it was another.

        Markers are never written without the view. So where it still is what was read before them, they are
        too. Raises NotApplied where it is not.
        """
        read, _ = self._view(user_id)
        markers = self.all_markers(user_id)
        if not markers and read is None:
            return False
        item = _view_item(user_id, view_of(markers.values()))
        if item == read:
            return False
        self.table.write([self.table.put(item, read)])
        return True

    def _after(self, view: View | None, change: Change) -> View:
        if view is None:  # a new athlete, or the view was lost: everything follows from the markers
            markers = self.all_markers(change.user_id)
            return view_of((markers | {step.session_id: step.after for step in change.steps}).values())
        sessions = sessions_after(view, change.steps)
        if sessions is None:
            sessions = sessions_among(self._newest_first(change.user_id), change.steps)
        return View(sessions, fingerprint_after(view, change.steps))

    def _view(self, user_id: str) -> tuple[Item | None, View | None]:
        item = self.table.get(keys.recent_sessions_key(user_id))
        if item is None:
            return None, None
        sessions = tuple(_summary(each) for each in item.get("sessions", ()))
        return item, View(sessions, int(item.get("fingerprint", "0"), 16))

    def _newest_first(self, user_id: str) -> Iterator[tuple[str, Seen]]:
        found = self.table.items(keys.user_pk(user_id), keys.seen_session_prefix(), descending=True)
        return ((item[keys.SK].removeprefix(keys.seen_session_prefix()), _seen(item)) for item in found)


def _seen(marker: Mapping[str, Any]) -> Seen:
    return Seen(int(marker["version"]), _summary(marker["session"]) if "session" in marker else None)


def _marker(user_id: str, session_id: str, said: Seen) -> Item:
    shown = {} if said.summary is None else {"session": dict(said.summary)}
    return {**keys.seen_session_key(user_id, session_id), "version": said.version, **shown}


def _view_item(user_id: str, view: View) -> Item:
    return {
        **keys.recent_sessions_key(user_id),
        "userId": user_id,
        "sessions": [dict(each) for each in view.sessions],
        "fingerprint": f"{view.fingerprint:016x}",
    }


def _summary(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(value) if name in _WHOLE else value for name, value in said.items()}
