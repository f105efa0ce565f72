"""access.way_in_lock: two people who switch each other off at once do so one after the other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from access_rows import group, nobody, user
from sqlalchemy import select, text

from app.auth import users
from app.database.engine import create_engine
from app.errors import ProcedureError
from app.models.access import User


def test_of_two_changes_at_once_the_second_is_refused_when_nobody_would_be_left(fresh_database: str) -> None:
    engine = create_engine(fresh_database, "acm tests", pool_size=4)
    try:
        for _ in range(5):
            with engine.begin() as connection:
                nobody(connection)
                role = group(connection, "security_administrator")
                pair = [user(connection, role), user(connection, role)]
            together = threading.Barrier(2)

            def switch_off(user_id: int, together: threading.Barrier = together) -> int:
                try:
                    with engine.begin() as connection:
                        connection.execute(text("SELECT 1"))
                        together.wait(30)
                        users.switch(connection, user_id, False)
                except ProcedureError as error:
                    return error.number
                return 0

            with ThreadPoolExecutor(2) as pool:
                assert sorted(pool.map(switch_off, pair)) == [0, 50150]
            with engine.connect() as connection:
                active = list(connection.scalars(select(User.is_active).where(User.user_id.in_(pair))))
            assert sorted(active) == [False, True]
    finally:
        engine.dispose()
