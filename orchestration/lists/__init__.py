"""Who is on a list, who may be written to, what became of those before: between the lists of `transforms` and what is published."""
