"""The platforms by name."""

from difflib import get_close_matches

from orchestration.errors import RegularsError
from orchestration.platforms import NAMES, bytedance, dharma, google, mail_tools, meta, sms, tencent, tiktok, wecom
from orchestration.platforms.platform import Platform

PLATFORMS = {
    platform.name: platform
    for platform in (
        google.PLATFORM, meta.PLATFORM, tiktok.PLATFORM, mail_tools.KLAVIYO, mail_tools.MAILCHIMP, mail_tools.HUBSPOT,
        tencent.PLATFORM, bytedance.OCEAN_ENGINE, bytedance.QIANCHUAN, dharma.PLATFORM, wecom.PLATFORM, sms.ALIYUN, sms.HUAWEI,
    )
}  # fmt: skip


def platform_of(name: str) -> Platform:
    """The platform of that name. Raises ``RegularsError`` with the nearest one and all that are known."""
    if name in PLATFORMS:
        return PLATFORMS[name]
    near = get_close_matches(name.lower().replace("-", "_"), PLATFORMS, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    known = ", ".join(f"{known} ({title})" for known, title in NAMES.items())
    raise RegularsError(f"Unknown platform '{name}'.{hint} Known: {known}.", do="name one with --for")


def form_of(platform: Platform, is_hashed: bool | None, digest: str | None) -> str:
    """``sha256``, ``md5`` or ``plain``: what was asked for, else the platform's default. Raises ``RegularsError`` for what it doesn't
    take."""
    if digest and is_hashed is False:
        raise RegularsError(f"--plain and --hash {digest} exclude each other.", do="leave one of them out")
    fitting = [form for form in platform.forms if is_hashed is None or (form != "plain") == is_hashed]
    fitting = [form for form in fitting if digest in (None, form)]
    if fitting:
        return fitting[0]
    asked = f"--hash {digest}" if digest else "--hashed" if is_hashed else "--plain"
    ways = {"plain": "--plain", "sha256": "--hash sha256", "md5": "--hash md5"}
    raise RegularsError(
        f"{NAMES[platform.name]} does not take {asked}.",
        expected=" or ".join(ways[form] for form in platform.forms),
        do=f"leave {asked} out",
    )
