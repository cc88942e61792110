"""Every endpoint, by the way its SQL comes about."""

from django.http import JsonResponse
from django.urls import path

from ported import routes
from store.views import browse, careless, change, mixed, reports


def health(request):
    return JsonResponse({"ok": True})


urlpatterns = [
    path("health", health, name="health"),
    # The ORM, reading.
    path("products", browse.product_list, name="product_list"),
    path("products/<int:product_id>", browse.product_detail, name="product_detail"),
    path("products/<int:product_id>/availability", browse.availability, name="availability"),
    path("products/never-reviewed", browse.never_reviewed, name="never_reviewed"),
    path("search", browse.search, name="search"),
    path("categories", browse.category_overview, name="category_overview"),
    path("categories/<int:category_id>/totals", browse.category_totals, name="category_totals"),
    path("categories/<int:category_id>/ranked", browse.ranked_in_category, name="ranked_in_category"),
    path("customers/<int:customer_id>/orders", browse.customer_orders, name="customer_orders"),
    path("best-sellers", browse.best_sellers, name="best_sellers"),
    path("orders/monthly", browse.monthly_orders, name="monthly_orders"),
    path("lines/export", browse.export_lines, name="export_lines"),
    # The ORM, writing.
    path("reviews/import", change.import_reviews, name="import_reviews"),
    path("products/<int:product_id>/reviews/forget", change.forget_reviews, name="forget_reviews"),
    path("products/<int:product_id>/stock", change.count_stock, name="count_stock"),
    path("customers/<int:customer_id>/order", change.place_order, name="place_order"),
    path("products/<int:product_id>/view", change.count_view, name="count_view"),
    path("products/<int:product_id>/tag", change.add_tag, name="add_tag"),
    path("tags/duplicate", change.duplicate_tag, name="duplicate_tag"),
    # SQL by hand, on Django's connection.
    path("reports/customer-ranking", reports.customer_ranking, name="customer_ranking"),
    path("reports/slow-movers", reports.slow_movers, name="slow_movers"),
    path("categories/<int:category_id>/tree", reports.category_tree, name="category_tree"),
    path("warehouses/<int:warehouse_id>/reorder", reports.reorder_list, name="reorder_list"),
    path("categories/<int:category_id>/record-sales", reports.record_sales, name="record_sales"),
    path("suppliers/<int:supplier_id>/restock", reports.restock, name="restock"),
    path("categories/<int:category_id>/price-list.csv", reports.price_list, name="price_list"),
    # Half and half.
    path("categories/<int:category_id>/margin", mixed.margin, name="margin"),
    path("products/heavy", mixed.heavy_products, name="heavy_products"),
    path("customers/loyal", mixed.loyal_customers, name="loyal_customers"),
    # With faults that `pgwitness findings` names.
    path("customers/<int:customer_id>/items", careless.recent_items, name="recent_items"),
    path("categories/<int:category_id>/stock-sheet", careless.stock_sheet, name="stock_sheet"),
    path("orders/<int:order_id>/take-back", careless.take_back, name="take_back"),
    # SQLAlchemy, ported from Flask.
    path("returns/by-product", routes.returns_by_product, name="returns_by_product"),
    path("returns/<int:order_id>", routes.return_order, name="return_order"),
    path("returns/customer/<int:customer_id>", routes.returns_of_customer, name="returns_of_customer"),
    path("returns/estimate/<int:customer_id>", routes.refund_estimate, name="refund_estimate"),
]
