"""wotr's REST API: validates, accepts, queries. It reads the system of record and never writes it."""
