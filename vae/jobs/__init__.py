"""Work that outlives a page: queue, runner, progress, and how a process is stopped."""
