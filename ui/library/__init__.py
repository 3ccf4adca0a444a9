"""The Library: data sets and models on this machine, and how own images become one."""
