"""An index that is made without a transaction."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("library", "0002_changes")]
    operations = [AddIndexConcurrently("Loan", models.Index(fields=["since"], name="by_since"))]
