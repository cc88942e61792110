"""Tables of a lending library, with fields and relations of most kinds."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=80)
    born = models.DateField(null=True)
    rating = models.FloatField(default=0)
    country = models.CharField(max_length=3, default="xx", db_index=True)


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Shelf(models.Model):
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)


class Book(models.Model):
    title = models.CharField(max_length=200, db_index=True)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    shelf = models.ForeignKey(Shelf, null=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag, related_name="books")
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    pages = models.IntegerField(default=0)
    added = models.DateTimeField(null=True)
    notes = models.JSONField(default=dict)
    words = ArrayField(models.CharField(max_length=40), default=list)
    isbn = models.UUIDField(null=True)
    cover = models.BinaryField(null=True)
    length = models.DurationField(null=True)
    is_lent = models.BooleanField(default=False)

    class Meta:
        ordering = ["title"]


class Reader(models.Model):
    name = models.CharField(max_length=80)
    email = models.EmailField(unique=True, null=True)


class Student(Reader):
    school = models.CharField(max_length=80)


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    fee = models.DecimalField(max_digits=6, decimal_places=2, null=True)
