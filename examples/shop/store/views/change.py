"""Pages that write, through the ORM."""

from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from store.models import Order, OrderLine, Product, Review, Stock, Tag
from store.views.params import number


@csrf_exempt
@require_POST
def import_reviews(request):
    """bulk_create."""
    product_id = number(request, "product", 1)
    now = datetime.now(UTC)
    reviews = [
        Review(product_id=product_id, customer_id=1 + (product_id + n) % 5000, stars=1 + n % 5, body=f"Imported {n}", written_at=now)
        for n in range(8)
    ]
    return JsonResponse({"created": len(Review.objects.bulk_create(reviews))})


@csrf_exempt
@require_POST
def forget_reviews(request, product_id):
    """delete() of a filtered queryset."""
    deleted, _ = Review.objects.filter(product_id=product_id, body__startswith="Imported").delete()
    return JsonResponse({"deleted": deleted})


@csrf_exempt
@require_POST
def count_stock(request, product_id):
    """update_or_create: SELECT … FOR UPDATE, then UPDATE or INSERT."""
    _, created = Stock.objects.update_or_create(
        product_id=product_id,
        warehouse_id=1 + product_id % 6,
        defaults={"quantity": number(request, "quantity", 40)},
    )
    return JsonResponse({"created": created})


@csrf_exempt
@require_POST
def place_order(request, customer_id):
    """atomic with a savepoint per line; one line may fail without the order failing."""
    wanted = [int(text) for text in request.GET.get("products", "1,2").split(",")]
    refused = []
    with transaction.atomic():
        order = Order.objects.create(customer_id=customer_id, placed_at=datetime.now(UTC))
        for product_id in wanted:
            try:
                with transaction.atomic():
                    product = Product.objects.select_for_update().get(pk=product_id)
                    OrderLine.objects.create(order=order, product=product, quantity=1, unit_price=product.price)
                    Stock.objects.filter(product=product, warehouse_id=1 + product_id % 6).update(quantity=F("quantity") - 1)
            except Product.DoesNotExist:
                refused.append(product_id)
    return JsonResponse({"order": order.id, "refused": refused})


@csrf_exempt
@require_POST
def count_view(request, product_id):
    """An F() update, in autocommit."""
    return JsonResponse({"updated": Product.objects.filter(pk=product_id).update(views=F("views") + 1)})


@csrf_exempt
@require_POST
def add_tag(request, product_id):
    """get_or_create, then an m2m add and remove."""
    tag, created = Tag.objects.get_or_create(label=f"promotion {number(request, 'week', 1)}")
    product = Product.objects.get(pk=product_id)
    product.tags.add(tag)
    if not created:
        product.tags.remove(tag)
    return JsonResponse({"tag": tag.label, "created": created})


@csrf_exempt
@require_POST
def duplicate_tag(request):
    """A violated unique constraint, handled by the application."""
    try:
        with transaction.atomic():
            Tag.objects.create(label="oak 6")
    except IntegrityError:
        return JsonResponse({"created": False})
    return JsonResponse({"created": True})
