"""What a sport is called here: apps name hundreds, in the athlete's language, and edit their lists often.

A name belongs to the first sport of which it holds a stem. Stems are without the accents that a letter can
lose (`natac` finds natación and natação); ø and ł are letters of their own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

OTHER = "other"
_NAMES_KEPT = 4096
_LONGEST = 100  # characters of a name that are looked at
_PREFIX = "hkworkoutactivitytype"
_BETWEEN = re.compile(r"[\W_]+")
# In the order in which they are asked; the first holds names in which another stem would be found.
_STEMS = {
    OTHER: r"motor motocr horse ridning rideb jet.?ski water.?ski wakeb swim.?bike.?run triath?lon",
    "elliptical": r"ellip elipt cross.?trainer xtrainer xトレーナー エリプティカル 椭圆 橢圓",
    "crossfit": r"cross.?fit",
    "yoga": r"yoga \bjoga jooga \bioga ヨガ 瑜",
    "ski": r"""
        \bski(?!p)
        (roller|roll|rulle|rull|nordic|alpine?|backcountry|toer|country|downhill|touring|langd|virtual).?ski
        langlauf langren hiihto laskettelu telemark narciar \bnart \blyz siel sizes sifut esqui \bsci\b
        skiroll utforsak スキー 滑雪
    """,
    "skate": r"""
        skat(?!eb) skøjt skøyt skridsk schlittschuh eislauf patin(?!et) pattin schaats skeeler luistel
        bruslen korcsoly łyzw inline スケート 滑冰 轮滑 溜冰
    """,
    "swim": r"""
        swim schwimm simning simbass simma \bsim\b svom svøm zwem natac natat \bnage\b nuot pływ uinti
        \buinn plavan \busz スイム 水泳 泳
    """,
    "row": r"""
        \brow\b rowing virtualrow ruder \brodd roning \broing \bromask roei aviron rameur \bremo\b
        canottag vogator wiosl wiosł soutu veslov evez ローイング 漕 划船
    """,
    "ride": r"""
        cycl \bbik bike ride\b cykl cyklo sykl cicl bici rad(fahr|tour|training|renn|sport) fahrrad
        \brad\b fiets (fiets|gravel|mountainbike|virtuele|ebike).?rit\b \brit\b velo(?!c) vtt\b rower
        kolarst pyorai kerekpar na.kole gravel spinning \bbmx \bmtb バイク サイクリング ライド 自転車 骑行
        骑车 騎行 騎車 单车 單車 自行车 自行車
    """,
    "hike": r"""
        hik wanderung wandern wandertour bergwander vandr fottur fjelltur wandeltocht senderis excursi
        randonn escursion wedrow piesz turyst vaell retkeil turisti turaz \btura ^trilha mountaineer
        bergsteig alpinis trekk snow.?shoe schneeschuh raquet\w*.(a|de).n ciaspol snosk snøsk sneeuwschoen
        ハイキング 登山 徒步 健行 远足 遠足
    """,
    "walk": r"""
        walk \bgeh spazier \bgang\b \bgange\b \bga\b wandel caminat caminar caminhad camminat march
        \bpaseo chodz spacer marsz kavel chuze prochaz gyalogl \bseta ウォーク ウォーキング 歩 步行 散步
        走路
    """,
    "run": r"""
        run jog treadmill lauf løb løp tredem lopning lopband hardlo loopband carrera correr corrid
        esteira \bcinta\b course tapis corsa trail bieg biez juoks \bbeh futas futopad kocog ラン$
        ランニング ジョギング トレッドミル 跑
    """,
    "strength": r"""
        strength weight kraft styrke kracht fuerza pesas pesos musculac musculat renforcement forza
        sollevam siłow voima kuntosali posilov silov erosit sulyz lifting \bforca 筋力 筋トレ ウエイト
        ウェイト 力量 重量 举重 舉重
    """,
    "workout": r"""
        workout cardio kardio kondition hiit high.?intensity interval fitness pilates \bgym\b core stair
        \bstep jump.?rope calisthen aerob boot.?camp circuit mobility flexib stretch training traning
        træning trening trenink treino entreno entrenam entrainement allenam edzes harjoit lepcs
        カーディオ トレーニング 有氧 训练 訓練 间歇 間歇
    """,
}
_RULES = tuple((sport, re.compile("|".join(stems.split()))) for sport, stems in _STEMS.items())


@lru_cache(_NAMES_KEPT)
def sport(name: str) -> str:
    """Our type of the sport that an app calls `name`; `other` where we have none for it."""
    words = _words(name)
    return next((ours for ours, stems in _RULES if stems.search(words)), OTHER)


def _words(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name[:_LONGEST].casefold())
    bare = unicodedata.normalize("NFC", "".join(char for char in apart if not "\u0300" <= char <= "\u036f"))
    return _BETWEEN.sub(" ", bare).strip().removeprefix(_PREFIX)
