"""Our own chat widget."""
