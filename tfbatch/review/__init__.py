"""Reviews a change of the infrastructure: what will change, what could hurt, what it costs."""
