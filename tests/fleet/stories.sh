# A fleet of 1,000 devices, minute by minute: tests/fleet/stories.c.
exec "$(dirname "$UPDRAFT")/tests/fleet/fleet_stories"
