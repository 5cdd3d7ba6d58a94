"""Federation without a database."""
