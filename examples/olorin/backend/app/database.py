"""The one question the API asks of its database: is it there?"""

import psycopg


def answers(url: str, timeout: int = 2) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=timeout) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
