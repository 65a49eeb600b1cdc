"""The connector kit: everything an integration needs and none should repeat."""
