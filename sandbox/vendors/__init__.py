"""One module a vendor; each holds one subclass of `Vendor`, found by the module's name."""
