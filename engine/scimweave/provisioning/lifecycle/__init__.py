"""What a change means, and how it is carried out safely."""
