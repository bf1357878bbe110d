"""What messages say, in each language. One title and one body a kind; the names in braces are put in by `word`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mingxun.notifications.spoken import moment, span
from mingxun.people.schemas import Language

Sentence = tuple[str, str]
"""Title and body."""

_ZH: Mapping[str, Sentence] = {
    # shifts
    "assigned": ("给您排了班：{title}", "{when}，{place}。{by}安排的；去不了请在这里退出，早说早补。"),
    "unassigned": ("这一班您不用去了：{title}", "{when}，{place}。{by}调整的。"),
    "assigned_afterwards": ("给您补记了一班：{title}", "{when}，{place}。{by}记的。如果不对，请告诉统筹员。"),
    "unassigned_afterwards": ("有一班不算您的了：{title}", "{when}，{place}。{by}改的。如果不对，请告诉统筹员。"),
    "shift_moved": ("改时间了：{title}", "现在是{when}，{place}。原来是{was_when}。"),
    "shift_relocated": ("改地点了：{title}", "现在在{place}，{when}。原来在{was_place}。"),
    "shift_removed": ("这一班没有您的位置了：{title}", "{was_when}，{was_place}。要排别的班，请找统筹员。"),
    "shift_conflict": ("新时间和您别的班冲突：{title}", "现在是{when}，{place}。请和统筹员说一声去哪一班。"),
    "shift_informed": ("值班说明有改动：{title}", "{when}，{place}。时间地点没有变。"),
    "shift_cancelled": ("取消了：{title}", "{when}，{place}，不用来了。原因：{reason}"),
    "signed_up": ("{name}报名了：{title}", "{when}，{place}。"),
    "withdrew": ("{name}退出了：{title}", "{when}，{place}。空出一个位置，请看看要不要补人。"),
    # presence
    "checked_in": ("已签到：{place}", "{at}。"),
    "checked_out": ("已签退：{place}", "{at}。辛苦了。"),
    "check_in_flagged": ("{name}的签到请看一眼", "{place}，{at}：{flags}。不影响记录，问一句就好。"),
    "vouched_in": ("{by}证明您到了：{place}", "{at}。如果不对，请告诉统筹员。"),
    "vouched_out": ("{by}证明您离开了：{place}", "{at}。如果不对，请告诉统筹员。"),
    "stay_closed": ("已为您结束上一处的值守：{place}", "按{at}离开计算，因为您到了下一处。如果不对，请告诉统筹员。"),
    "stay_assumed": ("您好像忘了签退：{place}", "先按{at}离开计算。如果不对，请告诉统筹员。"),
    # tickets
    "ticket_opened": ("新问题 {number}：{what}", "{category}{spot}。请接单，或者说明为什么不归{party}管。"),
    "ticket_opened_urgent": ("紧急 {number}：{what}", "{category}{spot}。可能伤人，请马上看。"),
    "ticket_unassigned": ("没人接的问题 {number}：{what}", "{category}{spot}。还没有责任方，请转给合适的一方。"),
    "ticket_handed_over": ("转给{party}的问题 {number}：{what}", "{category}{spot}。{name}说：{reason}"),
    "ticket_claimed": ("{party}接单了：{number}", "{what}。修好了会请您去看。"),
    "ticket_declined": ("{party}不接 {number}：{what}", "原因：{reason} 请转给合适的一方。"),
    "ticket_resolved": ("看看修好了没有：{number}", "{what}{spot}。{party}说修好了，请到现场看一眼再确认。"),
    "ticket_verified": ("确认修好了：{number}", "{what}。{name}到现场看过了。"),
    "ticket_reopened": ("还没修好：{number}", "{what}{spot}。{name}说：{reason}"),
    "ticket_overdue_claim": ("超时没人接：{number}", "{what}{spot}。{party}还没有接单。"),
    "ticket_overdue_resolve": ("超时没修好：{number}", "{what}{spot}。在{party}手里。"),
    # people
    "roster_imported": ("{name}导入了花名册", "新增 {added} 人，更新 {changed} 人。"),
    "invitation_accepted": ("{name}接受了邀请", "{area}：{role}。"),
    "role_given": ("您多了一个身份：{role}", "{area}。"),
    "role_ended": ("您不再是{role}了", "{area}。有疑问请联系统筹员。"),
    "role_ended_ahead": ("{name}不在居民区服务了", "后面还排着 {count} 班，请换人。"),
    # trial
    "push_test": ("通知开好了", "以后班次有变、问题有进展，就这样告诉您。"),
}

_EN: Mapping[str, Sentence] = {
    "assigned": (
        "You have a shift: {title}",
        "{when}, {place}. Arranged by {by}. Can't come? Withdraw here, the sooner the better.",
    ),
    "unassigned": ("You are off a shift: {title}", "{when}, {place}. Changed by {by}."),
    "assigned_afterwards": (
        "A past shift was entered for you: {title}",
        "{when}, {place}. Entered by {by}. If that is wrong, tell a coordinator.",
    ),
    "unassigned_afterwards": (
        "A past shift no longer counts as yours: {title}",
        "{when}, {place}. Changed by {by}. If that is wrong, tell a coordinator.",
    ),
    "shift_moved": ("New time: {title}", "Now {when}, {place}. It was {was_when}."),
    "shift_relocated": ("New place: {title}", "Now at {place}, {when}. It was at {was_place}."),
    "shift_removed": (
        "You no longer have a place: {title}",
        "{was_when}, {was_place}. A coordinator can find you another shift.",
    ),
    "shift_conflict": (
        "The new time clashes with another shift of yours: {title}",
        "Now {when}, {place}. Tell a coordinator which one you will do.",
    ),
    "shift_informed": ("Notes changed: {title}", "{when}, {place}. Time and place stay as they were."),
    "shift_cancelled": ("Cancelled: {title}", "{when}, {place}: no need to come. Why: {reason}"),
    "signed_up": ("{name} signed up: {title}", "{when}, {place}."),
    "withdrew": ("{name} withdrew: {title}", "{when}, {place}. A place is free; please see whether to fill it."),
    "checked_in": ("Checked in: {place}", "{at}."),
    "checked_out": ("Checked out: {place}", "{at}. Thank you."),
    "check_in_flagged": ("Please look at a check-in of {name}", "{place}, {at}: {flags}. It counts; a question will do."),
    "vouched_in": ("{by} vouched that you came: {place}", "{at}. If that is wrong, tell a coordinator."),
    "vouched_out": ("{by} vouched that you left: {place}", "{at}. If that is wrong, tell a coordinator."),
    "stay_closed": (
        "Your stay was ended: {place}",
        "Counted until {at}, since you came to the next place. If that is wrong, tell a coordinator.",
    ),
    "stay_assumed": ("Did you forget to check out? {place}", "Counted until {at} for now. If that is wrong, tell a coordinator."),
    "ticket_opened": ("New issue {number}: {what}", "{category}{spot}. Please claim it, or say why it is not for {party}."),
    "ticket_opened_urgent": ("Urgent {number}: {what}", "{category}{spot}. It may hurt people; please look now."),
    "ticket_unassigned": (
        "Issue {number} has nobody: {what}",
        "{category}{spot}. No party is in charge yet; please hand it to one.",
    ),
    "ticket_handed_over": ("Issue {number} handed to {party}: {what}", "{category}{spot}. {name} says: {reason}"),
    "ticket_claimed": ("{party} works on {number}", "{what}. You will be asked to look once it is mended."),
    "ticket_declined": ("{party} declined {number}: {what}", "Why: {reason} Please hand it to another party."),
    "ticket_resolved": ("Is it mended? {number}", "{what}{spot}. {party} says so; please go and look before you confirm."),
    "ticket_verified": ("Seen to be mended: {number}", "{what}. {name} went and looked."),
    "ticket_reopened": ("Not mended yet: {number}", "{what}{spot}. {name} says: {reason}"),
    "ticket_overdue_claim": ("Overdue, nobody claimed it: {number}", "{what}{spot}. It waits for {party}."),
    "ticket_overdue_resolve": ("Overdue, not mended: {number}", "{what}{spot}. It is with {party}."),
    "roster_imported": ("{name} imported a roster", "{added} people added, {changed} updated."),
    "invitation_accepted": ("{name} accepted the invitation", "{area}: {role}."),
    "role_given": ("You have one more role: {role}", "{area}."),
    "role_ended": ("You are no longer {role}", "{area}. If in doubt, ask a coordinator."),
    "role_ended_ahead": ("{name} has no role here any more", "Shifts still ahead of them: {count}. Please find somebody else."),
    "push_test": ("Notifications work", "This is how you will hear of changed shifts and of issues that move."),
}

SENTENCES: Mapping[Language, Mapping[str, Sentence]] = {Language.ZH: _ZH, Language.EN: _EN}

_TERMS: Mapping[Language, Mapping[str, Mapping[str, str]]] = {
    Language.ZH: {
        "category": {
            "waste": "垃圾清运",
            "greenery": "绿化环境",
            "parking": "停车管理",
            "lighting": "路灯照明",
            "facilities": "公共设施损坏",
            "lift": "电梯",
            "water": "积水漏水",
            "fire_safety": "消防通道",
            "security": "门禁治安",
            "other": "其他",
        },
        "flags": {
            "outside": "手机不在点位附近",
            "shared_device": "同一部手机也为别人签了",
            "impossible_travel": "和前后另一次签到离得太远",
            "clock_off": "手机时间不准",
            "stale_code": "用的是过期的动态码",
        },
        "role": {
            "volunteer": "志愿者",
            "building_leader": "楼组长",
            "coordinator": "统筹员",
            "secretary": "书记",
            "handler": "处置方",
            "subdistrict_admin": "街道管理员",
        },
    },
    Language.EN: {
        "category": {
            "waste": "Waste",
            "greenery": "Greenery",
            "parking": "Parking",
            "lighting": "Lighting",
            "facilities": "Damaged facilities",
            "lift": "Lift",
            "water": "Water",
            "fire_safety": "Fire safety",
            "security": "Security",
            "other": "Other",
        },
        "flags": {
            "outside": "the phone was not near the place",
            "shared_device": "the same phone scanned for others, too",
            "impossible_travel": "too far from another check-in shortly before or after",
            "clock_off": "the phone's clock is off",
            "stale_code": "the rotating code was out of date",
        },
        "role": {
            "volunteer": "volunteer",
            "building_leader": "building leader",
            "coordinator": "coordinator",
            "secretary": "secretary",
            "handler": "handler",
            "subdistrict_admin": "subdistrict administrator",
        },
    },
}
_UNKNOWN: Mapping[Language, Mapping[str, str]] = {
    Language.ZH: {
        "by": "统筹员",
        "name": "有人",
        "place": "原定地点",
        "was_place": "原定地点",
        "party": "责任方",
        "area": "本居民区",
        "title": "值班",
        "what": "内容已删",
        "reason": "内容已删。",
    },
    Language.EN: {
        "by": "a coordinator",
        "name": "Somebody",
        "place": "the usual place",
        "was_place": "the usual place",
        "party": "the party in charge",
        "area": "the neighbourhood",
        "title": "duty",
        "what": "(text removed)",
        "reason": "(text removed).",
    },
}
"""For what is not known any more, such as the name of somebody who was erased, or what they wrote."""


def word(kind: str, params: Mapping[str, Any], *, language: Language, zone: ZoneInfo) -> Sentence:
    """Title and body of a message, each without line breaks. Raises KeyError for an unknown kind or a missing parameter."""
    said: dict[str, str] = {}
    for key, value in params.items():
        if isinstance(value, datetime):
            said[key] = moment(value, zone, language)
        elif key in _TERMS[language]:
            terms = _TERMS[language][key]
            found = [terms.get(one, one) for one in ([value] if isinstance(value, str) else value)]
            said[key] = ("、" if language is Language.ZH else ", ").join(found)
        else:
            said[key] = " ".join(str(value).split()) or _UNKNOWN[language].get(key, "")
    for prefix in ("", "was_"):
        if f"{prefix}starts_at" in params:
            said[f"{prefix}when"] = span(params[f"{prefix}starts_at"], params[f"{prefix}ends_at"], zone, language)
    if said.get("spot"):
        said["spot"] = ("，" if language is Language.ZH else ", ") + said["spot"]
    title, body = SENTENCES[language][kind]
    return title.format_map(said), body.format_map(said)
