"""Names and places of invented people. E-mail domains are reserved ones; phones begin with 145 or 147, which are given to data cards."""

SURNAMES = (
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"), ("赵", "zhao"), ("黄", "huang"),
    ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"), ("胡", "hu"), ("朱", "zhu"), ("高", "gao"), ("林", "lin"),
    ("何", "he"), ("郭", "guo"), ("马", "ma"), ("罗", "luo"), ("梁", "liang"), ("宋", "song"), ("郑", "zheng"), ("谢", "xie"),
    ("韩", "han"), ("唐", "tang"), ("冯", "feng"), ("于", "yu"), ("董", "dong"), ("萧", "xiao"), ("欧阳", "ouyang"), ("司马", "sima"),
)  # fmt: skip

GIVEN_NAMES = (
    ("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("敏", "min"), ("静", "jing"), ("丽", "li"), ("强", "qiang"), ("磊", "lei"),
    ("洋", "yang"), ("艳", "yan"), ("勇", "yong"), ("军", "jun"), ("杰", "jie"), ("娟", "juan"), ("涛", "tao"), ("超", "chao"),
    ("秀英", "xiuying"), ("子涵", "zihan"), ("梓轩", "zixuan"), ("欣怡", "xinyi"), ("浩宇", "haoyu"), ("雨桐", "yutong"),
    ("志强", "zhiqiang"), ("建国", "jianguo"), ("淑珍", "shuzhen"), ("婉清", "wanqing"), ("思远", "siyuan"), ("嘉怡", "jiayi"),
    ("晓东", "xiaodong"), ("春梅", "chunmei"), ("佳琪", "jiaqi"), ("俊杰", "junjie"), ("玉兰", "yulan"), ("文博", "wenbo"),
    ("诗涵", "shihan"), ("一诺", "yinuo"), ("天佑", "tianyou"), ("慧敏", "huimin"), ("海燕", "haiyan"), ("𠮷祥", "jixiang"),
)  # fmt: skip

FIRST_NAMES = (
    "James", "Mary", "Robert", "Linda", "Daniel", "Sofia", "Thomas", "Emma", "Lucas", "Anna", "Peter", "Julia",
    "Oliver", "Grace", "Henry", "Alice", "Victor", "Chloé", "Max", "Irene",
)  # fmt: skip

LAST_NAMES = (
    "Smith", "Johnson", "Brown", "Miller", "Davis", "Wilson", "Moore", "Taylor", "Clark", "Lewis", "Walker", "Young",
    "King", "Wright", "Scott", "Green", "O'Neill", "Müller", "Garcia", "van Dijk",
)  # fmt: skip

CITIES = (
    "上海", "北京", "广州", "深圳", "杭州", "成都", "武汉", "西安", "南京", "重庆", "苏州", "天津", "长沙", "郑州", "青岛",
    "厦门", "宁波", "昆明", "合肥", "福州",
)  # fmt: skip

DOMAINS = ("example.com", "example.org", "example.net")
