"""How AWS calls our functions: HTTP, queues, streams; the only home of powertools."""
