"""What spans the jobs of a multirun: its parent in the store, its execution, its display, its summary."""
