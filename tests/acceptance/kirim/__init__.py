"""The Kirim dialect over HTTP, row by row of its contract. Every answer is held against what the api says of itself."""
