"""What SIGKILL at random moments destroys."""
