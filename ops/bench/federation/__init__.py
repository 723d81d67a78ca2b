"""What asking many sources costs, measured against replays of them on this machine."""
