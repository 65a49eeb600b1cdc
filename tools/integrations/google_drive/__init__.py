"""Google Drive: files, folders, who may see them, comments."""
