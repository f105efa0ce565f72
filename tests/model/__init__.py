"""The dialling strategy a second time: a plain Python reading of what it means, and random worlds that compare it with sql/.

rules.py     the strategy as docs/strategy.md tells it, written from that page and not from sql/
events.py    what loads, calls, results and administrators do to clients
blocks.py    whether a block that was taken is one that the strategy allows
plan.py      worlds to be: campaigns, clients and steps, drawn at random, made smaller when they show a difference
database.py  the same world in the database, through the real procedures
play.py      both side by side
"""
