"""Lists every place of a code base that touches the database, from its source alone: nothing is imported or run.

`python -m pgwitness.audit PATH` writes audit.json. Read walk.py first: it has the steps in order.
Not here: what ran (pgwitness itself joins the list with its traffic).
"""

from pgwitness.audit.catalogue import Catalogue, Place, Statement
from pgwitness.audit.walk import audit

__all__ = ["Catalogue", "Place", "Statement", "audit"]
