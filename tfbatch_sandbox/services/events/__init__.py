"""EventBridge rules and EventBridge Scheduler schedules that start their targets."""
