"""Pages with the faults that people write: `pgwitness findings` shall name each of them, with its line."""

from django.db import connection, transaction
from django.db.models import F
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ported.notes import note_on_order
from store.models import OrderLine, Stock


class Refused(Exception):
    pass


def recent_items(request, customer_id):
    """N+1 in the ORM: no select_related, so that each line reads its product."""
    lines = OrderLine.objects.filter(order__customer_id=customer_id).order_by("-id")[:15]
    return JsonResponse({"items": [line.product.name for line in lines]})


def stock_sheet(request, category_id):
    """N+1 by hand: a query per product that the first one returned."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, sku FROM store_product WHERE category_id = %s ORDER BY sku LIMIT 20", [category_id])
        sheet = []
        for product_id, sku in cursor.fetchall():
            cursor.execute("SELECT coalesce(sum(quantity), 0) FROM store_stock WHERE product_id = %s", [product_id])
            sheet.append([sku, cursor.fetchone()[0]])
    return JsonResponse({"sheet": sheet})


@csrf_exempt
@require_POST
def take_back(request, order_id):
    """atomic() covers Django's connection alone: the note is committed through SQLAlchemy's, whatever comes after."""
    try:
        with transaction.atomic():
            line = OrderLine.objects.filter(order_id=order_id).order_by("id").first()
            Stock.objects.filter(product_id=line.product_id, warehouse_id=1 + line.product_id % 6).update(
                quantity=F("quantity") + line.quantity
            )
            note_on_order(order_id, "taken back")
            if request.GET.get("refuse"):
                raise Refused
    except Refused:
        return JsonResponse({"taken": False})
    return JsonResponse({"taken": True})
