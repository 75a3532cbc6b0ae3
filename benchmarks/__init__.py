"""What the product costs, counted and measured against the numbers we hold (`make bench`)."""
