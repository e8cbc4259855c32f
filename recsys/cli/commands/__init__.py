"""Commands, one module each: `add_arguments(parser)` declares its arguments, `run(options)` returns its Answer."""
