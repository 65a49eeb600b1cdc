"""The systems a company uses: the connector kit and one folder an integration."""
