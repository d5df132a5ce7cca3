"""What people read about an export, in English and Chinese."""

from typing import Literal

Language = Literal["en", "zh"]

EXPLANATIONS = {
    "en": {
        "no_address": "no address of the kind this platform takes is on record",
        "invalid_email": "the e-mail is none that this platform takes",
        "invalid_phone": "the phone is no valid number",
        "not_mainland_mobile": "the phone is no mobile number of mainland China",
        "not_mobile": "the phone is a landline and receives no text messages",
        "no_external_userid": "no source delivers the customer's external_userid of WeCom",
        "duplicate": "the same address stands in the file already, under another customer",
    },
    "zh": {
        "no_address": "没有该平台所需的联系方式",
        "invalid_email": "邮箱格式不被该平台接受",
        "invalid_phone": "电话号码无效",
        "not_mainland_mobile": "不是中国大陆手机号",
        "not_mobile": "固定电话，无法接收短信",
        "no_external_userid": "没有任何来源提供该客户的企业微信 external_userid",
        "duplicate": "相同的联系方式已在文件中（属于另一位客户）",
    },
}
"""Reasons of ``transforms.platform_rows.REASONS`` in words."""

LABELS = {
    "en": {
        "people": "On the list now",
        "written": "Rows written",
        "files": "Files",
        "form": "Form",
        "refused": "Refused",
        "left_out": "Written without",
        "dropped": "Dropped since published",
        "nobody": "nobody",
        "plain": "not hashed",
        "next": "Next",
        "warning": "Warning",
        "refused_file": "Who was refused and why: {path}",
        "too_few": "{written:,} people are fewer than the {minimum:,} that {platform} asks for: it will do nothing with the file.",
        "consent": "{platform} advertises to these people: that takes a consent of its own (PIPL, article 23), besides "
        "the one for this list.",
        "personal": "The files hold addresses{hashed}: remove {folder} once they are uploaded.",
        "hashed": " (a hash of a phone is one too)",
        "unread": "not read yet, though somebody may have opted out in it: {file}",
        "none": "Nobody of the list can be written for {platform}: no file was made.",
    },
    "zh": {
        "people": "名单现有人数",
        "written": "写入行数",
        "files": "文件",
        "form": "形式",
        "refused": "未写入",
        "left_out": "写入但缺少",
        "dropped": "发布后剔除",
        "nobody": "无",
        "plain": "未哈希",
        "next": "下一步",
        "warning": "注意",
        "refused_file": "未写入的客户及原因：{path}",
        "too_few": "{written:,} 人少于 {platform} 要求的 {minimum:,} 人，平台不会使用该文件。",
        "consent": "{platform} 会向这些人投放广告：除本名单的同意外，还需取得单独同意（《个人信息保护法》第二十三条）。",
        "personal": "文件含有联系方式{hashed}：上传后请删除 {folder}。",
        "hashed": "（手机号的哈希值同样是个人信息）",
        "unread": "尚未读取，其中可能有退订记录：{file}",
        "none": "名单中没有人可以写入 {platform} 的文件，未生成文件。",
    },
}
