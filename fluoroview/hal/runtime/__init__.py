"""What keeps a device honest: host, transport, child process, ring, ledger, watchdog."""
