{#-
    An amount in the reporting currency, to the fourth decimal, half away from zero: each amount of a line is rounded once, by itself, and
    whatever is worked out of amounts is worked out of rounded ones. Where nothing is to convert, nothing is computed.
-#}
{% macro in_reporting_currency(amount, currency="currency", exchange_rate="exchange_rate") -%}
    case
        when {{ currency }} = '{{ var("currency") }}' then {{ amount }}
        else cast(round({{ amount }} * {{ exchange_rate }}, 4) as decimal(18, 4))
    end
{%- endmacro %}


{#-
    A refund in the reporting currency. What was given back in full is what was charged, also where rounding would leave a ten-thousandth.
-#}
{% macro refund_in_reporting_currency(
    gross="converted_gross_amount", discount="converted_discount_amount", refund="converted_refund_amount"
) -%}
    case
        when original_refund_amount = original_gross_amount - original_discount_amount
            then cast({{ gross }} - {{ discount }} as decimal(18, 4))
        else {{ refund }}
    end
{%- endmacro %}
