"""Every kind of change to tables, and SQL by hand between."""

import django
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models
from django.db.models.functions import Lower

CONDITION = "condition" if django.VERSION >= (5, 1) else "check"


def fill(apps, schema_editor):
    tag = apps.get_model("library", "Tag")
    tag.objects.bulk_create([tag(name=name) for name in ("old", "new", "rare")])
    for each in tag.objects.filter(name__in=["old", "new"]):
        each.name = each.name.upper()
        each.save()


def by_hand(apps, schema_editor):
    schema_editor.execute("UPDATE library_author SET rating = rating + 1 WHERE born IS NULL")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM library_author WHERE rating > %s", [1])


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]
    operations = [
        TrigramExtension(),
        migrations.AddField("Author", "country", models.CharField(default="", max_length=2)),
        migrations.AddField("Author", "motto", models.TextField(null=True)),
        migrations.AlterField("Author", "country", models.CharField(db_index=True, default="xx", max_length=3)),
        migrations.AlterField("Author", "motto", models.TextField(default="none", null=False)),
        migrations.RenameField("Author", "motto", "saying"),
        migrations.RemoveField("Author", "saying"),
        migrations.AlterField("Book", "pages", models.BigIntegerField(default=0)),
        migrations.AlterField("Book", "pages", models.IntegerField(default=0)),
        migrations.AddIndex("Book", models.Index(fields=["author", "-pages"], name="by_author")),
        migrations.AddIndex("Book", models.Index(fields=["pages"], name="lent", condition=models.Q(is_lent=True))),
        migrations.AddIndex("Book", models.Index(Lower("title").desc(), name="by_lower")),
        migrations.AddIndex("Book", GinIndex(fields=["words"], name="by_words")),
        migrations.AddIndex("Book", BrinIndex(fields=["added"], name="by_added", pages_per_range=4)),
        migrations.AddIndex("Book", models.Index(fields=["title"], name="with_pages", include=["pages"])),
        migrations.RemoveIndex("Book", "lent"),
        migrations.AddConstraint(
            "Book", models.CheckConstraint(**{CONDITION: models.Q(pages__gte=0)}, name="has_pages")
        ),
        migrations.AddConstraint("Loan", models.UniqueConstraint(fields=["book", "since"], name="once")),
        migrations.AddConstraint(
            "Loan", models.UniqueConstraint(fields=["book"], condition=models.Q(until=None), name="one_reader")
        ),
        migrations.RemoveConstraint("Loan", "once"),
        migrations.AlterUniqueTogether("Shelf", {("name", "parent")}),
        migrations.AlterModelTable("Tag", "library_label"),
        migrations.AlterModelTable("Tag", "library_tag"),
        migrations.CreateModel(
            "Visit",
            [
                ("id", models.AutoField(primary_key=True)),
                ("at", models.DateTimeField(auto_now_add=True, help_text="it's now")),
                ("reader", models.ForeignKey("library.Reader", models.CASCADE, db_constraint=False)),
            ],
        ),
        migrations.RenameModel("Visit", "Stay"),
        migrations.DeleteModel("Stay"),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(by_hand, migrations.RunPython.noop),
        migrations.RunSQL("CREATE VIEW library_rare AS SELECT id, title FROM library_book WHERE pages > 500"),
        migrations.RunSQL(
            "UPDATE library_reader SET name = trim(name); ALTER TABLE library_reader ALTER name SET STATISTICS 10"
        ),
        migrations.RunSQL([("INSERT INTO library_tag (name) VALUES (%s)", ["by hand"])]),
        migrations.RunSQL("DROP VIEW library_rare"),
    ]
