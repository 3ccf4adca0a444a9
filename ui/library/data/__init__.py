"""The data sets on this machine: a table, and a card of the chosen one."""
