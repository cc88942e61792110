"""Tags SQL statements with where they come from, as a comment that pgwitness on the wire reads.

Nothing happens until it is asked for: in Django by the setting PGWITNESS, elsewhere by
`pgwitness.sqlalchemy.listen(engine)`, with `pgwitness.flask` or `pgwitness.asgi` for what belongs to a request.
Importing this package imports neither Django nor SQLAlchemy. README.md has the settings and the tags.
"""

from pgwitness.scope import tags

__all__ = ["tags"]
__version__ = "0.2.0"
