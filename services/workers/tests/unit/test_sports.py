"""Sports of other apps, in the languages that they speak, are ours."""

from __future__ import annotations

import pytest

from wotr_workers.texts.sports import sport

# Of each type: what Strava, Garmin and Apple call it, in English and other languages.
NAMES = {
    "run": (
        "Run|Trail Run|Virtual Run|Hardloopsessie|Running|Treadmill Running|Track Running|Löpning|Löpband|"
        "Løb|Løb terræn|Løping|Laufen|Laufbandtraining|Laufen auf der Bahn|Corrida|Corrida em esteira|"
        "Corrida em trilhas|Carrera|Entrenamiento en cinta|Carrera a pie|Bieganie|Bieg górski|Futás|"
        "Beltéri futás|Teremfutás|Course à pied|Course sur tapis roulant|Trail|Corsa|Tapis roulant|Juoksu|"
        "Běh|ラン|トラックラン|トレッドミル|屋内ラン|跑步|跑步机|running|trail_running|"
        "HKWorkoutActivityTypeRunning|Indoor Run|Lauf|Outdoor Run|Hardlopen|Orienteringsløb|TrailRun|"
        "Interior Carrera|Correr"
    ),
    "ride": (
        "Ride|E-Bike Ride|Velomobile|Fietsrit|Virtual Ride|Gravel Ride|Handcycle|Cykling|Inomhuscykling|"
        "Landsvägscykling|Cykling på grusveje|Sykling|Radfahren|Radfahrt|Virtuelle Radfahrt|"
        "Indoor-Radfahren|Mountainbiken|Ciclismo|Ciclismo em estradas|Ciclismo virtual|Kolarstwo|"
        "Jazda na rowerze|Kolarstwo górskie|Kerékpározás|Szobakerékpározás|Vélo|Vélo d'appartement|"
        "Cyclisme|VTT|Bici|Pyöräily|Cyklistika|バイク|屋内バイク|骑行|室内骑行|cycling|road_biking|"
        "HKWorkoutActivityTypeCycling|HKWorkoutActivityTypeHandCycling|Interior Ciclismo|Outdoor Cycling|"
        "Fietsen|EBikeRide|Mountain Biking|Virtuele rit|virtual_ride|BMX"
    ),
    "swim": (
        "Swim|Pool Swim|Open Water Swimming|Simning|Simbassäng|Svøm i pool|Svømning i åbent vand|"
        "Schwimmbadschwimmen|Freiwasserschwimmen|Natação em piscina|Natação em alto mar|"
        "Natación en piscina|Pływanie na basenie|Nyíltvízi úszás|Natation|Natation en piscine|"
        "Nage en eau libre|Nuoto in piscina|Zwemmen|Zwemmen in open water|Bassengsvømming|Uinti|Plavání|"
        "プールスイム|泳池游泳|lap_swimming|open_water_swimming|HKWorkoutActivityTypeSwimming|"
        "Pool Swimming"
    ),
    "walk": (
        "Walk|Walking|Gång|Gang|Gehen|Spaziergang|Caminata|Caminhada|Chodzenie|Spacer|Gyaloglás|Marche|"
        "Marche à pied|Camminata|Wandelen|Wandeling|Gange|Kävely|Chůze|ウォーキング|步行|Outdoor Walk|"
        "Indoor Walking|HKWorkoutActivityTypeWalking|Caminata al Aire Libre|Séta|Spazieren|Casual Walking"
    ),
    "hike": (
        "Hike|Hiking|Hiken|Wandeltocht|Wandern|Wanderung|Vandring|Randonnée|Senderismo|Excursionismo|"
        "Wędrówka|Escursionismo|Túrázás|Vaellus|Turistika|ハイキング|徒步|登山|Snowshoe|Schneeschuhwandern|"
        "Mountaineering|HKWorkoutActivityTypeHiking|hiking|Trilha"
    ),
    "ski": (
        "Nordic Ski|Alpine Ski|Backcountry Ski|Roller Ski|Längdskidåkning klassisk stil|"
        "Utförsåkning i pist|Skilanglauf|Skifahren|Langlaufen|Langrend|Skiløb|Ski alpin|Esquí|Narciarstwo|"
        "Sci di fondo|Síelés|Lyžování|Hiihto|スキー|滑雪|Resort Skiing|XC Classic Skiing|"
        "resort_skiing_snowboarding|HKWorkoutActivityTypeCrossCountrySkiing|"
        "HKWorkoutActivityTypeDownhillSkiing|Skate Skiing|Alpineskiën|Toerskiën|Ski de randonnée|"
        "backcountry_skiing"
    ),
    "skate": (
        "Ice Skate|Inline Skate|Inline Skating|Schaatsen|Schlittschuhlaufen|Eislaufen|Patinaje|"
        "HKWorkoutActivityTypeSkatingSports|Skridskoåkning|Inlineskaten"
    ),
    "row": (
        "Rowing|Virtual Row|Indoor Rowing|Roeien|Roeisessie|Rudern|Rodd|Roning|Aviron|Rameur|Remo|"
        "Canottaggio|Wioślarstwo|Evezés|HKWorkoutActivityTypeRowing|indoor_rowing|划船|Row"
    ),
    "strength": (
        "Weight Training|Strength Training|Styrketräning|Styrketræning|Styrketrening|Krafttraining|"
        "Krachttraining|Entrenamiento de fuerza|Musculation|Trening siłowy|Erősítő edzés|Treino de força|"
        "筋力トレーニング|力量训练|HKWorkoutActivityTypeTraditionalStrengthTraining|"
        "HKWorkoutActivityTypeFunctionalStrengthTraining|strength_training|Functional Strength Training|"
        "Allenamento della forza|Entrenamiento de Fuerza Funcional|Renforcement musculaire"
    ),
    "yoga": "Yoga|Joga|Jóga|Jooga|ヨガ|瑜伽|HKWorkoutActivityTypeYoga|Ioga",
    "crossfit": "Crossfit|CrossFit",
    "elliptical": (
        "Elliptical|Crosstrainer|Elíptica|Ellipsentrainer|Xトレーナー|HKWorkoutActivityTypeElliptical|"
        "Vélo elliptique|Elíptico|椭圆机"
    ),
    "workout": (
        "Workout|Cardio|Konditionspass|Kardió|HIIT|Pilates|Training|Entraînement|Stair Stepper|"
        "HKWorkoutActivityTypeHighIntensityIntervalTraining|HKWorkoutActivityTypeMixedCardio|"
        "HKWorkoutActivityTypeCoreTraining|Lépcsőzés|有氧运动|カーディオ|Fitness Equipment|indoor_cardio|"
        "HKWorkoutActivityTypeCrossTraining"
    ),
    "other": (
        "Kitesurf|Golf|Tennis|Annan|Badminton|Squash|Padel|Discgolf|Racketsporter|Légzőgyakorlat|Sail|"
        "Canoe|other|paddling|transition|Soccer|Rock Climb|Snowboard|Skateboard|Horseback Riding|"
        "Motorcycling|Multisport|Breathwork|HKWorkoutActivityTypeSwimBikeRun|Fußball|Sports de raquette|"
        "Water Skiing|Stand Up Paddling|Kayaking|Kajak|Bouldering|Windsurf|Rest|Tai Chi|Wheelchair|"
        "Triathlon|Surf|Basketball|Dance|Ridning|Autres"
    ),
}


@pytest.mark.parametrize("ours", NAMES)
def test_names_of_a_sport(ours: str) -> None:
    names = NAMES[ours].split("|")
    assert {name: sport(name) for name in names} == dict.fromkeys(names, ours)


@pytest.mark.parametrize("spelled", ["TRAIL RUN", "trail_running", "TrailRun", " Trail  Run ", "trail-run"])
def test_letter_case_and_what_stands_between_words_do_not_matter(spelled: str) -> None:
    assert sport(spelled) == "run"


def test_accents_written_as_letters_of_their_own_do_not_matter() -> None:
    assert sport("Natac\u0327a\u0303o") == sport("Natação") == "swim"


@pytest.mark.parametrize("name", ["", "--", "x" * 10_000, "\ud800"])
def test_what_is_no_name_is_another_sport(name: str) -> None:
    assert sport(name) == "other"
