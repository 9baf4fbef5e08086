"""What every adapter promises, tested on each of them in the same words."""
