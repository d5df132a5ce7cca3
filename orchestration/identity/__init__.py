"""Who is one person, from one run to the next: evidence and links kept in the lake, touched only where a day's files reach.

What persons are follows from the live files, the settings and people's decisions alone; what is kept here saves work and can be thrown
away. The rules are in ``transforms``; nothing here decides who somebody is.
"""
