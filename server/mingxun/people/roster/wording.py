"""Sentences for what is found in a roster, in each language. The codes are the contract; these words are for who reads the
preview.
"""

from mingxun.people.roster.fields import Found, Trouble
from mingxun.people.schemas import Language

_ZH = {
    Trouble.NAME_MISSING: "这一行没有姓名，不会导入。",
    Trouble.NAME_ODD: "“{value}”不像姓名，这一行不会导入。",
    Trouble.AMBIGUOUS: "名册里有好几位“{value}”，这一行没有电话和门牌，分不清是哪一位，不会导入。请补上电话或门牌。",
    Trouble.PHONE_SHORT: "电话“{value}”位数不够，没有导入，请核对。",
    Trouble.PHONE_ODD: "“{value}”不是电话号码，没有导入，请核对。",
    Trouble.PHONE_ROUNDED: "电话被表格软件改成了“{value}”，数字已丢失，没有导入。请把该列设为文本后重新填写。",
    Trouble.PHONE_NO_AREA_CODE: "固定电话“{value}”缺区号，没有导入。",
    Trouble.PHONE_SECOND: "一格里有两个电话，用第一个；另一个“{value}”记在电话备注里。",
    Trouble.PHONE_IS_ID: "电话一栏填的是身份证号，没有导入，也不会保存。",
    Trouble.BORN_AMBIGUOUS: "“{value}”可能是1月，也可能是10月，只记年份。",
    Trouble.BORN_ODD: "“{value}”不是可用的出生日期，没有导入。",
    Trouble.ADDRESS_ODD: "从“{value}”看不出是哪一幢楼，照原样保留。",
    Trouble.BUILDING_AMBIGUOUS: "有好几幢楼对得上（{value}），先算第一幢，请核对。",
    Trouble.LEADER_WITHOUT_BUILDING: "填的是楼组长，但不知道是哪一幢，先按志愿者导入。",
    Trouble.ID_REMOVED: "文字里有身份证号，已去掉，不会保存。",
    Trouble.SHORTENED: "文字太长，末尾“{value}”没有导入。",
    Trouble.OTHER_PHONE: "和前面一行是同一个人，但电话不同（{value}），这一行不导入，请核对哪个对。",
    Trouble.OTHER_ADDRESS: "和前面一行是同一个人，但门牌不同（{value}），这一行不导入，请核对哪个对。",
    Trouble.MATCHED_BY_NAME: "这一行没有电话和门牌，按姓名认作名册里唯一的“{value}”。",
}
_EN = {
    Trouble.NAME_MISSING: "This row has no name; it is left out.",
    Trouble.NAME_ODD: "“{value}” does not look like a name; the row is left out.",
    Trouble.AMBIGUOUS: "There are several people called “{value}”, and the row has neither telephone nor address to tell which; "
    "it is left out. "
    "Add one of them.",
    Trouble.PHONE_SHORT: "Digits are missing in the telephone number “{value}”; it is left out.",
    Trouble.PHONE_ODD: "“{value}” is not a telephone number; it is left out.",
    Trouble.PHONE_ROUNDED: "The spreadsheet turned the telephone number into “{value}” and lost digits; it is left out. "
    "Format the column as text and type it again.",
    Trouble.PHONE_NO_AREA_CODE: "The landline number “{value}” lacks its area code; it is left out.",
    Trouble.PHONE_SECOND: "There are two numbers in one cell; the first is used, and “{value}” is kept as a note.",
    Trouble.PHONE_IS_ID: "An identity number stands in the telephone's column; it is left out and never stored.",
    Trouble.BORN_AMBIGUOUS: "“{value}” can be January or October; only the year is kept.",
    Trouble.BORN_ODD: "“{value}” can't be a date of birth; it is left out.",
    Trouble.ADDRESS_ODD: "No building can be made out from “{value}”; it is kept as it is.",
    Trouble.BUILDING_AMBIGUOUS: "Several buildings fit ({value}); the first is taken. Please check.",
    Trouble.LEADER_WITHOUT_BUILDING: "Marked as a building leader, but of no known building; taken in as a volunteer.",
    Trouble.ID_REMOVED: "An identity number stood in the text; it is taken out and never stored.",
    Trouble.SHORTENED: "The text is too long; its end “{value}” is left out.",
    Trouble.OTHER_PHONE: "The same person as in an earlier row, with another number ({value}); this row is left out. "
    "Check which is right.",
    Trouble.OTHER_ADDRESS: "The same person as in an earlier row, with another address ({value}); this row is left out. "
    "Check which is right.",
    Trouble.MATCHED_BY_NAME: "Neither telephone nor address; taken for the only “{value}” on the roster.",
}
SENTENCES = {Language.ZH: _ZH, Language.EN: _EN}


def sentence(found: Found, language: Language) -> str:
    """What to tell about a trouble."""
    return SENTENCES[language][found.trouble].format(value=found.value.removeprefix("+86"))
