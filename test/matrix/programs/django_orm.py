"""Querysets of every kind; no SQL by hand is in this file."""

import datetime
import uuid
from decimal import Decimal

import django
from django.contrib.auth.models import Group, Permission, User
from django.contrib.postgres.aggregates import ArrayAgg, StringAgg
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, TrigramSimilarity
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import (
    Avg, Case, CharField, Count, DurationField, Exists, ExpressionWrapper, F, FilteredRelation, Func, IntegerField,
    Max, Min, OuterRef, Prefetch, Q, StdDev, Subquery, Sum, Value, When, Window,
)
from django.db.models.functions import (
    Cast, Coalesce, Concat, ExtractYear, Greatest, JSONObject, Length, Lower, Now, Rank, RowNumber, Substr, TruncDate,
    TruncMonth, Upper,
)
from django.utils import timezone
from library.models import Author, Book, Loan, Reader, Shelf, Student, Tag

NOW = datetime.datetime(2026, 5, 4, 12, 30, tzinfo=datetime.timezone.utc)


def fill():
    authors = [Author.objects.create(name=f"author {n}", born=datetime.date(1900 + n, 2, 1)) for n in range(4)]
    Author(name="O'Brien \\ 100%", rating=1.5).save()
    tags = Tag.objects.bulk_create([Tag(name=f"tag {n}") for n in range(5)])
    Tag.objects.bulk_create([Tag(name="tag 1")], ignore_conflicts=True)
    if django.VERSION >= (4, 1):
        Tag.objects.bulk_create(
            [Tag(name="tag 1")], update_conflicts=True, unique_fields=["name"], update_fields=["name"]
        )
    root = Shelf.objects.create(name="root")
    shelf = Shelf.objects.create(name="a", parent=root)
    for n in range(6):
        book = Book(title=f"book {n}", author=authors[n % 3], price=Decimal("12.50"), pages=100 * n, added=NOW)
        book.notes = {"k": [n, None, 'a "quoted" \\u word'], "deep": {"a": "it's"}}
        book.words, book.isbn, book.cover = ["a", "b'c", 'd"e'], uuid.UUID(int=n), b"\x00\xff'"
        book.length, book.shelf, book.is_lent = datetime.timedelta(hours=n), shelf, n % 2 == 0
        book.save()
        book.tags.add(*tags[:n])
    book.tags.set(tags[:2])
    book.tags.remove(tags[0])
    Book.objects.bulk_create([Book(title=f"many {n}", author=authors[0]) for n in range(25)], batch_size=10)
    for n in range(3):
        student = Student.objects.create(name=f"reader {n}", email=f"r{n}@example.org", school="s")
        Loan.objects.create(book=book if n == 0 else Book.objects.all()[n], reader=student, since=NOW, fee=n)


def read():
    books = Book.objects.select_related("author", "shelf__parent")
    list(books.filter(title__icontains="o", author__name__startswith="au").exclude(tags__name="tag 3"))
    list(books.prefetch_related("tags", Prefetch("loan_set", Loan.objects.select_related("reader"))))
    list(Author.objects.prefetch_related("books__tags", "books__shelf"))
    list(Book.objects.only("title").defer("pages").distinct())
    list(Book.objects.order_by("author_id", "-pages").distinct("author_id"))
    list(Book.objects.values("author__name", "shelf__name").order_by(F("pages").desc(nulls_last=True), "?")[:5])
    list(Book.objects.values_list("title", flat=True)[3:8])
    list(Book.objects.filter(Q(pages__gt=100) | ~Q(tags__in=[1, 2]), price__range=(1, 20)).reverse())
    list(Book.objects.filter(author__in=Author.objects.filter(rating__lt=3).values("pk"), isbn=uuid.UUID(int=2)))
    list(Book.objects.filter(added__date=NOW.date(), added__year=2026, added__hour__gte=3, added__week_day=2))
    list(Book.objects.filter(notes__k__0=1, notes__deep__a="it's", notes__has_key="k", words__contains=["a"]))
    list(Book.objects.filter(notes__contains={"k": 1}, words__len=3, words__overlap=["b"], words__0="a"))
    list(Book.objects.filter(title__regex=r"^b.*\d$", title__iregex="x|y", title__iexact="BOOK 1", length__gt=NOW - NOW))
    list(Book.objects.filter(cover=b"\x00'", title__in=["it's", "a\\b", "100%"], author=None))
    list(Shelf.objects.filter(parent__parent__isnull=True, shelf__name="a"))
    list(Student.objects.filter(reader_ptr__name="x", loan__book__author__name__endswith="z"))
    list(Book.objects.filter(pk__in=[]) | Book.objects.filter(pages__lt=3))
    Book.objects.filter(pages=300).exists(), Book.objects.count(), bool(Book.objects.filter(pages=1))
    Book.objects.filter(tags__name="tag 1").distinct().count(), Book.objects.filter(pages=1)[:3].exists()
    Book.objects.first(), Book.objects.last(), Book.objects.latest("added"), Book.objects.earliest("pk")
    Book.objects.in_bulk([1, 2, 3]), list(Book.objects.dates("added", "month")), list(Book.objects.datetimes("added", "hour"))
    by_title = Book.objects.order_by().values("id", "title")
    list(by_title.filter(pages=1).union(by_title.filter(pages=2), by_title.filter(pages=3), all=True).order_by("title")[:2])
    list(Author.objects.values("id").intersection(Author.objects.values("id").filter(rating=3)))
    list(Author.objects.values_list("id").difference(Author.objects.values_list("id").filter(rating=3)))
    list(Book.objects.iterator(chunk_size=5)), list(Book.objects.values("id", "title").iterator(chunk_size=10))
    pages = Paginator(Book.objects.order_by("id"), 10)
    list(pages.page(2)), pages.count
    book = Book.objects.get(title="book 3")
    book.refresh_from_db(), book.refresh_from_db(fields=["pages"])
    list(book.tags.all()), list(book.author.books.filter(pages__gte=1)), book.loan_set.count(), book.tags.exists()
    if django.VERSION >= (4, 2):
        Book.objects.contains(book)
    Book.objects.filter(pages__gt=1).explain()
    cache.set("a", [1]), cache.get("a"), cache.get_many(["a", "b"]), cache.delete("a"), cache.clear()
    session = SessionStore()
    session["a"] = "b"
    session.save(), SessionStore(session.session_key).load(), session.delete()
    user = User.objects.create_user(f"user {User.objects.count()}", password="a")
    user.groups.add(Group.objects.get_or_create(name="readers")[0])
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="library")[:3])
    user.has_perm("library.add_book"), user.get_all_permissions()
    list(User.objects.filter(groups__permissions__codename="x", is_active=True))


def aggregate():
    Book.objects.aggregate(Sum("pages"), Avg("price"), low=Min("pages"), high=Max("pages"), n=Count("id", distinct=True))
    Book.objects.aggregate(n=Count("pk", filter=Q(is_lent=True)), s=StdDev("pages"))
    Book.objects.filter(pages__gt=1)[:3].aggregate(Sum("pages"))
    Book.objects.values("author").annotate(n=Count("id")).aggregate(Max("n"))
    list(Author.objects.annotate(n=Count("books"), m=Max("books__pages")).filter(n__gt=1).order_by("-n"))
    list(Author.objects.values("country").annotate(n=Count("pk"), names=ArrayAgg("name", distinct=True)))
    list(Author.objects.annotate(all_titles=StringAgg("books__title", delimiter=Value(", ") if django.VERSION >= (6, 0) else ", ")))
    last = Book.objects.filter(author=OuterRef("pk")).order_by("-pages")
    list(Author.objects.annotate(last=Subquery(last.values("title")[:1]), any=Exists(last)).filter(any=True))
    list(Author.objects.filter(Exists(last.filter(pages__gt=3)), ~Exists(last.filter(pages__gt=999))))
    list(Book.objects.annotate(n=Window(RowNumber(), partition_by=[F("author")], order_by=F("pages").desc())))
    list(Book.objects.annotate(r=Window(Rank(), order_by=F("pages").asc()), s=Window(Sum("pages"), order_by="id") if django.VERSION >= (4, 1) else F("pages")))
    if django.VERSION >= (4, 2):
        list(Book.objects.annotate(n=Window(RowNumber(), order_by="pages")).filter(n__lte=3))
    kind = Case(When(pages__gt=200, then=Value("long")), When(title__contains="a", then=Upper("title")), default=Value("short"), output_field=CharField())
    list(Book.objects.annotate(kind=kind).values("kind").annotate(n=Count("pk")).order_by("kind"))
    list(Book.objects.annotate(m=TruncMonth("added"), d=TruncDate("added"), y=ExtractYear("added")).values("m").annotate(n=Count("id")))
    list(Book.objects.annotate(label=Concat("title", Value(" ("), Cast("pages", CharField()), Value(")")), n=Length("title")).order_by(Lower("title")))
    list(Book.objects.annotate(s=Substr("title", 1, 3), c=Coalesce("pages", Value(0)), g=Greatest("pages", Length("title")), now=Now()))
    list(Book.objects.annotate(o=JSONObject(a=F("title"), b=Value(1)), f=Func(F("pages"), function="ABS", output_field=IntegerField())))
    list(Book.objects.annotate(total=F("price") * F("pages") + 1, left=ExpressionWrapper(Now() - F("added"), output_field=DurationField())).filter(total__gt=F("price")))
    list(Author.objects.annotate(long=FilteredRelation("books", condition=Q(books__pages__gt=300))).filter(long__title="x"))
    list(Book.objects.annotate(v=SearchVector("title"), rank=SearchRank(SearchVector("title"), SearchQuery("book"))).filter(v="book").order_by("-rank"))
    list(Book.objects.annotate(near=TrigramSimilarity("title", "bok")).filter(near__gt=0.1, title__trigram_similar="bok"))
    list(Author.objects.alias(n=Count("books")).filter(n=0).values_list("name", "born", named=True))
    list(Book.objects.values("author_id").annotate(n=Count("id")).filter(n__gt=1).values_list("author_id", flat=True))
    list(Reader.objects.annotate(fees=Sum("loan__fee", default=0) if django.VERSION >= (4, 0) else Sum("loan__fee")))


def write():
    Book.objects.filter(pages__lt=100).update(pages=F("pages") + 1, price=Decimal("3.10"), is_lent=False)
    Book.objects.filter(author__name="author 1").update(title=Concat("title", Value("!")), shelf=None, added=Now())
    Book.objects.update(notes={"a": "it's \\ 'x'"}, words=["x"], cover=None)
    Author.objects.annotate(n=Count("books")).filter(n=0).update(rating=2)
    book = Book.objects.order_by("pk").first()
    book.title = "new"
    book.save(update_fields=["title"]), book.save(force_update=True)
    books = list(Book.objects.all()[:3])
    for each in books:
        each.pages += 1
    Book.objects.bulk_update(books, ["pages", "title"])
    Tag.objects.get_or_create(name="made"), Tag.objects.update_or_create(name="made", defaults={"name": "made 2"})
    with transaction.atomic():
        list(Book.objects.select_for_update().filter(pages=1)), list(Book.objects.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:1])
        try:
            with transaction.atomic():
                Tag.objects.create(name="made 2")
        except IntegrityError:
            pass
    with transaction.atomic(), transaction.atomic(savepoint=False):
        transaction.on_commit(lambda: Tag.objects.count())
        point = transaction.savepoint()
        Tag.objects.filter(name="x").delete()
        transaction.savepoint_rollback(point)
    Loan.objects.filter(until=None, since__lt=timezone.now()).delete()
    book.delete(), Student.objects.filter(name="reader 2").delete(), Author.objects.filter(books=None).delete()
    Book.objects.filter(pk__in=Book.objects.filter(pages=7).values("pk")).delete(), Shelf.objects.all().delete()


async def read_async():
    await Book.objects.acount(), await Book.objects.filter(pages__gt=1).aexists(), await Tag.objects.acreate(name="async")
    [each async for each in Book.objects.filter(title__startswith="b").order_by("pages")]
    await Tag.objects.filter(name="async").aupdate(name="async 2"), await Book.objects.aaggregate(Sum("pages"))
    await Tag.objects.aget_or_create(name="async 3"), await Tag.objects.filter(name="async 3").adelete()
    book = await Book.objects.afirst()
    await book.asave(), await book.arefresh_from_db()
