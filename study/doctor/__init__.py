"""Doctor: what a machine, an installation and a store need so that sweeps go well, checked in some seconds."""
