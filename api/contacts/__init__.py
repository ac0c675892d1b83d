"""The people an account knows, each by an address, and whether they want its messages."""
