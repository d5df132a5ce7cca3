"""The words of a backtest's report, in English and Chinese."""

from typing import TYPE_CHECKING, Any

from transforms.abc import CLASS_NAMES_ZH
from transforms.clv import ORDERS_HORIZON_DAYS
from transforms.lifecycle import STAGE_NAMES_ZH
from transforms.loyalty import TYPE_NAMES_ZH

if TYPE_CHECKING:
    import polars as pl

LANGUAGES = ("en", "zh")

_TEXTS: dict[str, tuple[str, str]] = {
    # signals
    "recency": ("recency alone", "仅看最近一次购买"),
    "recency_in_stages": ("recency alone, in classes as large as the stages", "仅看最近一次购买，按阶段人数分档"),
    "money_so_far": ("net money so far", "迄今净消费额"),
    "p_alive": ("P(alive)", "仍会回购的可能性"),
    "p_purchase": ("P(purchase within the horizon)", "观察期内再次购买的概率"),
    "clv": ("customer lifetime value", "客户终身价值"),
    "overdue_ratio": ("overdue ratio", "逾期倍数"),
    "lifecycle_stage": ("lifecycle stage", "生命周期阶段"),
    "lifecycle": ("lifecycle: lost last, then P(purchase)", "生命周期：流失客户居末，其余按再次购买的概率"),
    "rfm": ("RFM: sum of the three scores", "RFM 三项得分之和"),
    "loyalty": ("loyalty score", "忠诚度得分"),
    # measures
    "auc": ("AUC of coming back", "再次购买的 AUC"),
    "brier": ("Brier score of coming back (less is better)", "再次购买的 Brier 分数（越低越好）"),
    "spearman": ("rank correlation with net money", "与净消费额的秩相关"),
    "top_decile_lift": ("lift of the best tenth in net money", "前 10% 客户净消费额的提升倍数"),
    "trust": ("Which score to trust here", "本店应信赖的评分"),
    "behind": ("behind the best by", "落后最佳"),
    # verdicts
    "best": ("best", "最佳"),
    "as_good": ("as good", "不相上下"),
    "less": ("less good", "较差"),
    "better": ("better", "更好"),
    "worse": ("worse", "更差"),
    "open": ("not told apart", "无法区分"),
    "unknown": ("unknown", "未知"),
    # groups
    "rfm_group": ("RFM group", "RFM 分组"),
    "abc_class": ("ABC class", "ABC 分类"),
    "loyalty_type": ("loyalty type", "忠诚类型"),
    # the page
    "title": ("Backtest: do the scores predict?", "回测：评分能预测吗？"),
    "what": (
        "Scores as of {cut}, with everything after that day hidden, beside what {customers:,} customers did in the {days} days after it.",
        "以 {cut} 为截止日计算评分，其后的数据全部隐藏，再与 {customers:,} 位客户此后 {days} 天的实际行为对照。",
    ),
    "totals": ("What was expected, and what came", "预期与实际"),
    "expected": ("expected", "预期"),
    "happened": ("happened", "实际"),
    "came_back": ("came back", "再次购买"),
    "customers_back": ("customers who came back", "再次购买的客户数"),
    "purchase_days": ("purchase days", "购买日数"),
    "net_amount": ("net money", "净消费额"),
    "comparisons": ("Each score beside a baseline", "各项评分与基准对照"),
    "measure": ("measure", "指标"),
    "signal": ("score", "评分"),
    "baseline": ("baseline", "基准"),
    "customers": ("customers", "客户数"),
    "value": ("figure", "数值"),
    "baseline_value": ("baseline's", "基准值"),
    "gain": ("gain", "增益"),
    "verdict": ("verdict", "结论"),
    "calibration": ("Calibration: what was said, and what came", "校准：预测与实际"),
    "probability": ("probability", "概率"),
    "predicted": ("predicted", "预测"),
    "deciles": ("Net money by tenth of the customers, the best first", "按客户十等分的净消费额（由高到低）"),
    "decile": ("tenth", "十分位"),
    "ranking": ("ranked by", "排序依据"),
    "lift": ("in multiples of the mean", "相对均值的倍数"),
    "groups": ("Who came back, by group", "各分组的再次购买率"),
    "dimension": ("grouped by", "分组方式"),
    "group": ("group", "分组"),
    "share_of_net_amount": ("share of net money", "净消费额占比"),
    "mean_net_amount": ("net money each", "人均净消费额"),
    "notes": ("How to read this", "阅读说明"),
    "note_interval": (
        "In brackets: 95 % intervals by bootstrap over customers. “Better” and “worse”: the gain's interval lies on one side of 0.",
        "括号内为按客户自助法得到的 95% 区间。增益区间不含 0 时才称“更好”或“更差”。",
    ),
    "note_population": (
        "Each score is compared on the customers of whom it is known; P(alive) is unknown of who bought on one day only.",
        "每项评分只在其已知的客户上比较；只在一天购买过的客户没有“仍会回购的可能性”。",
    ),
    "note_alive": (
        "P(alive) should lie above the share that came back: who is still a customer need not buy within the horizon.",
        "仍会回购的可能性应高于再次购买率：仍是客户的人不一定在观察期内购买。",
    ),
    "note_brier": (
        "As a probability recency stands for the share that came back in its tenth, told by hindsight: a baseline hard to beat.",
        "作为概率的基准，最近一次购买取其所在十分位的事后再次购买率，因此很难超越。",
    ),
    "lost": ("lost", "流失"),
}
_GROUPS_ZH = {"lifecycle_stage": STAGE_NAMES_ZH, "loyalty_type": TYPE_NAMES_ZH, "abc_class": CLASS_NAMES_ZH}


_FINDINGS = {
    "en": {
        "best": "To tell who comes back here, trust {best} (AUC {value:.3f}).",
        "as_good": " As good, as far as this base can tell: {names}.",
        "less": " Less good: {names}.",
        "lost": "Of {customers:,} customers called lost, {came_back:,} bought again within {days} days: {share:.1%} "
        "({low:.1%} to {high:.1%})",
        "within": ", within the {allowed:.0%} that are allowed.",
        "above": ", more than the {allowed:.0%} that are allowed: raise lifecycle.lost_at in regulars.yaml.",
        "longer": ". The {allowed:.0%} that are allowed are meant for {allowed_days} days.",
        "nobody": "Nobody was called lost on that day.",
        "and": ", ",
    },
    "zh": {
        "best": "在本店判断谁会再次购买，应以{best}为准（AUC {value:.3f}）。",
        "as_good": "数据尚不能区分高下的还有：{names}。",
        "less": "较差的有：{names}。",
        "lost": "被判定为流失的 {customers:,} 位客户中，有 {came_back:,} 位在 {days} 天内再次购买，占 {share:.1%}"
        "（{low:.1%} 至 {high:.1%}）",
        "within": "，未超过设定的 {allowed:.0%}。",
        "above": "，超过设定的 {allowed:.0%}：请在 regulars.yaml 中调高 lifecycle.lost_at。",
        "longer": "。设定的 {allowed:.0%} 以 {allowed_days} 天为期。",
        "nobody": "当日没有客户被判定为流失。",
        "and": "、",
    },
}


def findings(trust: "pl.DataFrame", lost: dict[str, Any], days: int, language: str) -> list[str]:
    """What a backtest advises: which score tells best who comes back on this base, and whether the lost are lost."""
    words, told = _FINDINGS[language], []
    signals: dict[str, list[str]] = {"best": [], "as_good": [], "less": []}
    for row in trust.iter_rows(named=True):
        signals[row["verdict"]].append(text(row["signal"], language))
    if signals["best"]:
        rest = [words[kind].format(names=words["and"].join(signals[kind])) for kind in ("as_good", "less") if signals[kind]]
        told.append("".join([words["best"].format(best=signals["best"][0], value=trust["value"][0]), *rest]))
    if not lost["customers"]:
        return [*told, words["nobody"]]
    share = words["lost"].format(**lost, days=days, low=lost["share_low"], high=lost["share_high"])
    kind = "within" if lost["share"] <= lost["allowed_share"] else "above" if days <= ORDERS_HORIZON_DAYS else "longer"
    return [*told, share + words[kind].format(allowed=lost["allowed_share"], allowed_days=ORDERS_HORIZON_DAYS)]


def text(key: str, language: str) -> str:
    """The words for a key, or the key as words where it has none."""
    return _TEXTS[key][LANGUAGES.index(language)] if key in _TEXTS else key.replace("_", " ")


def group_name(dimension: str, group: str, language: str, rfm_names_zh: dict[str, str]) -> str:
    """The name of a group as people read it. ``rfm_names_zh``: of the preset in use."""
    if language == "en" or (group == "lost" and dimension == "lifecycle_stage"):
        return text(group, language)
    return {**_GROUPS_ZH, "rfm_group": rfm_names_zh}.get(dimension, {}).get(group, group)
