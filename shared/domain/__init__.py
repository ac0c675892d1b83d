"""What a send is and what happens to it, as pure values and functions: no I/O in this package."""
