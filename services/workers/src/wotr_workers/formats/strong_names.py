"""What Strong calls things in the languages it speaks: columns, kinds of sets, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from wotr_common.session import SetType
from wotr_workers.texts.columns import spelled

# English, French, German, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Russian, Turkish, Chinese
# (simplified, traditional), Japanese, Korean.
SPELLINGS = spelled(
    {
        "date": "date|datum|fecha|data|дата|tarih|日期|日時|日付|날짜",
        "title": "workout name|nom de l'entraînement|nom de l'entrainement|name des trainings|trainingsname|"
        "workout-name|nombre del entrenamiento|nombre de entrenamiento|nome dell'allenamento|"
        "nome allenamento|"
        "nome do treino|naam van training|naam van de training|workoutnaam|trainingsnaam|"
        "träningsnamn|passnamn|nazwa treningu|название тренировки|antrenman adı|"
        "锻炼名称|训练名称|訓練名稱|鍛鍊名稱|"
        "健身名稱|ワークアウト名|トレーニング名|운동 이름|워크아웃 이름",
        "length": "duration|workout duration|durée|durée de l'entraînement|dauer|trainingsdauer|duración|"
        "durata|duração|duur|trainingsduur|varaktighet|längd|czas trwania|длительность|продолжительность|"
        "süre|时长|時長|持续时间|持續時間|時間|所要時間|継続時間|기간|시간|운동 시간",
        "exercise": "exercise name|exercise|nom de l'exercice|exercice|name der übung|übungsname|übung|"
        "nombre del ejercicio|nombre de ejercicio|ejercicio|nome dell'esercizio|nome esercizio|esercizio|"
        "nome do exercício|exercício|naam van oefening|naam van de oefening|oefening|övningsnamn|övning|"
        "nazwa ćwiczenia|ćwiczenie|название упражнения|упражнение|egzersiz adı|运动名称|動作名稱|運動名稱|"
        "动作名称|练习名称|エクササイズ名|種目名|種目|운동명|운동 종목|종목",
        "order": "set order|set|ordre de la série|ordre des séries|série|satzreihenfolge|"
        "reihenfolge der sätze|satz-reihenfolge|set-reihenfolge|satz|"
        "orden de la serie|orden de serie|orden de series|serie|ordine della serie|ordine serie|ordine set|"
        "ordem da série|ordem das séries|setvolgorde|"
        "volgorde van set|set volgorde|setordning|ordning|kolejność serii|seria|порядок подходов|подход|"
        "set sırası|设置顺序|组顺序|组序|組順序|組數順序|設定順序|"
        "セット順|セット順序|세트 순서|세트",
        "weight": "weight|poids|charge|gewicht|peso|vikt|ciężar|waga|вес|ağırlık|重量|重さ|무게|중량",
        "weight_unit": "weight unit|unité de poids|gewichtseinheit|unidad de peso|unità di peso|"
        "unidade de peso|gewichtseenheid|viktenhet|jednostka wagi|единица веса|重量单位|重量單位|重量の単位|"
        "무게 단위",
        "reps": "reps|rep|repetitions|réps|répétitions|wdh|wiederholungen|repeticiones|ripetizioni|"
        "repetições|herhalingen|repetities|repetitioner|powtórzenia|повторения|повторы|"
        "tekrar|tekrarlar|次|次数|次數|回数|レップ数|レップ|횟수|반복",
        "distance": "distance|distanz|entfernung|strecke|distancia|distanza|distância|afstand|distans|"
        "sträcka|dystans|odległość|расстояние|дистанция|mesafe|距离|距離|거리",
        "distance_unit": "distance unit|unité de distance|distanzeinheit|entfernungseinheit|"
        "unidad de distancia|unità di distanza|unidade de distância|afstandseenheid|distansenhet|"
        "jednostka odległości|единица расстояния|距离单位|距離單位|距離の単位|거리 단위",
        "duration": "seconds|second|secs|secondes|sekunden|segundos|secondi|seconden|sekunder|sekundy|"
        "секунды|saniye|秒|秒数|秒數|초",
        "notes": "notes|note|exercise notes|remarques|notizen|notiz|notas|notas del ejercicio|notitie|"
        "notities|anteckningar|anteckning|notatki|uwagi|заметки|notlar|备注|備註|笔记|筆記|メモ|ノート|메모|노트",
        "session_notes": "workout notes|notes d'entraînement|notes de l'entraînement|notes d'entrainement|"
        "trainingsnotizen|notizen zum training|workout-notizen|notas del entrenamiento|"
        "notas de entrenamiento|note dell'allenamento|note allenamento|notas do treino|trainingsnotities|"
        "workoutnotities|workout notities|träningsanteckningar|notatki treningowe|uwagi do treningu|"
        "заметки о тренировке|заметки к тренировке|antrenman notları|锻炼备注|训练备注|訓練備註|鍛鍊備註|"
        "ワークアウトメモ|ワークアウトノート|운동 메모|운동 노트",
        "rpe": "rpe|epe|spe",
    }
)

RowKind = SetType | Literal["rest", "note"]
_KINDS: dict[RowKind, str] = {
    "warmup": "w|warm_up|warmup|warm-up|warm up|aufwärmen|aufwärmsatz|échauffement|calentamiento|"
    "riscaldamento|aquecimento|opwarmen|uppvärmning|rozgrzewka|разминка|ısınma|热身|熱身|"
    "ウォームアップ|워밍업",
    "drop": "d|drop|drop_set|dropset|drop set|drop-set|递减|递减组|遞減|ドロップセット|드롭 세트",
    "failure": "f|failure|to_failure|to failure|échec|fallo|falha|versagen|力竭|失敗|限界|실패",
    "normal": "n|normal|normal_set|working|working_set|work",
    "rest": "rest timer|rest|rest_timer|resttimer|minuteur de repos|minuterie de repos|repos|"
    "pausentimer|pausen-timer|ruhetimer|satzpause|temporizador de descanso|descanso|timer di riposo|"
    "timer recupero|timer de descanso|rusttimer|rust timer|vilotimer|minutnik odpoczynku|"
    "таймер отдыха|dinlenme zamanlayıcısı|休息计时器|休息计时|休息計時器|休息|レストタイマー|"
    "休憩タイマー|휴식 타이머|휴식",
    "note": "note|notes|remarque|notiz|nota|notitie|anteckning|notatka|заметка|not|备注|備註|メモ|메모|노트",
}
_KIND_OF = {spelling: kind for kind, spellings in _KINDS.items() for spelling in spellings.split("|")}
_NUMBERED = re.compile(r"(?P<letter>[a-z]?)\s*\d{1,6}(?:\.0*)?(?P<after>[a-z]?)", re.ASCII)

# By how many seconds one has; the longest spelling that fits is meant, in any case only whole words.
_LENGTHS = {
    86_400: "d|day|days|tag|tage|jour|jours|j|día|días|dia|dias|giorno|giorni|dag|dagen|dagar|д|天|日|일",
    3_600: "h|hr|hrs|hour|hours|std|stunde|stunden|heure|heures|hora|horas|ora|ore|u|uur|tim|timme|timmar|"
    "godz|g|ч|час|часов|часа|sa|saat|小时|小時|时|時|時間|시간",
    60: "m|min|mins|minute|minutes|minuten|minuto|minutos|minuti|minuut|minuter|мин|м|dk|dakika|分钟|分鐘|分|"
    "분",
    1: "s|sec|secs|second|seconds|sek|sekunde|sekunden|seconde|secondes|segundo|segundos|seg|secondo|"
    "secondi|seconden|sn|saniye|с|сек|秒|秒钟|秒鐘|초",
}
_SECONDS_OF = {
    spelling: seconds for seconds, spellings in _LENGTHS.items() for spelling in spellings.split("|")
}
_PART = re.compile(r"(?P<amount>\d{1,9}(?:[.,]\d{1,6})?)\s*(?P<unit>[^\W\d_]+)\.?[\s,]*")
_CLOCK = re.compile(r"\d{1,5}:\d{1,2}:\d{1,2}(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


@lru_cache(256)
def row_kind(order: str) -> RowKind | None:
    """What a row is by its Set Order: a kind of set, a rest or a note; None for an unknown word."""
    word = order.strip().casefold()
    known = _KIND_OF.get(word)
    if known:
        return known
    match = _NUMBERED.fullmatch(word)
    letter = match and (match["letter"] or match["after"])
    if letter:
        return _KIND_OF.get(letter)
    return "normal" if match or not word else None


def seconds_in(text: str) -> Decimal | None:
    """The seconds in `1h 13m`, `1小时13分钟`, `01:13:00` or a number; None where it is no length of time."""
    text = text.strip().casefold()
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _CLOCK.fullmatch(text):
        hours, minutes, seconds = map(Decimal, text.split(":"))
        return (hours * 60 + minutes) * 60 + seconds
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return _sum((part["amount"], part["unit"]) for part in parts)


def _sum(parts: Iterable[tuple[str, str]]) -> Decimal | None:
    total = Decimal(0)
    for amount, unit in parts:
        seconds = _SECONDS_OF.get(unit)
        if seconds is None:
            return None
        total += Decimal(amount.replace(",", ".")) * seconds
    return total
