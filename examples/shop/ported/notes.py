"""Helpers of the former returns service that other code calls, each with a session of its own."""

from ported.db import Session
from ported.models import ReturnOrder


def note_on_order(order_id, note):
    with Session() as session:
        session.get(ReturnOrder, order_id).note = note
        session.commit()
