"""The Cisco contact centre: its REST resources (client), its historical (hds) and real-time (realtime) databases.

Nothing here knows our own database, decides whom to call, or cares whether the other side is real.
"""
