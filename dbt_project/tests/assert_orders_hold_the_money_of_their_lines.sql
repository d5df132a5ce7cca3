-- Order total = sum of its lines, for all orders together: a join that fans out shows here. One row, if they differ.
with

signed as (
    select
        lines_count,
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        refund_amount,
        net_amount
    from {{ ref('fct_orders') }}

    union all

    select
        -1 as lines_count,
        -gross_amount as gross_amount,
        -discount_amount as discount_amount,
        -shipping_amount as shipping_amount,
        -tax_amount as tax_amount,
        -refund_amount as refund_amount,
        -net_amount as net_amount
    from {{ ref('fct_order_lines') }}
),

differences as (
    select
        coalesce(sum(lines_count), 0) as lines_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(shipping_amount), 0) as shipping_amount,
        coalesce(sum(tax_amount), 0) as tax_amount,
        coalesce(sum(refund_amount), 0) as refund_amount,
        coalesce(sum(net_amount), 0) as net_amount,
        coalesce(sum(gross_amount - discount_amount - refund_amount - net_amount), 0) as unexplained_net_amount
    from signed
)

select * from differences
where
    lines_count <> 0
    or gross_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
    or refund_amount <> 0
    or net_amount <> 0
    or unexplained_net_amount <> 0
