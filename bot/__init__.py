"""The edge to people: adapters, conversation, rendering, web, command line, and `app`, where everything is joined."""
