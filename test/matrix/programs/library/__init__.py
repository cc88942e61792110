"""A small lending library: the models of the Django programs."""
