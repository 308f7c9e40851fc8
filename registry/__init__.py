"""What was asked for, intended, held and last seen: SQLAlchemy, SQLite by default."""
