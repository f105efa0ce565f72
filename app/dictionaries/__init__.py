"""Dictionaries that people edit: phone types, technical results, agent results, time zones, production calendars."""
