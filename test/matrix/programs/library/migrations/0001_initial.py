"""The first tables, as makemigrations writes them."""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

KEY = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Author",
            [
                KEY,
                ("name", models.CharField(max_length=80)),
                ("born", models.DateField(null=True)),
                ("rating", models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel("Tag", [KEY, ("name", models.CharField(max_length=40, unique=True))]),
        migrations.CreateModel(
            "Shelf",
            [
                KEY,
                ("name", models.CharField(max_length=40)),
                ("parent", models.ForeignKey("library.Shelf", django.db.models.deletion.CASCADE, null=True)),
            ],
        ),
        migrations.CreateModel(
            "Book",
            [
                KEY,
                ("title", models.CharField(db_index=True, max_length=200)),
                ("author", models.ForeignKey("library.Author", models.CASCADE, related_name="books")),
                ("shelf", models.ForeignKey("library.Shelf", models.SET_NULL, null=True)),
                ("tags", models.ManyToManyField("library.Tag", related_name="books")),
                ("price", models.DecimalField(decimal_places=2, default=0, max_digits=8)),
                ("pages", models.IntegerField(default=0)),
                ("added", models.DateTimeField(null=True)),
                ("notes", models.JSONField(default=dict)),
                ("words", ArrayField(models.CharField(max_length=40), default=list)),
                ("isbn", models.UUIDField(null=True)),
                ("cover", models.BinaryField(null=True)),
                ("length", models.DurationField(null=True)),
                ("is_lent", models.BooleanField(default=False)),
            ],
            options={"ordering": ["title"]},
        ),
        migrations.CreateModel(
            "Reader",
            [KEY, ("name", models.CharField(max_length=80)), ("email", models.EmailField(null=True, unique=True))],
        ),
        migrations.CreateModel(
            "Student",
            [
                (
                    "reader_ptr",
                    models.OneToOneField(
                        "library.Reader", models.CASCADE, auto_created=True, parent_link=True, primary_key=True
                    ),
                ),
                ("school", models.CharField(max_length=80)),
            ],
            bases=("library.reader",),
        ),
        migrations.CreateModel(
            "Loan",
            [
                KEY,
                ("book", models.ForeignKey("library.Book", models.CASCADE)),
                ("reader", models.ForeignKey("library.Reader", models.CASCADE)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("fee", models.DecimalField(decimal_places=2, max_digits=6, null=True)),
            ],
        ),
    ]
