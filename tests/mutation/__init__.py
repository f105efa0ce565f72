"""Planted bugs: that the tests of the strategy go red when the strategy is wrong.

bugs.py   what is planted where
check.py  planting one, and looking for the world that shows it
"""
