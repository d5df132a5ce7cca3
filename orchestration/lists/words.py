"""What people read about lists, in English and Chinese."""

from typing import Any

DROPPED = {
    "en": {
        "erased": "asked to be forgotten",
        "no_consent": "did not agree to this channel, or took it back",
        "unsubscribed": "unsubscribed",
        "no_personalisation": "objected to being chosen by personal traits",
        "no_address": "no valid address for this channel",
        "complaint_cool_down": "complained recently",
        "contacted_recently": "were contacted recently",
        "frequency_cap": "were contacted often enough",
        "list_cool_down": "were on this list recently",
        "other_list": "are on another list",
        "holdout": "are held out for comparison",
    },
    "zh": {
        "erased": "要求删除个人信息",
        "no_consent": "未同意该渠道或已撤回同意",
        "unsubscribed": "已退订",
        "no_personalisation": "拒绝个性化推荐",
        "no_address": "没有该渠道的有效联系方式",
        "complaint_cool_down": "近期有投诉",
        "contacted_recently": "近期已联系",
        "frequency_cap": "联系次数已达上限",
        "list_cool_down": "近期已在本名单",
        "other_list": "已在其他名单",
        "holdout": "对照组",
    },
}
"""Reasons of suppression (``transforms.contact.STATUSES``) in words; one that is missing here is shown as it is named."""

LABELS: dict[str, dict[str, Any]] = {
    "en": {
        "check": ("List", "Title", "State"),
        "ok": "ok",
        "lacking": "not available: needs {needs}",
        "broken": "not valid: {problem}",
        "all valid": "All {count} lists are valid.",
        "some broken": "{broken} of {count} lists are not valid and would be withheld. Mend them in {path}.",
        "columns": ("Column", "Holds", "What it says"),
        "columns note": "A filter may use every column whose kind is named here; lists.filter in docs/lists.md says how.",
        "values": "one of {values}",
        "as of": "{title} ({name}), as of {as_of}, by what is published",
        "chosen": "Chosen by the condition",
        "sent": "May be written to",
        "listed": "On the list (internal: not for contact)",
        "limit": "up to its size limit of {limit:,}",
        "kept off": "Kept off",
        "nobody": "no one",
        "sample": "The first {count} of them:",
        "customer": "customer",
        "name": "name",
        "email": "e-mail",
        "phone": "phone",
        "reason": "reason",
        "note": "Nothing was written. A run builds and checks the list; names and addresses are shown masked.",
    },
    "zh": {
        "check": ("名单", "名称", "状态"),
        "ok": "正常",
        "lacking": "暂不可用：需要 {needs}",
        "broken": "无效：{problem}",
        "all valid": "全部 {count} 份名单均有效。",
        "some broken": "{count} 份名单中有 {broken} 份无效，将不会发布。请在 {path} 中修改。",
        "columns": ("列", "内容", "说明"),
        "columns note": "筛选条件可使用此处列出类型的各列；写法见 docs/lists.md。",
        "values": "取值：{values}",
        "as of": "{title}（{name}），截至 {as_of}，依据已发布的数据",
        "chosen": "符合条件",
        "sent": "可以联系",
        "listed": "在名单中（内部名单，不联系任何人）",
        "limit": "人数上限 {limit:,}",
        "kept off": "已剔除",
        "nobody": "无",
        "sample": "其中前 {count} 位：",
        "customer": "客户",
        "name": "姓名",
        "email": "邮箱",
        "phone": "电话",
        "reason": "理由",
        "note": "未写入任何文件。名单由运行生成并检查；姓名和联系方式已脱敏。",
    },
}

KINDS = {
    "en": {"text": "a text", "number": "a number", "boolean": "true or false", "date": "a date", "timestamp": "a date with a time"},
    "zh": {"text": "文本", "number": "数字", "boolean": "真假值", "date": "日期", "timestamp": "日期时间"},
}
"""What a column holds, in words."""
