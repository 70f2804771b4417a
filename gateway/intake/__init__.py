"""Untrusted bytes become nouns, or nothing does.

Everything here is pure and bounded before it parses. What is certainly wrong is a `Fault`; what can be read in two
ways is named as an ambiguity and waits for a person.
"""
