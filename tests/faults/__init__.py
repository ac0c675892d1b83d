"""What survives when processes are killed and connections cut; run by `make faults`."""
