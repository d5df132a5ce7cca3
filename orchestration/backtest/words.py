"""The words of a backtest's report, in English and Chinese."""

from transforms.abc import CLASS_NAMES_ZH
from transforms.lifecycle import STAGE_NAMES_ZH
from transforms.loyalty import TYPE_NAMES_ZH

LANGUAGES = ("en", "zh")

_TEXTS: dict[str, tuple[str, str]] = {
    # signals
    "recency": ("recency alone", "仅看最近一次购买"),
    "recency_in_stages": ("recency alone, in classes as large as the stages", "仅看最近一次购买，按阶段人数分档"),
    "money_so_far": ("net money so far", "迄今净消费额"),
    "p_alive": ("P(alive)", "存活概率"),
    "p_purchase": ("P(purchase within the horizon)", "观察期内再次购买的概率"),
    "clv": ("customer lifetime value", "客户终身价值"),
    "overdue_ratio": ("overdue ratio", "逾期倍数"),
    "lifecycle_stage": ("lifecycle stage", "生命周期阶段"),
    "lifecycle": ("lifecycle: stage, then overdue ratio", "生命周期：先阶段后逾期倍数"),
    "rfm": ("RFM: sum of the three scores", "RFM 三项得分之和"),
    "loyalty": ("loyalty score", "忠诚度得分"),
    # measures
    "auc": ("AUC of coming back", "再次购买的 AUC"),
    "brier": ("Brier score of coming back (less is better)", "再次购买的 Brier 分数（越低越好）"),
    "spearman": ("rank correlation with net money", "与净消费额的秩相关"),
    "top_decile_lift": ("lift of the best tenth in net money", "前 10% 客户净消费额的提升倍数"),
    # verdicts
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
        "每项评分只在其已知的客户上比较；只在一天购买过的客户没有存活概率。",
    ),
    "note_alive": (
        "P(alive) should lie above the share that came back: who is still a customer need not buy within the horizon.",
        "存活概率应高于再次购买率：仍是客户的人不一定在观察期内购买。",
    ),
    "note_brier": (
        "As a probability recency stands for the share that came back in its tenth, told by hindsight: a baseline hard to beat.",
        "作为概率的基准，最近一次购买取其所在十分位的事后再次购买率，因此很难超越。",
    ),
    "lost": ("lost", "流失"),
}
_GROUPS_ZH = {"lifecycle_stage": STAGE_NAMES_ZH, "loyalty_type": TYPE_NAMES_ZH, "abc_class": CLASS_NAMES_ZH}


def text(key: str, language: str) -> str:
    """The words for a key, or the key as words where it has none."""
    return _TEXTS[key][LANGUAGES.index(language)] if key in _TEXTS else key.replace("_", " ")


def group_name(dimension: str, group: str, language: str, rfm_names_zh: dict[str, str]) -> str:
    """The name of a group as people read it. ``rfm_names_zh``: of the preset in use."""
    if language == "en" or (group == "lost" and dimension == "lifecycle_stage"):
        return text(group, language)
    return {**_GROUPS_ZH, "rfm_group": rfm_names_zh}.get(dimension, {}).get(group, group)
