"""What reports mean for deliveries, without a database."""
