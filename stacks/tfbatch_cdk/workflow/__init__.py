"""The Step Functions workflow: its states, JSONata expressions, functions and triggers."""
