"""One folder an integration, all alike; deleting a folder deletes the integration."""
