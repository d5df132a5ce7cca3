"""What the merchant sells: 400 products in ten categories, each category with its own price level. The same for every seed."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.sample import draws


@dataclass(frozen=True)
class Category:
    """``level``: a middling price in yuan; ``share``: of the lines sold. Products are ``goods`` × ``kinds``."""

    name: str
    level: float
    share: float
    goods: tuple[str, ...]
    kinds: tuple[str, ...]


CATEGORIES = (
    Category(
        "茶叶", 88, 0.16, ("龙井", "铁观音", "普洱", "大红袍", "茉莉花茶", "白毫银针", "正山小种", "碧螺春"),
        ("50g", "125g", "250g", "礼盒", "小罐装"),
    ),
    Category(
        "零食", 26, 0.20, ("夏威夷果", "猪肉脯", "芒果干", "牛轧糖", "凤梨酥", "海苔卷", "每日坚果", "山楂条"),
        ("小袋", "大袋", "罐装", "组合装", "礼盒"),
    ),
    Category(
        "粮油调味", 45, 0.12, ("五常大米", "山茶油", "生抽", "米醋", "豆瓣酱", "花椒油", "燕麦片", "挂面"),
        ("500g", "1kg", "2.5kg", "5kg", "家庭装"),
    ),
    Category(
        "家居日用", 39, 0.13, ("毛巾", "收纳盒", "保温杯", "竹浆抽纸", "洗衣液", "垃圾袋", "香薰", "拖鞋"),
        ("单件", "两件装", "三件装", "大号", "家庭装"),
    ),
    Category(
        "美妆护肤", 129, 0.11, ("面霜", "精华液", "洁面乳", "防晒霜", "口红", "眼影盘", "面膜", "爽肤水"),
        ("经典款", "保湿", "美白", "敏感肌", "旅行装"),
    ),
    Category(
        "个人护理", 36, 0.10, ("洗发水", "沐浴露", "牙膏", "护手霜", "剃须膏", "身体乳", "漱口水", "香皂"),
        ("200ml", "500ml", "750ml", "两支装", "替换装"),
    ),
    Category(
        "母婴", 98, 0.06, ("纸尿裤", "婴儿湿巾", "奶瓶", "米粉", "爬服", "辅食机", "儿童牙刷", "安抚巾"),
        ("S码", "M码", "L码", "试用装", "箱装"),
    ),
    Category(
        "宠物用品", 56, 0.05, ("猫粮", "狗粮", "猫砂", "冻干", "牵引绳", "猫抓板", "宠物窝", "羊奶粉"),
        ("幼年", "成年", "全价", "大包", "尝鲜装"),
    ),
    Category(
        "文具", 18, 0.05, ("中性笔", "笔记本", "便利贴", "文件夹", "荧光笔", "计算器", "手账", "书签"),
        ("黑色", "彩色", "A5", "A4", "套装"),
    ),
    Category(
        "小家电", 239, 0.02, ("电水壶", "养生壶", "吹风机", "加湿器", "电饭煲", "榨汁机", "台灯", "挂烫机"),
        ("白色", "粉色", "升级款", "迷你款", "旗舰款"),
    ),
)  # fmt: skip

PER_CATEGORY = 40
PRODUCTS = PER_CATEGORY * len(CATEGORIES)

_numbers = np.arange(PRODUCTS, dtype=np.uint64)
_levels = np.repeat([category.level for category in CATEGORIES], PER_CATEGORY)
PRICES = np.maximum(np.rint(_levels * 4.0 ** (2 * draws.unit(0, "price", _numbers) - 1)).astype(np.int64), 3) * 100 - 10
"""Product → unit price in cents: between a quarter and four times the category's level, ending in .90."""

NAMES = [f"{goods} {kind}" for category in CATEGORIES for goods in category.goods for kind in category.kinds]

LABELS = pl.Series([f"P{number + 1:04d},{name},{CATEGORIES[number // PER_CATEGORY].name}" for number, name in enumerate(NAMES)])
"""Product → its columns product_id, product_name, category as they stand in an order line. None of them needs a quote."""

IDS = pl.Series([f"P{number + 1:04d}" for number in range(PRODUCTS)])

CATEGORY_WHEEL = draws.wheel([category.share for category in CATEGORIES])
PRODUCT_WHEEL = draws.wheel(1 / np.arange(2, PER_CATEGORY + 2) ** 0.8)
"""Within a category a few products sell often, and most of them now and then (Zipf)."""
