"""The shipped profiles read what the shops really export: exact values, nothing lost.

Headers as met in real exports: Shopify's orders export (79 columns), WooCommerce's order export with packed lines, Taobao's
订单报表, JD's review pages, CDNOW's master file. The people in the rows are made up.
"""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from tests.orchestration.dumps.conftest import Home


@pytest.fixture
def home_of(configured: Callable[[str], Home]) -> Callable[[str, str], Home]:
    def make(profile: str, currency: str) -> Home:
        return configured(f"time_zone: UTC\ncurrency: {currency}\nsources: {{shop: {{profile: {profile}}}}}\n")

    return make


def export(header: str, *rows: dict[str, str]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, header.split(","), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
    "Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,"
    "Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,"
    "Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,"
    "Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,"
    "Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,"
    "Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,"
    "Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)


def test_shopify_gives_each_line_its_orders_fields_and_counts_the_orders_amounts_once(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("shopify_orders", "EUR")
    first = {
        "Name": "#1001",
        "Email": "Ann@Example.com",
        "Financial Status": "partially_refunded",
        "Paid at": "2025-10-07 09:50:27 +0200",
        "Currency": "EUR",
        "Subtotal": "84.70",
        "Shipping": "5.00",
        "Taxes": "14.95",
        "Total": "89.70",
        "Discount Amount": "20.00",
        "Created at": "2025-10-07 09:50:26 +0200",
        "Lineitem quantity": "3",
        "Lineitem name": 'Mask "Bio", large',
        "Lineitem price": "34.90",
        "Lineitem sku": "0042",
        "Billing Phone": "'+33610826417",
        "Shipping City": "Paris",
        "Shipping Zip": "'75008",
        "Notes": "ring twice,\nplease",
        "Refunded Amount": "34.90",
        "Id": "7410991464714",
        "Source": "web",
    }
    further = {"Name": "#1001", "Email": "Ann@Example.com", "Created at": "2025-10-07 09:50:26 +0200", "Lineitem quantity": "1"}
    guest = {
        "Name": "#1002",
        "Financial Status": "voided",
        "Currency": "EUR",
        "Created at": "2025-12-07 09:00:00 +0100",
        "Lineitem quantity": "1",
        "Lineitem price": "5.00",
        "Source": "pos",
    }
    home.deliver("orders_export_1.csv", export(SHOPIFY, first, {**further, "Lineitem name": "Soap", "Lineitem price": "0.00"}, guest))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 3, 0)
    ann = (hashed("ann@example.com"), "Ann@Example.com", "+33610826417", "2025-10-07 07:50:26", "2025-10-07 07:50:27")
    assert home.clean("line, order_id, customer_id, email, phone, ordered_at::varchar, paid_at::varchar, status, channel, city") == [
        (2, "#1001", *ann, "paid", "web", "Paris"),
        (4, "#1001", *ann, "paid", "web", "Paris"),
        (5, "#1002", None, None, None, "2025-12-07 08:00:00", None, "cancelled", "pos", None),
    ]
    assert home.clean(
        "line, product_id, product_name, quantity, unit_price, discount_amount, shipping_amount, tax_amount, order_refund_amount"
    ) == [
        (2, "0042", 'Mask "Bio", large', 3, Decimal("34.90"), 20, 5, Decimal("14.95"), Decimal("34.90")),
        (4, None, "Soap", 1, 0, 0, 0, 0, 0),
        (5, None, None, 1, 5, 0, 0, 0, 0),
    ]


WOOCOMMERCE = (
    "order_id,order_number,order_date,status,shipping_total,tax_total,discount_total,order_total,order_currency,customer_id,"
    "customer_email,billing_email,billing_phone,billing_city,shipping_city,refund_items,paid_date,line_item_1,line_item_2"
)


def test_woocommerce_gives_each_packed_line_a_row_and_keeps_the_money_of_the_order(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("woocommerce_orders", "USD")
    order = {"order_id": "1001", "order_date": "2018-05-16 07:32:06", "order_currency": "USD", "customer_id": "3", "status": "completed"}
    home.deliver(
        "orders_2026-06-01.csv",
        export(
            WOOCOMMERCE,
            {
                **order,
                "shipping_total": "10",
                "tax_total": "3.42",
                "billing_email": "ann@example.com",
                "line_item_1": "name:Tee | green|product_id:13|sku:A12|quantity:3|total:10.00|tax:1.44",
                "line_item_2": "name:Socks|product_id:14|sku:|quantity:2|total:5.00|tax:0|color:Red",
                "refund_items": "amount:4.60|reason:torn|date:2019-06-19 12:13:48",
            },
            {**order, "order_id": "1002", "customer_id": "0", "billing_email": "Guest@example.com", "status": "on-hold"}
            | {"line_item_1": "name:Pot|product_id:15|quantity:1|total:0"},
            {**order, "order_id": "1003", "shipping_total": "10"},
        ),
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 2, 1)
    assert home.clean("order_id, order_line_id, customer_id, status, product_id, product_name, quantity, unit_price") == [
        ("1001", "1", "3", "completed", "13", "Tee | green", 2, Decimal("3.3333")),
        ("1001", "1+", "3", "completed", "13", "Tee | green", 1, Decimal("3.3334")),
        ("1001", "2", "3", "completed", "14", "Socks", 2, Decimal("2.5")),
        ("1002", "1", hashed("guest@example.com"), "pending", "15", "Pot", 1, 0),
    ]
    sums = "sum(quantity * unit_price), sum(shipping_amount), sum(tax_amount), sum(order_refund_amount), count(distinct line)"
    assert home.clean(sums) == [(15, 10, Decimal("3.42"), Decimal("4.60"), 2)]
    assert home.quarantine("line, reason, column_name") == [(4, "missing_value", "quantity")]


@pytest.mark.real_data
def test_the_sample_export_of_woocommerce_lands_whole(shared_data: Path, home_of: Callable[[str, str], Home]) -> None:
    home = home_of("woocommerce_orders", "USD")
    sample = (shared_data / "shop_exports" / "Sample_Order.csv").read_text(encoding="utf-8-sig")
    home.deliver("Sample_Order.csv", sample)
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 3, 0)
    assert home.clean("order_id, customer_id, ordered_at::varchar, status, product_name, quantity, unit_price, shipping_amount") == [
        ("1001", "3", "2018-05-16 07:32:06", "completed", "Formal shoe", 1, 8, 10),
        ("1002", hashed("john@example.com"), "2018-05-16 07:25:28", "pending", "Washing machine", 1, 18, 10),
        ("1003", "2", "2018-05-16 07:21:32", "paid", "LED TV", 1, Decimal("23.19"), 10),
        ("1003", "2", "2018-05-16 07:21:32", "paid", "Men's Cotton T-Shirt", 1, 8, 0),
        ("1003", "2", "2018-05-16 07:21:32", "paid", "Samsung Galaxy Ace Duos", 1, Decimal("8.8"), 0),
    ]
    assert home.clean("sum(order_refund_amount), sum(tax_amount)") == [(46, Decimal("17.45"))]


TAOBAO = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,买家实际支付积分,订单状态,买家留言,"
    "收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类 ,"
    "物流单号 ,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,退款金额,确认收货时间"
)


def test_taobao_keeps_long_ids_and_leaves_masked_buyers_unidentified(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("taobao_orders", "CNY")
    order = {
        "订单编号": '="1612345678901234567"',
        "买家会员名": "小𠮷的茶铺",
        "买家应付货款": "100.00",
        "买家应付邮费": "6.00",
        "总金额": "106.00",
        "买家实际支付金额": "106.00",
        "订单状态": "交易成功",
        "买家留言": "请包好,\n谢谢",
        "联系手机": "'013800138000",
        "订单创建时间": "2026-06-18 23:59:59",
        "订单付款时间 ": "2026-06-19 00:00:10",
        "宝贝标题 ": "明前龙井，白瓷盖碗",
        "宝贝总数量": "3",
        "退款金额": "10.00",
    }
    home.deliver(
        "ExportOrderList202606190900.csv",
        export(
            TAOBAO,
            order,
            {
                **order,
                "订单编号": "1612345678901234568\t",
                "买家会员名": "t***3",
                "联系手机": "138****8000",
                "订单状态": "交易关闭",
                "宝贝总数量": "1",
            },
            {**order, "订单编号": "1612345678901234569", "订单状态": "卖家已发货，等待买家确认 ", "宝贝总数量": "2", "退款金额": ""},
            {**order, "订单编号": "1612345678901234570", "订单状态": "人间蒸发"},
        ).encode("gb18030"),
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (4, 3, 1)
    buyer = hashed("小𠮷的茶铺")
    times = ("2026-06-18 15:59:59", "2026-06-18 16:00:10")
    assert home.clean("order_id, customer_id, phone, status, ordered_at::varchar, paid_at::varchar, quantity * unit_price") == [
        ("1612345678901234567", buyer, "013800138000", "completed", *times, Decimal("33.3334")),
        ("1612345678901234567", buyer, "013800138000", "completed", *times, Decimal("66.6666")),
        ("1612345678901234568", None, None, "cancelled", *times, 100),
        ("1612345678901234569", buyer, "013800138000", "shipped", *times, 100),
    ]
    assert home.clean("sum(quantity), sum(shipping_amount), sum(refund_amount), min(product_name), min(currency)") == [
        (6, 18, 20, "明前龙井，白瓷盖碗", "CNY")
    ]
    # Line breaks within the messages count: the row at fault begins on the eighth line.
    assert home.quarantine() == [(8, "unknown_status", "status", "人间蒸发")]


JD = (
    "id,guid,content,creationTime,referenceId,referenceName,score,nickname,userLevelName,usefulVoteCount,replyCount,imageCount,orderId,days"
)


def test_jd_reviews_land_with_their_texts_and_without_masked_reviewers(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("jd_reviews", "CNY")
    review = {"creationTime": "2026-05-01 08:00:00", "referenceId": "100012043978", "usefulVoteCount": "12", "orderId": "0"}
    home.deliver(
        "jd_comments_100012043978.csv",
        export(
            JD,
            {**review, "id": "15874302841", "content": " 很好,\n下次还来😀 ", "score": "5", "nickname": "j***8"},
            {**review, "id": "15874302842", "content": '"一般"', "score": "2", "nickname": "茶客老王", "orderId": "0231"},
            {**review, "id": "15874302843", "content": "此用户未填写评价内容", "score": "0", "nickname": "j***8"},
        ),
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 2, 1)
    assert home.clean(
        "line, review_id, order_id, customer_id, product_id, rating, body, created_at::varchar, helpful_votes", "reviews"
    ) == [
        (2, "15874302841", None, None, "100012043978", 5, " 很好,\n下次还来😀 ", "2026-05-01 00:00:00", 12),
        (4, "15874302842", "0231", hashed("茶客老王"), "100012043978", 2, '"一般"', "2026-05-01 00:00:00", 12),
    ]
    assert home.quarantine(feed="reviews") == [(5, "out_of_range", "rating", "0")]


def test_cdnow_shares_the_dollars_of_a_day_among_its_cds(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("cdnow", "USD")
    rows = [" customer_id  date number_of_cds  dollar_value", " 00001 19970101  1   11.77", " 00002 19970112  3   10.00"]
    home.deliver("CDNOW_master.txt", "\r\n".join([*rows, " 00002 19970112  5    0.00", ""]))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 3, 0)
    assert home.clean("line, order_id, order_line_id, customer_id, ordered_at::date::varchar, quantity, unit_price") == [
        (2, "00001-19970101", None, "00001", "1997-01-01", 1, Decimal("11.77")),
        (3, "00002-19970112", "#3+", "00002", "1997-01-12", 1, Decimal("3.3334")),
        (3, "00002-19970112", None, "00002", "1997-01-12", 2, Decimal("3.3333")),
        (4, "00002-19970112", None, "00002", "1997-01-12", 5, 0),
    ]


@pytest.mark.real_data
def test_cdnow_master_lands_with_its_published_totals(shared_data: Path, home_of: Callable[[str, str], Home]) -> None:
    """Totals of the master file as Fader & Hardie's data describe it, counted with a plain reader: 69,659 rows, 80 of them for nothing."""
    home = home_of("cdnow", "USD")
    home.deliver("CDNOW_master.txt", (shared_data / "cdnow" / "CDNOW_master.txt").read_bytes().decode())
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (69_659, 69_659, 0)
    assert home.clean(
        """count(distinct line), count(distinct customer_id), min(ordered_at)::date::varchar, max(ordered_at)::date::varchar,
           sum(quantity), sum(quantity * unit_price), count(distinct line) filter (unit_price = 0)"""
    ) == [(69_659, 23_570, "1997-01-01", "1998-06-30", 167_881, Decimal("2500315.63"), 80)]


SHOPIFY_KINDS = {
    "goods": ("Mug", "MUG", "product"),
    "a gift card": ("Gift Card - $100.00", "", "gift_card"),
    "a shop's own gift card": ("Anna's Gift Card", "GC", "gift_card"),
    "a voucher in German": ("Geschenkgutschein - 50 €", "", "gift_card"),
    "a gift card in French": ("Carte-cadeau", "", "gift_card"),
    "something to keep gift cards in": ("Gift card holder, leather", "H", "product"),
    "a tip": ("Tip", "", "tip"),
    "a tip in German": ("Trinkgeld", "", "tip"),
    "a product called tip": ("Tip", "TIP-1", "product"),
}


@pytest.mark.parametrize(("name", "sku", "kind"), SHOPIFY_KINDS.values(), ids=SHOPIFY_KINDS)
def test_gift_cards_and_tips_of_shopify_are_no_goods(home_of: Callable[[str, str], Home], name: str, sku: str, kind: str) -> None:
    home = home_of("shopify_orders", "EUR")
    order = {"Name": "#1", "Financial Status": "paid", "Created at": "2025-10-07 09:50:26 +0200", "Lineitem quantity": "1"}
    home.deliver("orders_export_1.csv", export(SHOPIFY, {**order, "Lineitem price": "5", "Lineitem name": name, "Lineitem sku": sku}))
    home.land()
    assert home.clean("line_kind") == [(kind,)]


def test_a_cancelled_order_of_shopify_is_cancelled_with_all_its_lines_whatever_its_payment(home_of: Callable[[str, str], Home]) -> None:
    home = home_of("shopify_orders", "EUR")
    line = {"Name": "#1", "Created at": "2025-10-07 09:50:26 +0200", "Lineitem quantity": "1", "Lineitem price": "5"}
    first = {**line, "Financial Status": "authorized", "Cancelled at": "2025-10-08 09:50:26 +0200"}
    home.deliver("orders_export_1.csv", export(SHOPIFY, first, line, {**first, "Name": "#2", "Cancelled at": ""}))
    home.land()
    assert home.clean("order_id, status") == [("#1", "cancelled"), ("#1", "cancelled"), ("#2", "pending")]
