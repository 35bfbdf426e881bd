"""What a file leaves unsaid: who may have said it, and what is still to be asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from wotr_common.changes import ImportSettings
from wotr_common.problems import field_errors
from wotr_workers.formats.detect import Opened
from wotr_workers.formats.parsed import Asked, Settings, Unrecognised
from wotr_workers.texts.sets import Question

# Where the object's own metadata says it: by names that HTTP headers can have.
_METADATA = {"weightUnit": "weight-unit", "distanceUnit": "distance-unit", "timezone": "timezone"}
_FIELDS: dict[Question, str] = {
    "weightUnit": "weight_unit",
    "distanceUnit": "distance_unit",
    "timezone": "timezone",
}
# Takes the place of an answer while other questions are looked for.
_ANYTHING = Settings("kg", "km", ZoneInfo("UTC"))
_IN_WORDS: dict[Question, str] = {
    "weightUnit": "in which unit its weights are (weightUnit: kg or lb)",
    "distanceUnit": "in which unit its distances are (distanceUnit: km or mi)",
    "timezone": "in which time zone its times are (timezone: such as Europe/Berlin)",
}


class Unsaid(Exception):
    """The file cannot be understood without an answer to `questions`; the message is for a person."""

    def __init__(self, questions: list[Question]) -> None:
        super().__init__(
            f"the file does not say {' or '.join(_IN_WORDS[each] for each in questions)}: "
            "import it again and say so"
        )
        self.questions = questions


def known_settings(
    request: Mapping[str, Any], metadata: Mapping[str, str], profile: Mapping[str, Any]
) -> Settings:
    """What the request, else the object's metadata, else the athlete's profile says.

    Unrecognised where metadata says what is no setting; the others were checked when they were stored.
    """
    said: dict[str, Any] = {}
    for name, header in _METADATA.items():
        value = request.get(name) or metadata.get(header) or profile.get(name)
        if value:
            said[name] = value
    try:
        found = ImportSettings.model_validate(said)
    except ValidationError as error:
        wrong = "; ".join(f"{_METADATA[each.field]} {each.message}" for each in field_errors(error))
        raise Unrecognised(f"the upload's metadata cannot be understood: {wrong}") from None
    zone = ZoneInfo(found.timezone) if found.timezone else None
    return Settings(found.weight_unit, found.distance_unit, zone)


def answered(open_file: Callable[[], Opened], known: Settings) -> Settings:
    """`known` with what the file itself answers; Unsaid where that is not all that it asks.

    The whole file is looked through where it may ask what nobody said, or knows better than what was said.
    """
    opened = open_file()
    unsaid = [name for name in _FIELDS if name in opened.layout.may_ask and not _said(known, name)]
    if not unsaid and opened.layout.survey is None:
        return known
    asked: list[Question] = []
    assumed = known
    while True:
        try:
            found = _surveyed(opened, assumed)
        except Asked as error:
            if error.question in asked:
                raise
            asked.append(error.question)
            assumed = replace(
                assumed, **{_FIELDS[error.question]: getattr(_ANYTHING, _FIELDS[error.question])}
            )
            opened = open_file()
        else:
            if asked:
                raise Unsaid(asked)
            return found


def stored(settings: Settings) -> dict[str, str]:
    """`settings` as an import's item keeps them."""
    zone = settings.timezone.key if settings.timezone else None
    values = (settings.weight_unit, settings.distance_unit, zone)
    return {name: str(value) for name, value in zip(_FIELDS, values, strict=True) if value}


def restored(kept: Mapping[str, Any]) -> Settings:
    """The settings that an import's item keeps."""
    zone = kept.get("timezone")
    return Settings(kept.get("weightUnit"), kept.get("distanceUnit"), ZoneInfo(zone) if zone else None)


def _said(settings: Settings, question: Question) -> object:
    return getattr(settings, _FIELDS[question])


def _surveyed(opened: Opened, settings: Settings) -> Settings:
    if opened.layout.survey is not None:
        return opened.layout.survey(opened.rows, settings)
    deque(opened.layout.read(opened.rows, settings), maxlen=0)
    return settings
