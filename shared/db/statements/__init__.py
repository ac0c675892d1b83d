"""The statements of the hot path and of recovery, named and described; everything else is plain SQLAlchemy where it is used."""
