"""A real-time SageMaker endpoint, its scaling and its alarms."""
