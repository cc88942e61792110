"""Pages whose SQL was written by hand, years ago, and is still waiting to be moved to the ORM."""

from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from store.models import Product
from store.views.params import number


def _rows(cursor):
    columns = [column.name for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def customer_ranking(request):
    """A window function over every order line: slow, whatever the region."""
    sql = """
        SELECT account, revenue, products, months, position
        FROM (
            SELECT c.account, c.region,
                   sum(l.quantity * l.unit_price * (1 - l.discount)) AS revenue,
                   count(DISTINCT l.product_id) AS products,
                   count(DISTINCT date_trunc('month', o.placed_at)) AS months,
                   rank() OVER (PARTITION BY c.region
                                ORDER BY sum(l.quantity * l.unit_price * (1 - l.discount)) DESC) AS position
            FROM store_orderline l
            JOIN store_order o ON o.id = l.order_id
            JOIN store_customer c ON c.id = o.customer_id
            WHERE o.status <> 'returned'
            GROUP BY c.account, c.region
        ) ranked
        WHERE position <= %s AND region = %s
        ORDER BY position
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [number(request, "top", 10), request.GET.get("region", "north")])
        return JsonResponse({"ranking": _rows(cursor)})


def slow_movers(request):
    """A correlated sub-query per product, over an index that does not help enough: slow."""
    sql = """
        SELECT p.sku, p.name,
               (SELECT max(o.placed_at)
                FROM store_orderline l
                JOIN store_order o ON o.id = l.order_id
                WHERE l.product_id = p.id) AS last_sold
        FROM store_product p
        WHERE p.active AND p.price > %s
        ORDER BY last_sold NULLS FIRST
        LIMIT 25
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [number(request, "above", 100)])
        return JsonResponse({"products": _rows(cursor)})


def category_tree(request, category_id):
    """A recursive CTE."""
    sql = """
        WITH RECURSIVE tree AS (
            SELECT id, name, parent_id, 1 AS depth FROM store_category WHERE id = %s
            UNION ALL
            SELECT c.id, c.name, c.parent_id, tree.depth + 1
            FROM store_category c JOIN tree ON c.parent_id = tree.id
        )
        SELECT tree.*, count(p.id) AS products
        FROM tree LEFT JOIN store_product p ON p.category_id = tree.id
        GROUP BY tree.id, tree.name, tree.parent_id, tree.depth
        ORDER BY depth, id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [category_id])
        return JsonResponse({"tree": _rows(cursor)})


def reorder_list(request, warehouse_id):
    """Manager.raw(): hand-written SQL that becomes model instances."""
    products = Product.objects.raw(
        "select p.*, s.quantity from store_product p join store_stock s on s.product_id = p.id "
        "where s.warehouse_id = %s and s.quantity < s.reorder_level order by s.quantity limit 20",
        [warehouse_id],
    )
    return JsonResponse({"products": [[product.sku, product.quantity] for product in products]})


@csrf_exempt
@require_POST
def record_sales(request, category_id):
    """INSERT … ON CONFLICT: totals of one day, again and again."""
    sql = """
        INSERT INTO store_dailysales (day, category_id, units, revenue)
        SELECT date '2026-06-01' + %s, %s, coalesce(sum(l.quantity), 0), coalesce(sum(l.quantity * l.unit_price), 0)
        FROM store_orderline l
        JOIN store_product p ON p.id = l.product_id
        WHERE p.category_id = %s AND l.order_id BETWEEN %s AND %s
        ON CONFLICT (day, category_id)
        DO UPDATE SET units = excluded.units, revenue = excluded.revenue
    """
    day = number(request, "day", 1)
    with connection.cursor() as cursor:
        cursor.execute(sql, [day, category_id, category_id, day * 130, day * 130 + 130])
        return JsonResponse({"rows": cursor.rowcount})


@csrf_exempt
@require_POST
def restock(request, supplier_id):
    """UPDATE … FROM, inside a transaction with a second hand-written statement."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE store_stock s SET quantity = s.quantity + 5 FROM store_product p "
            "WHERE p.id = s.product_id AND p.supplier_id = %s AND s.warehouse_id = %s AND s.quantity < s.reorder_level",
            [supplier_id, number(request, "warehouse", 1)],
        )
        restocked = cursor.rowcount
        cursor.execute(
            "SELECT count(*) FROM store_stock s, store_product p "
            "WHERE p.id = s.product_id AND p.supplier_id = %s AND s.quantity < s.reorder_level",
            [supplier_id],
        )
        (still_short,) = cursor.fetchone()
    return JsonResponse({"restocked": restocked, "still_short": still_short})


def price_list(request, category_id):
    """COPY … TO STDOUT, straight into the response."""
    response = HttpResponse(content_type="text/csv")
    with connection.cursor() as cursor:
        sql = "COPY (SELECT sku, name, price FROM store_product WHERE category_id = %s ORDER BY sku) TO STDOUT WITH (FORMAT csv)"
        with cursor.copy(sql, [category_id]) as copy:
            for portion in copy:
                response.write(bytes(portion))
    return response
