"""The stacks, and the settings of the stages that are deployed."""
