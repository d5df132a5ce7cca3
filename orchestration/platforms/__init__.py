"""Files of a list in the exact form that an advertising, mailing or messaging platform imports.

One module per family of platforms: its columns, its limits, what to do with the file there, and the page that says so. ``files`` writes,
``export`` is the command. Nothing in these files is escaped, and nothing needs to be: only values of the types of
``transforms.platform_ids`` get in. Importing this package imports no engine.
"""

NAMES = {
    "google": "Google Customer Match",
    "meta": "Meta custom audience",
    "tiktok": "TikTok custom audience",
    "klaviyo": "Klaviyo",
    "mailchimp": "Mailchimp",
    "hubspot": "HubSpot",
    "tencent": "腾讯广告 Tencent Ads",
    "ocean_engine": "巨量引擎 Ocean Engine DMP",
    "qianchuan": "巨量千川 Qianchuan",
    "dharma": "达摩盘 Dharma, through Quick Audience",
    "wecom": "企业微信 WeCom tags",
    "aliyun_sms": "阿里云短信 Alibaba Cloud SMS",
    "huawei_sms": "华为云短信 Huawei Cloud SMS",
}
"""Every platform that files can be written for, and what people call it."""
