"""The shop's own tests, for Django's runner and for pytest: pages of the ORM and pages of hand-written SQL."""

from datetime import datetime, timezone

from django.test import TestCase, TransactionTestCase

from store.models import Category, Customer, Order, OrderLine, Product, Supplier


def a_product(sku: str) -> Product:
    category, _ = Category.objects.get_or_create(slug="tea", defaults={"name": "Tea"})
    supplier, _ = Supplier.objects.get_or_create(company="Leaf", defaults={"country": "IN", "lead_days": 3})
    return Product.objects.create(
        sku=sku, name="Assam", category=category, supplier=supplier, price=120, list_price=150
    )


class BrowseTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.product = a_product("T-1")

    def test_a_product_has_a_page(self):
        self.assertEqual(self.client.get(f"/products/{self.product.pk}").status_code, 200)

    def test_categories_are_listed(self):
        self.assertEqual(self.client.get("/categories").status_code, 200)


class ReportTests(TestCase):
    def test_products_that_never_sold_move_slowest(self):
        product = a_product("T-2")
        self.assertEqual(self.client.get("/reports/slow-movers").json()["products"][0]["sku"], product.sku)


class OrderTests(TransactionTestCase):
    def test_what_a_customer_ordered_is_listed(self):
        customer = Customer.objects.create(account="A-1", region="north", joined_on="2026-01-01")
        order = Order.objects.create(customer=customer, placed_at=datetime(2026, 2, 1, tzinfo=timezone.utc))
        OrderLine.objects.create(order=order, product=a_product("T-3"), quantity=2, unit_price=120)
        self.assertEqual(self.client.get(f"/customers/{customer.pk}/orders").status_code, 200)
