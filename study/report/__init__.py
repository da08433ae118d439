"""Reports: from the store's frames to `reports/<experiment>/`, HTML and Markdown, figures, tables, points."""
