"""`manage.py seed`: fills empty tables with the data of store/sql/seed.sql."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from store.models import Order

SEED = Path(__file__).resolve().parents[2] / "sql" / "seed.sql"


class Command(BaseCommand):
    help = "Fills the empty tables of the shop with its example data."

    def handle(self, *args, **options):
        if Order.objects.exists():
            raise CommandError("the tables hold orders already: seed wants a freshly migrated database")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SEED.read_text(encoding="utf-8"))
        self.stdout.write("seeded")
