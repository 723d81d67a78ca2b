"""Scholarly sources, one module each: it builds requests and parses payloads; sending is done by who calls it.

A module has NAME, BASE_URL (of the public API), NEEDS_KEY, VERIFIED (recordings of the API are at hand), and one
class that satisfies `domain.sources.Source`.
Its docstring is its manual: pages of the API with the month they were read, limits, licence, what it cannot do.
"""
