"""The shop's tables: what is sold, where it lies, who ordered it, what was said about it."""

from django.db import models
from django.db.models import F, Sum


class Category(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")

    class Meta:
        verbose_name_plural = "categories"


class Supplier(models.Model):
    company = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    lead_days = models.PositiveSmallIntegerField()


class Tag(models.Model):
    label = models.CharField(max_length=40, unique=True)


class ProductQuerySet(models.QuerySet):
    def on_sale(self):
        return self.filter(active=True, list_price__gt=F("price"))

    def with_units_sold(self):
        return self.annotate(units_sold=Sum("lines__quantity"))


class Product(models.Model):
    sku = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=160)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="products")
    tags = models.ManyToManyField(Tag, related_name="products")
    price = models.DecimalField(max_digits=10, decimal_places=2)
    list_price = models.DecimalField(max_digits=10, decimal_places=2)
    active = models.BooleanField(default=True)
    attributes = models.JSONField(default=dict)
    views = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()


class Warehouse(models.Model):
    code = models.CharField(max_length=8, unique=True)
    region = models.CharField(max_length=16)


class Stock(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stock")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="stock")
    quantity = models.IntegerField()
    reorder_level = models.IntegerField(default=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "warehouse"], name="stock_once_per_warehouse")]


class Customer(models.Model):
    account = models.CharField(max_length=24, unique=True)
    region = models.CharField(max_length=16)
    joined_on = models.DateField()
    credit = models.DecimalField(max_digits=10, decimal_places=2, default=0)


class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        SHIPPED = "shipped"
        RETURNED = "returned"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    placed_at = models.DateTimeField()
    note = models.TextField(blank=True)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    discount = models.DecimalField(max_digits=4, decimal_places=2, default=0)


class Review(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField()
    body = models.TextField()
    written_at = models.DateTimeField()


class DailySales(models.Model):
    day = models.DateField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="daily_sales")
    units = models.IntegerField()
    revenue = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "category"], name="daily_sales_once_per_category")]
