"""What limits an instance: processor time per record by part, and what its vCPUs can feed."""
