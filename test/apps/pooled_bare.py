"""A script on psycopg 3 alone behind a pooler: everything on it is SQL by hand (table bare_by_hand)."""

import psycopg
from database import DATABASE, HOST, PORT, USER

with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, prepare_threshold=None) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS bare_by_hand (turn int)")
    for turn in range(20):
        connection.execute("INSERT INTO bare_by_hand (turn) VALUES (%s)", [turn])
        connection.execute('SELECT "turn" FROM "bare_by_hand" WHERE "turn" = %s', [turn]).fetchall()
        connection.execute("SELECT max(turn) FROM bare_by_hand").fetchall()
        connection.commit()
