{#-
    Whether an id was made of an e-mail or phone when the row landed, for want of a customer id (orchestration/dumps/guests.py). Such an id is
    known to the links only where the address says who somebody is.
-#}
{% macro is_guest_id(source_customer_id) -%}
    (coalesce(left({{ source_customer_id }}, 6), '') = 'guest-' and length({{ source_customer_id }}) = 22)
{%- endmacro %}
