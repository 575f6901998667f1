"""What the session needs of devices: procedure catalogue, polling, restart delays, peripherals."""
