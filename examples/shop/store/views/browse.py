"""Pages that only read, through the ORM."""

from django.db.models import Avg, Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, Subquery, Sum, Window
from django.db.models.functions import Rank, TruncMonth
from django.http import Http404, JsonResponse

from store.models import Category, Customer, Order, OrderLine, Product, Review, Stock
from store.views.params import number


def product_list(request):
    """filter, order_by, a slice."""
    products = Product.objects.filter(
        category_id=number(request, "category", 30), active=True, price__lt=number(request, "below", 150)
    ).order_by("-price", "id")[:20]
    return JsonResponse({"products": [{"sku": p.sku, "name": p.name, "price": p.price} for p in products]})


def product_detail(request, product_id):
    """select_related, an m2m, a reverse foreign key with an aggregate."""
    try:
        product = Product.objects.select_related("category", "supplier").get(pk=product_id)
    except Product.DoesNotExist:
        raise Http404("no such product") from None
    return JsonResponse(
        {
            "name": product.name,
            "category": product.category.name,
            "supplier": product.supplier.company,
            "tags": [tag.label for tag in product.tags.order_by("label")],
            "stars": product.reviews.aggregate(mean=Avg("stars"))["mean"],
        }
    )


def search(request):
    """Q objects, icontains, one page and the count of all."""
    word = request.GET.get("q", "lamp")
    found = Product.objects.filter(Q(name__icontains=word) | Q(sku__istartswith=word)).exclude(active=False)
    page = found.order_by("name").values("id", "name", "price")[:10]
    return JsonResponse({"total": found.count(), "page": list(page)})


def category_overview(request):
    """annotate with several aggregates, one of them filtered."""
    categories = (
        Category.objects.filter(parent__isnull=False)
        .annotate(
            products_count=Count("products"),
            cheapest=Min("products__price"),
            dearest=Max("products__price"),
            inactive=Count("products", filter=Q(products__active=False)),
        )
        .filter(products_count__gt=0)
        .order_by("-products_count", "slug")[:30]
    )
    return JsonResponse({"categories": [[c.slug, c.products_count, c.cheapest, c.dearest, c.inactive] for c in categories]})


def category_totals(request, category_id):
    """aggregate over a join."""
    totals = OrderLine.objects.filter(product__category_id=category_id).aggregate(
        lines=Count("id"), units=Sum("quantity"), revenue=Sum(F("quantity") * F("unit_price"))
    )
    return JsonResponse(totals)


def customer_orders(request, customer_id):
    """prefetch_related through two levels, with a queryset of its own."""
    lines = OrderLine.objects.select_related("product").order_by("id")
    customer = Customer.objects.filter(pk=customer_id).prefetch_related(
        Prefetch("orders", Order.objects.order_by("-placed_at")), Prefetch("orders__lines", lines)
    ).first()
    if customer is None:
        raise Http404("no such customer")
    orders = [
        {"id": order.id, "status": order.status, "items": [line.product.name for line in order.lines.all()]}
        for order in customer.orders.all()
    ]
    return JsonResponse({"account": customer.account, "orders": orders})


def best_sellers(request):
    """values + annotate: GROUP BY, for the products of one supplier."""
    rows = (
        OrderLine.objects.filter(product__supplier_id=number(request, "supplier", 1))
        .values("product_id", "product__name")
        .annotate(units=Sum("quantity"))
        .order_by("-units")[:10]
    )
    return JsonResponse({"best": list(rows)})


def monthly_orders(request):
    """A date function, grouped, for one region."""
    rows = (
        Order.objects.filter(customer__region=request.GET.get("region", "north"), status=Order.Status.PAID)
        .annotate(month=TruncMonth("placed_at"))
        .values("month")
        .annotate(orders=Count("id"))
        .order_by("month")
    )
    return JsonResponse({"months": list(rows)})


def ranked_in_category(request, category_id):
    """A window function written by the ORM."""
    rank = Window(Rank(), partition_by=[F("supplier_id")], order_by=F("price").desc())
    products = Product.objects.filter(category_id=category_id).annotate(rank=rank).order_by("supplier_id", "rank")
    return JsonResponse({"products": [[p.supplier_id, p.rank, p.sku] for p in products]})


def never_reviewed(request):
    """Exists and a scalar subquery."""
    reviews = Review.objects.filter(product=OuterRef("pk"))
    in_stock = Stock.objects.filter(product=OuterRef("pk")).values("product").annotate(sum=Sum("quantity")).values("sum")
    products = (
        Product.objects.filter(~Exists(reviews), category_id=number(request, "category", 30))
        .annotate(units=Subquery(in_stock))
        .values_list("sku", "units")[:20]
    )
    return JsonResponse({"products": [list(row) for row in products]})


def availability(request, product_id):
    """exists() and in_bulk()."""
    available = Stock.objects.filter(product_id=product_id, quantity__gt=0).exists()
    neighbours = Product.objects.in_bulk([product_id, product_id + 1, product_id + 2])
    return JsonResponse({"available": available, "neighbours": sorted(neighbours)})


def export_lines(request):
    """iterator(): a server-side cursor, fetched in portions."""
    first = number(request, "from", 1)
    lines = OrderLine.objects.filter(order_id__gte=first, order_id__lt=first + 1500).only("quantity", "unit_price")
    units = sum(line.quantity for line in lines.iterator(chunk_size=1000))
    return JsonResponse({"units": units})
