"""From the store's frames to `reports/<experiment>/`: an HTML and a Markdown page, figures, tables, points."""
