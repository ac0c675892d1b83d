"""What workers do for campaigns beside sending: files of recipients read, and recipients fed to the queue."""
