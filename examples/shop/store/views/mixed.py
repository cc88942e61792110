"""Pages half moved: the ORM writes the statement, around a piece of SQL that is still written by hand."""

from django.db.models.expressions import RawSQL
from django.http import JsonResponse

from store.models import Customer, Product
from store.views.params import number


def margin(request, category_id):
    """extra(): a selected expression and a condition by hand."""
    products = Product.objects.filter(category_id=category_id).extra(
        select={"reduction": "list_price - price"}, where=["list_price > price"]
    )
    return JsonResponse({"products": [[product.sku, product.reduction] for product in products]})


def heavy_products(request):
    """RawSQL(): a JSON path that was quicker to write by hand."""
    products = (
        Product.objects.annotate(grams=RawSQL("(attributes ->> 'grams')::int", ()))
        .filter(grams__gt=number(request, "grams", 8500), active=True)
        .order_by("-grams")[:15]
    )
    return JsonResponse({"products": [[product.sku, product.grams] for product in products]})


def loyal_customers(request):
    """RawSQL() in a condition."""
    customers = Customer.objects.filter(
        id__in=RawSQL("select customer_id from store_order where status = %s group by 1 having count(*) > %s", ("paid", 2))
    ).values_list("account", flat=True)[:20]
    return JsonResponse({"customers": list(customers)})
