"""OneDrive: files and folders of Microsoft 365, and who may open them."""
