"""How the flows are run: prefect.yaml for workers, serving.py for one process."""
