"""The sockets of one node: from hosts' batches to frames."""
