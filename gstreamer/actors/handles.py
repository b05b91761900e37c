"""Ray actors by name: each peer of core.ports as calls to the actor of that name, Ray's errors translated."""
