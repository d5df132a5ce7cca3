"""What reviews say: openings, points and closings in Chinese and English, by tone. Some hold commas and quotes on purpose."""

from typing import NamedTuple


class Phrases(NamedTuple):
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    points: tuple[str, ...]
    closings: tuple[str, ...]


NEGATIVE, MIXED, POSITIVE = range(3)

CHINESE = (
    Phrases(
        ("失望", "不推荐", "差评", "再也不买了", "和描述不符"),
        ("老顾客了，这次很失望。", "第一次买就踩雷。", "说实话不值这个价。", "等了一个星期，结果…", "本来很信任这家店。"),
        (
            "包装破了，里面洒了一半", "质量明显不如以前", "味道不对，怀疑是假货", "快递太慢，客服还一直敷衍", "价格刚买就降了，不给保价",
            "客服态度很差，说\"不关我们的事\"", "有异味，像过期的", "少发了一件，申请退款一周没人理", "箱子压扁了，瓶盖也裂了",
        ),
        ("要求退款。", "以后不会再来了。", "请给个说法！", "给一星都嫌多。", "希望你们改进。"),
    ),
    Phrases(
        ("一般", "还行", "中规中矩", "凑合"),
        ("整体还可以，", "东西一般，", "没有想象中好，", "先用着看看，"),
        ("物流快，但是包装简单", "质量对得起价格", "味道偏淡，个人口味", "比线下便宜一点", "客服回复有点慢", "颜色和图片有色差"),
        ("先给三星。", "看看后续吧。", "凑合用。", "有活动再买。"),
    ),
    Phrases(
        ("很满意", "回购多次", "好评", "值得推荐", "家人都喜欢"),
        ("回购好几次了，", "朋友推荐来的，", "超出预期，", "一如既往的好，", "送礼用的，"),
        (
            "质量很好，做工细致", "味道正宗，和专柜一样", "发货快，第二天就到了", "包装很用心，没有破损", "性价比高，活动价很划算",
            "客服耐心，有问必答", "店里的人说\"喝完再来\"，果然又来了", "分量足，全家都爱吃", "用了一个月，效果不错",
        ),
        ("会继续支持！", "下次还来。", "推荐给大家。", "五星好评。", "已经是老客了。"),
    ),
)  # fmt: skip

ENGLISH = (
    Phrases(
        ("Disappointed", "Not again", "Not as described", "Poor quality"),
        ("I used to love this shop. ", "Sadly, ", "To be honest, ", "Second time this happened: "),
        (
            "the box was crushed and half of it leaked", "quality is clearly worse than before", "it smells odd, \"fresh\" it is not",
            "delivery took nine days, and nobody answers", "one item is missing, refund still pending",
            "it looks fake, compared with the one from the store", "the price dropped right after I bought it",
        ),
        ("I want my money back.", "Won't order again.", "Please do better.", "One star is too many."),
    ),
    Phrases(
        ("Okay", "So-so", "Average"),
        ("It's fine, ", "Mixed feelings: ", "As expected, "),
        ("fast delivery, simple packaging", "decent for the price", "taste is a bit weak", "the colour differs from the picture"),
        ("Three stars for now.", "Let's see.", "Maybe on sale."),
    ),
    Phrases(
        ("Great", "Love it", "Will buy again", "Recommended"),
        ("Bought it again, ", "Better than expected, ", "As good as ever, ", "A gift for my parents: "),
        (
            "well made and carefully packed", "arrived the next day", "tastes like the one in the shop", "great value, especially on sale",
            "friendly service, quick answers", "they said \"you'll be back\", and here I am", "everybody at home likes it",
        ),
        ("Five stars.", "See you soon!", "Highly recommended.", "Thank you."),
    ),
)  # fmt: skip

TICKET_TOPICS = ("quality", "logistics", "packaging", "service", "price", "authenticity")
