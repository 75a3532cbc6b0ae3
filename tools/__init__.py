"""Tools for those who change the product."""
