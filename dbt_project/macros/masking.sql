{#- What a table for many eyes shows of a person: enough to recognise somebody one knows, too little to reach anybody. -#}


{#- First character and two stars, whatever the length: 王小明 → 王**. -#}
{% macro mask_name(name) -%}
    left(trim({{ name }}), 1) || '**'
{%- endmacro %}


{#- First character and the domain: anna@example.com → a***@example.com. A text that is no address shows nothing. -#}
{% macro mask_email(email) -%}
    case
        when {{ email }} like '_%@%' then left(trim({{ email }}), 1) || '***@' || split_part(trim({{ email }}), '@', -1)
        when {{ email }} is not null then '***'
    end
{%- endmacro %}


{#- Of eleven digits or more the first three and the last four, of seven to ten the last four, of fewer none. -#}
{% macro mask_phone(phone) -%}
    case
        when length({{ digits(phone) }}) >= 11 then left({{ digits(phone) }}, 3) || '****' || right({{ digits(phone) }}, 4)
        when length({{ digits(phone) }}) >= 7 then '****' || right({{ digits(phone) }}, 4)
        when {{ phone }} is not null then '****'
    end
{%- endmacro %}
