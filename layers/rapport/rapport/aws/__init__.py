"""AWS behind ports: clients, queues, streams, secrets, objects."""
