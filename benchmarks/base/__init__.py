"""Bases to measure on: clients with histories, phones, attempts and dial classes, made by set-based SQL.

A base has `clients` clients with 1.5 phones each, in `campaigns` campaigns of equal size. What is random about a client
follows from its number by a hash, so that every base of a size is the same. Clients come in files of about a thousand, one
campaign after another, and each has one of the histories of recipe.py; facts of clients and phones are summed up from
the calls.

Clients alike in all that the strategy reads are one shape. The first client of each shape is settled by
contacts.client_settle itself (settle.py); all others are written with what it got (fill.py). check() then compares a sample
with what follows from the facts.
"""

from benchmarks.base.build import Base, build, check, describe
from benchmarks.base.recipe import NOW, STRATEGY

__all__ = ["NOW", "STRATEGY", "Base", "build", "check", "describe"]
