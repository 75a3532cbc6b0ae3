"""The whole product on one machine: `make up` (see README.md in this folder)."""
