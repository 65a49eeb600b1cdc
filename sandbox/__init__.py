"""The vendors, simulated over HTTP, with one coherent demo company."""
