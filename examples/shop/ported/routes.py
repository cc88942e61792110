"""Endpoints ported from Flask as they were: jsonify, request.args, a session per request. Only the routing is Django's."""

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from sqlalchemy import func, select, text
from sqlalchemy.orm import selectinload

from ported.db import Session, engine
from ported.models import ReturnLine, ReturnOrder


def jsonify(**values):
    return JsonResponse(values)


def returns_by_product(request):
    """@app.get("/returns/by-product"): Core."""
    first = int(request.GET.get("from", 1))
    statement = (
        select(ReturnLine.__table__.c.product_id, func.sum(ReturnLine.__table__.c.quantity).label("units"))
        .join(ReturnOrder.__table__, ReturnOrder.__table__.c.id == ReturnLine.__table__.c.order_id)
        .where(ReturnOrder.__table__.c.status == "returned", ReturnOrder.__table__.c.id.between(first, first + 2000))
        .group_by(ReturnLine.__table__.c.product_id)
        .order_by(func.sum(ReturnLine.__table__.c.quantity).desc())
        .limit(10)
    )
    with engine.connect() as connection:
        return jsonify(products=[list(row) for row in connection.execute(statement)])


@csrf_exempt
def return_order(request, order_id):
    """@app.route("/returns/<int:order_id>", methods=["GET", "POST"]): the ORM session; POST changes the order."""
    with Session() as session:
        order = session.scalars(
            select(ReturnOrder).where(ReturnOrder.id == order_id).options(selectinload(ReturnOrder.lines))
        ).one_or_none()
        if order is None:
            return JsonResponse({"error": "no such order"}, status=404)
        if request.method == "POST":
            order.note = f"return asked for {len(order.lines)} lines" if not order.note else ""
            session.commit()
        return jsonify(id=order.id, note=order.note, lines=[[line.product_id, line.quantity] for line in order.lines])


def returns_of_customer(request, customer_id):
    """@app.get("/returns/customer/<int:customer_id>"): the lines of each order are loaded when they are looked at, an N+1."""
    with Session() as session:
        orders = session.scalars(select(ReturnOrder).where(ReturnOrder.customer_id == customer_id).order_by(ReturnOrder.id))
        return jsonify(orders=[[order.id, len(order.lines)] for order in orders])


def refund_estimate(request, customer_id):
    """@app.get("/returns/estimate/<int:customer_id>"): text()."""
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT count(*) AS lines, coalesce(sum(l.quantity * l.unit_price), 0) AS amount "
                "FROM store_orderline l JOIN store_order o ON o.id = l.order_id "
                "WHERE o.customer_id = :customer AND o.status = 'returned'"
            ),
            {"customer": customer_id},
        ).one()
    return jsonify(lines=row.lines, amount=row.amount)
