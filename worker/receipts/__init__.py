"""What providers report by webhook of messages they took: recorded on the deliveries, and what is unknown resolved by it."""
