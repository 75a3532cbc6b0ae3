"""One-time codes: prove who holds an address, without ever writing the code down."""
