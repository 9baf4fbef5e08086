"""Stand-ins at the outermost edge: platforms, model services, clocks."""
