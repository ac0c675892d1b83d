"""Templates, in the envelope of the Kirim dialect: written, looked at as they would be sent, handed in, switched on and off."""
