"""A proposal of a profile for a dump that no profile reads: which feed it is, what its columns seem to be, how its rows become order lines.

Everything proposed rests on names and values of the dump; what they leave open is marked for a person, and a run refuses a profile whose
marks are not answered. A run reads profiles, and never guesses.
"""
