"""What is counted, where it is kept, how it is served, and what is drawn of it."""
