"""What is told of the api, without a server."""
