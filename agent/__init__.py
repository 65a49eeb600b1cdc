"""From words to done: local interpreter, cascade, middleware, receipts, undo."""
