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
