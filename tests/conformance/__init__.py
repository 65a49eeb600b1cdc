"""What the assistant promises in chat, and the tests that hold it: makes docs/chat-conformance.md."""
