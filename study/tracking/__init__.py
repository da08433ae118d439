"""MLflow store, the seam of the study: the only code that imports mlflow, to write runs and to read them."""
