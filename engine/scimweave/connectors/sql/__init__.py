"""Accounts as rows of tables: SQLite, PostgreSQL, MariaDB and MySQL."""
